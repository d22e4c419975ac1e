"""What a query may call: all of SPARQL 1.1 and nothing that only the engine knows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databackpack.service.gate import guard
from databackpack.service.gate.faults import QueryRequestRefused, ServiceError
from tests.gate.outside import engine

STORE = engine()
XSD = "http://www.w3.org/2001/XMLSchema#"
GEO = "http://www.opengis.net/def/function/geosparql/"
PREFIXES = f"PREFIX xsd: <{XSD}> PREFIX geof: <{GEO}> PREFIX ex: <http://e/> "


def runs(text: str) -> bool:
    """Tell whether the engine would run *text* if nobody stopped it."""
    try:
        STORE.query(text)
    except (SyntaxError, RuntimeError, OSError, ValueError):
        return False
    return True


# Each is run by the engine and stands in no recommendation of SPARQL 1.1.
FOREIGN = [
    *("TRIPLE(1, 2, 3)", "SUBJECT(?x)", "PREDICATE(?x)", "OBJECT(?x)", "isTRIPLE(?x)"),
    *("LANGDIR('a')", "hasLANG('a'@en)", "hasLANGDIR('a')", "STRLANGDIR('a', 'en', 'ltr')"),
    "ADJUST(NOW(), 'PT1H'^^xsd:dayTimeDuration)",
    *(f"geof:{name}" for name in ("distance(1, 2)", "sfContains(1, 2)", "area(1)")),
    *(
        f"xsd:{name}('1')"
        for name in (
            *("date", "time", "duration", "dayTimeDuration", "yearMonthDuration", "gYear"),
            *("gYearMonth", "gMonth", "gDay", "gMonthDay"),
        )
    ),
    f"<{GEO}distance>(1, 2)",
    f"<{XSD}date>('1')",
    "subject(?x)",
    "SUBJECT # of what?\n (?x)",
    "SUBJECT#\r(?x)",
    "SUBJECT\t\r\n(?x)",
    "geof:distance#(\n(1, 2)",
    "'a'@en--ltr",
    "1 + SUBJECT(?x)",
    "!SUBJECT(?x)",
    "1IN(SUBJECT(?x))",
    "IF(1<2,SUBJECT(?x),3>1)",
    "1<2&&SUBJECT(?x)>1",
    "'>'>'<'&&SUBJECT(?x)",
    "1<2#>'\n&&SUBJECT(?x)#'\n",
    "EXISTS{FILTER SUBJECT(?x)}",
    "COALESCE(xsd:integer('1'),geof:area(1))",
    f"<{GEO}\\u0061rea>(1)",
]


@pytest.mark.parametrize("call", FOREIGN)
def test_what_only_the_engine_knows_is_refused_in_an_expression(call: str) -> None:
    text = f"{PREFIXES}SELECT ({call} AS ?y) {{}}"
    with pytest.raises(QueryRequestRefused):
        guard.check(text)
    assert runs(text), "the case proves nothing: no engine runs it"


# Where a call may stand; the spaces that are not there are not needed by the engine.
PLACES = [
    "SELECT*{FILTERCALL}",
    "SELECT*{?s ?p ?o FILTER CALL}",
    "SELECT*{{}FILTERCALL}",
    "SELECT*{[ex:a ex:b]FILTERCALL}",
    "SELECT*{[ex:a ex:b]FILTER(CALL)}",
    "SELECT*{(1 2)FILTERCALL}",
    "SELECT*{?s ?p ?o.FILTERCALL}",
    "SELECT*{?s ?p true.FILTERCALL}",
    "SELECT*{?s ?p 1.FILTERCALL}",
    "SELECT*{?s ?p 'x'.FILTERCALL}",
    "SELECT*{?s ?p 'x'@en.FILTERCALL}",
    "SELECT*{BIND(CALL AS ?y)}",
    "SELECT*{}ORDER BYCALL",
    "SELECT*{}ORDER BY DESC(CALL)",
    "SELECT(COUNT(*)AS?n){}GROUP BYCALL",
    "SELECT(COUNT(*)AS?n){}GROUP BY ?s HAVINGCALL",
    "SELECT*{{SELECT(CALL AS?y){}}}",
    "SELECT(SUM(DISTINCTCALL)AS?y){}",
    "CONSTRUCT{?s ?p ?o}{?s ?p ?o FILTERCALL}",
    "DESCRIBE ?s{?s ?p ?o FILTERCALL}",
    "ASK{FILTER NOT EXISTS{FILTERCALL}}",
    "SELECT*{OPTIONAL{FILTERCALL}MINUS{?a ?b ?c FILTERCALL}}",
    "SELECT*{FILTER(1<2)FILTERCALL}",
    "SELECT*{?s ?p ?o FILTER(?s<?o&&'>'!='a'||true)FILTERCALL FILTER(''='')}",
    'SELECT*{?s ?p "\\u0022" FILTERCALL ?s ?p "\\u0022"}',
    "SELECT*{?s ?p '\\u0027' FILTERCALL ?s ?p '\\u0027'}",
    "SELECT*{#c\rFILTERCALL\n}",
    "SELECT*{?s ?p <http://e/#'>FILTERCALL ?s ?p <http://e/#'>}",
    "SELECT*{?s ?p ex:a\\'FILTERCALL FILTER('' = '')}",
]
CALLS = ["SUBJECT(?s)", "geof:area(1)", f"<{GEO}area>(1)", "xsd:date('1')", "hasLANG(?s)"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("call", CALLS)
def test_what_only_the_engine_knows_is_refused_wherever_it_stands(place: str, call: str) -> None:
    text = PREFIXES + place.replace("CALL", call)
    refused = False
    try:
        guard.check(text)
    except ServiceError:
        refused = True
    assert refused or not runs(text)


def test_the_places_are_places_where_the_engine_runs_a_call() -> None:
    ran = [place for place in PLACES if runs(PREFIXES + place.replace("CALL", " SUBJECT(?s)"))]
    assert len(ran) > len(PLACES) - 4


# A name is put together of a base, a prefix and a local part, and may be escaped in each.
SPLIT = [
    f"BASE <{GEO}> ASK {{FILTER <area>(1)}}",
    f"BASE <{GEO}> ASK {{FILTER <\\u0061rea>(1)}}",
    f"BASE <{GEO}x> PREFIX g: <ar> ASK {{FILTER g:ea(1)}}",
    f"BASE <{XSD}> ASK {{FILTER <#date>('1')}}",
    f"PREFIX g: <{GEO}ar> ASK {{FILTER g:ea(1)}}",
    f"PREFIX : <{GEO}> ASK {{FILTER :area(1)}}",
    f"PREFIX : <{GEO}area> ASK {{FILTER :(1)}}",
    f"PREFIX xsd: <{GEO}> ASK {{FILTER xsd:area(1)}}",
    f"PREFIX xsd: <{XSD}> PREFIX xsd: <{GEO}> ASK {{FILTER xsd:area(1)}}",
    f"PREFIX xsd:<{GEO}sfCon>#\n ASK {{FILTER xsd:tains(1, 1)}}",
    f"PREFIX x: <{XSD}> ASK {{FILTER x:date('1')}}",
    f"PREFIX x: <{XSD}da> ASK {{FILTER x:te('1')}}",
    f"PREFIX xsd: <{GEO}\\u0061> ASK {{FILTER xsd:rea(1)}}",
    f"#PREFIX xsd: <{XSD}>\nPREFIX xsd:#\n<{GEO}a> ASK {{FILTER xsd:rea(1)}}",
]


@pytest.mark.parametrize("text", SPLIT)
def test_a_function_whose_name_is_put_together_is_refused(text: str) -> None:
    with pytest.raises(QueryRequestRefused):
        guard.check(text)
    assert runs(text), "the case proves nothing: no engine runs it"


@pytest.mark.parametrize(
    "text",
    [
        "PREFIX xsd: <urn:> ASK {FILTER xsd:integer(1)}",
        f"PREFIX xsd: <{XSD}> PREFIX xsd: <urn:> ASK {{FILTER xsd:integer(1)}}",
        f"#PREFIX xsd: <{XSD}>\nPREFIX xsd:#<{XSD}>\n<urn:> ASK {{FILTER xsd:integer(1)}}",
        f"PREFIX xsd: <{XSD}> PREFIXxsd:<urn:> ASK {{FILTER xsd:integer(1)}}",
    ],
)
def test_what_is_called_like_a_cast_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(QueryRequestRefused):
        guard.check(text)


FUNCTIONS = [
    *("STR(?x)", "LANG('a'@en)", "LANGMATCHES('en', '*')", "DATATYPE(1)", "BOUND(?x)"),
    *("IRI('urn:a')", "URI('urn:a')", "BNODE()", "BNODE('a')", "RAND()", "ABS(1)", "CEIL(1.5)"),
    *("FLOOR(1.5)", "ROUND(1.5)", "CONCAT('a', 'b')", "STRLEN('a')", "UCASE('a')", "LCASE('A')"),
    *("ENCODE_FOR_URI('a b')", "CONTAINS('a', 'a')", "STRSTARTS('a', 'a')", "STRENDS('a', 'a')"),
    *("STRBEFORE('ab', 'b')", "STRAFTER('ab', 'a')", "YEAR(NOW())", "MONTH(NOW())", "DAY(NOW())"),
    *("HOURS(NOW())", "MINUTES(NOW())", "SECONDS(NOW())", "TIMEZONE(NOW())", "TZ(NOW())"),
    *("UUID()", "STRUUID()", "MD5('a')", "SHA1('a')", "SHA256('a')", "SHA384('a')"),
    *("SHA512('a')", "COALESCE(?x, 1)", "IF(true, 1, 2)", "STRLANG('a', 'en')"),
    *("STRDT('1', xsd:integer)", "sameTerm(1, 1)", "isIRI(1)", "isURI(1)", "isBLANK(1)"),
    *("isLITERAL(1)", "isNUMERIC(1)", "REGEX('a', 'a', 'i')", "SUBSTR('abc', 2)"),
    *("REPLACE('a', 'a', 'b')", "1 IN (1, 2)", "1 NOT IN (2)", "EXISTS {?s ?p ?o}"),
    *("COUNT(*)", "COUNT(DISTINCT ?x)", "SUM(?x)", "MIN(?x)", "MAX(?x)", "AVG(?x)", "SAMPLE(?x)"),
    "GROUP_CONCAT(DISTINCT ?x; SEPARATOR = ', ')",
    *(
        f"xsd:{name}('1')"
        for name in ("boolean", "double", "float", "decimal", "integer", "dateTime", "string")
    ),
    f"<{XSD}integer>('1')",
    "xsd:integer ( '1' )",
    "xsd:integer(SUBSTR(?year, 1, 4))",
]


@pytest.mark.parametrize("call", FUNCTIONS)
def test_every_function_of_sparql_1_1_passes(call: str) -> None:
    text = f"{PREFIXES}SELECT ({call} AS ?y) {{}}"
    guard.check(text)
    assert runs(text)


ORDINARY = [
    "SELECT * {?s ex:p (1 2)}",
    "SELECT * {(1 2) ex:p ?o}",
    "SELECT * {?s <http://e/p> (1 (2 ex:a (3)) ex:b)}",
    "SELECT * {?s a (ex:A ex:B)}",
    "SELECT * {?s ex:p (true (false) 'a' (1))}",
    "SELECT * {ex:a (ex:p|ex:q)+ ?o}",
    "SELECT * {?s ex:p/(ex:q) ?o}",
    "SELECT * {?s ^(ex:p) (1)}",
    "SELECT * {VALUES (?x ?y) {(ex:a 1) (<http://e/b> UNDEF) ('SUBJECT(1)' 2)}}",
    "SELECT * {VALUES ?subject {ex:subject ex:object} ?subject ex:predicate ?object}",
    "SELECT ?subject ?object {?subject ?predicate ?object} ORDER BY ?subject (?object)",
    "SELECT ?subject (COUNT(?object) AS ?n) {?subject ?p ?object} GROUP BY ?subject (?p AS ?q)",
    "SELECT * {?s ex:subject (1 2)}",
    "SELECT * {?s ?p ?o FILTER(?o = 'SUBJECT(1) and geof:area(1)')}",
    "# which subject (of all)? see geof:distance(1, 2)\nSELECT * {?s ?p ?o}",
    "SELECT * {?s ?p 'a@en--ltr', '''isTRIPLE(1)'''}",
    "SELECT * {?s ?p 'a'@en-GB}",
    "BASE <http://e/> SELECT * {<#me> <knows> ?o FILTER(?o < 3)}",
    "SELECT * {?s ?p ?a, ?b FILTER(?a<3&&?b>1)}",
    "SELECT * {?s ?p ?a FILTER(?a > (?b) && ?b < (?a))}",
    "SELECT (xsd:integer(?a) + xsd:decimal(?b) AS ?c) {?s ?p ?a, ?b}",
    "SELECT * {?s ?p ?o FILTER(xsd:dateTime(?o) < NOW())}",
    'SELECT * {?s ?p ?o FILTER REGEX(?o, "\\\\(a\\\\)")}',
]


@pytest.mark.parametrize("text", ORDINARY)
def test_what_an_ordinary_query_calls_passes(text: str) -> None:
    guard.check(PREFIXES + text)
    assert runs(PREFIXES + text)


def test_a_long_ordinary_query_passes() -> None:
    """Beyond what the second parser reads: prose, strings and tables change nothing."""
    rows = " ".join(
        f"('the name (of isTRIPLE(1)), ex:a (1 2){'…' * 40}' ex:row{row})" for row in range(55)
    )
    head = f"# prose (with ex:names (in it)), and isTRIPLE(1)\n{PREFIXES}"
    text = f"{head}SELECT * {{ VALUES (?name ?row) {{ {rows} }} ?row ?p ?o }}"
    assert len(text) > guard.LONGEST_PARSED
    guard.check(text)
    assert runs(text)


def test_a_refusal_names_the_function() -> None:
    with pytest.raises(QueryRequestRefused, match="isTRIPLE is not a function"):
        guard.check("SELECT (isTRIPLE(1) AS ?x) {}")
    with pytest.raises(QueryRequestRefused, match=r"geof:area.*xsd:boolean"):
        guard.check(f"{PREFIXES}SELECT (geof:area(1) AS ?x) {{}}")


BEFORE = [
    *("", "?s ?p ?o", "?s ?p ?o .", "[ex:a ex:b]", "(1 2)", "{}", "?s ?p true.", "?s ?p 'x'@en"),
    *("?s ?p '''a''b'''", "?s ?p ex:o.b", "?s ?p ex:a\\'", "OPTIONAL{}", "BIND(1 < 2 AS ?q)"),
    *("FILTER(?s<?o||'>'!='a')", "FILTER(1<2#> '''\n||true)", "#comment '\n", "#comment <\r"),
    *("?s <http://e/#b> ?o .", "VALUES ?v { '>' \"<\" }", '?s ?p "\\u0022" .', "FILTER(1<'#>'"),
]
OPENING = ["FILTER", "FILTER ", "FILTER(", "FILTER(1<2&&", "BIND(", "FILTER!", "FILTER(1<", ""]
GLUE = ["", " ", "\n", "#\n", "#'\n", "#\r", ".", "<", ">", "'", '"', "\\", "-", "ex:a-", "p", "?"]
NAMES = ["SUBJECT", "isTRIPLE", "geof:area", f"<{GEO}area>", "xsd:date", "langdir", "<area>"]
AFTER = [
    "",
    ")",
    " AS ?y)",
    ">'1')",
    "#'\n",
    "'",
    '"',
    "?a ?b '>'",
    "FILTER('a'='a')",
    '#"\n',
    ")>'",
]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Give texts with a call between what hides it from a reader who misreads one sign."""
    glue = draw(st.sampled_from(["", " ", "\n"]))
    pieces = [
        *draw(st.lists(st.sampled_from(BEFORE), max_size=3)),
        draw(st.sampled_from(OPENING))
        + draw(st.sampled_from(GLUE))
        + draw(st.sampled_from(NAMES))
        + draw(st.sampled_from(["", " ", "\n", "#c\n", "#(\r"]))
        + "(1)",
        *draw(st.lists(st.sampled_from(AFTER), max_size=3)),
    ]
    base = draw(st.sampled_from(["", f"BASE <{GEO}> "]))
    return base + PREFIXES + "SELECT * {" + glue.join(pieces) + "}"


def calls_nothing_foreign(text: str) -> bool:
    """Tell it by the engine: with every foreign name made unknown, the text runs as before.

    Where a name is called, the engine then fails; in a string or a comment it does not matter.
    """
    other = text.replace(GEO, "http://unknown/")
    for name in ("SUBJECT", "isTRIPLE", "langdir"):
        other = other.replace(name, f"{name}Unknown")
    other = other.replace("xsd:date", "xsd:unknown")
    return runs(other)


@settings(max_examples=1000)
@given(text=texts())
def test_no_text_that_passes_calls_what_only_the_engine_knows(text: str) -> None:
    try:
        guard.check(text)
    except ServiceError:
        return
    assert not runs(text) or calls_nothing_foreign(text), text


def test_the_engine_tells_a_call_from_what_looks_like_one() -> None:
    assert calls_nothing_foreign(f"{PREFIXES}SELECT * {{?s ?p 'SUBJECT(1)' #geof:area(1)\n}}")
    for call in ("SUBJECT(1)", "geof:area(1)", "xsd:date(1)"):
        text = f"{PREFIXES}SELECT * {{FILTER {call}}}"
        assert runs(text)
        assert not calls_nothing_foreign(text)
