"""Rows of many files become one complete record per holder, learner and category."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from rdflib import Graph, Literal, URIRef

from databackpack.loaders import lines
from databackpack.loaders.reading import Group, ungrouped
from databackpack.loaders.record import (
    Guardianship,
    Hold,
    Item,
    Mint,
    Organization,
    Record,
    Setting,
    Source,
    StandingDocument,
    item_iri,
    organization_iri,
)
from databackpack.loaders.spool import Packed, Spool, row_of, rows, unpacked
from databackpack.loaders.value import Value, node
from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, ORG, RDF, RDFS

__all__ = ["Assembly", "Term", "build", "category_of", "organization"]

Term = tuple[URIRef, Value]
"""What a row says of an item: a property and its value; kind ``item`` names another item."""

# The order within one learner.
_GUARDIANSHIP, _DOCUMENT, _RECORD, _SETTING, _HOLD = "0", "1", "2", "3", "4"
_GUARDIAN_IN = {_GUARDIANSHIP: "guardian", _DOCUMENT: "person", _SETTING: "assigner"}

_LEARNER = str(BP.Learner)
_IS_A = lines.term(RDF.type)


class Assembly:
    """Collects what rows say in a spool and gives it back by learner.

    Learners are keyed by an identifier that is led by who gave it, such as ``state:605466``,
    organisations by their code. Add everything,
    then take the `items`.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def add_item(
        self,
        learner: str,
        holder: str,
        item_type: URIRef,
        key: Sequence[str],
        terms: Sequence[Term],
        source: Source,
    ) -> None:
        """*holder* holds an item of *item_type* with *terms*.

        The item is known by *key* among the learner's items at the holder. Rows with the same key
        say more of the same item. For bp:Learner the subject is the learner.
        """
        self._spool.add(
            (learner, _RECORD, local_name(category_of(item_type)), holder),
            {
                "type": str(item_type),
                "key": list(key),
                "terms": [(str(predicate), value) for predicate, value in terms],
            },
            source,
        )

    def add_guardianship(self, learner: str, row: dict[str, str | None], source: Source) -> None:
        """*row* has guardian, relation, and since and until in ISO form or None."""
        self._spool.add((learner, _GUARDIANSHIP), row, source)

    def add_document(self, learner: str, row: dict[str, str | None], source: Source) -> None:
        """*row* has id, kind, person or None, document, since, and until or None."""
        self._spool.add((learner, _DOCUMENT), row, source)

    def add_setting(self, learner: str, row: dict[str, str | None], source: Source) -> None:
        """*row* has assigner, category, audience, level, purpose, since, until."""
        self._spool.add((learner, _SETTING), row, source)

    def add_hold(self, learner: str, *, is_held: bool, source: Source) -> None:
        """A family's word was refused at *source*, or with *is_held* false none was."""
        self._spool.add((learner, _HOLD), {"is held": is_held}, source)

    def items(self, mint: Mint) -> Iterator[Item]:
        """Yield all that is known of each learner, records in the middle, learner by learner."""
        return ungrouped(self.groups(), mint)

    def groups(self) -> Iterator[Group]:
        """Yield the rows of one learner after another."""
        count = self._spool.count()
        for packed in self._spool.packed():
            _, _, file, line = packed[0]
            yield Group(_people(packed), packed, build, Source(file, line), count)
            count = 0


def build(packed: list[Packed], mint: Mint) -> Iterator[Item]:
    """Yield the items that the rows of one learner make, records in the middle."""
    for key, found in rows(packed):
        learner = mint("learner", key[0])
        if key[1] == _RECORD:
            yield _record(learner, key[2], key[3], found)
        else:
            make = _FAMILY[key[1]]
            yield from (make(learner, row, source, mint) for row, source in found)


