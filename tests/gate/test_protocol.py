"""The SPARQL Protocol's query operation: what is taken and what is refused."""

from urllib.parse import urlencode

import pytest

from databackpack.service.gate.faults import MalformedRequest, ServiceError, UnsupportedMediaType
from databackpack.service.gate.protocol import QueryRequest, graph_names, parse

Parameters = dict[str, list[str]]
FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
ASK: Parameters = {"query": ["ASK {}"]}
PLAIN = QueryRequest("ASK {}")


def request(
    method: str = "GET",
    url: Parameters | None = None,
    form: Parameters | None = None,
    content_type: str = "",
    charset: str = "",
    body: bytes = b"",
) -> QueryRequest:
    sent = encoded(form) if form is not None else body
    return parse(method, encoded(url or {}), content_type, charset, sent)


def encoded(parameters: Parameters) -> bytes:
    return urlencode(parameters, doseq=True).encode()


def test_a_query_is_taken_from_the_url_the_form_or_the_body() -> None:
    assert request(url=ASK) == PLAIN
    assert request("POST", form=ASK, content_type=FORM) == PLAIN
    for charset in ("", "utf-8"):
        found = request("POST", content_type=QUERY, charset=charset, body=b"ASK {}")
        assert found == PLAIN


def test_the_dataset_is_taken_in_all_three_forms_and_may_have_several_graphs() -> None:
    graphs: Parameters = {"default-graph-uri": ["a:1", "a:2"], "named-graph-uri": ["a:3"]}
    wanted = QueryRequest("ASK {}", ("a:1", "a:2"), ("a:3",))
    assert request(url=ASK | graphs) == wanted
    assert request("POST", form=ASK | graphs, content_type=FORM) == wanted
    assert request("POST", url=graphs, form=ASK, content_type=FORM) == wanted
    assert request("POST", url=graphs, content_type=QUERY, body=b"ASK {}") == wanted


def test_a_graph_that_is_named_twice_is_in_the_dataset_once() -> None:
    graphs: Parameters = {"default-graph-uri": ["a:1", "a:1"], "named-graph-uri": ["a:1", "a:1"]}
    assert request(url=ASK | graphs) == QueryRequest("ASK {}", ("a:1",), ("a:1",))


@pytest.mark.parametrize("name", ["", "g", "//example.org/g", "http://example.org/a b", "a:<b>"])
def test_a_graph_has_an_absolute_iri(name: str) -> None:
    for parameter in ("default-graph-uri", "named-graph-uri"):
        with pytest.raises(MalformedRequest, match="absolute IRI"):
            request(url=ASK | {parameter: [name]})


def test_a_name_of_a_graph_is_not_changed() -> None:
    names = ("HTTP://E/", "http://e/%31", "http://e/%2531", "http://\u00e9/", "urn:X:y")
    assert graph_names(names) == names


def test_text_is_passed_on_as_it_is() -> None:
    text = 'ASK { ?s ?p "caf\u00e9 \U0001f600 %20 +" } # \r\n'
    assert request(url={"query": [text]}).query == text
    found = request("POST", content_type=QUERY, body=text.encode())
    assert found.query == text


@pytest.mark.parametrize("name", ["format", "output", "results"])
def test_parameters_that_clients_send_beside_the_accept_header_are_ignored(name: str) -> None:
    assert request(url=ASK | {name: ["xml"]}) == PLAIN


OF_OTHER_SERVERS = [
    "update",
    "user",
    "access-token",
    "access_token",
    "token",
    "timeout",
    "infer",
    "audience",
    "purpose",
    "union-default-graph",
    "using-graph-uri",
    "using-union-graph",
    "Query",
    "query ",
    "$x",
    "",
]


@pytest.mark.parametrize("name", OF_OTHER_SERVERS)
def test_an_unknown_parameter_is_refused_wherever_it_stands(name: str) -> None:
    more = ASK | {name: ["1"]}
    with pytest.raises(MalformedRequest):
        request(url=more)
    with pytest.raises(MalformedRequest):
        request("POST", form=more, content_type=FORM)
    with pytest.raises(MalformedRequest):
        request("POST", url={name: ["1"]}, content_type=QUERY, body=b"ASK {}")


REFUSED: dict[str, tuple[type[ServiceError], dict[str, object]]] = {
    "no query": (MalformedRequest, {}),
    "an empty query": (MalformedRequest, {"url": {"query": [""]}}),
    "a blank query": (MalformedRequest, {"url": {"query": [" \n"]}}),
    "two queries": (MalformedRequest, {"url": {"query": ["ASK {}", "ASK {}"]}}),
    "two in a form": (
        MalformedRequest,
        {"method": "POST", "content_type": FORM, "form": {"query": ["ASK {}"] * 2}},
    ),
    "url and form": (
        MalformedRequest,
        {"method": "POST", "content_type": FORM, "url": ASK, "form": ASK},
    ),
    "a graph in the url and in the form": (
        MalformedRequest,
        {
            "method": "POST",
            "content_type": FORM,
            "url": {"default-graph-uri": ["a:1"]},
            "form": ASK | {"default-graph-uri": ["a:1"]},
        },
    ),
    "url and body": (
        MalformedRequest,
        {"method": "POST", "content_type": QUERY, "url": ASK, "body": b"ASK {}"},
    ),
    "an empty body": (MalformedRequest, {"method": "POST", "content_type": QUERY}),
    "no utf-8": (
        MalformedRequest,
        {"method": "POST", "content_type": QUERY, "body": b"ASK {} #\xff"},
    ),
    "a surrogate in utf-8": (
        MalformedRequest,
        {"method": "POST", "content_type": QUERY, "body": b"ASK {} #\xed\xa0\x80"},
    ),
    "a form that is not in utf-8": (
        MalformedRequest,
        {"method": "POST", "content_type": FORM, "body": b"query=ASK+%7B%7D%23%FF"},
    ),
    "a form in utf-16": (
        UnsupportedMediaType,
        {"method": "POST", "content_type": FORM, "charset": "utf-16", "form": ASK},
    ),
    "too many parameters": (
        MalformedRequest,
        {"url": ASK | {"default-graph-uri": ["a:1"] * 1000}},
    ),
    "utf-16": (
        UnsupportedMediaType,
        {"method": "POST", "content_type": QUERY, "charset": "utf-16", "body": b"ASK {}"},
    ),
    "a post without a type": (UnsupportedMediaType, {"method": "POST", "body": b"ASK {}"}),
    "plain text": (
        UnsupportedMediaType,
        {"method": "POST", "content_type": "text/plain", "body": b"ASK {}"},
    ),
    "an update": (
        UnsupportedMediaType,
        {"method": "POST", "content_type": "application/sparql-update", "body": b"DROP ALL"},
    ),
    "multipart": (
        UnsupportedMediaType,
        {"method": "POST", "content_type": "multipart/form-data", "form": ASK},
    ),
    "json": (
        UnsupportedMediaType,
        {"method": "POST", "content_type": "application/json", "body": b'{"query": "ASK {}"}'},
    ),
    "a post with the query in the url alone": (
        UnsupportedMediaType,
        {"method": "POST", "url": ASK},
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    fault, given = REFUSED[name]
    with pytest.raises(fault):
        request(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize("sent", [b"query=ASK+%7B%7D%23%FF", b"query=ASK {}#\xff", b"%FF=1"])
def test_a_url_that_is_not_in_utf_8_is_refused(sent: bytes) -> None:
    for method, body in (("GET", b""), ("POST", b"ASK {}")):
        with pytest.raises(MalformedRequest, match="UTF-8"):
            parse(method, sent, QUERY, "", body)
