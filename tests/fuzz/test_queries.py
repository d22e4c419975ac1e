"""A grammar fuzzer: thousands of queries that nobody thought of, over a real socket.

FUZZ_SEED repeats what a failure prints, but for what the machine does to the order of requests.
"""

import os
from collections import Counter
from collections.abc import Iterator
from json import loads
from pathlib import Path
from random import Random
from time import time_ns

import pytest

from tests.fuzz.secrets import Secrets, whole
from tests.fuzz.session import Asker, all_ask, ask
from tests.gate.hostile import Engine
from tests.serving import Served, build

PERSONAS = ("state-agency", "teacher", "researcher", "guardian")
LIMITS = {"ANSWER_SECONDS": "1", "ANSWER_MEMORY": str(128 * 1024 * 1024)}
QUERIES = 500
"""Of each persona, in ``make test``: about half a minute."""

MANY = 6_000
"""The same for ``make soak``: about ten minutes in all."""

DUMP = "CONSTRUCT WHERE { ?s ?p ?o }"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 24 learners, which nobody has open."""
    made = tmp_path_factory.mktemp("fuzz")
    build(made / "built", 24)
    return made


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    """The service over a copy of that store."""
    found = Served(folder / "built", folder / "served", LIMITS)
    try:
        found.start()
        yield found
        assert found.stop() == 0
    finally:
        found.close()


@pytest.mark.parametrize("most", [QUERIES, pytest.param(MANY, marks=pytest.mark.soak)])
def test_whatever_is_asked_the_answer_is_well_formed_and_tells_nothing_hidden(
    served: Served, folder: Path, most: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("FUZZ_SEED") or time_ns() % 2**32)
    print(f"FUZZ_SEED={seed}")
    everything = whole(folder / "built" / "store")
    askers = [
        Asker(served, persona, Secrets.of(served, persona, everything), Random(seed + number))  # noqa: S311
        for number, persona in enumerate(PERSONAS)
    ]
    assert all(asker.secrets.names and asker.secrets.texts for asker in askers), "nothing is hidden"
    before = {persona: _dump(served, persona) for persona in PERSONAS}
    lasting = served.processes()[:3]
    all_ask(askers, most)
    assert {persona: _dump(served, persona) for persona in PERSONAS} == before
    assert served.processes()[:3] == lasting, "a process other than a worker was lost"
    _check_log(served)
    _check_ended(askers)
    met = sum((asker.met for asker in askers), Counter[int]())
    formats = sum((asker.formats for asker in askers), Counter[str]())
    with capsys.disabled():
        print(f"\nseed {seed}: {dict(met)}, {dict(formats)}")
    assert met[200] > met.total() / 4, "most were no queries"
    assert met[400] > met.total() / 10, "hardly any was spoiled"
    assert len(formats) >= 8, "formats are missing"


def _check_log(served: Served) -> None:
    """The service warned of nothing, and no process beneath it had anything to say."""
    lines = (served.folder / "log").read_text().splitlines()
    odd = [line for line in lines if not line.startswith("{") or loads(line)["level"] != "INFO"]
    assert not odd, odd[:3]


def _dump(served: Served, persona: str) -> list[bytes]:
    return sorted(ask(served, persona, DUMP, "application/n-triples").body.splitlines())


def _check_ended(askers: list[Asker]) -> None:
    """What ended a worker was the limit of its memory, not its form: it passes without data."""
    engine = Engine()
    try:
        for query in [query for asker in askers for query in asker.ended][:40]:
            assert engine.survives(query.decode()), f"it kills the engine by its form: {query!r}"
    finally:
        engine.close()
