"""Every file of the catalogue is whole and written alike, and the service refuses what it must."""

import re
from pathlib import Path

import pytest
from rdflib.plugins.sparql import prepareQuery

from databackpack import queries
from databackpack.ontology.codes import concepts, local_name
from databackpack.ontology.namespaces import BP, PREFIXES
from databackpack.queries import InvalidParameter, Parameter
from tests.queries.answers import ask, examples
from tests.running import Running

PAGE = Path(__file__).parents[2] / "queries" / "README.md"
QUESTIONS = [queries.read(name) for name in queries.names()]
ROLES = {local_name(role) for role in concepts(BP.AudienceRoleScheme)}

each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)


def _parts(text: str) -> tuple[list[str], list[str], list[str]]:
    """Return the lines of the header, of the prefixes and of the query."""
    header, prefixes, body = text.split("\n\n", 2)
    return header.splitlines(), prefixes.splitlines(), body.splitlines()


@each_question
def test_the_header_is_complete(question: queries.Question) -> None:
    header, _, _ = _parts(question.text)
    order = ["title", "asks", "number", "roles", *["parameter"] * len(question.parameters)]
    if not question.number:
        order.remove("number")
    assert [re.match(r"# (\w+): \S", line)[1] for line in header] == order  # type: ignore[index]
    assert not question.title.endswith((".", "?"))
    assert question.asks.endswith(("?", "."))
    assert question.roles
    assert question.roles <= ROLES


def test_numbers_are_those_of_competency_questions_and_not_given_twice() -> None:
    numbers = [int(question.number) for question in QUESTIONS if question.number]
    assert len(numbers) >= 10
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) <= set(range(1, 26))


@each_question
def test_the_query_parses_and_projects_its_parameters(question: queries.Question) -> None:
    algebra = prepareQuery(question.text).algebra
    assert algebra.name in ("SelectQuery", "ConstructQuery")
    assert {parameter.name for parameter in question.parameters} <= set(map(str, algebra.PV or ()))


@each_question
def test_the_examples_bind(question: queries.Question) -> None:
    assert set(question.bind(examples(question.name))) == {p.name for p in question.parameters}


@each_question
def test_prefixes_are_the_projects_sorted_and_all_used(question: queries.Question) -> None:
    _, prefixes, body = _parts(question.text)
    names = [re.fullmatch(r"PREFIX (\w+): <.+>", line)[1] for line in prefixes]  # type: ignore[index]
    assert prefixes == [f"PREFIX {name}: <{PREFIXES[name]}>" for name in sorted(names)]
    used = re.findall(r"(?<![\w<?])(\w+):[A-Za-z]", re.sub(r'"[^"]*"|<[^>]*>', "", "\n".join(body)))
    assert sorted(set(used)) == names


@each_question
def test_the_file_is_formatted(question: queries.Question) -> None:
    header, prefixes, body = _parts(question.text)
    assert question.text.endswith("\n")
    assert not question.text.endswith("\n\n")
    assert all(line == line.rstrip() for line in (*header, *prefixes, *body))
    assert all(line and len(line) <= 100 for line in (*prefixes, *body))
    depth = 0
    for line in body:
        code = re.sub(r'"[^"]*"', "", line)
        code = re.sub(r"^\s*#.*", "", code)
        depth -= code.startswith(" " * (2 * depth - 2) + "}") if depth else 0
        indent = len(line) - len(line.lstrip())
        assert indent in (2 * depth, 2 * depth + 2), line
        closes_first = code.lstrip().startswith("}")
        depth += code.count("{") - code.count("}") + closes_first
    assert depth == 0


@each_question
def test_the_query_keeps_to_what_every_engine_does_right(question: queries.Question) -> None:
    body = "\n".join(_parts(question.text)[2])
    assert not re.search(r"\b(SERVICE|GRAPH|FROM|NOT EXISTS)\b", body)
    for division in re.finditer(r"(\S+) / (\S+)", body):
        assert re.search(r"\d\.\d|\?thousandths", division[0]), division[0]


def test_the_page_lists_every_question_with_number_parameters_and_roles() -> None:
    _, _, table = PAGE.read_text(encoding="utf-8").partition("| question |")
    listed = {line for line in table.splitlines() if line.startswith("| `")}
    assert listed == {
        f"| `{question.name}` | {question.number or '-'} "
        f"| {', '.join(parameter.name for parameter in question.parameters) or '-'} "
        f"| {', '.join(sorted(question.roles))} |"
        for question in QUESTIONS
    }


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("date", "tomorrow", "write it as 2026-11-23"),
        ("date", "2026-02-30", "write it as 2026-11-23"),
        ("grade", "third", "Scheme; use "),
        ("school-year", "2026", "write it as 2026-2027"),
        ("school-year", "2026-2028", "write it as 2026-2027"),
        ("standard", "3.OA.A.11", "the nearest known codes are"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_the_right_form(
    kind: str, value: str, wanted: str
) -> None:
    with pytest.raises(InvalidParameter, match=wanted) as caught:
        Parameter("given", kind, "").bind(value)
    assert str(caught.value).startswith("given: ")


def test_an_unknown_kind_of_parameter_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind 'colour'"):
        Parameter("given", "colour", "red")


STANDARD = "learners-meeting-standard"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "missing parameter: standard, a standard, for example standard=3.OA.A.1"),
        ("standard=3.OA.A.1&school=elm", "unknown parameter: school; it takes standard"),
        ("standard=3.OA.A.1&standard=3.OA.A.2", "standard is given twice"),
        ("standard=9.XX", "standard: '9.XX' names no known standard"),
    ],
)
def test_wrong_parameters_are_told_to_the_asker(sample: Running, text: str, wanted: str) -> None:
    client, headers = sample.app.test_client(), sample.headers("state-agency")
    response = client.get(f"/questions/{STANDARD}?{text}", headers=headers)
    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    assert response.json is not None
    assert response.json["detail"].startswith(wanted)


def test_a_question_for_other_roles_is_forbidden(sample: Running) -> None:
    response = ask(sample, "guardian", "first-day", **examples("first-day"))
    assert (response.status_code, response.mimetype) == (403, "application/problem+json")
    assert response.json is not None
    assert response.json["detail"] == "This question is for teacher."


def test_a_question_that_is_not_there_is_not_found(sample: Running) -> None:
    response = ask(sample, "teacher", "learners-who-cheat")
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")


@each_question
def test_nobody_asks_without_a_token(sample: Running, question: queries.Question) -> None:
    values = examples(question.name)
    response = sample.app.test_client().get(f"/questions/{question.name}", query_string=values)
    assert (response.status_code, response.mimetype) == (401, "application/problem+json")


def test_the_catalogue_lists_every_question(sample: Running) -> None:
    response = sample.app.test_client().get("/questions")
    assert response.json is not None
    assert [question["name"] for question in response.json["questions"]] == queries.names()