def _people(packed: list[Packed]) -> tuple[tuple[str, str], ...]:
    """Return the learner and the guardians whom the rows of one learner name."""
    guardians: dict[tuple[str, str], None] = {}
    for one in packed:
        column = _GUARDIAN_IN.get(unpacked(one[0])[1])
        if column and (guardian := row_of(one)[column]):
            guardians["guardian", guardian] = None
    return ("learner", unpacked(packed[0][0])[0]), *guardians


@cache
def category_of(item_type: URIRef) -> URIRef:
    """Return the category that the vocabulary gives the class *item_type*."""
    category = vocabulary().value(item_type, BP.hasCategory)
    if not isinstance(category, URIRef):
        raise KeyError(f"the vocabulary gives {item_type} no category")
    return category


def organization(
    code: str, kind: URIRef, label: str, parent: str | None, source: Source
) -> Organization:
    """Return the organisation with *code*, a *kind* of organisation, below *parent*."""
    iri = organization_iri(code)
    graph = Graph(store="SimpleMemory", bind_namespaces="none")
    graph.add((iri, RDF.type, kind))
    graph.add((iri, RDFS.label, Literal(label)))
    graph.add((iri, BP.organizationCode, Literal(code)))
    if parent:
        graph.add((iri, ORG.subOrganizationOf, organization_iri(parent)))
    return Organization(iri, graph, source)


def _record(
    learner: URIRef, category: str, holder: str, rows: list[tuple[dict[str, Any], Source]]
) -> Record:
    """Return the record as lines: a graph would cost three times as much to build."""
    held_by = organization_iri(holder)
    owned = f"{_term(('iri', BP.isRecordOf))} <{learner}> ."
    held = f"{_term(('iri', BP.isHeldBy))} <{held_by}> ."
    found: list[str] = []
    for row, _ in rows:
        if row["type"] == _LEARNER:
            item = f"<{learner}>"
        else:
            item = f"<{item_iri(learner, holder, *row['key'])}>"
            found += (f"{item} {owned}", f"{item} {held}")
        found.append(f"{item} {_IS_A} {_term(('iri', row['type']))} .")
        for predicate, (kind, lexical) in row["terms"]:
            if kind == "item":
                value = f"<{item_iri(learner, holder, *json.loads(lexical))}>"
            elif kind == "learner":
                value = f"<{learner}>"
            else:
                value = _term((kind, lexical))
            found.append(f"{item} {_term(('iri', predicate))} {value} .")
    return Record(learner, held_by, BPC[category], lines.join(found), rows[0][1])


@lru_cache(maxsize=16384)
def _term(value: Value) -> str:
    return lines.term(node(value))


def _guardianship(learner: URIRef, row: dict[str, Any], source: Source, mint: Mint) -> Guardianship:
    return Guardianship(
        learner,
        mint("guardian", row["guardian"]),
        row["relation"],
        _moment(row["since"]),
        _moment(row["until"]),
        source,
    )


def _document(learner: URIRef, row: dict[str, Any], source: Source, mint: Mint) -> StandingDocument:
    person = row["person"]
    return StandingDocument(
        learner,
        row["id"],
        URIRef(row["kind"]),
        mint("guardian", person) if person else None,
        row["document"],
        datetime.fromisoformat(row["since"]),
        _moment(row["until"]),
        source,
    )


def _setting(learner: URIRef, row: dict[str, Any], source: Source, mint: Mint) -> Setting:
    assigner = row["assigner"]
    return Setting(
        learner,
        mint("guardian", assigner) if assigner else learner,
        URIRef(row["category"]),
        row["audience"],
        row["level"],
        URIRef(row["purpose"]) if row["purpose"] else None,
        datetime.fromisoformat(row["since"]),
        _moment(row["until"]),
        source,
    )


def _hold(learner: URIRef, row: dict[str, Any], source: Source, _: Mint) -> Hold:
    return Hold(learner, row["is held"], source)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


_FAMILY: dict[str, Callable[[URIRef, dict[str, Any], Source, Mint], Item]] = {
    _GUARDIANSHIP: _guardianship,
    _DOCUMENT: _document,
    _SETTING: _setting,
    _HOLD: _hold,
}
