"""What of one learner an outsider may know, and the learner's triples with that told less finely.

Quasi-identifiers are what the ontology has a ladder for (34 CFR 99.3: "linked or linkable"). They
are taken over all items of a learner, so that a history of many years is one combination.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from databackpack.ontology.namespaces import BP, ORG, RDF
from databackpack.service.records.terms import node, text
from databackpack.service.releases.generalizer import Generalizer

__all__ = [
    "Generalizer",
    "Item",
    "Look",
    "Profile",
    "Recoding",
    "is_counted",
    "looks",
    "profile",
    "recode",
]

Value = tuple[int, str, tuple[str, ...]]
"""The place of the ladder, the predicate, and what the value lets a reader know at each step."""

Item = tuple[int, bool, tuple[Value, ...]]
"""The place of its class's ladder (-1: none), whether it says more than values, and its values."""

Profile = tuple[Item, ...]
"""The items of one learner, sorted. Two that look alike are one, unless their class has a ladder
and they say more: then how many there are is known too."""

Look = tuple[int, bool, tuple[tuple[str, str], ...]] | tuple[str, ...]
"""Something that a reader knows of a release: a whole item, as its class, whether it says more and
its (predicate, value); or that something at one school in one year has a value of a predicate."""

_TYPE, _RECORD = str(RDF.type), str(BP.isRecordOf)
_FRAME = frozenset(map(str, (RDF.type, BP.isRecordOf, BP.isHeldBy, BP.schoolYear, ORG.member)))
"""What every item has: where no more is shown of one, it is not shown at all."""

_OTHER, _OTHER_WORD = node(BP.OtherValue), ox.Literal("other")
_OTHER_TEXT = str(_OTHER)

_About = list[tuple[str, ox.Triple]]
"""The triples of one subject, each with its predicate: asking it of them again takes long."""


@dataclass(frozen=True, slots=True)
class Recoding:
    """The step that each ladder is at for one learner, and which values are ``bp:OtherValue``.

    *steps* are by the place of the ladder. *rare* has (predicate, N-Triples text).
    """

    steps: tuple[int, ...]
    rare: frozenset[tuple[str, str]] = frozenset()


def profile(triples: Iterable[ox.Triple], generalizer: Generalizer) -> Profile:
    """Return the combination of all that may be known of the learner whom *triples* are about.

    *triples* are those of all its records as ``project`` shows them at DeIdentified.
    """
    alike: set[Item] = set()
    counted: list[Item] = []
    for about in _by_subject(triples):
        item = _item(about, generalizer)
        if item is None:
            continue
        if is_counted(item):
            counted.append(item)
        else:
            alike.add(item)
    return tuple(sorted((*counted, *alike)))


def is_counted(item: Item) -> bool:
    """Tell whether it is known how many such items a learner has."""
    kind, says_more, _ = item
    return kind >= 0 and says_more


def looks(item: Item, recoding: Recoding, generalizer: Generalizer) -> Iterator[Look]:
    """Yield what a reader knows of *item* after *recoding*: nothing where it is not shown.

    The whole of a counted item comes first.
    An item is known as a whole if it says no more than quasi-identifiers or its class has a ladder.
    Which others there are of a learner nobody knows from elsewhere, such as which scores; they are
    known by what they tell of school, year, grade and time.
    """
    kind, says_more, values = item
    if kind >= 0 and recoding.steps[kind]:
        return
    known = sorted(_known(values, recoding, generalizer))
    if not says_more and all(predicate in _FRAME for predicate, _ in known):
        return
    if not says_more or kind >= 0:
        yield kind, says_more, tuple(known)
    place = tuple(" ".join((name, text)) for name, text in known if name in _FRAME)
    yield place
    for predicate, value in known:
        tells = generalizer.tells.get(predicate, predicate)
        yield (*place, tells, value)


