"""What the service says of itself to one asker: SPARQL 1.1 Service Description, and VoID.

All of it comes from the asker's own view, through the gate, so what is not there is not described.
Descriptions are passed on and kept, so they give no count of learners' data that is small.
"""

import json
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import pyoxigraph as ox
from flask import request, url_for
from rdflib import VOID, Graph, Literal, Namespace, URIRef

from databackpack.ontology.namespaces import BP, RDF, RDFS
from databackpack.service.gate.answer import answer
from databackpack.service.gate.credentials import Credential
from databackpack.service.gate.faults import MalformedRequest, NotAcceptable
from databackpack.service.gate.protocol import QueryRequest
from databackpack.service.gate.results import GRAPH_FORMATS, HTML, RESULTS_FORMATS, negotiate
from databackpack.service.records.terms import to_triples
from databackpack.service.views.view import Answer, Form
from databackpack.service.web.context import Context

__all__ = ["ROUNDED_TO", "dataset", "service"]

ROUNDED_TO = 5

_SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
_ENTAILMENT = Namespace("http://www.w3.org/ns/entailment/")
_FORMATS = {
    *(URIRef(form.iri) for form in RESULTS_FORMATS.values()),
    *(URIRef(form.iri) for form in GRAPH_FORMATS.values()),
}
_PREFIXES = {"bp": str(BP), "rdfs": str(RDFS), "sd": str(_SD), "void": str(VOID)}

_Row = dict[str, dict[str, str]]
_Partition = tuple[str, str]
"""``property`` or ``class``, and which."""


def service(context: Context, credential: Credential) -> tuple[Answer, QueryRequest]:
    """Return the description of the service as an answer, and the request that it answers.

    Raises NotAcceptable, MalformedRequest or whatever the gate does.
    """
    form, endpoint = _form(), _address("sparql.query")
    asked, found = _ask(context, credential, "graphs")
    this, data = endpoint + "#service", endpoint + "#dataset"
    default = _address("sparql.void") + "#default-graph"
    described = Graph()
    described += [
        (this, RDF.type, _SD.Service),
        (this, _SD.endpoint, endpoint),
        (this, _SD.supportedLanguage, _SD.SPARQL11Query),
        (this, _SD.defaultEntailmentRegime, _ENTAILMENT.Simple),
        *((this, _SD.resultFormat, form) for form in _FORMATS),
        (this, _SD.defaultDataset, data),
        (data, RDF.type, _SD.Dataset),
        (data, _SD.defaultGraph, default),
        (default, RDF.type, _SD.Graph),
        (default, RDFS.seeAlso, _address("sparql.void")),
    ]
    graphs = {str(row["graph"]["value"]): _number(row, "triples") for row in _rows(found)}
    for number, name in enumerate(sorted(graphs), 1):
        named, graph = endpoint + f"#named-graph-{number}", endpoint + f"#graph-{number}"
        described += [
            (data, _SD.namedGraph, named),
            (named, RDF.type, _SD.NamedGraph),
            (named, _SD.name, URIRef(name)),
            (named, _SD.graph, graph),
            (graph, RDF.type, _SD.Graph),
            (graph, VOID.triples, Literal(graphs[name])),
        ]
    return _written(described, form, found.epoch), asked


def dataset(context: Context, credential: Credential) -> tuple[Answer, QueryRequest]:
    """Return the description of the asker's default graph in VoID, and the request it answers.

    The number of all triples is the sum of those that are told, so nothing can be taken from it.
    """
    form, address = _form(), _address("sparql.void")
    asked, found = _ask(context, credential, "partitions")
    _, about = _ask(context, credential, "learners")
    sizes = _published(_rows(found), _rows(about), context.views.law().minimum_cell_size())
    this = address + "#default-graph"
    described = Graph()
    described += [
        (this, RDF.type, VOID.Dataset),
        (this, RDF.type, _SD.Graph),
        (this, VOID.sparqlEndpoint, _address("sparql.query")),
        (this, VOID.dataDump, URIRef(_address("graphs.read") + "?default")),
        (this, VOID.vocabulary, URIRef(str(BP).rstrip("#"))),
    ]
    total = 0
    for number, ((kind, term), size) in enumerate(sorted(sizes.items()), 1):
        part = address + f"#{kind}-{number}"
        total += size if kind == "property" else 0
        described += [
            (this, VOID[f"{kind}Partition"], part),
            (part, RDF.type, VOID.Dataset),
            (part, VOID[kind], URIRef(term)),
            (part, VOID.triples if kind == "property" else VOID.entities, Literal(size)),
        ]
    described.add((this, VOID.triples, Literal(total)))
    return _written(described, form, min(found.epoch, about.epoch)), asked


def _published(
    rows: Iterable[_Row], about_learners: Iterable[_Row], least: int
) -> dict[_Partition, int]:
    """Return the sizes that are told: what is of fewer than *least* learners is not counted."""
    sizes = Counter({_partition(row): _number(row, "size") for row in rows})
    for row in about_learners:
        size = _number(row, "size")
        told = ROUNDED_TO * round(size / ROUNDED_TO) if _number(row, "learners") >= least else 0
        sizes[_partition(row)] += told - size
    return {partition: size for partition, size in sizes.items() if size > 0}


def _partition(row: _Row) -> _Partition:
    kind = "property" if "property" in row else "class"
    return kind, str(row[kind]["value"])


def _ask(context: Context, credential: Credential, name: str) -> tuple[QueryRequest, Answer]:
    asked = QueryRequest(_text(name), least_epoch=context.least_epoch())
    form = ox.QueryResultsFormat.JSON
    return asked, answer(context.views, credential, asked, form, None, context.limits)


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(f"{name}.rq").read_text(encoding="utf-8")


def _rows(found: Answer) -> list[_Row]:
    rows: list[_Row] = json.loads(found.body)["results"]["bindings"]
    return [row for row in rows if len(row) > 1]


def _number(row: _Row, name: str) -> int:
    return int(row[name]["value"])


def _form() -> ox.RdfFormat:
    _, form = negotiate(request.accept_mimetypes)
    if form is None:
        offered = ", ".join([*GRAPH_FORMATS, HTML])
        raise NotAcceptable(f"A description is offered as {offered}; to ask, send a query.")
    return form


def _address(endpoint: str) -> URIRef:
    """Return where *endpoint* is, on the host that the client asks; raises MalformedRequest."""
    if not request.host:  # what is not a host's name, Werkzeug does not repeat
        raise MalformedRequest("The Host header names no host.")
    return URIRef(url_for(endpoint, _external=True))


def _written(described: Graph, form: ox.RdfFormat, epoch: int) -> Answer:
    triples = sorted(to_triples(described), key=str)
    body = ox.serialize(triples, format=form, prefixes=_PREFIXES) or b""
    return Answer(body, form.media_type, Form.GRAPH, epoch)
