"""Checks that a record speaks of its own learner only, which shapes cannot make.

A shape sees one class at a time; it does not know whose record it looks at. Without these checks an
upload could use another learner's identifier as a subject and write into that learner's record.
"""

import re
from collections.abc import Collection
from typing import Protocol

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, ID, ORG, RDF
from databackpack.shapes.files import categories
from databackpack.shapes.report import Result

__all__ = ["RecordLike", "strangers", "strays"]

ORGANIZATIONS = ID["organization/"]
ITEM = re.compile(re.escape(str(ID)) + r"item/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class RecordLike(Protocol):
    """What one organisation holds of one learner in one category."""

    @property
    def learner(self) -> URIRef: ...
    @property
    def holder(self) -> URIRef: ...
    @property
    def category(self) -> URIRef: ...
    @property
    def graph(self) -> Graph: ...


def strays(record: RecordLike) -> set[Result]:
    """Return what in *record* is not its own: foreign subjects, kinds, owners and references."""
    kinds: dict[Node, list[Node]] = {subject: [] for subject in record.graph.subjects()}
    for subject, kind in record.graph.subject_objects(RDF.type):
        kinds[subject].append(kind)
    results = set()
    for subject, types in kinds.items():
        if reason := _misplaced(record, subject) or _of_wrong_kind(record, subject, types):
            results.add(reason)
    for subject, predicate, value in record.graph:
        if reason := _misdirected(record, kinds, subject, predicate, value):
            results.add(reason)
    return results


def strangers(graph: Graph) -> set[Result]:
    """Return what keeps *graph* from being about exactly one organisation."""
    subjects = set(graph.subjects())
    named = sorted((one for one in subjects if str(one).startswith(ORGANIZATIONS)), key=str)
    focus = named[0] if named else ORGANIZATIONS
    message = (
        "An organisation is sent alone, under an identifier of this system. "
        "Send the others by themselves."
    )
    if len(subjects) != 1 or not named:
        return {Result(focus, None, None, "Organization-alone", message)}
    return {
        Result(focus, path, value, "Organization-alone", message)
        for path, value in graph.predicate_objects(focus)
        if isinstance(value, BNode) and isinstance(path, URIRef)
    }


def _misplaced(record: RecordLike, subject: Node) -> Result | None:
    """Tell why the record may say nothing of *subject*."""
    if isinstance(subject, BNode):
        rule = "Record-identifier"
        message = "This item has no identifier. Give every item an identifier of its own."
    elif subject == record.learner:
        if record.category == BPC.identity:
            return None
        rule = "Record-learner"
        message = (
            "Only the identity record tells of the learner directly. "
            "Move this to the identity record, or into an item."
        )
    elif not ITEM.fullmatch(str(subject)):
        rule = "Record-subject"
        message = (
            "This is neither the learner of the record nor one of its items. "
            "A record tells of nobody and nothing else. Leave it out."
        )
    else:
        return None
    return Result(subject, None, None, rule, message)


def _of_wrong_kind(record: RecordLike, subject: Node, types: list[Node]) -> Result | None:
    """Tell why *subject*, of the kinds *types*, is not of one kind that the record may hold."""
    known = categories()
    kind = types[0] if len(types) == 1 else None
    if not isinstance(kind, URIRef) or kind not in known:
        rule = "Record-kind"
        message = (
            "Everything in a record is of exactly one kind that this system knows, "
            "such as an attendance event. Correct the kind."
        )
    elif known[kind] != record.category or (kind == BP.Learner) != (subject == record.learner):
        rule = "Record-category"
        message = (
            f"What is of this kind belongs to the category {local_name(known[kind])}; "
            f"the record is of the category {local_name(record.category)}. "
            "Correct the kind, or move it to a record of its own category."
        )
        if known[kind] == record.category:
            rule = "Record-learner"
            message = "In an identity record the learner, and nothing else, is of the kind learner."
    else:
        return None
    return Result(subject, RDF.type, kind, rule, message)


def _misdirected(
    record: RecordLike, own: Collection[Node], subject: Node, predicate: Node, value: Node
) -> Result | None:
    """Tell why the record may not point to *value*; *own* are its subjects."""
    if isinstance(value, Literal) or not isinstance(predicate, URIRef):
        return None
    if predicate in (BP.isRecordOf, ORG.member):
        if value == record.learner:
            return None
        rule = f"Record-{local_name(predicate)}"
        message = (
            "This names another learner than the one whose record it is in. "
            "Correct the learner's identifier, or move the item to that learner's record."
        )
    elif predicate == BP.isHeldBy:
        if value == record.holder:
            return None
        rule = "Record-isHeldBy"
        message = (
            "This names another organisation than the one whose record it is in. "
            "Correct the organisation's identifier, or let that organisation send the item."
        )
    elif isinstance(value, BNode) or (
        str(value).startswith(ID) and not str(value).startswith(ORGANIZATIONS) and value not in own
    ):
        rule = "Record-reference"
        message = (
            "This points to something outside the record. "
            "Point to an item of the same record, or leave it out."
        )
    else:
        return None
    return Result(subject, predicate, value, rule, message)
