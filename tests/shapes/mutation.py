"""Records spoiled at random, each in one way: what a validator must notice, or must not."""

from collections.abc import Callable, Sequence
from random import Random

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node

from databackpack.loaders.record import Record, item_iri
from databackpack.ontology.namespaces import BP, BPG, BPM, ID, ORG, RDF, SDO
from databackpack.shapes.files import categories

__all__ = ["KINDS", "mutated"]

Triple = tuple[Node, Node, Node]

_STRANGER = ID["learner/00000000-0000-4000-8000-00000000dead"]
_DATATYPES = (
    *(XSD.string, XSD.date, XSD.dateTime, XSD.decimal, XSD.integer, XSD.double, XSD.boolean),
    *(XSD.anyURI, XSD.gYear, XSD.float, XSD.int, XSD.nonNegativeInteger, BP.unknownDatatype),
)
_ILL_TYPED = (
    *(("2025-02-30", XSD.date), ("2025-9-1", XSD.date), ("2025-09-30Z", XSD.date)),
    *(("20250930", XSD.date), ("2025-09-30T00:00:00", XSD.date), (" 2025-09-30 ", XSD.date)),
    *(("0000-01-01", XSD.date), ("-0044-03-15", XSD.date), ("12025-01-01", XSD.date)),
    *(("abc", XSD.decimal), ("NaN", XSD.decimal), ("INF", XSD.decimal), ("1e3", XSD.decimal)),
    *((" 12 ", XSD.decimal), ("12.", XSD.decimal), (".5", XSD.decimal), ("+5", XSD.decimal)),
    *(("1,5", XSD.decimal), ("", XSD.decimal), ("-0", XSD.decimal), ("9" * 60, XSD.decimal)),
    *(("0." + "1" * 60, XSD.decimal), ("\uff11\uff12", XSD.decimal), ("1_000", XSD.decimal)),
    *(("12.0", XSD.integer), ("1_000", XSD.integer), ("+7", XSD.integer), ("", XSD.integer)),
    *(("9" * 40, XSD.integer), ("TRUE", XSD.boolean), ("2", XSD.boolean), ("1", XSD.boolean)),
    *((" true", XSD.boolean), ("", XSD.boolean), ("", XSD.date), ("100.0000000001", XSD.decimal)),
)
_TEXTS = (
    *("", " ", "\t\n", "\u00a0", "\u2028", "\u2003", "\u200b", "\ufeff", "\u0085", "\u180e"),
    *("\x1c", "\x1d", "\x1e", "\x1f", "\x0b", "\x0c", "\x00", "\x7f", "\u3000", "\u2060"),
    *("\u0301", "\U0001f476\U0001f3fd", "\u202eabc", "\ud7ff", "\uffff", "a\nb", "a\r\nb"),
    *('"', "\\", "\\u0041", "<>", "2025-2026\n", "2025-2026 ", "٢٠٢٥-٢٠٢٦", "2025-2026"),
    *("é" * 2000, "é" * 2001, "\U0001f476" * 2000, "\U0001f476" * 1001, "e\u0301" * 1001),
    *("x" * 2000, "x" * 2001, "x" * 100_000, "\n" * 2000, "teacher\n", "Teacher", "teacher "),
)
_IRIS = (
    *(BPM.Met, BPM.Unknown, BPG["3"], BPG["99"], BP.Tardy, BP.GoalStatusScheme, _STRANGER),
    *(ID["organization/00000000-0000-5000-8000-00000000beef"], ID["item/1"], RDF.nil),
    *(URIRef("http://corestandards.org/Math/Content/3/OA/A/1"), URIRef("urn:uuid:" + "0" * 36)),
    *(URIRef("http://corestandards.org/Math/Content/3/OA/A/1 "), URIRef("mailto:a@example.org")),
    *(URIRef("http://corestandards.org/Math/é"), URIRef("nothing"), URIRef("http://a/<b>")),
)


def _drop(graph: Graph, random: Random, _: Record) -> None:
    graph.remove(_any(graph, random))


def _add(graph: Graph, random: Random, record: Record) -> None:
    subject, *_ = _any(graph, random)
    predicates = (*graph.predicates(), SDO.name, BP.unknownProperty, BP.scoreValue, RDF.value)
    graph.add((subject, random.choice(predicates), _value(random)))


def _retype(graph: Graph, random: Random, _: Record) -> None:
    subject, predicate, value = _literal(graph, random)
    graph.remove((subject, predicate, value))
    datatype = random.choice(_DATATYPES)
    graph.add((subject, predicate, Literal(str(value), datatype=datatype, normalize=False)))


def _reclass(graph: Graph, random: Random, _: Record) -> None:
    subject = _any(graph, random)[0]
    kind = random.choice((*categories(), BP.Unknown, RDF.Property))
    if random.random() < 0.7:
        graph.remove((subject, RDF.type, None))
    graph.add((subject, RDF.type, kind))


