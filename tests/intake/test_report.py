"""The report of a load: problems are counted and gone through again, and few are in memory."""

import tracemalloc
from collections.abc import Iterator

import pytest

from databackpack.loaders.record import Problem, Source
from databackpack.service.intake.report import Problems, Report


def some(count: int, rule: str = "bad date", file: str = "a.csv") -> Iterator[Problem]:
    return (Problem(Source(file, row), rule, f"row {row} é\n\u2028") for row in range(1, count + 1))


def test_problems_are_given_back_as_they_were_told_as_often_as_one_likes() -> None:
    problems = Problems()
    told = [*some(3), Problem(Source("b.csv", 1), "x", "y", "Warning", "vocabulary")]
    problems.extend(told)
    assert list(problems) == list(problems) == told
    assert len(problems) == 4
    assert problems[0] == told[0]
    assert problems[-1] == told[-1]
    assert problems[1:3] == told[1:3]
    with pytest.raises(IndexError):
        problems[4]


def test_a_problem_that_is_told_while_others_are_gone_through_is_kept() -> None:
    problems = Problems()
    problems.extend(some(3))
    next(iter(problems))
    problems += some(1, "missing value")
    assert [problem.rule for problem in problems] == ["bad date"] * 3 + ["missing value"]


def test_no_problems_are_false() -> None:
    assert not Problems()
    assert Report().is_clean


def test_problems_are_grouped_by_rule_and_file_the_rarest_first() -> None:
    problems = Problems()
    problems.extend([*some(50), *some(2, "missing value"), *some(3, file="b.csv")])
    groups = problems.groups()
    assert [(group.rule, group.file, group.count) for group in groups] == [
        ("missing value", "a.csv", 2),
        ("bad date", "b.csv", 3),
        ("bad date", "a.csv", 50),
    ]
    assert [len(group.examples) for group in groups] == [2, 3, 20]


def test_sixty_thousand_problems_are_not_in_memory() -> None:
    tracemalloc.start()
    problems = Problems()
    problems.extend(some(60_000))
    assert sum(1 for _ in problems) == len(problems) == 60_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


def test_a_warning_is_told_among_the_notes_and_leaves_a_load_clean() -> None:
    report = Report()
    report.tell(Problem(Source("a.csv", 1), "x", "y", "Warning"))
    assert report.is_clean
    assert len(report.notes) == 1
    report.tell(Problem(Source("a.csv", 1), "x", "y"))
    assert not report.is_clean
    assert len(report.problems) == len(report.notes) == 1
