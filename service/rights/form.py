"""An agreement as a form that people fill in, in YAML, and as the RDF that is put on record.

What must be in it is said by the shape of agreements, which names the section of the law of each
part (34 CFR 99.31(a)(6)(iii)(C), 99.35(a)(3)); here it is only told by the form's own words.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

import yaml
from rdflib import RDF, RDFS, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from databackpack import shapes
from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import UnknownCode, concept, concepts, local_name
from databackpack.ontology.namespaces import BP, ID, SKOS
from databackpack.service.policy.audience import purposes, roles
from databackpack.service.policy.refusal import InvalidConsent, Refused, nearest
from databackpack.service.records.truth import TruthStore
from databackpack.service.rights import jurisdictions
from databackpack.service.templating import templates

__all__ = ["read", "template"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_STRING = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class _Field:
    """What one field of the form becomes: values of a property, each made of one word."""

    predicate: URIRef
    value: Callable[[TruthStore, str], Node]
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class _Filled:
    """What somebody wrote into a field, and in which line."""

    line: int
    words: tuple[str, ...]


class _Wrong(ValueError):
    """A word that the field does not take; the message says what to write."""


def template(kind: str) -> str:
    """Return the form of an agreement of *kind*, to be filled in; raises Refused."""
    try:
        iri = concept(BP.AgreementKindScheme, kind)
    except UnknownCode as error:
        raise Refused("Agreement-bp_hasAgreementKind", str(error)) from None
    said = {
        name: vocabulary().value(iri, predicate)
        for name, predicate in (
            ("label", SKOS.prefLabel),
            ("definition", SKOS.definition),
            ("notation", SKOS.notation),
        )
    }
    return (
        templates("databackpack.service.rights")
        .get_template("agreement.yaml")
        .render(
            kind=said,
            purposes=sorted({local_name(one) for role in roles() for one in purposes(role)}),
            categories=[local_name(one) for one in concepts(BP.CategoryScheme)],
        )
    )


def read(text: bytes, truth: TruthStore) -> Graph:
    """Return the agreement in the form *text*; organisations are those that *truth* knows.

    Raises InvalidConsent, which tells of each field that is to be corrected, by its rule.
    """
    filled = _fields(text)
    iri, problems = _name(filled)
    graph = Graph()
    graph.add((iri, RDF.type, BP.Agreement))
    for name, field in _FIELDS.items():
        written = filled.get(name, _Filled(0, ()))
        if len(written.words) > 1 and not field.is_list:
            problems[name] = ("form", "Write one value here.")
            continue
        try:
            for word in written.words:
                graph.add((iri, field.predicate, field.value(truth, word)))
        except (_Wrong, Refused) as wrong:
            problems[name] = (_rule(field.predicate), str(wrong))
    problems |= {
        name: ("form", _unknown(name)) for name in filled.keys() - _FIELDS.keys() - {"name"}
    }
    by_path = {field.predicate: name for name, field in _FIELDS.items()}
    for result in shapes.validate_agreement(graph).violations:
        name = by_path.get(result.path or BP.Agreement, "name")
        problems.setdefault(name, (result.rule, result.message))
    if problems:
        raise _refusal(problems, filled)
    return graph


def _fields(text: bytes) -> Mapping[str, _Filled]:
    """Return the fields of a form, as text alone: YAML's own types would make *no* of Norway."""
    try:
        root = yaml.compose(text.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise InvalidConsent(
            "form", f"The form is not in UTF-8 (byte {error.start + 1})."
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        told = " ".join(str(error).split())
        raise InvalidConsent("form", f"The form cannot be read as YAML: {told}.") from None
    if not isinstance(root, yaml.MappingNode):
        raise InvalidConsent(
            "form", "A form has one `field: value` in each line; see the template."
        )
    found: dict[str, _Filled] = {}
    for key, value in root.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise InvalidConsent("form", f"Line {line}: a field has one word for its name.")
        name = key.value
        if name in found:
            raise InvalidConsent("form", f"Line {line}: {name} is there twice; write it once.")
        found[name] = _Filled(line, _words(name, line, value))
    return found


def _words(name: str, line: int, value: yaml.Node) -> tuple[str, ...]:
    """Return the words of a field, none where it is empty."""
    nodes = value.value if isinstance(value, yaml.SequenceNode) else [value]
    if not all(isinstance(one, yaml.ScalarNode) for one in nodes):
        raise InvalidConsent("form", f"Line {line}: write a value, or several in [ ], for {name}.")
    return tuple(
        one.value.strip()
        for one in nodes
        if one.value.strip() and (one.tag == _STRING or one.value not in ("~", "null"))
    )


def _name(filled: Mapping[str, _Filled]) -> tuple[URIRef, dict[str, tuple[str, str]]]:
    words = filled["name"].words if "name" in filled else ()
    if len(words) == 1 and _NAME.fullmatch(words[0]):
        return ID[f"agreement/{words[0]}"], {}
    told = "Write a short name of small letters, digits and hyphens, such as moves-2027."
    return ID["agreement/nameless"], {"name": ("AgreementNameShape", told)}


def _unknown(name: str) -> str:
    return f"There is no such field; there is {nearest(name, [*_FIELDS, 'name'])}."


def _refusal(
    problems: Mapping[str, tuple[str, str]], filled: Mapping[str, _Filled]
) -> InvalidConsent:
    order = ["name", *_FIELDS]
    lines = [
        f"{name} ({f'line {filled[name].line}' if name in filled else 'missing'}): {message}"
        for name, (_, message) in sorted(
            problems.items(), key=lambda one: order.index(one[0]) if one[0] in order else len(order)
        )
    ]
    count = "1 field" if len(lines) == 1 else f"{len(lines)} fields"
    rules = ", ".join(sorted({rule for rule, _ in problems.values()}))
    return InvalidConsent(rules, "\n".join([f"{count} to correct:", *lines]))


def _rule(predicate: URIRef) -> str:
    """Return the name of the property's shape, by the naming of all shapes."""
    prefix = "rdfs" if predicate == RDFS.label else "bp"
    return f"Agreement-{prefix}_{local_name(predicate)}"


def _text(_: TruthStore, word: str) -> Literal:
    return Literal(word)


def _concept(scheme: URIRef) -> Callable[[TruthStore, str], URIRef]:
    def read_word(_: TruthStore, word: str) -> URIRef:
        try:
            return concept(scheme, word)
        except UnknownCode:
            names = nearest(word, map(local_name, concepts(scheme)))
            raise _Wrong(f"There is no {word!r}; there is {names}.") from None

    return read_word


def _audience(_: TruthStore, word: str) -> URIRef:
    if not re.fullmatch(r"[A-Za-z0-9._-]+", word):
        raise _Wrong(f"{word!r} is no name of an audience; see: backpack audience.")
    return ID[f"audience/{word}"]


def _number(datatype: URIRef, example: str) -> Callable[[TruthStore, str], Literal]:
    def read_word(_: TruthStore, word: str) -> Literal:
        try:
            number = int(word) if datatype == XSD.integer else Decimal(word)
        except (ValueError, InvalidOperation):
            raise _Wrong(f"{word!r} is no number; write one such as {example}.") from None
        return Literal(str(number), datatype=datatype)

    return read_word


def _day(_: TruthStore, word: str) -> Literal:
    try:
        return Literal(date.fromisoformat(word).isoformat(), datatype=XSD.date)
    except ValueError:
        raise _Wrong(f"{word!r} is no day; write one such as 2027-06-30.") from None


def _moment(_: TruthStore, word: str) -> Literal:
    """A day stands for its first moment in UTC, so that access has ended on the day of its end."""
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise _Wrong(f"{word!r} is no day; write one such as 2027-06-30.") from None
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
        moment = moment.replace(tzinfo=UTC)
    elif moment.tzinfo is None:
        raise _Wrong("Write a day, or a moment with its time zone: 2027-06-30T00:00:00-05:00.")
    return Literal(moment.isoformat(), datatype=XSD.dateTime)


_FIELDS: Mapping[str, _Field] = {
    "title": _Field(RDFS.label, _text),
    "kind": _Field(BP.hasAgreementKind, _concept(BP.AgreementKindScheme)),
    "audience": _Field(BP.isAgreementOf, _audience),
    "purpose": _Field(BP.hasPurpose, _concept(BP.PurposeScheme), is_list=True),
    "scope": _Field(BP.hasScope, _text),
    "information": _Field(BP.hasCategory, _concept(BP.CategoryScheme), is_list=True),
    "organizations": _Field(BP.coversOrganization, jurisdictions.organization, is_list=True),
    "level": _Field(BP.grantsLevel, _concept(BP.DetailLevelScheme)),
    "group-size": _Field(BP.minimumGroupSize, _number(XSD.integer, "10")),
    "noise-budget": _Field(BP.noiseBudget, _number(XSD.decimal, "1.0")),
    "start": _Field(BP.validFrom, _moment),
    "end": _Field(BP.validUntil, _moment),
    "destruction": _Field(BP.destroyBy, _day),
    "representative": _Field(BP.representative, _text),
}
"""The form's fields in the order of the template."""
