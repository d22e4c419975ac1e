"""What an answer looks like: whole or seen not to be, escaped for people, its labels its own."""

import re
from html.parser import HTMLParser
from http.client import HTTPConnection, IncompleteRead
from urllib.parse import quote, urlsplit

import pyoxigraph as ox
import pytest

from databackpack.service.web.page import MOST
from tests.protocol.relay import losing
from tests.running import Running
from tests.web.asking import PERSONAS, Response, Web

RESULTS = [
    *("application/sparql-results+json", "application/sparql-results+xml"),
    *("text/csv", "text/tab-separated-values", "text/html"),
]
GRAPHS = [
    *("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"),
    "text/html",
]
SELECT = "SELECT ?s ?o { ?s a ?o } ORDER BY ?s LIMIT 20"
CONSTRUCT = "CONSTRUCT { ?s a ?o } WHERE { ?s a ?o } LIMIT 20"
EACH = [
    *((text, accept) for text in (SELECT, "ASK {}") for accept in RESULTS),
    *((CONSTRUCT, accept) for accept in GRAPHS),
]
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'"


def fetch(port: int, text: str, headers: dict[str, str]) -> tuple[int, bytes]:
    """Return the length that is announced and what came; raises IncompleteRead."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", f"/sparql?query={quote(text)}", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        return int(answer.headers["Content-Length"]), answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(("text", "accept"), EACH)
def test_an_answer_that_is_cut_off_is_seen_to_be_so_in_every_format(
    sample: Running, address: str, text: str, accept: str
) -> None:
    port = urlsplit(address).port or 0
    headers = sample.headers("state-agency", accept) | {"Connection": "close"}
    with losing(port, 0) as relay:
        announced, whole = fetch(relay, text, headers)
    assert announced == len(whole) > 0
    for lost in (1, len(whole) // 2, len(whole)):
        with losing(port, lost) as relay, pytest.raises(IncompleteRead):
            fetch(relay, text, headers)


class Page(HTMLParser):
    """The tags, the attributes and the texts of a page's cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.cells: list[str] = []
        self._is_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._is_cell = self._is_cell or tag in ("td", "dd")
        if tag in ("td", "dd"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_cell = self._is_cell and tag not in ("td", "dd")

    def handle_data(self, data: str) -> None:
        if self._is_cell:
            self.cells[-1] += data


def page(web: Web, text: str) -> Page:
    answer = web.query("teacher", text, "text/html")
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Page(answer.body.decode())


def literal(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT ({literal(EVIL)} AS ?x) {{}}",
        f"SELECT (STRLANG({literal(EVIL)}, 'en') AS ?x) {{}}",
        f"SELECT (STRDT({literal(EVIL)}, <a:b>) AS ?x) {{}}",
        f"CONSTRUCT {{ <a:s> <a:p> {literal(EVIL)} }} {{}}",
        f"CONSTRUCT {{ <a:s> <a:p> {literal(EVIL)}@en }} {{}}",
    ],
)
def test_what_people_see_is_text_whatever_the_value_is(web: Web, text: str) -> None:
    found = page(web, text)
    assert found.cells == [EVIL]
    assert {"script", "img"}.isdisjoint(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on") or name == "style"]


def test_a_language_tag_is_an_attribute_and_stays_in_it(web: Web) -> None:
    found = page(web, "SELECT (STRLANG('x', 'en\\\" onclick=\\\"y') AS ?x) {}")
    assert "onclick" not in [name for name, _ in found.attributes]
    assert ("lang", "de") in page(web, "SELECT ('x'@de AS ?x) {}").attributes


def test_an_iri_is_shown_and_is_no_link(web: Web) -> None:
    found = page(web, "SELECT * { VALUES ?x { <javascript:alert(1)> <http://example.org/> } }")
    assert found.cells == ["javascript:alert(1)", "http://example.org/"]
    assert "a" not in found.tags


def test_a_page_needs_nothing_of_others_and_no_inline_code(web: Web) -> None:
    answer = web.query("teacher", SELECT, "text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    found = Page(answer.body.decode())
    assert [value for name, value in found.attributes if name in ("src", "href")] == [
        "/static/home.css"
    ]
    assert {"script", "style", "iframe"}.isdisjoint(found.tags)


def test_a_table_says_what_its_columns_are(web: Web) -> None:
    answer = web.query("teacher", "SELECT ?a ?b { VALUES (?a ?b) { (1 UNDEF) } }", "text/html")
    found = Page(answer.body.decode())
    assert found.cells == ["1", ""]
    for name, value in (("lang", "en"), ("scope", "col"), ("class", "number"), ("tabindex", "0")):
        assert (name, value) in found.attributes
    for words in (b"<caption", b"1 solution<", b'<th scope="col">b</th>', b"epoch"):
        assert words in answer.body


def test_a_page_shows_what_fits_and_says_how_much_there_is(web: Web) -> None:
    numbers = " ".join(map(str, range(60)))
    text = f"{{ VALUES ?a {{ {numbers} }} VALUES ?b {{ {numbers} }} }}"
    for query, of_each in ((f"SELECT * {text}", 2), (f"CONSTRUCT {{ ?s ?p ?o }} {text}", 0)):
        answer = web.query("teacher", query, "text/html")
        if of_each:
            assert len(Page(answer.body.decode()).cells) == MOST * of_each
            assert f"first {MOST} of 3600".encode() in answer.body
        else:
            assert b"0 triples" in answer.body
    text = "CONSTRUCT WHERE { ?s ?p ?o }"
    answer = web.query("teacher", text, "text/html")
    assert len(Page(answer.body.decode()).cells) == MOST
    assert f"of {len(web.dump('teacher'))} are".encode() in answer.body


@pytest.mark.parametrize(("text", "words"), [("ASK {}", b"Yes:"), ("ASK { <a:b> ?p 1 }", b"No:")])
def test_a_boolean_is_said_in_words(web: Web, text: str, words: bytes) -> None:
    assert words in web.query("teacher", text, "text/html").body


LABEL = re.compile(rb"[0-9a-f]{24,32}")


@pytest.mark.parametrize("accept", [*RESULTS, "application/n-triples", "text/turtle"])
def test_a_blank_node_has_another_label_in_each_answer(web: Web, accept: str) -> None:
    text = "SELECT (BNODE() AS ?b) (BNODE() AS ?c) { }"
    if accept not in RESULTS:
        text = "CONSTRUCT { _:b <a:p> [] } { }"
    first, second = (labels(web.query("teacher", text, accept)) for _ in range(2))
    assert len(first) == len(second) == 2
    assert first.isdisjoint(second)


def labels(answer: Response) -> set[bytes]:
    assert answer.status == 200, answer.body
    return set(LABEL.findall(answer.body))


def test_no_view_holds_a_blank_node_whose_label_could_stay(web: Web) -> None:
    for persona in PERSONAS:
        text = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o FILTER (ISBLANK(?s) || ISBLANK(?o)) }"
        answer = web.query(persona, text, "text/csv")
        assert answer.body.split() == [b"n", b"0"]


@pytest.mark.parametrize("accept", GRAPHS[:-1])
def test_every_format_of_a_graph_holds_the_same_triples(web: Web, accept: str) -> None:
    text = "CONSTRUCT { ?s ?p ?o } WHERE { ?s a <http://www.w3.org/2002/07/owl#Class> ; ?p ?o }"
    answer = web.query("teacher", text, accept)
    form = ox.RdfFormat.from_media_type(accept)
    found = {quad.triple for quad in ox.parse(answer.body, format=form)}
    plain = web.query("teacher", text, "application/n-triples").body
    assert found == {q.triple for q in ox.parse(plain, format=ox.RdfFormat.N_TRIPLES)}
    assert len(found) > 100
