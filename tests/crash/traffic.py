"""Guardians who change their minds and readers who ask, all the while, in threads."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from random import Random
from threading import Event, Thread
from time import monotonic, sleep

from tests.crash.words import GUARDIANS, LEVELS, History, Menu, Triples, Word, say
from tests.serving import NotServing, Served

__all__ = ["Reader", "Seen", "Traffic"]


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who asks *text* as *persona*, with a pause of up to *pause* seconds between.

    With *names_least* the epoch that was last acknowledged is named as the least.
    """

    persona: str
    text: str
    pause: float = 0.02
    names_least: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer showed and its epoch; *acknowledged* was known before it was asked for."""

    reader: Reader
    epoch: int
    acknowledged: int
    begin: float
    end: float
    triples: Triples


class Traffic:
    """Guardians and *readers* of *served*, from now until told to stop.

    Each guardian says one word at a time, over and over, with a pause of up to *pause* seconds.
    """

    def __init__(
        self,
        served: Served,
        menu: Menu,
        history: History,
        readers: Iterable[Reader],
        seed: int,
        pause: float = 0.15,
    ) -> None:
        self.seen: list[Seen] = []
        self.refused = 0
        self.said = 0
        self.is_down = Event()
        self._served, self._menu, self._history = served, menu, history
        self._pause = pause
        self._failures: list[BaseException] = []
        self._is_over = Event()
        talks = [(self._speak, guardian) for guardian in GUARDIANS]
        looks = [(self._look, reader) for reader in readers]
        self._threads = []
        for number, (what, who) in enumerate([*talks, *looks]):
            random = Random(seed + number)  # noqa: S311
            thread = Thread(target=self._run, args=(what, who, random), daemon=True)
            self._threads.append(thread)
        for thread in self._threads:
            thread.start()

    def check_alive(self) -> None:
        """Raise what anybody met that should not be."""
        if self._failures:
            raise self._failures[0]

    def stop(self) -> None:
        """End all threads; raise what they met that should not be."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in self._threads), "somebody waits for ever"
        self.check_alive()

    def check(self) -> None:
        """Raise AssertionError unless each answer showed exactly what its epoch shows."""
        for seen in self.seen:
            assert seen.epoch >= seen.acknowledged, "an answer older than what was acknowledged"
            allowed = self._allowed(seen.reader.persona, seen.epoch)
            assert seen.triples in allowed, (
                f"{seen.reader.persona} saw at epoch {seen.epoch} what no word then shows: "
                f"{sorted(seen.triples - allowed[0])[:3]} are too many, "
                f"{sorted(allowed[0] - seen.triples)[:3]} are missing"
            )

    def overtaken(self) -> list[Seen]:
        """Return the answers during which something that their readers see was withdrawn."""
        return [seen for seen in self.seen if any(self._withdrawals(seen))]

    def late(self) -> list[tuple[Seen, float]]:
        """Return the answers that show what had been withdrawn when they came, and how long."""
        return [
            (seen, seen.end - moment)
            for seen in self.seen
            for epoch, moment in self._withdrawals(seen)
            if seen.epoch < epoch and seen.triples & self._withdrawn(seen.reader.persona, epoch)
        ]

    def _withdrawals(self, seen: Seen) -> Iterator[tuple[int, float]]:
        """Yield what was acknowledged while *seen* was under way and withdrew something of it."""
        for epoch in range(seen.acknowledged + 1, self._history.acknowledged + 1):
            moment = self._history.moments.get(epoch, seen.end)
            if seen.begin < moment < seen.end and self._withdrawn(seen.reader.persona, epoch):
                yield epoch, moment

    def _withdrawn(self, persona: str, epoch: int) -> Triples:
        """Return what *persona* saw up to *epoch* and does not see from then on."""
        (before, *_), (after, *_) = (self._allowed(persona, at) for at in (epoch - 1, epoch))
        return before - after

    def _allowed(self, persona: str, epoch: int) -> list[Triples]:
        """Return what *persona* may see at *epoch*: one slice, if nothing is open."""
        cells = self._menu.cells(persona)
        options = [self._history.possible(cell, epoch) for cell in cells]
        return [
            self._menu.slice(persona, dict(zip(cells, levels, strict=True)))
            for levels in product(*options)
        ]

    def _run(self, what: Callable[[object, Random], None], who: object, random: Random) -> None:
        try:
            while not self._is_over.is_set():
                what(who, random)
        except NotServing as error:
            if not self.is_down.is_set():
                self._failures.append(error)
        except BaseException as error:
            self._failures.append(error)

    def _speak(self, who: object, random: Random) -> None:
        guardian = str(who)
        cell = random.choice(sorted(self._menu.shown))
        held = self._history.level(cell, guardian)
        level = random.choice([level for level in LEVELS if level != held])
        self.say(self._history.begin(guardian, cell, level))
        sleep(random.uniform(0, self._pause))

    def say(self, word: Word) -> None:
        """Say *word* until it is acknowledged."""
        epoch, is_exact = say(self._served, word)
        self._history.acknowledge(word, epoch, is_exact=is_exact)
        self.said += 1

    def _look(self, who: object, random: Random) -> None:
        assert isinstance(who, Reader)
        acknowledged, begin = self._history.acknowledged, monotonic()
        least = {"Min-Consent-Epoch": str(acknowledged)} if who.names_least else {}
        answer = self._served.query(who.persona, who.text, "application/n-triples", **least)
        if answer.status == 200:
            triples = frozenset(answer.body.decode().splitlines())
            epoch = int(answer.headers["consent-epoch"])
            self.seen.append(Seen(who, epoch, acknowledged, begin, monotonic(), triples))
        else:
            assert answer.status == 503, (answer.status, answer.body)
            assert int(answer.headers["retry-after"]) > 0
            self.refused += 1
        sleep(random.uniform(0, who.pause))