def _out_of_list(graph: Graph, random: Random, _: Record) -> None:
    subject, predicate, value = _any(graph, random)
    graph.remove((subject, predicate, value))
    graph.add((subject, predicate, random.choice(_IRIS)))


def _second(graph: Graph, random: Random, _: Record) -> None:
    subject, predicate, value = _any(graph, random)
    if isinstance(value, Literal) and random.random() < 0.5:
        more: Node = Literal(f"{value}0", datatype=value.datatype, normalize=False)
    else:
        more = random.choice((*graph.objects(), _value(random)))
    graph.add((subject, predicate, more))


def _language(graph: Graph, random: Random, _: Record) -> None:
    subject, predicate, value = _literal(graph, random)
    if random.random() < 0.7:
        graph.remove((subject, predicate, value))
    graph.add((subject, predicate, Literal(str(value), lang=random.choice(("en", "es-MX")))))


def _ill_typed(graph: Graph, random: Random, _: Record) -> None:
    subject, predicate, value = _literal(graph, random)
    lexical, datatype = random.choice(_ILL_TYPED)
    if isinstance(value, Literal) and value.datatype and random.random() < 0.5:
        alike = [one for one in _ILL_TYPED if one[1] == value.datatype]
        lexical, datatype = random.choice(alike or _ILL_TYPED)
    graph.remove((subject, predicate, value))
    graph.add((subject, predicate, Literal(lexical, datatype=datatype, normalize=False)))


def _odd_text(graph: Graph, random: Random, _: Record) -> None:
    subject, predicate, value = _literal(graph, random)
    text = random.choice(_TEXTS)
    if random.random() < 0.3:
        text = str(value) + text
    graph.remove((subject, predicate, value))
    graph.add((subject, predicate, Literal(text)))


def _foreign_subject(graph: Graph, random: Random, record: Record) -> None:
    subject, predicate, value = _any(graph, random)
    foreign = random.choice((_STRANGER, record.learner, record.holder, BNode(), ID["item/x"]))
    if random.random() < 0.5:
        foreign = item_iri(record.learner, "made up")
    everything = random.random() < 0.5
    for triple in list(graph.triples((subject, None, None))):
        if everything or triple == (subject, predicate, value):
            graph.remove(triple)
            graph.add((foreign, *triple[1:]))


def _other_owner(graph: Graph, random: Random, record: Record) -> None:
    subject = _any(graph, random)[0]
    predicate = random.choice((BP.isRecordOf, BP.isHeldBy, ORG.member, BP.measuresGoal))
    if random.random() < 0.8:
        graph.remove((subject, predicate, None))
    others = (_STRANGER, record.learner, record.holder, BNode(), item_iri(_STRANGER, "x"), subject)
    graph.add((subject, predicate, random.choice(others)))


def _numbers(graph: Graph, random: Random, _: Record) -> None:
    subject, predicate, value = _literal(graph, random)
    number = random.choice(("-1", "0", "100", "100.5", "101", "1000000", "0.0000001", "24", "366"))
    datatype = random.choice((XSD.decimal, XSD.integer, getattr(value, "datatype", None)))
    graph.remove((subject, predicate, value))
    graph.add((subject, predicate, Literal(number, datatype=datatype, normalize=False)))


def _dates(graph: Graph, random: Random, _: Record) -> None:
    subject, predicate, value = _literal(graph, random)
    day = f"{random.randint(1890, 2110)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    graph.remove((subject, predicate, value))
    graph.add((subject, predicate, Literal(day, datatype=XSD.date)))


KINDS: dict[str, Callable[[Graph, Random, Record], None]] = {
    "drop": _drop,
    "add": _add,
    "wrong datatype": _retype,
    "wrong class": _reclass,
    "out of list": _out_of_list,
    "second value": _second,
    "wrong language": _language,
    "ill-typed": _ill_typed,
    "odd or long text": _odd_text,
    "foreign subject": _foreign_subject,
    "another's owner": _other_owner,
    "numbers": _numbers,
    "dates": _dates,
}


def mutated(record: Record, kind: str, random: Random) -> Record:
    """Return a copy of *record* that is spoiled in the way of *kind*."""
    graph = Graph()
    for triple in record.graph:
        graph.add(triple)
    KINDS[kind](graph, random, record)
    return Record(record.learner, record.holder, record.category, graph, record.source)


def _any(graph: Graph, random: Random) -> Triple:
    return random.choice(sorted(graph, key=str))


def _literal(graph: Graph, random: Random) -> Triple:
    """Return a triple with a literal; any, where there is none."""
    found: Sequence[Triple] = [t for t in graph if isinstance(t[2], Literal)]
    return random.choice(sorted(found or graph, key=str))


def _value(random: Random) -> Node:
    lexical, datatype = random.choice(_ILL_TYPED)
    return random.choice(
        (
            random.choice(_IRIS),
            Literal(random.choice(_TEXTS)),
            Literal(lexical, datatype=datatype, normalize=False),
            Literal("12.5", datatype=XSD.decimal),
            Literal("2025-09-30", datatype=XSD.date),
            BNode(),
        )
    )
