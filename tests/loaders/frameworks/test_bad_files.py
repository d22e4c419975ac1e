"""Files with something wrong: place and rule are told, nothing is fetched, the rest loads."""

# ruff: noqa: E501  # one line of a table is one file

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from rdflib import Graph

from tests.loaders.frameworks.reading import (
    DOCUMENT,
    item,
    link,
    package,
    read,
    statements,
    uuid,
    write,
)

WHOLE = json.dumps(package([item("a"), item("b")], [link("isChildOf", "b", "a")]), indent=1)
HALF = WHOLE[: len(WHOLE) // 2]
DEEP = '{"CFDocument":' + '{"a":' * 100_000 + "1" + "}" * 100_001
TWICE = WHOLE.replace(
    '"fullStatement": "Statement a"', '"fullStatement": "x", "fullStatement": "y"'
)
SCHEME = (
    "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n<urn:x:s> a skos:ConceptScheme .\n"
)
BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE rdf:RDF [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
)
EXTERNAL = BOMB.replace('"aaaaaaaaaa"', 'SYSTEM "file:///etc/passwd"')
GRAPH = {"@context": "https://credreg.net/ctdlasn/schema/context/json", "@graph": []}
REMOTE = {**GRAPH, "@context": "https://attacker.example/context.json"}
COMPETENCY = {"@id": "https://a.example/1", "@type": "ceasn:Competency", "ceasn:hasChild": []}

REFUSED: list[tuple[str, str, str, Any, int, str]] = [
    ("case", "truncated", "f.json", HALF, HALF.count("\n") + 1, "well-formed JSON"),
    ("case", "UTF-16", "f.json", WHOLE.encode("utf-16"), 1, "readable file"),
    ("case", "Latin-1", "f.json", WHOLE.replace("Statement a", "é").encode("latin-1"), WHOLE.split("Statement a")[0].count("\n") + 1, "readable file"),
    ("case", "empty", "f.json", "", 1, "readable file"),
    ("case", "blank", "f.json", " \n\n", 1, "readable file"),
    ("case", "deep", "f.json", DEEP, 1, "nesting"),
    ("case", "a list", "f.json", "[]", 1, "not a package"),
    ("case", "no document", "f.json", {"CFItems": []}, 1, "not a package"),
    ("case", "another format", "f.json", GRAPH, 1, "not a package"),
    ("case", "no identifier", "f.json", package([], identifier="the one"), 3, "framework identifier"),
    ("case", "a term of ours", "f.json", package([], identifier="x", uri="https://w3id.org/databackpack/ns#Learner"), 3, "framework identifier"),
    ("case", "trailing words", "f.json", WHOLE + "\nthe end", WHOLE.count("\n") + 2, "well-formed JSON"),
    ("asn", "no document", "f.json", {}, 1, "not a framework"),
    ("asn", "one value", "f.json", "3", 1, "not a framework"),
    ("asn", "manifest of unknown document", "f.json", [{"id": "https://a.example/S1"}], 1, "framework identifier"),
    ("asn", "list of something", "f.json", [1], 1, "not a framework"),
    ("asn", "other ending", "f.doc", "x", 1, "format"),
    ("asn", "wrong namespace", "f.ttl", "<urn:x:d> a <http://purl.org/ASN/schema/core/2.0/StandardDocument> .", 1, "not a framework"),
    ("ctdl-asn", "remote context", "f.json", REMOTE, 2, "unknown context"),
    ("ctdl-asn", "no graph", "f.json", {"@context": GRAPH["@context"]}, 1, "not a framework"),
    ("ctdl-asn", "no framework", "f.json", {**GRAPH, "@graph": [COMPETENCY]}, 1, "not a framework"),
    ("skos", "entity bomb", "f.rdf", BOMB, 2, "document type"),
    ("skos", "external entity", "f.rdf", EXTERNAL, 2, "document type"),
    ("skos", "broken Turtle", "f.ttl", SCHEME + "<urn:x:a> a skos:Concept ;;; !", 3, "well-formed RDF"),
    ("skos", "no scheme", "f.ttl", "<urn:x:a> a <http://www.w3.org/2004/02/skos/core#Concept> .", 1, "not a framework"),
    ("skos", "remote context", "f.jsonld", REMOTE, 1, "well-formed RDF"),
    ("skos", "scheme without a name", "f.ttl", SCHEME.replace("<urn:x:s>", "[]"), 1, "framework identifier"),
    ("ccss", "other columns", "f.csv", "a,b\r1,2\r", 1, "not the list"),
    ("ccss", "open quote", "f.csv", 'Dot notation,URI,GUID\r"CCSS.Math.Content.K,', 2, "well-formed CSV"),
]  # fmt: skip


def called(graph: Graph) -> set[str]:
    return {str(one) for one in statements(graph)}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reaches for an address fails the test."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize(
    ("form", "name", "content", "line", "rule"),
    [(form, name, content, line, rule) for form, _, name, content, line, rule in REFUSED],
    ids=[f"{form}: {what}" for form, what, *_ in REFUSED],
)
def test_a_file_that_is_no_framework_is_one_problem_with_its_place(
    tmp_path: Path, form: str, name: str, content: Any, line: int, rule: str
) -> None:
    frameworks, problems = read(form, write(tmp_path / name, content))
    assert frameworks == []
    assert [(p.source.file, p.source.line, p.rule) for p in problems] == [(name, line, rule)]
    assert "Traceback" not in problems[0].message and len(problems[0].message) < 600


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    _, problems = read("case", tmp_path)
    assert [problem.rule for problem in problems] == ["readable file"]


