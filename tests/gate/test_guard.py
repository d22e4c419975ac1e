"""The guard: what goes out, crashes or hangs is refused; what only looks like it passes."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databackpack.service.gate import guard
from databackpack.service.gate.faults import (
    MalformedQuery,
    QueryRequestRefused,
    ServiceError,
    TooLarge,
)
from tests.gate.outside import Outside, engine

STORE = engine()


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    found = Outside()
    yield found
    found.close()


# Each goes out when nobody stops it; U is the place, and the prefix : is bound to it.
GOES_OUT = [
    "SELECT * { SERVICE U {?s ?p ?o} }",
    "SELECT*{SERVICEU{?s ?p ?o}}",
    "SELECT * {SERVICE:{?s ?p ?o}}",
    "SELECT * {SERVICE:{ }}",
    "SELECT * {SERVICESILENT:{?s ?p ?o}}",
    "SELECT * { SERVICE SILENT U {?s ?p ?o} }",
    "SELECT * { sErViCe U {?s ?p ?o} }",
    "SELECT * { SERVICE # here\n U {?s ?p ?o} }",
    "SELECT * {BIND(1 as ?x)SERVICE#c\n:{?a ?b ?c}}",
    "SELECT * {?s ?p ?o.SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p ex:o.b.SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p 1.SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p true.SERVICE:{?a ?b ?c}}",
    'SELECT * {?s ?p "x".SERVICE:{?a ?b ?c}}',
    'SELECT * {?s ?p "x"@en.SERVICE:{?a ?b ?c}}',
    "SELECT * {?s ?p ex:.SERVICE:{?a ?b ?c}}",
    "SELECT * {OPTIONAL{}SERVICE:{?a ?b ?c}}",
    "SELECT * {{?a ?b ?c}UNION{SERVICE:{}}MINUS{SERVICE:{}}}",
    "SELECT * {{?a ?b ?c}UNION{SERVICE:{}}}",
    "ASK{{SELECT*{SERVICE:{}}}}",
    "ASK{FILTER EXISTS{SERVICE:{}}}",
    "ASK{FILTER(EXISTS{SERVICE SILENT :{}}&&1=1)}",
    "SELECT (EXISTS{SERVICE:{}} AS ?x) {}",
    "SELECT ?x {} ORDER BY (EXISTS{SERVICE:{}})",
    "CONSTRUCT {?a ?b ?c} {SERVICE:{?a ?b ?c}}",
    "DESCRIBE ?a {SERVICE:{?a ?b ?c}}",
    "SELECT * {FILTER(1<2)SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p ?o FILTER(?s<?o&&'>'!='a'||true)SERVICE:{?a ?b ?c} FILTER(''='') }",
    "SELECT * {?s ?p ?o FILTER(?s<?o#> '''\n||true) SERVICE:{?a ?b ?c} #'''\n}",
    # Fooled is who takes an escape for a quote, or a carriage return for no end of a line.
    'SELECT * {VALUES ?q {"\\u0022"} SERVICE:{} VALUES ?r {"\\u0022"}}',
    "SELECT * {VALUES ?q {'\\u0027'} SERVICE:{} VALUES ?r {'\\u0027'}}",
    "SELECT * {#c\rSERVICE:{}\n}",
    "SELECT * {{} # here\rUNION{SERVICE:{}}#\n}",
]


def written(text: str, outside: Outside) -> str:
    prefixes = f"PREFIX : <{outside.iri}> PREFIX ex: <http://e/> "
    return prefixes + text.replace("SERVICEU", f"SERVICE<{outside.iri}>").replace(
        " U ", f" <{outside.iri}> "
    )


@pytest.mark.parametrize("text", GOES_OUT)
def test_a_query_that_would_go_out_is_refused(text: str, outside: Outside) -> None:
    asked = written(text, outside)
    with pytest.raises(QueryRequestRefused):
        guard.check(asked)
    assert outside.reached_by(asked, STORE), "the case proves nothing: it goes nowhere"


def test_a_variable_endpoint_is_refused(outside: Outside) -> None:
    with pytest.raises(QueryRequestRefused):
        guard.check(written("SELECT * {BIND(: AS ?x) SERVICE ?x {?a ?b ?c}}", outside))


# Texts around the keyword that no engine need understand: passing is fine, going out is not.
LOOKS_ODD = [
    "SELECT * {?s ?p ex:%41.SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p _:b.SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p ex:o.SERVICE:{?a ?b ?c}}",
    'SELECT * {?s ?p "x"SERVICE:{?a ?b ?c}}',
    'SELECT * {?s ?p "x"@enSERVICE:{?a ?b ?c}}',
    "SELECT * {?s ?p _:bSERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p 1.0SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p ?oSERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p :.SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p ex:a-.SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p ex:o..SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p ex:o.b..SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p ex:o-SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p ex:o:SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p ex:SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p :SERVICE:{?a ?b ?c}}",
    "SELECT * {?s ?p ex:p?SERVICE:{?a ?b ?c}}",
    "SELECT * {?x a ex:a\\.SERVICE:{?a ?b ?c}}",
    'SELECT * {?s ?p """a""SERVICE""".SERVICE:{?a ?b ?c}}',
    "SELECT * {?s ?p '''a'''SERVICE:{?a ?b ?c}}",
    "SELECT * {FILTER(?a<SERVICE:{?a ?b ?c}}",
    "SELECT * {FILTER(?a <?b && ?c> ?d) SERVICE:{?a ?b ?c}}",
    "SELECT * {FILTER(?a<?b&&?c>?d)SERVICE:{?a ?b ?c}}",
    'SELECT * {?s ?p "a\\"SERVICE:{?a ?b ?c}"}',
    "SELECT * {GRAPH?g{SERVICE?x{}}}",
    "SELECT * { \\u0053ERVICE U {?s ?p ?o} }",
    "SELECT * { SER/**/VICE U {?s ?p ?o} }",
    "SELECT * { SERV\u0131CE U {?s ?p ?o} }",
    "SELECT * { \u017fERVICE U {?s ?p ?o} }",
]


@pytest.mark.parametrize("text", LOOKS_ODD)
def test_an_odd_text_that_passes_goes_nowhere(text: str, outside: Outside) -> None:
    asked = written(text, outside)
    try:
        guard.check(asked)
    except ServiceError:
        return
    assert not outside.reached_by(asked, STORE)


PASSES = [
    "SELECT * {?s ?p ?o FILTER(?o = 'service')}",
    "SELECT * {?s ?p ?o FILTER(?o = 'Ask for SERVICE <http://e/> { } now')}",
    "SELECT * {?s ?p <http://e/service>}",
    "SELECT * {?x a ex:ServiceActivity . ?y ex:service ?service}",
    "SELECT * {?x a ex:ServiceActivity}",
    "SELECT ?service $lateral {?s ?service $lateral}",
    "# which service activities are there?\nSELECT * {?s ?p ?o}",
    "SELECT ?version {?s ex:version ?version}",
    'SELECT * {?s ?p """a long text on community service"""}',
    "SELECT (COUNT(*) AS ?n) {?s ?p ?o FILTER(?o < 3 && ?o > 1)}",
]


@pytest.mark.parametrize("text", PASSES)
def test_an_ordinary_query_passes(text: str, outside: Outside) -> None:
    guard.check(written(text, outside))
    assert not outside.reached_by(written(text, outside), STORE)


def bgp(count: int) -> str:
    return "ASK { " + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(count)) + " }"


def hidden(expression: str) -> str:
    return f"PREFIX p: <urn:> ASK{{FILTER({expression})}}"


# What crashed an engine or kept it busy for seconds with a text below the limit of length.
CRASHERS = {
    "groups": "ASK " + "{" * 2000 + "}" * 2000,
    "groups, unbalanced": "ASK " + "{" * 2000,
    "expressions": "ASK { FILTER(" + "(" * 3000 + "1" + ")" * 3000 + ") }",
    "negations": "ASK { FILTER(" + "!" * 3000 + "true) }",
    "minus signs": "ASK { FILTER(1 = " + "- " * 3000 + "1) }",
    "sums": "ASK { FILTER(1 = " + "+".join("1" * 3000) + ") }",
    "alternatives": "ASK { FILTER(" + "||".join(["true"] * 1000) + ") }",
    "conjunctions": "ASK { FILTER(" + "&&".join(["true"] * 1000) + ") }",
    "subqueries": "SELECT * " + "{ SELECT * " * 1000 + "{}" + "}" * 1000,
    "existence": "ASK { " + "FILTER EXISTS { " * 500 + "}" * 501,
    "lists": "ASK { ?s ?p " + "( " * 300 + ") " * 300 + "}",
    "property lists": "ASK { ?s ?p " + "[ ?q " * 300 + "1 " + "] " * 300 + "}",
    "paths": "ASK { ?s " + "/".join(["<urn:p>"] * 400) + " ?o }",
    "path groups": "ASK { ?s " + "(" * 300 + "<urn:p>" + ")*" * 300 + " ?o }",
    "patterns": bgp(600),
    "object lists": "ASK { ?s ?p " + ",".join(f"?o{i}" for i in range(600)) + " }",
    # What compares is no IRI, however much it looks like one, and hides nothing.
    "brackets behind <": hidden("1<" + "(" * 12000 + "1" + ")" * 12000 + "&&(2>1)"),
    "negations behind <": hidden("1<" + "!" * 15000 + "1&&(2>1)"),
    "sums behind <": hidden("1<1" + "+1" * 10000 + "&&(2>1)"),
    "brackets behind < and a string": hidden("1<'>'&&" + "(" * 9000 + "1" + ")" * 9000 + "<'>'"),
    "brackets in an IRI": "ASK { ?s <urn:" + "(" * 12000 + "> ?o }",
    "brackets behind a closed string": hidden("1<')))'&&(" * 900 + "1" + ")" * 900 + "||'>'='>'"),
    "brackets behind a comment": hidden("1<2#>'\n&&" + "(" * 9000 + "1" + ")" * 9000 + "#'\n"),
    "brackets behind an escape": hidden("p:a\\'=" + "(" * 9000 + "1" + ")" * 9000 + "||p:a\\'=1"),
    "brackets behind a hyphen": hidden("p:a-<'>'&&" + "(" * 900 + "1" + ")" * 900 + "=p:a-"),
    "brackets behind three quotes": 'ASK { VALUES ?x { """a"#\\z\n} FILTER('
    + "(" * 900
    + "1"
    + ")" * 900
    + ')}#"""',
    # The planner takes the fourth power of what it has to join.
    "the same pattern": "ASK{" + "?a ?b ?c . " * 230 + "}",
    "groups side by side": "ASK{" + "{?a0 ?b0 ?c0}" * 1100 + "}",
    "graphs side by side": "ASK{" + "GRAPH ?g{?a ?b ?c}" * 1000 + "}",
    "tables side by side": "ASK{" + "VALUES ?a{1}" * 1200 + "}",
    "property lists side by side": "ASK{" + "[?a ?b]." * 130 + "}",
    "filters between patterns": "ASK{" + "?a ?b ?c FILTER(1)" * 200 + "}",
    "a collection": "ASK{?s ?p (" + " 1" * 250 + ")}",
    "a collection without spaces": "ASK{?s ?p (" + "true" * 250 + ")}",
    "a collection of collections": "ASK{?s ?p (" + "()" * 120 + ")}",
    "a collection behind true": "ASK{truea(" + " 1" * 250 + ")}",
    "a collection behind a filter": "ASK{FILTER(1=1)(" + " 1" * 250 + ")?p ?o}",
    "a collection behind a language": 'ASK{?s ?p (1 "x"@en-FILTER(' + " 1" * 250 + "))}",
    "a sequence": "ASK{?s " + "<urn:p>/" * 200 + "<urn:p> ?o}",
    "patterns behind an escape": "PREFIX p:<urn:>ASK{?s p:a\\' ?o . "
    + "?a ?b ?c . " * 230
    + "?s p:a\\' 1}",
    "patterns behind an IRI": "ASK{?s <urn:\\u0061#> ?o . " + "?a ?b ?c . " * 230 + "}",
    "patterns behind VALUES": "ASK{?s ?p ?VALUES{" + "?a ?b ?c . " * 230 + "}}",
    "patterns behind a prefix": "PREFIX VALUES-a:<urn:>ASK{?s ?p VALUES-a:b{"
    + "?a ?b ?c . " * 230
    + "}}",
    # The parser goes back for each level and reads all that is inside anew.
    "negations of groups": "ASK{FILTER(" + "!(" * 40 + "1",
    "regular expressions": "ASK{FILTER(" + "REGEX(" * 20 + "1" + ",1)" * 20 + ")}",
    "substrings": "ASK{FILTER(" + "SUBSTR(1," * 20 + "1" + ")" * 20 + ")}",
    "replacements": "ASK{FILTER(" + "REPLACE(" * 20 + "1" + ",'a','b')" * 20 + ")}",
    "concatenations": "ASK{FILTER(" + "GROUP_CONCAT(" * 20 + "1" + ")" * 20 + ")}",
}


