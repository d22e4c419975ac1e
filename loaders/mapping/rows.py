"""What the engine made of each row, read as items of learners and as organisations."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from rdflib import URIRef

from databackpack.loaders.assembly import Assembly, Term, category_of, organization
from databackpack.loaders.mapping.check import Reading
from databackpack.loaders.mapping.rules import Mapping
from databackpack.loaders.mapping.terms import (
    HOLDER,
    KEY,
    LEARNER,
    ORGANIZATIONS,
    Property,
    properties,
    short,
)
from databackpack.loaders.record import Organization, Problem, Source, organization_iri
from databackpack.loaders.table import Refused
from databackpack.loaders.value import Value
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ORG, RDF, RDFS

__all__ = ["add_items"]

_LEARNER = re.compile(r"[a-z][a-z0-9-]*:(?!//)\S(?:.*\S)?")

Values = dict[URIRef, list[tuple[str, str]]]
"""By property the texts of its values, each with the reading that the mapping asks for."""


def add_items(
    lines: Iterable[str], file: str, rules: Mapping, assembly: Assembly
) -> Iterator[Organization | Problem]:
    """Add the items in *lines* to *assembly*; yield organisations, and items that were refused.

    Where a row is several things, one of which all own cells are empty is not there.
    """
    own = {name: rules.own(name) for name in rules.parts}
    for line in lines:
        row, name, found = json.loads(line)
        source = Source(file, row)
        values: Values = {}
        for predicate, text, reading in found:
            if text.strip():
                values.setdefault(URIRef(predicate), []).append((text.strip(), reading))
        if own[name] and not own[name] & set(values):
            continue
        try:
            yield from _add(values, name, source, rules, assembly)
        except Refused as refused:
            yield Problem(source, refused.rule, refused.message)


def _add(
    values: Values, name: str, source: Source, rules: Mapping, assembly: Assembly
) -> Iterator[Organization]:
    columns = {
        predicate: ", ".join(sorted(names))
        for predicate, names in rules.parts[name].columns.items()
    }
    kind = _kind(values, rules)
    terms: list[tuple[URIRef, Value]] = []
    for predicate, how in properties(kind).items():
        read = [
            _named(columns.get(predicate, ""), predicate, how, text, rules.readings.get(reading))
            for text, reading in values.get(predicate, ())
        ]
        terms += [(predicate, one) for texts in read for one in texts]
        if how.is_needed and not read:
            raise _missing(columns.get(predicate, ""), predicate)
    if kind in ORGANIZATIONS:
        yield _organization(kind, dict(terms), source)
        return
    learner = _one(values, LEARNER, columns, rules)
    if not _LEARNER.fullmatch(learner):
        raise Refused(
            "bad identifier",
            f"map:learner is {learner[:100]!r}; say who gave the identifier: state:605466",
        )
    holder = _one(values, HOLDER, columns, rules)
    category = local_name(category_of(kind))
    if kind == BP.Enrollment:
        terms += [
            (ORG.member, ("learner", "")),
            (ORG.organization, ("iri", str(organization_iri(holder)))),
        ]
    found: list[Term] = [
        (predicate, ("item", json.dumps([category, text])) if way == "item" else (way, text))
        for predicate, (way, text) in terms
    ]
    key = _one(values, KEY, columns, rules) if KEY in columns else _fingerprint(kind, terms)
    path = () if kind == BP.Learner else (category, key)
    assembly.add_item(learner, holder, kind, path, found, source)


def _kind(values: Values, rules: Mapping) -> URIRef:
    if RDF.type not in values:
        raise Refused("missing value", "nothing says what the row is; its class has no value")
    code = _one(values, RDF.type, {}, rules)
    return URIRef(code) if code.startswith("http") else BP[code.removeprefix("bp:")]


def _one(values: Values, predicate: URIRef, columns: dict[URIRef, str], rules: Mapping) -> str:
    """Return the one value of *predicate*; raises Refused."""
    found = values.get(predicate, [])
    if not found:
        raise _missing(columns.get(predicate, ""), predicate)
    read = [code for text, way in found for _, code in _as_asked(text, rules.readings.get(way))]
    if len(read) != 1:
        raise Refused("two values", f"{short(predicate)} has {len(read)} values; give it one")
    return read[0]


def _missing(columns: str, predicate: URIRef) -> Refused:
    return Refused("missing value", f"{columns} is empty; {short(predicate)} needs it")


def _named(
    columns: str, predicate: URIRef, how: Property, text: str, reading: Reading | None
) -> list[Value]:
    """Return the values that a cell says; raises Refused, naming columns and property."""
    try:
        found = []
        for is_read, one in _as_asked(text, reading):
            if how.names_item:
                found.append(("item", one))
            elif is_read:
                found.append(how.read(one))
            else:
                found.append(how.read(local_name(URIRef(one)) if one.startswith(str(BP)) else one))
        return found
    except Refused as refused:
        raise Refused(
            refused.rule, f"{columns or 'constant'} ({short(predicate)}): {refused.message}"
        ) from None


def _as_asked(text: str, reading: Reading | None) -> list[tuple[bool, str]]:
    """Return the texts that *reading* makes of a cell, and whether it made them."""
    if reading is None:
        return [(False, text)]
    if "split" in reading:
        return [(True, one.strip()) for one in text.split(reading["split"]) if one.strip()]
    if "codes" in reading:
        if text not in reading["codes"]:
            known = ", ".join(reading["codes"])
            raise Refused("unknown code", f"{text[:100]!r} is none of {known}")
        return [(True, reading["codes"][text])]
    try:
        return [(True, datetime.strptime(text, reading["date"]).date().isoformat())]
    except ValueError:
        raise Refused(
            "bad date", f"{text[:100]!r} is no date written as {reading['date']}"
        ) from None


def _organization(kind: URIRef, terms: dict[URIRef, Value], source: Source) -> Organization:
    parent = terms.get(ORG.subOrganizationOf)
    return organization(
        terms[BP.organizationCode][1],
        kind,
        terms[RDFS.label][1],
        parent[1] if parent else None,
        source,
    )


def _fingerprint(kind: URIRef, terms: list[tuple[URIRef, Value]]) -> str:
    """Return a key that follows from what the item says: the row's place may change."""
    said = json.dumps([str(kind), sorted((str(predicate), *value) for predicate, value in terms)])
    return hashlib.sha256(said.encode()).hexdigest()[:32]