LEARNER = "https://w3id.org/databackpack/id/learner/00000000-0000-4000-8000-000000000001"
HUGE = "x" * 10 * 2**20

PARTLY: list[tuple[str, dict[str, Any], str, str, set[str]]] = [
    ("a duplicate", package([item("a"), item("a", fullStatement="other")]), "duplicate identifier", "CFItems[1]", {"a"}),
    ("a dangling parent", package([item("a")], [link("isChildOf", "a", "gone")]), "dangling parent", "CFItems[0]", {"a"}),
    ("a dangling child", package([item("a")], [link("isChildOf", "gone", "a")]), "dangling link", "CFAssociations[0]", {"a"}),
    ("a cycle", package([item("a"), item("b")], [link("isChildOf", "a", "b"), link("isChildOf", "b", "a")]), "cycle", "CFItems[1]", {"a", "b"}),
    ("its own parent", package([item("a")], [link("isChildOf", "a", "a")]), "cycle", "CFItems[0]", {"a"}),
    ("a cycle of precedence", package([item("a"), item("b")], [link("precedes", "a", "b"), link("precedes", "b", "a")]), "sequence cycle", "CFItems[1]", {"a", "b"}),
    ("a huge text", package([item("a", fullStatement=HUGE), item("b")]), "text too long", "CFItems[0]", {"a", "b"}),
    ("no identifier", package([{"fullStatement": "nobody"}, item("a")]), "identifier", "CFItems[0]", {"a"}),
    ("a learner as statement", package([{"identifier": "x", "uri": LEARNER}, item("a")]), "identifier", "CFItems[0]", {"a"}),
    ("a text as item", package(["x", item("a")]), "JSON object", "CFItems[0]", {"a"}),
    ("an unknown grade", package([item("a", educationLevel=["third-ish"])]), "unknown grade", "CFItems[0]", {"a"}),
    ("an unknown kind of link", package([item("a"), item("b")], [link("isStandardAlignedTo", "a", "b")]), "unknown link", "isStandardAlignedTo", {"a", "b"}),
    ("a bad end", package([item("a", statusEndDate="soon")]), "bad date", "CFItems[0]", {"a"}),
    ("a bad date", package([item("a")], lastChangeDateTime="yesterday"), "bad date", "yesterday", {"a"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "rule", "place", "kept"),
    [case[1:] for case in PARTLY],
    ids=[case[0] for case in PARTLY],
)
def test_what_is_wrong_in_a_package_costs_no_more_than_itself(
    tmp_path: Path, content: dict[str, Any], rule: str, place: str, kept: set[str]
) -> None:
    (framework,), problems = read("case", write(tmp_path / "f.json", content))
    assert [problem.rule for problem in problems] == [rule]
    assert place in problems[0].message
    assert called(framework.graph) == {f"urn:uuid:{uuid(name)}" for name in kept}


def test_the_line_of_what_is_wrong_is_told(tmp_path: Path) -> None:
    content = package([item("a"), item("b")], [link("isChildOf", "b", "gone")])
    path = write(tmp_path / "f.json", content)
    _, (problem,) = read("case", path)
    lines = path.read_text().splitlines()
    assert uuid("b") in lines[problem.source.line - 1]


def test_a_key_that_is_there_twice_costs_the_object(tmp_path: Path) -> None:
    (framework,), problems = read("case", write(tmp_path / "f.json", TWICE))
    assert [problem.rule for problem in problems] == ["duplicate key", "dangling parent"]
    assert "CFItems[0].fullStatement" in problems[0].message
    assert called(framework.graph) == {f"urn:uuid:{uuid('b')}"}


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "f.json", b"\xef\xbb\xbf" + WHOLE.encode())
    (framework,), problems = read("case", path)
    assert (len(statements(framework.graph)), problems) == (2, [])