@pytest.mark.parametrize("name", CRASHERS)
def test_what_crashes_or_hangs_an_engine_is_refused(name: str) -> None:
    assert len(CRASHERS[name]) < guard.LONGEST
    with pytest.raises(QueryRequestRefused):
        guard.check(CRASHERS[name])


BEYOND_SPARQL_1_1 = [
    "ASK { << ?s ?p ?o >> ?q ?r }",
    "ASK { <<( ?s ?p ?o )>> ?q ?r }",
    "ASK { ?s ?p ?o {| ?q ?r |} }",
    "ASK { ?s ?p ?o ~ ?q }",
    "SELECT * { ?s ?p ?o LATERAL { ?o ?q ?r } }",
    'VERSION "1.2" ASK {}',
]


@pytest.mark.parametrize("text", BEYOND_SPARQL_1_1)
def test_what_is_not_in_sparql_1_1_is_refused(text: str) -> None:
    with pytest.raises(QueryRequestRefused):
        guard.check(text)


def test_a_text_longer_than_the_limit_is_too_large() -> None:
    query = "ASK {} #"
    guard.check(query + "x" * (guard.LONGEST - len(query)))
    with pytest.raises(TooLarge):
        guard.check(query + "x" * (guard.LONGEST - len(query) + 1))
    with pytest.raises(TooLarge):
        guard.check(query + "é" * (guard.LONGEST // 2))


@pytest.mark.parametrize("character", ["\x00", "\ud800", "\udfff"])
def test_a_character_that_is_none_is_malformed(character: str) -> None:
    with pytest.raises(MalformedQuery):
        guard.check(f"ASK {{}} #{character}")


@pytest.mark.parametrize("count", [1, 60])
def test_queries_of_a_usual_size_pass(count: int) -> None:
    guard.check(bgp(count))
    guard.check("ASK " + "{" * count + "}" * count)


BEFORE = [
    "",
    "?s ?p ?o",
    "?s ?p ?o .",
    "?s ?p true.",
    '?s ?p "x"',
    "?s ?p '''a''b'''",
    '?s ?p "\\"" .',
    "?s ?p ex:o.b",
    "OPTIONAL{}",
    "BIND(1 < 2 AS ?q)",
    "FILTER(?s<?o||'>'!='a')",
    "FILTER(1<2||2>1)",
    "FILTER(1<2#> '''\n||true)",
    "#comment '\n",
    "#comment <\n",
    "?s <http://e/#b> ?o .",
    "VALUES ?v { '>' \"<\" }",
]
GLUE = ["", " ", "\n", "\t", ".", " . ", "#\n", "#'''\n", "{", "}", "'", '"', "<", ">", "\\"]
AFTER = ["", "FILTER('a'='a')", "#'''\n", "?a ?b '>'", '"', "'''", '#"\n', "OPTIONAL{}"]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Give texts with the keyword between what hides it from a reader who counts quotes."""
    keyword = draw(st.sampled_from(["SERVICE", "service", "SERVICE SILENT", "SeRvIcE"]))
    pieces = [
        *draw(st.lists(st.sampled_from(BEFORE), max_size=3)),
        draw(st.sampled_from(GLUE)),
        keyword,
        draw(st.sampled_from(["", " ", "\n", "#c\n"])),
        draw(st.sampled_from([":", "U", "?s"])),
        "{?a ?b ?c}",
        *draw(st.lists(st.sampled_from(AFTER), max_size=2)),
    ]
    glue = draw(st.sampled_from(["", " ", "\n"]))
    return "SELECT * {" + glue.join(pieces) + "}"


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts())
def test_no_text_that_passes_goes_out(text: str, outside: Outside) -> None:
    asked = written(text, outside).replace("U{", f"<{outside.iri}>{{")
    try:
        guard.check(asked)
    except ServiceError:
        return
    assert not outside.reached_by(asked, STORE)