def _known(
    values: Iterable[Value], recoding: Recoding, generalizer: Generalizer
) -> Iterator[tuple[str, str]]:
    for place, predicate, rungs in values:
        step = recoding.steps[place]
        is_rare = (predicate, rungs[0]) in recoding.rare
        if is_rare and generalizer.ladders[place].steps[step] == BP.ToOther:
            yield predicate, _OTHER_TEXT
        elif rungs[step]:
            yield predicate, rungs[step]


def recode(
    triples: Iterable[ox.Triple], recoding: Recoding, generalizer: Generalizer
) -> tuple[set[ox.Triple], set[ox.Triple]]:
    """Return what is released of *triples*: what is quasi-identifying, and the rest.

    The rest alone is what is released of a learner all of whose quasi-identifiers are suppressed.
    Items that say the same and nothing more become one, so that their number tells nothing.
    """
    abouts = _by_subject(triples)
    last = tuple(len(ladder.steps) - 1 for ladder in generalizer.ladders)
    rest = _show(abouts, Recoding(last), generalizer)
    return _show(abouts, recoding, generalizer) - rest, rest


def _show(abouts: Iterable[_About], recoding: Recoding, generalizer: Generalizer) -> set[ox.Triple]:
    found: set[ox.Triple] = set()
    said: set[frozenset[tuple[str, object]]] = set()
    for about in abouts:
        shown = [
            (predicate, one)
            for predicate, triple in about
            if (one := _told(predicate, triple, recoding, generalizer))
        ]
        if _is_item(about):
            kind = _kind(about, generalizer)
            if kind >= 0 and recoding.steps[kind]:
                continue
            if all(predicate in _FRAME for predicate, _ in shown):
                continue
            if not _says_more(about, generalizer):
                saying = frozenset((predicate, triple.object) for predicate, triple in shown)
                if saying in said:
                    continue
                said.add(saying)
        found.update(triple for _, triple in shown)
    return found


def _told(
    predicate: str, triple: ox.Triple, recoding: Recoding, generalizer: Generalizer
) -> ox.Triple | None:
    place = generalizer.indices.get(predicate)
    if place is None:
        return triple
    step, rungs = recoding.steps[place], generalizer.rungs(predicate, triple.object)
    shown = rungs.shown[step]
    is_rare = (predicate, rungs.known[0]) in recoding.rare
    if is_rare and generalizer.ladders[place].steps[step] == BP.ToOther:
        shown = _OTHER if isinstance(triple.object, ox.NamedNode) else _OTHER_WORD
    return None if shown is None else ox.Triple(triple.subject, triple.predicate, shown)


def _item(about: _About, generalizer: Generalizer) -> Item | None:
    places = generalizer.indices
    values = {
        (place, predicate, generalizer.rungs(predicate, triple.object).known)
        for predicate, triple in about
        if (place := places.get(predicate)) is not None
    }
    if not values and not _is_item(about):
        return None
    says_more = not _is_item(about) or _says_more(about, generalizer)
    return _kind(about, generalizer), says_more, tuple(sorted(values))


def _is_item(about: _About) -> bool:
    return any(predicate == _RECORD for predicate, _ in about)


def _says_more(about: _About, generalizer: Generalizer) -> bool:
    """Tell whether an item says anything beside its frame and its quasi-identifiers."""
    return any(
        predicate not in _FRAME and predicate not in generalizer.indices for predicate, _ in about
    )


def _kind(about: _About, generalizer: Generalizer) -> int:
    """Return the place of the ladder of the item's class, -1 if it has none."""
    kinds = (text(triple.object) for predicate, triple in about if predicate == _TYPE)
    places = [generalizer.indices[kind] for kind in kinds if kind in generalizer.indices]
    return min(places, default=-1)


def _by_subject(triples: Iterable[ox.Triple]) -> list[_About]:
    """Return the triples of each subject, by code, which is random."""
    found: dict[str, _About] = {}
    for triple in triples:
        found.setdefault(text(triple.subject), []).append((triple.predicate.value, triple))
    return [found[subject] for subject in sorted(found)]
