"""What guardians said and what that shows: who must see what, at which epoch, after which crash."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import compress, product
from math import inf
from operator import not_
from threading import Lock
from time import monotonic

from tests.serving import Served
from tests.web.asking import cell as path_of

__all__ = ["GUARDIANS", "LEVELS", "PERSONAS", "Cell", "History", "Menu", "Word", "learn", "records"]

GUARDIANS = ("guardian", "guardian sample:G00002")
PERSONAS = ("state-agency", "teacher", "researcher")
LEVELS = ("none", "deidentified", "full")

_RECORDS = """PREFIX bp: <https://w3id.org/databackpack/ns#>
CONSTRUCT { ?s ?p ?o } WHERE {
  { SELECT DISTINCT ?s { { ?s bp:isRecordOf ?learner } UNION { ?record bp:isRecordOf ?s } } }
  ?s ?p ?o
}"""
Triples = frozenset[str]
"""Lines of N-Triples."""


@dataclass(frozen=True, order=True)
class Cell:
    """A cell of one learner's menu, as its path names it, and the persona who sees by it."""

    learner: str
    category: str
    audience: str
    persona: str

    @property
    def path(self) -> str:
        return path_of(self.learner, self.category, self.audience)


@dataclass(frozen=True)
class Word:
    """One guardian's word on a cell: not in force before *earliest*, in force from *latest* on.

    A word that was not acknowledged may have come through or not: its *latest* is never.
    """

    guardian: str
    cell: Cell
    level: str
    earliest: int
    latest: float = inf


@dataclass
class History:
    """All words, in the order in which each guardian said them of each cell.

    *moments* is when each epoch was acknowledged.
    """

    words: dict[tuple[Cell, str], list[Word]] = field(default_factory=dict)
    acknowledged: int = 0
    moments: dict[int, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def begun(cls, menu: "Menu", acknowledged: int) -> "History":
        """Return a history in which all was said by *acknowledged*, and all of it is ``none``."""
        words = {
            (cell, guardian): [Word(guardian, cell, "none", acknowledged, acknowledged)]
            for cell, guardian in product(menu.shown, GUARDIANS)
        }
        return cls(words, acknowledged)

    def begin(self, guardian: str, cell: Cell, level: str) -> Word:
        """Return the word that *guardian* is about to say."""
        with self._lock:
            word = Word(guardian, cell, level, self.acknowledged + 1)
            self.words.setdefault((cell, guardian), []).append(word)
            return word

    def acknowledge(self, word: Word, epoch: int, *, is_exact: bool) -> None:
        """Know that *word* is in force at *epoch*, and exactly since then or since before."""
        with self._lock:
            earliest = epoch if is_exact else min(word.earliest, epoch)
            self.words[word.cell, word.guardian][-1] = replace(
                word, earliest=earliest, latest=epoch
            )
            self.acknowledged = max(self.acknowledged, epoch)
            self.moments[epoch] = monotonic()

    def level(self, cell: Cell, guardian: str) -> str:
        """Return what *guardian* said last of *cell*."""
        return self.words[cell, guardian][-1].level

    def open(self) -> list[Word]:
        """Return the words that were said and not acknowledged."""
        return [said[-1] for said in self.words.values() if said[-1].latest == inf]

    def possible(self, cell: Cell, epoch: int) -> set[str]:
        """Return the levels of *cell* that may be in force at *epoch*: one, if nothing is open."""
        options = []
        for guardian in GUARDIANS:
            levels = set()
            for word in reversed(self.words[cell, guardian]):
                if word.earliest <= epoch:
                    levels.add(word.level)
                if word.latest <= epoch:
                    break
            options.append(levels)
        return {min(levels, key=LEVELS.index) for levels in product(*options)}

    def worlds(self) -> Iterator[dict[Cell, str]]:
        """Yield the level of each cell, once for each way in which open words came through."""
        waiting = self.open()
        for came_through in product((True, False), repeat=len(waiting)):
            lost = set(compress(waiting, map(not_, came_through)))
            levels: dict[Cell, str] = {}
            for (cell, _), said in self.words.items():
                level = (said[-2] if said[-1] in lost else said[-1]).level
                levels[cell] = min(level, levels.get(cell, level), key=LEVELS.index)
            yield levels


@dataclass(frozen=True)
class Menu:
    """What each level of each cell shows and what the family is told of it, and all the rest."""

    shown: Mapping[Cell, Mapping[str, Triples]]
    told: Mapping[Cell, Mapping[str, str]]
    rest: Mapping[str, Triples]

    def cells(self, persona: str) -> list[Cell]:
        """Return the cells by which *persona* sees."""
        return [cell for cell in self.shown if cell.persona == persona]

    def slice(self, persona: str, levels: Mapping[Cell, str]) -> Triples:
        """Return what *persona* sees by its cells at *levels*."""
        parts = [self.shown[cell][levels[cell]] for cell in self.cells(persona)]
        return frozenset[str]().union(*parts)

    def text(self, persona: str) -> str:
        """Return the query for the slice of *persona*."""
        lines = frozenset[str]().union(
            *(part for cell in self.cells(persona) for part in self.shown[cell].values())
        )
        subjects = " ".join(sorted({line.split()[0] for line in lines}))
        return f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ VALUES ?s {{ {subjects} }} ?s ?p ?o }}"


