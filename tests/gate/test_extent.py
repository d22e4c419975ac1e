"""The limits of the guard: what is usual passes, and what passes harms no engine."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from databackpack import queries
from databackpack.service.gate import guard
from databackpack.service.gate.extent import measure
from databackpack.service.gate.faults import MalformedQuery, QueryRequestRefused, ServiceError
from tests.gate.hostile import Engine, texts
from tests.gate.outside import engine

STORE = engine()

# What the limits are not meant for.
USUAL = {
    "comparisons without spaces": "SELECT * {?s ?p ?a, ?b FILTER(?a<3&&?b>1||?a<(?b)&&?b>(1))}",
    "comparison with an IRI": "SELECT * {?s ?p ?a FILTER(?a<<urn:b>)}",
    "relative IRIs": "BASE <http://e/> SELECT * {<#me> <a,b> <c(d)>, <e'f> . ?s (<#g>/<h>)+ ?o}",
    "IRIs with brackets": "SELECT * {VALUES ?x {" + "<http://e/a_(b)#c> " * 200 + "}}",
    "IRIs with signs": "SELECT * {VALUES ?x {" + "<http://e/a-b/c-d=e> " * 300 + "}}",
    "UUIDs": "SELECT * {VALUES ?x {"
    + "<urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8> " * 200
    + "}}",
    "prose": 'SELECT * {?s ?p "' + "It's (as said) 1 < 2, and/or so - 'well'... " * 100 + '"}',
    "dates": "SELECT * {?s ?p ?o FILTER(?o IN (" + ", ".join(["'2026-11-23'"] * 300) + "))}",
    "a table": "SELECT * {VALUES (?x ?y) {" + "(<http://e/a> 1.5)" * 200 + "}}",
    "a long head": "# " + "-" * 80 + "\n# what (else) is asked?\nSELECT * {?s ?p ?o}",
    "optional parts": "SELECT * {?s a ?c . "
    + "OPTIONAL {?s ?p ?o . FILTER(LANG(?o) = 'en')} " * 30
    + "}",
    "aggregates in a subquery": "SELECT * {{SELECT ?s "
    + "".join(f"(SUM(?v{i}) / COUNT(DISTINCT ?w{i}) AS ?x{i}) " for i in range(20))
    + "{?s ?p ?o} GROUP BY ?s}}",
    "replacements": "SELECT (" + "REPLACE(" * 10 + "?x" + ", 'a', 'b')" * 10 + " AS ?y) {}",
    "negations": "SELECT * {?s ?p ?o FILTER(!BOUND(?x) && !(?o = 1 || !(?o = 2 || !(?o = 3))))}",
    "a short collection": "SELECT * {?s ?p (1 2 ?x <http://e/a> 'b')}",
    "escapes": "PREFIX e: <http://e/> SELECT * {?s e:a\\'b e:c-d, 'it\\'s', <http://e/\\u0061#b>}",
}


@pytest.mark.parametrize("name", USUAL)
def test_what_is_usual_passes_and_is_a_query(name: str) -> None:
    guard.check(USUAL[name])
    STORE.query(USUAL[name])


@pytest.mark.parametrize("name", queries.names())
def test_the_catalogues_questions_pass(name: str) -> None:
    guard.check(queries.read(name).text)


UNKNOWN_FUNCTION = "syntax-select-expr-04.rq"
"""A test of syntax alone, which calls a function that no engine has."""


def test_no_query_of_the_w3c_suite_is_refused_unless_it_is_malformed(shared_data: Path) -> None:
    files = sorted((shared_data / "w3c").rglob("*.rq"))
    assert len(files) > 300
    for file in files:
        text = file.read_text(encoding="utf-8")
        try:
            guard.check(text)
        except QueryRequestRefused as fault:
            assert file.name in (UNKNOWN_FUNCTION, "pp04.rq"), fault
            if file.name != UNKNOWN_FUNCTION:
                with pytest.raises(SyntaxError):
                    STORE.query(text, base_iri="http://e/")
        except MalformedQuery:
            with pytest.raises(SyntaxError):
                STORE.query(text, base_iri="http://e/")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * {?s ?p 'it}",
        "SELECT * {?s ?p 'a\\z'}",
        "ASK {?s ?p ?o} \\",
        'ASK {?s ?p "a\n"}',
    ],
)
def test_a_string_that_does_not_end_is_malformed(text: str) -> None:
    with pytest.raises(MalformedQuery, match="string"):
        guard.check(text)


def test_a_comparison_that_may_be_an_iri_is_refused_with_what_to_do() -> None:
    text = "SELECT * {?s ?p 1FILTER(1< 2&&3>2)}"
    guard.check(text)
    STORE.query(text)
    with pytest.raises(QueryRequestRefused, match="space after each <"):
        guard.check(text.replace("< ", "<"))


@pytest.mark.parametrize(
    ("text", "is_unsure"),
    [
        ("SELECT * {?s ?p ?a FILTER(?a < 3 && ?a > 1)}", False),
        ("SELECT * {?s ?p ?a FILTER(?a<3&&?a>1)}", True),
        ("SELECT * {?s ?p ?a FILTER(?a<b:c>1)}", True),
        ("BASE <http://e/> SELECT * {<#me> ?p <a'b>}", True),
        ("BASE <http://e/> SELECT * {<me> ?p <http://e/#(a)'>}", False),
        ("SELECT * {?s ?p '<#>'}", True),
    ],
)
def test_a_text_is_unsure_where_an_iri_may_be_a_comparison(text: str, is_unsure: bool) -> None:
    assert measure(text).is_unsure == is_unsure


def test_a_long_text_that_is_unsure_is_refused_with_what_to_do() -> None:
    text = "SELECT * {{?s ?p ?a FILTER(?a<3&&?a>1) VALUES ?p {{ {} }}}}"
    guard.check(text.format("<http://e/p> " * 100))
    with pytest.raises(QueryRequestRefused, match="put a space after each <"):
        guard.check(text.format("<http://e/p> " * 400))
    guard.check(text.format("<http://e/p> " * 400).replace("<3", "< 3"))


def test_what_is_called_is_what_a_round_bracket_follows() -> None:
    text = """SELECT (COUNT(?x) AS ?n) { # of ex:none (1)
      ?s ex:p (1 2) ; ?q "isTRIPLE(1)" . ?x ex:q [ ex:r ?y ]
      FILTER<urn:f>#c
      (?s) FILTER ( STRLEN ('a (b)') IN(1)) }"""
    assert measure(text).called == {"SELECT", "COUNT", "ex:p", "<urn:f>", "FILTER", "STRLEN", "IN"}


# As much as the limits allow.
FULL = {
    "patterns": "ASK{" + "?a ?b ?c . " * 127 + "}",
    "star": "ASK{?a ?p 1" + "".join(f", ?v{i}" for i in range(125)) + "}",
    "groups": "ASK{" + "{?a ?b ?c}" * 126 + "}",
    "property lists": "ASK{" + "[?a ?b]." * 63 + "}",
    "collection": "ASK{?s ?p (" + " 1" * 62 + ")}",
    "nested collections": "ASK{?s ?p " + "(" * 42 + ")" * 42 + "}",
    "brackets": "ASK{FILTER(" + "STR(" * 62 + "1" + ")" * 62 + ")}",
    "brackets side by side": "ASK{FILTER(1" + "+(1)" * 254 + ")}",
    "operators": "ASK{FILTER(" + "!" * 256 + "true)}",
    "signs": "ASK{FILTER(1<<urn:" + "-" * 2000 + ">)}",
    "replacements": "ASK{FILTER(" + "REPLACE(" * 11 + "1" + ",'a','b')" * 11 + ")}",
    "negated groups": "ASK{FILTER(" + "!(" * 13 + "1",
    "table": "ASK{VALUES (?x) {" + "(1)" * 250 + "}}",
}


@pytest.fixture(scope="module")
def child() -> Iterator[Engine]:
    found = Engine()
    yield found
    found.close()


@pytest.mark.parametrize("name", FULL)
def test_as_much_as_the_limits_allow_harms_no_engine(name: str, child: Engine) -> None:
    guard.check(FULL[name])
    assert child.survives(FULL[name]), "the engine's process died or was busy for too long"


def test_random_hostile_texts_that_pass_harm_no_engine(child: Engine) -> None:
    passed = 0
    for text in islice(texts(seed=1), 400):
        try:
            guard.check(text)
        except ServiceError:
            continue
        passed += 1
        assert child.survives(text), text
    assert passed > 40, "the texts are all refused and show nothing"


def test_an_engine_without_the_guard_dies(child: Engine) -> None:
    assert not child.survives("ASK{FILTER(" + "(" * 12000 + "1" + ")" * 12000 + ")}")
    assert child.survives("ASK {}"), "there is a new one for the next test"
