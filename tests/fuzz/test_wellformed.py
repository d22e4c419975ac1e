"""The fuzzer's own eyes: what is hidden or not well-formed is seen when it is there."""

import pytest

from tests.fuzz.grammar import Words
from tests.fuzz.secrets import Secrets
from tests.fuzz.wellformed import literals
from tests.web.asking import Response

NAME = b"00000000-0000-4000-8000-000000000001"
SECRETS = Secrets(frozenset([NAME]), frozenset(["Ann Hidden"]), Words([], [], [], []))
WHOLE = {
    "application/sparql-results+json": b'{"head":{"vars":["a"]},"results":{"bindings":['
    b'{"a":{"type":"literal","value":"Ann Hidden"}}]}}',
    "application/sparql-results+xml": b'<?xml version="1.0"?>'
    b'<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="a"/></head>'
    b'<results><result><binding name="a"><literal>Ann Hidden</literal></binding></result>'
    b"</results></sparql>",
    "text/csv": b'a,b\r\nAnn Hidden,"1\n2"\r\n',
    "text/tab-separated-values": b'?a\n"Ann Hidden"\n',
    "application/n-triples": b'<urn:a> <urn:b> "Ann Hidden" .\n',
    "text/turtle": b'<urn:a> <urn:b> "Ann Hidden" .\n',
    "application/ld+json": b'[{"@id":"urn:a","urn:b":[{"@value":"Ann Hidden"}]}]',
}


def answer(form: str, body: bytes) -> Response:
    return Response(200, {"content-type": f"{form}; charset=utf-8"}, body)


@pytest.mark.parametrize("form", WHOLE)
def test_a_hidden_text_is_seen_in_every_format(form: str) -> None:
    said = literals(answer(form, WHOLE[form]))
    assert SECRETS.found(b"SELECT * { ?s ?p ?o }", WHOLE[form], said) == ["Ann Hidden"]
    assert not SECRETS.found(b"SELECT ('Ann Hidden' AS ?a) {}", WHOLE[form], said)


def test_a_hidden_name_is_seen_unless_the_query_said_it() -> None:
    body = b"... <https://w3id.org/databackpack/id/learner/" + NAME + b"> ..."
    assert SECRETS.found(b"ASK {}", body, frozenset()) == [NAME]
    assert not SECRETS.found(b"DESCRIBE <learner/" + NAME + b">", body, frozenset())


@pytest.mark.parametrize(
    "form", [form for form in WHOLE if form not in ("text/csv", "text/tab-separated-values")]
)
def test_an_answer_that_is_cut_short_is_not_well_formed(form: str) -> None:
    with pytest.raises((ValueError, SyntaxError)):
        literals(answer(form, WHOLE[form][:-4]))


def test_a_row_of_csv_with_too_few_cells_is_not_well_formed() -> None:
    with pytest.raises(AssertionError):
        literals(answer("text/csv", b"a,b\r\n1,2\r\n1"))


def test_a_refusal_says_which_request_it_was() -> None:
    form = {"content-type": "application/problem+json"}
    literals(Response(400, form, b'{"status": 400, "title": "Malformed", "request_id": "1"}'))
    with pytest.raises(KeyError):
        literals(Response(400, form, b'{"status": 400, "title": "Malformed"}'))
