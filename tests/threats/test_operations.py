"""Items 66 to 68: nothing is left behind in logs, files, dumps, or an old backup."""

import logging
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import Served, build
from tests.threats.twins import ANN, BEN, ELM, NOA, Twins, name_of, own
from tests.views.hosting import until
from tests.web.asking import Web, cell

SECRET = "Quetzalcoatlus"  # noqa: S105
DUMP = "CONSTRUCT WHERE { ?s ?p ?o }"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service as it runs for people, over a small sample on disk."""
    folder = tmp_path_factory.mktemp("operations")
    build(folder / "built", 4)
    found = Served(folder / "built", folder / "served")
    found.start()
    yield found
    found.close()


def test_66_no_log_and_no_metric_tells_what_was_asked_or_answered(
    twins: Twins, caplog: pytest.LogCaptureFixture
) -> None:
    web = twins.whole
    with caplog.at_level(logging.DEBUG):
        for text in (
            f"ASK {{ ?s ?p '{SECRET}' }}",
            f"SELECT * {{ ?s ?p '{SECRET}' ",
            f"ASK {{ SERVICE <urn:{SECRET}> {{}} }}",
            DUMP,
        ):
            for asker in (ELM, NOA):
                web.query(asker, text, "*/*")
        for path in (
            f"/questions/mastered-elsewhere?identifier={SECRET}",
            f"/learners/{name_of(BEN)}/policy",
            f"/{SECRET}",
        ):
            web.send("GET", path, web.running.headers(NOA))
        web.send("GET", "/me", {"Authorization": f"Bearer {SECRET}"})
    token = web.running.token(NOA)
    told = [caplog.text]
    for headers in ({}, web.running.headers(NOA), web.running.headers(ELM)):
        metrics = web.send("GET", "/metrics", headers)
        assert metrics.status == 200
        told.append(metrics.body.decode())
    for text in told:
        hidden = (SECRET, token[:20], "Linden", "HYPERLINK", name_of(BEN), name_of(ANN), "SBo")
        for word in (*hidden, "MasteryState"):
            assert word not in text


def log_of(served: Served) -> str:
    return (served.folder / "log").read_text()


def test_66_the_log_of_a_whole_service_has_no_text_no_token_and_no_child(served: Served) -> None:
    (child,) = served.send("GET", "/me", served.headers("guardian")).json["learners"][:1]
    for persona in ("guardian", "teacher", "state-agency"):
        headers = served.headers(persona)
        for text in (f"ASK {{ ?s ?p '{SECRET}' }}", f"ASK {{ '{SECRET}", f"# {SECRET}\n DROP ALL"):
            served.query(persona, text)
        for path in (f"/learners/{child}/policy", f"/{SECRET}?{SECRET}=1", "/me"):
            served.send("GET", path, headers)
        assert headers["Authorization"][-30:] not in log_of(served)
    assert '"route": "/sparql"' in log_of(served)
    assert SECRET not in log_of(served)
    assert child not in log_of(served)
    for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        assert served.send("GET", "/metrics", {header: "192.0.2.1"}).status == 401


def test_66_the_log_of_a_whole_service_names_no_audience_of_one_person(served: Served) -> None:
    served.query("guardian", "ASK {}")
    assert served.audience("guardian") not in log_of(served)


def limits_of(pid: int) -> dict[str, list[str]]:
    """Return the limits of a process as the kernel lists them (proc(5))."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:26].strip(): line[26:].split() for line in lines}


def test_67_a_process_with_records_leaves_no_dump_and_no_file(web: Web) -> None:
    web.query(ELM, DUMP, "*/*")
    (live,) = web.running.context.views.live()
    host, *workers = live.view.pids()  # type: ignore[attr-defined]
    for pid in (host, *workers):
        assert limits_of(pid)["Max core file size"][:2] == ["0", "0"]
    for pid in workers:
        assert limits_of(pid)["Max file size"][:2] == ["0", "0"]
        opened = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
        files = {name for name in opened if name.startswith("/") and name != "/dev/null"}
        assert files <= {f"/proc/{pid}/statm"}, files
    path = cell(name_of(BEN), "behavior", "teacher")
    web.say(NOA, path, "none")
    assert str(own(BEN, "behavior")).encode() not in b"".join(live.view.dump())
    web.running.context.views.close()
    assert until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in (host, *workers)))


def test_67_a_store_is_its_owners_alone_and_an_answer_waits_in_no_file_of_a_name(
    served: Served,
) -> None:
    for name in ("store", "store.redo", "store.keys"):
        mode = (served.folder / name).stat().st_mode
        assert stat.S_IMODE(mode) & 0o077 == 0, (name, oct(mode))
    served.query("state-agency", DUMP, "application/n-triples")
    for pid in (served.pid, *served.processes()[1]):
        opened = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
        beside = {name for name in opened if name.startswith("/tmp/") and "(deleted)" not in name}  # noqa: S108
        assert {name for name in beside if not name.startswith(str(served.folder))} == set()


def test_68_a_restored_backup_does_not_bring_back_what_was_withdrawn(served: Served) -> None:
    def count() -> tuple[int, bytes]:
        text = "PREFIX bp: <https://w3id.org/databackpack/ns#> SELECT ?x { ?x a bp:MasteryState }"
        answer = served.query("guardian", text, "text/csv")
        agency = served.query("state-agency", f"{text} ORDER BY ?x", "text/csv")
        assert (answer.status, agency.status) == (200, 200)
        return int(agency.headers["consent-epoch"]), agency.body

    _, before = count()
    (child,) = served.send("GET", "/me", served.headers("guardian")).json["learners"][:1]
    path = cell(child, "progress", "state-agency")
    headers = served.headers("guardian") | {"Content-Type": "application/json"}
    said = served.send("PUT", path, headers, '{"level": "none"}')
    assert said.status == 200, said.body
    epoch, withdrawn = count()
    assert len(withdrawn) < len(before)
    served.kill()
    shutil.rmtree(served.folder / "store")
    shutil.copytree(served.source / "store", served.folder / "store")
    served.start()
    later, restored = count()
    assert restored == withdrawn
    assert later > epoch >= int(said.json["epoch"])
