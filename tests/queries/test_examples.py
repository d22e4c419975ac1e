"""Each question's example answer is what the sample answers, up to where it is cut.

After a change that is meant, look at what this writes before you commit it:

    REWRITE_ANSWERS=1 pytest tests/queries/test_examples.py; git diff queries/examples

A test that writes is skipped, never passed.
"""

import json
import os
from pathlib import Path

import pytest

from databackpack import queries
from tests.queries.answers import PERSONAS, ask, examples, may_ask, role, stable
from tests.running import Running

FOLDER = Path(__file__).parents[2] / "queries" / "examples"
SUFFIXES = {"application/sparql-results+json": ".srj", "application/n-triples": ".nt"}
SOLUTIONS, TRIPLES = 5, 12
"""What an example has at most."""

ASKERS = ("state-agency", "teacher", "researcher", "guardian")
"""Personas, the first of which that may ask is the example's."""


def _cut(answer: str, suffix: str) -> str:
    """Return the answer's first lines; solutions stand on a line each, in sorted order."""
    lines = answer.splitlines()
    if suffix == ".nt":
        return "\n".join(lines[:TRIPLES]) + "\n"
    head, *solutions, end = lines
    kept = [solution.removesuffix(",") for solution in solutions[:SOLUTIONS]]
    return f"{head}\n" + ",\n".join(kept) + f"\n{end}\n"


@pytest.mark.parametrize("name", queries.names())
def test_an_example_is_what_the_sample_answers(sample: Running, name: str) -> None:
    persona = next(persona for persona in ASKERS if may_ask(persona, name))
    response = ask(sample, persona, name, **examples(name))
    assert response.status_code == 200, response.text
    suffix = SUFFIXES[str(response.mimetype)]
    answer = _cut(stable(sample, persona, response), suffix)
    if os.environ.get("REWRITE_ANSWERS"):
        file = FOLDER / name / f"{role(persona)}{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(answer, encoding="utf-8")
        pytest.skip(f"{file.name} of {name} was written")
    assert queries.example(name) == (role(persona), str(response.mimetype), answer)


def test_every_example_belongs_to_a_question_and_there_is_one_for_each() -> None:
    found = [file for file in FOLDER.rglob("*") if file.is_file()]
    assert sorted(file.parent.name for file in found) == queries.names()


@pytest.mark.parametrize("name", queries.names())
def test_an_example_shows_something(name: str) -> None:
    found = queries.example(name)
    assert found.role in queries.read(name).roles
    if found.media_type == "application/n-triples":
        assert found.text.count("\n") == TRIPLES
    else:
        assert 0 < len(json.loads(found.text)["results"]["bindings"]) <= SOLUTIONS


def test_each_role_of_the_examples_is_a_personas() -> None:
    assert {queries.example(name).role for name in queries.names()} <= set(map(role, PERSONAS))


def test_a_question_that_is_not_there_has_no_example() -> None:
    with pytest.raises(KeyError):
        queries.example("learners-who-cheat")
