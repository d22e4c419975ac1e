"""Items 10 to 20: no operator of SPARQL is an oracle for what the view does not hold."""

import re

import pytest

from databackpack.ontology.namespaces import BP
from tests.threats.twins import (
    ANN,
    ASKERS,
    BEN,
    BP_PREFIX,
    CAT,
    ELM,
    MIA,
    NOA,
    NOBODY,
    Twins,
    all_of,
    name_of,
    own,
)
from tests.web.asking import Response, Web, cell


def rows(answer: Response) -> list[dict[str, str]]:
    assert answer.status == 200, answer.body
    found = answer.json["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in found]


def check_like_nobody(twins: Twins, text: str) -> None:
    """The learner who is hidden, and her records, put into *text* give what nobody gives."""
    for asker in ASKERS:
        nobody = twins.query(asker, BP_PREFIX + text.replace("%s", str(NOBODY)))
        assert nobody.status == 200, nobody.body
        for hidden in (CAT, own(CAT, "progress", "fir"), own(CAT, "behavior", "fir")):
            found = twins.query(asker, BP_PREFIX + text.replace("%s", str(hidden)))
            assert found.body == nobody.body.replace(NOBODY.encode(), hidden.encode())


@pytest.mark.parametrize("start", [ANN, BEN, CAT, NOBODY])
def test_10_a_closure_over_everything_stays_inside_the_view(twins: Twins, start: str) -> None:
    for asker in (ELM, NOA):
        text = f"SELECT ?x {{ <{start}> (!<urn:none>|^!<urn:none>)* ?x }}"
        reached = {row["x"] for row in rows(twins.query(asker, text))}
        assert reached.isdisjoint({str(CAT), str(own(ANN, "behavior"))} - {str(start)})
        assert (len(reached) > 2) == (start == BEN or (start, asker) == (ANN, ELM))


def test_11_a_path_of_no_steps_tells_nothing_of_a_term_that_is_hidden(twins: Twins) -> None:
    check_like_nobody(twins, "SELECT ?x { <%s> bp:nothing* ?x }")
    check_like_nobody(twins, "SELECT ?x { ?x bp:nothing? <%s> }")
    check_like_nobody(twins, "ASK { <%s> (bp:isRecordOf|!bp:isRecordOf)* <%s> }")
    check_like_nobody(twins, "SELECT (COUNT(*) AS ?n) { <%s> (^bp:isRecordOf)* ?x }")


def test_12_absence_tells_nothing_of_a_triple_that_is_hidden(twins: Twins) -> None:
    for text in (
        "SELECT * { VALUES ?w { <%s> } OPTIONAL { ?x bp:isRecordOf ?w } }",
        "ASK { FILTER NOT EXISTS { ?x bp:isRecordOf <%s> } }",
        "SELECT ?x { ?x a bp:MasteryState MINUS { ?y bp:isRecordOf <%s> } }",
        "SELECT ?x { ?x a bp:MasteryState FILTER EXISTS { <%s> ?p ?o } }",
    ):
        check_like_nobody(twins, text)
    (ann,) = rows(
        twins.query(
            ELM,
            f"{BP_PREFIX}SELECT ?said {{ VALUES ?w {{ <{ANN}> }} "
            "OPTIONAL { ?x bp:isRecordOf ?w ; bp:behaviorType ?said } }",
        )
    )
    assert ann == {}, "her family closed it"


def test_13_counts_and_sums_are_over_the_view_and_count_once(twins: Twins) -> None:
    for text, learners in (
        ("SELECT (COUNT(DISTINCT ?w) AS ?n) { ?x bp:isRecordOf ?w }", 2),
        ("SELECT (COUNT(*) AS ?n) { ?x a bp:MasteryState }", 2),
        ("SELECT (COUNT(*) AS ?n) { ?x a bp:BehaviorIncident }", 1),
        ("SELECT (SUM(?one) AS ?n) { ?x a bp:Enrollment BIND(1 AS ?one) }", 2),
        ("SELECT (COUNT(?x) AS ?n) { ?x a bp:MasteryState } GROUP BY ?y HAVING (COUNT(?x) > 1)", 2),
    ):
        (row,) = rows(twins.query(ELM, BP_PREFIX + text))
        assert row == {"n": str(learners)}, text
    joined = "SELECT (GROUP_CONCAT(?v) AS ?n) { { SELECT ?v { ?s ?p ?v FILTER(isLiteral(?v)) "
    twins.query(ELM, f"{joined} FILTER(STRLEN(STR(?v)) < 9) }} ORDER BY ?v }} }}")


def test_14_a_search_value_by_value_finds_only_what_is_in_the_view(twins: Twins) -> None:
    def begins(letter: str) -> bool:
        text = f'{BP_PREFIX}ASK {{ ?w s:givenName ?v FILTER(STRSTARTS(?v, "{letter}")) }}'
        return bool(twins.query(ELM, text).json["boolean"])

    letters = [chr(number) for number in range(ord("A"), ord("Z") + 1)]
    assert [letter for letter in letters if begins(letter)] == ["A", "B"]
    for text in (
        'ASK { ?x bp:behaviorType ?v FILTER(REGEX(?v, "^[M-Q]")) }',
        'ASK { ?x bp:behaviorType ?v FILTER(?v > "A") }',
        'ASK { ?s ?p ?v FILTER(CONTAINS(LCASE(STR(?v)), "thornq")) }',
    ):
        assert twins.query(ELM, BP_PREFIX + text).json["boolean"] is False


def test_15_what_is_described_or_invented_is_of_the_view_and_never_becomes_data(
    twins: Twins,
) -> None:
    check_like_nobody(twins, "DESCRIBE <%s>")
    check_like_nobody(twins, "DESCRIBE ?x { ?x bp:isRecordOf <%s> }")
    for asker in ASKERS:
        made = (
            f"CONSTRUCT {{ ?x bp:isRecordOf <{CAT}> ; bp:invented 1 }} {{ ?x a bp:MasteryState }}"
        )
        assert b"invented" in twins.query(asker, BP_PREFIX + made).body
        for text in ("ASK { ?x bp:invented 1 }", f"ASK {{ ?x bp:isRecordOf <{CAT}> }}"):
            assert twins.query(asker, BP_PREFIX + text).json["boolean"] is False


def test_16_pages_taken_before_and_after_a_withdrawal_are_told_apart(web: Web) -> None:
    def page(offset: int) -> Response:
        text = "SELECT * { ?x a bp:MasteryState ; ?p ?o } ORDER BY ?x ?p ?o"
        return web.query(ELM, f"{BP_PREFIX}{text} LIMIT 4 OFFSET {offset}")

    first = page(0)
    path = cell(name_of(BEN), "progress", "teacher")
    withdrawn = web.say(NOA, path, "none")
    second = page(4)
    assert int(first.headers["consent-epoch"]) < withdrawn <= int(second.headers["consent-epoch"])
    assert str(own(BEN, "progress")).encode() not in second.body + page(0).body
    headers = web.running.headers(ELM) | {"Min-Consent-Epoch": str(withdrawn + 1)}
    assert web.send("GET", "/sparql?query=ASK%7B%7D", headers).status == 503


def test_17_blank_nodes_name_nothing_in_a_store(twins: Twins) -> None:
    for asker in (*ASKERS, MIA):
        for graph in ("?s ?p ?o", "GRAPH ?g { ?s ?p ?o }"):
            text = f"ASK {{ {graph} FILTER(isBlank(?s) || isBlank(?o)) }}"
            assert twins.whole.query(asker, text).json["boolean"] is False
    made = [twins.whole.query(ELM, "SELECT (BNODE() AS ?b) { ?s ?p ?o } LIMIT 3") for _ in range(2)]
    labels = [{row["b"] for row in rows(answer)} for answer in made]
    assert labels[0].isdisjoint(labels[1])
    for label in labels[0]:
        again = f"SELECT ?p {{ _:{label} ?p ?o }} LIMIT 1"  # a variable, whatever it is called
        assert len(rows(twins.query(ELM, again))) == 1


def test_18_what_is_new_each_time_is_answered_and_never_kept(twins: Twins) -> None:
    text = "SELECT (NOW() AS ?now) (RAND() AS ?r) (UUID() AS ?u) (STRUUID() AS ?v) {}"
    answers = [twins.whole.query(ELM, text) for _ in range(2)]
    assert len({row[name] for answer in answers for row in rows(answer) for name in "ruv"}) == 6
    for answer in answers:
        assert answer.headers["cache-control"] == "private, no-store"


BEYOND = {
    "a triple term": "SELECT * { <<( ?s ?p ?o )>> ?q ?r }",
    "a quoted triple": "SELECT * { << ?s ?p ?o >> ?q ?r }",
    "an annotation": "SELECT * { ?s ?p ?o {| ?q ?r |} }",
    "a function of triples": "SELECT (TRIPLE(?s, ?p, ?o) AS ?t) { ?s ?p ?o } LIMIT 1",
    "a lateral join": "SELECT * { ?s ?p ?o LATERAL { SELECT * { ?o ?q ?r } LIMIT 1 } } LIMIT 1",
    "a version": 'VERSION "1.2" SELECT * { ?s ?p ?o } LIMIT 1',
    "a direction": 'SELECT ("a"@en--ltr AS ?x) {}',
    "a distance": "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
    'SELECT (geof:distance("POINT(1 1)"^^<http://www.opengis.net/ont/geosparql#wktLiteral>, '
    '"POINT(1 2)"^^<http://www.opengis.net/ont/geosparql#wktLiteral>, '
    "<http://www.opengis.net/def/uom/OGC/1.0/metre>) AS ?d) {}",
}


@pytest.mark.parametrize("name", BEYOND)
def test_19_what_is_beyond_sparql_1_1_is_refused(twins: Twins, name: str) -> None:
    answer = twins.query(ELM, BEYOND[name])
    assert answer.status == 400, answer.body
    assert answer.json["title"] in {"Query refused", "Malformed query"}
    assert answer.json["detail"]


@pytest.mark.parametrize(
    "function",
    [
        *("urn:fn", str(BP.f), "http://www.w3.org/ns/sparql#uuid2", "java:java.lang.Runtime.exec"),
        *("http://jena.apache.org/ARQ/function#version", "bif:sys_stat", "file:///etc/passwd"),
        "http://www.openlinksw.com/schemas/bif#load_file",
    ],
)
def test_20_no_function_is_registered(twins: Twins, function: str) -> None:
    for text in (
        f"SELECT (<{function}>('x') AS ?x) {{}}",
        f"SELECT * {{ ?s ?p ?o FILTER(<{function}>(?o)) }} LIMIT 1",
        f"SELECT (<{function}>(DISTINCT ?o) AS ?x) {{ ?s ?p ?o }}",
    ):
        answer = twins.query(ELM, text)
        assert answer.status == 400, (text, answer.body[:200])


def test_the_twins_hold_what_their_audiences_must_see(twins: Twins) -> None:
    """Else all of these tests would pass over empty views."""
    assert "Periwinkle" in all_of(twins.whole, MIA)
    assert re.search("Ada.*|Bo.*", all_of(twins.whole, ELM))
    assert "Periwinkle" not in all_of(twins.whole, ELM)