def test_rows_of_the_official_list_that_are_wrong_are_told_by_their_number(tmp_path: Path) -> None:
    guid = "CA9EE2E34F384E95A5FA26769C5864B8"
    uri = "http://corestandards.org/Math/Content/K/CC/A/1"
    text = (
        "Current URL,Dot notation,URI,GUID\r"
        f",CCSS.Math.Content.K.CC.A.1,{uri},{guid}\r"
        f",CCSS.Science.1,,{guid}\r"
        ",CCSS.Math.Content.K.CC.A.2,,not a guid\r"
        ",,,\r"
        f"\"=cmd|'/c calc'!A1\",CCSS.Math.Content.K.CC.A.1,{uri},{guid}\r"
    )
    (framework,), problems = read("ccss", write(tmp_path / "f.csv", text))
    assert called(framework.graph) == {uri}
    told = [(problem.source.line, problem.rule) for problem in problems]
    assert told == [
        (2, "ambiguous address"),
        (3, "dot notation"),
        (4, "GUID"),
        (6, "ambiguous address"),
        (6, "duplicate identifier"),
    ]


def test_a_dialect_that_is_none_is_told(tmp_path: Path) -> None:
    write(tmp_path / "f.dialect.yaml", "title: half")
    _, problems = read("case", write(tmp_path / "f.json", WHOLE))
    assert [problem.rule for problem in problems] == ["dialect"]
    assert "f.dialect.yaml" in problems[0].message


def test_a_concept_in_no_scheme_is_told_where_the_file_has_two(tmp_path: Path) -> None:
    text = (
        SCHEME
        + SCHEME.replace("urn:x:s", "urn:x:t")
        + ("<urn:x:a> a skos:Concept ; skos:inScheme <urn:x:t> .\n<urn:x:b> a skos:Concept .\n")
    )
    frameworks, problems = read("skos", write(tmp_path / "f.ttl", text))
    assert {str(f.iri): len(statements(f.graph)) for f in frameworks} == {
        "urn:x:s": 0,
        "urn:x:t": 1,
    }
    assert [(problem.rule, problem.source.line) for problem in problems] == [
        ("concept without scheme", 6)
    ]


def test_a_document_named_as_an_item_is_told(tmp_path: Path) -> None:
    content = package([{"identifier": DOCUMENT, "fullStatement": "x"}, item("a")])
    (framework,), problems = read("case", write(tmp_path / "f.json", content))
    assert [problem.rule for problem in problems] == ["duplicate identifier"]
    assert len(statements(framework.graph)) == 1
