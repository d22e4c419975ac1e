"""Kills at random instants, under traffic: nothing acknowledged is lost, nothing stale is shown.

CRASH_SEED repeats what a failure prints; the instants are still those of the machine.
"""

import os
import shutil
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from time import monotonic, sleep, time_ns

import pytest

from databackpack.service.records import disclosures
from tests.crash.prepared import Prepared, prepare
from tests.crash.traffic import Reader, Traffic
from tests.crash.words import PERSONAS, History, Menu, is_told, records, say
from tests.serving import NotServing, Served, opened, status, until

KILLS = 20
SESSIONS = 10
"""Sessions of ``make soak``: 200 kills. Each begins anew, for a family's words are numbered."""

KINDS = {"service": 4, "template": 2, "host": 2, "worker": 2}
"""What is killed, and how often."""

SOON = 2.0
"""Seconds: a second is promised, and the machine that tests may be twice as busy."""

GENERATIONS = ("service", "template", "host", "worker")
DUMP = "CONSTRUCT WHERE { ?s ?p ?o }"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A store to be copied and killed."""
    return prepare(tmp_path_factory.mktemp("crash"))


@dataclass
class Session:
    """One service that is killed again and again, with all that is known about it."""

    served: Served
    menu: Menu
    history: History
    random: Random
    kills: Counter[str] = field(default_factory=Counter)
    first: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    newest: int = 0
    answered: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Kill KILLS times, at last the service; then it stops in order."""
        self.served.start()
        while self.kills.total() < KILLS:
            readers = [Reader(persona, self.menu.text(persona)) for persona in PERSONAS]
            seed = self.random.randrange(2**32)
            traffic = Traffic(self.served, self.menu, self.history, readers, seed)
            while (kind := self._choose()) != "service":
                self._kill_child(kind)
                traffic.check_alive()
                assert until(lambda: not self._unburied()), "a dead process is not buried"
            self._kill_service(traffic)
            self._check_words()
            self._check_rebuilt()
            for word in self.history.open():
                epoch, _ = say(self.served, word)
                self.history.acknowledge(word, epoch, is_exact=False)
            traffic.check()
        assert self.served.stop() == 0
        assert until(lambda: not self.served.survivors()), "it stopped and left processes behind"

    def _choose(self) -> str:
        """Return whom to kill after a while."""
        sleep(self.random.uniform(0.02, 0.6))
        kinds = ["service"] if self.kills.total() + 1 >= KILLS else list(KINDS)
        kind = self.random.choices(kinds, [KINDS[kind] for kind in kinds])[0]
        self.kills[kind] += 1
        return kind

    def _kill_child(self, kind: str) -> None:
        """Kill one of the service's processes; everybody is answered soon, by living ones."""
        generation = GENERATIONS.index(kind)
        while not (pids := self.served.processes()[generation]):
            sleep(0.01)
        with suppress(ProcessLookupError):
            os.kill(self.random.choice(pids), signal.SIGKILL)
        for persona in self.random.sample(PERSONAS, len(PERSONAS)):
            begin = monotonic()
            answer = self.served.query(persona, "ASK {}")
            self.first.append(monotonic() - begin)
            while answer.status != 200:
                assert answer.status == 503, (answer.status, answer.body)
                assert int(answer.headers["retry-after"]) > 0
                assert monotonic() < begin + 60, "it does not come back"
                sleep(0.05)
                answer = self.served.query(persona, "ASK {}")
            self.again.append(monotonic() - begin)

    def _unburied(self) -> list[int]:
        pids = [pid for generation in self.served.processes() for pid in generation]
        return [pid for pid in pids if (status(pid) or ("", 0))[0] == "Z"]

    def _kill_service(self, traffic: Traffic) -> None:
        """Kill the service, and now and then once more as it starts; then it runs again."""
        traffic.is_down.set()
        self.served.kill()
        traffic.stop()
        self.met += Counter(words=traffic.said, answers=len(traffic.seen), refused=traffic.refused)
        self.newest = max(
            [self.newest, self.history.acknowledged, *(s.epoch for s in traffic.seen)]
        )
        if self.random.random() < 0.25:
            self.kills["service that starts"] += 1
            self.served.start(wait=False)
            sleep(self.random.uniform(0.3, 1.5))
            self.served.kill()
        assert until(lambda: not self.served.survivors()), "processes outlive their service"
        self.answered = self.served.answered.copy()
        copy = self.served.folder.with_name("copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.served.folder, copy)
        self.served.start()

    def _check_words(self) -> None:
        """Every word that was acknowledged is in force; one that was not, wholly or not at all."""
        epoch = self.served.send("GET", "/readyz").json["epoch"]
        assert epoch >= self.newest, "the epoch went back"
        self.newest = epoch
        seen = {persona: records(self.served, persona) for persona in PERSONAS}
        worlds = list(self.history.worlds())
        fits = [
            levels
            for levels in worlds
            if all(seen[p] == self.menu.rest[p] | self.menu.slice(p, levels) for p in PERSONAS)
        ]
        said = [{cell.path: level for cell, level in levels.items()} for levels in worlds]
        assert fits, f"views show what was not said last, which is one of {said}"
        assert any(is_told(self.served, self.menu, levels) for levels in fits), (
            f"families are told what views do not show, one of {said}"
        )

    def _check_rebuilt(self) -> None:
        """A view is what one is that is built from scratch out of the store the crash left.

        And whatever was answered before the crash is in the log that it left.
        """
        persona = self.random.choice(PERSONAS)
        answer = self.served.query(persona, DUMP, "application/n-triples")
        assert answer.status == 200
        with opened(self.served.folder.with_name("copy")) as context:
            audience = context.views.audience(self.served.audience(persona))
            (purpose,) = audience.purposes
            rebuilt = b"".join(context.views.view(audience, purpose).dump())
            entries = list(disclosures.entries(context.truth))
        logged = Counter(one.subject for one in entries if one.outcome == disclosures.ANSWERED)
        assert logged >= self.answered, "an answer left that is not in the log"
        assert sorted(answer.body.splitlines()) == rebuilt.splitlines()


@pytest.mark.parametrize(
    "number", [0, *(pytest.param(n + 1, marks=pytest.mark.soak) for n in range(SESSIONS))]
)
def test_a_service_that_is_killed_again_and_again_keeps_every_word(
    number: int, prepared: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("CRASH_SEED") or time_ns() % 2**32)
    print(f"CRASH_SEED={seed}")
    served = prepared.serve(tmp_path / "served")
    session = Session(served, prepared.menu, prepared.history(), Random(seed))  # noqa: S311
    try:
        session.run()
    except NotServing:
        print(served.log())
        raise
    finally:
        served.close()
    assert session.met["answers"] > 3 * KILLS, "nobody looked"
    assert session.met["words"] > KILLS, "nobody spoke"
    assert median(session.first) < SOON, "those who ask after a child's end wait for long"
    with capsys.disabled():
        print(
            f"\n{dict(session.kills)} (seed {seed}), {dict(session.met)}; after a child's end the "
            f"first answer in {median(session.first):.2f} s, at most {max(session.first):.2f} s, "
            f"the first good one at most {max(session.again):.2f} s"
        )