def learn(served: Served, history: History) -> Menu:
    """Return what levels show, found by saying each; all words are ``none`` afterwards."""
    first, second = (child for child in _me(served))
    cells = (
        Cell(first, "progress", "state-agency", "state-agency"),
        Cell(second, "gradebook", "state-agency-sample", "state-agency"),
        Cell(first, "goals", "teacher-elm", "teacher"),
        Cell(second, "progress", "teacher", "teacher"),
        Cell(first, "progress", "researcher-mobility", "researcher"),
        Cell(second, "attendance", "researcher-mobility", "researcher"),
    )
    for cell in cells:
        _say(served, history, cell, "none")
    rest = {persona: records(served, persona) for persona in PERSONAS}
    shown: dict[Cell, dict[str, Triples]] = {}
    told: dict[Cell, dict[str, str]] = {}
    for cell in cells:
        shown[cell], told[cell] = {}, {}
        for level in reversed(LEVELS):
            _say(served, history, cell, level)
            found = records(served, cell.persona)
            assert found >= rest[cell.persona], cell
            shown[cell][level] = found - rest[cell.persona]
            told[cell][level] = levels_told(served, cell.learner)[_key(served, cell)]
        assert not shown[cell]["none"], cell
        assert shown[cell]["deidentified"] or shown[cell]["full"], f"{cell} shows nothing ever"
    return Menu(shown, told, rest)


def records(served: Served, persona: str) -> Triples:
    """Return all triples about learners and their records in the view of *persona*."""
    answer = served.query(persona, _RECORDS, "application/n-triples")
    assert answer.status == 200, answer.body
    return frozenset(answer.body.decode().splitlines())


def levels_told(served: Served, learner: str) -> dict[tuple[str, str], str]:
    """Return the level of each (category, audience) of which the family of *learner* is told."""
    answer = served.send("GET", f"/learners/{learner}/policy", served.headers(GUARDIANS[0]))
    assert answer.status == 200, answer.body
    return {(cell["category"], cell["audience"]): cell["level"] for cell in answer.json["cells"]}


def is_told(served: Served, menu: Menu, levels: Mapping[Cell, str]) -> bool:
    """Tell whether families are told exactly *levels*."""
    told = {cell.learner: levels_told(served, cell.learner) for cell in levels}
    return all(
        told[cell.learner][_key(served, cell)] == menu.told[cell][level]
        for cell, level in levels.items()
    )


def say(served: Served, word: Word) -> tuple[int, bool]:
    """Return the epoch at which *word* was acknowledged, and whether it is new since then."""
    headers = served.headers(word.guardian) | {"Content-Type": "application/json"}
    answer = served.send("PUT", word.cell.path, headers, f'{{"level": "{word.level}"}}')
    assert answer.status == 200, (answer.status, answer.body)
    return int(answer.json["epoch"]), "receipt" in answer.json


def _say(served: Served, history: History, cell: Cell, level: str) -> None:
    for guardian in GUARDIANS:
        word = history.begin(guardian, cell, level)
        epoch, is_exact = say(served, word)
        history.acknowledge(word, epoch, is_exact=is_exact)


def _key(served: Served, cell: Cell) -> tuple[str, str]:
    return cell.category, served.audience(cell.persona)


def _me(served: Served) -> list[str]:
    answer = served.send("GET", "/me", served.headers(GUARDIANS[0]))
    return [str(learner) for learner in answer.json["learners"]]
