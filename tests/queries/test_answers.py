"""Each question's answer to each persona that may ask it, over the sample, to the last row.

The answers are kept in ``tests/queries/<question>/<persona>.srj`` (``.nt`` for triples). After a
change that is meant, look at what this writes before you commit it:

    REWRITE_ANSWERS=1 pytest tests/queries/test_answers.py; git diff tests/queries

A test that writes is skipped, never passed.
"""

import os
from pathlib import Path

import pytest

from databackpack import queries
from databackpack.service.demo import PERSONAS as DEMO_PERSONAS
from tests.queries.answers import PERSONAS, ask, examples, may_ask, rows, stable
from tests.running import Running

FOLDER = Path(__file__).parent
SUFFIXES = {"application/sparql-results+json": ".srj", "application/n-triples": ".nt"}
PUBLIC = {
    "option-values-without-match",
    "standards-without-partner",
    "statement-matches",
    "terms-matching-ceds",
}
"""Questions about vocabulary and standards alone: one answer for everybody."""

CASES = [
    (name, persona) for name in queries.names() for persona in PERSONAS if may_ask(persona, name)
]


def _file(question: str, persona: str, suffix: str) -> Path:
    reader = "everybody" if question in PUBLIC else persona
    return FOLDER / question / f"{reader}{suffix}"


@pytest.mark.parametrize(("question", "persona"), CASES)
def test_the_answer_is_the_expected_one(sample: Running, question: str, persona: str) -> None:
    response = ask(sample, persona, question, **examples(question))
    assert response.status_code == 200, response.text
    file = _file(question, persona, SUFFIXES[str(response.mimetype)])
    answer = stable(sample, persona, response)
    if os.environ.get("REWRITE_ANSWERS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(answer, encoding="utf-8")
        pytest.skip(f"{file.name} of {question} was written")
    assert answer == file.read_text(encoding="utf-8")


def test_every_expected_answer_belongs_to_a_question_and_a_persona() -> None:
    wanted = {_file(*case, "").as_posix() for case in CASES}
    found = {
        file.with_suffix("").as_posix()
        for file in FOLDER.glob("*/*.*")
        if file.parent.name != "__pycache__"
    }
    assert found == wanted


@pytest.mark.parametrize("question", sorted(set(queries.names()) - PUBLIC))
def test_an_answer_about_learners_hangs_on_who_asks(question: str) -> None:
    found = {persona: _expected(question, persona) for name, persona in CASES if name == question}
    assert len(set(found.values())) > 1 or len(found) == 1
    assert any('"value"' in text or "urn:learner" in text for text in found.values())


def _expected(question: str, persona: str) -> str:
    (file,) = FOLDER.glob(f"{question}/{persona}.*")
    return file.read_text(encoding="utf-8")


def test_six_personas_get_six_answers(sample: Running) -> None:
    found = [
        rows(sample, persona, "learners-meeting-standard", standard="3.OA.A.1")
        for persona in DEMO_PERSONAS
    ]
    assert len(found) == 6
    assert all(found)
    assert all(one not in found[:place] for place, one in enumerate(found))


def test_de_identified_readers_get_codes_and_months(sample: Running) -> None:
    found = rows(sample, "researcher", "mastery-file", **examples("mastery-file"))
    assert found
    assert all("/id/code/" in row["learner"] for row in found)
    assert {row["month"] for row in found} == {"2026-06"}


def test_codes_are_the_same_in_the_next_year(sample: Running) -> None:
    first = rows(sample, "researcher", "mastery-file", grade="6", schoolYear="2025-2026")
    second = rows(sample, "researcher", "mastery-file", grade="7", schoolYear="2026-2027")
    assert {row["learner"] for row in first} == {row["learner"] for row in second}
