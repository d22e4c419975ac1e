"""The comparison can fail: a broken copy of any of the three is found out by the other two."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from databackpack.service.policy import decide as in_use
from databackpack.service.policy.model import Decision, Level, Rule, Statement
from databackpack.service.policy.purpose import is_within
from tests.evaluators import cedar, comparison, large, reference, small, sparql
from tests.evaluators.case import Answers, Case, Evaluator

# What a copy of the query is broken by: a piece of its text that is there once, and another.
IN_QUERY = {
    "a word is heard before it begins": (
        "FILTER (?since <= ?now)\n      FILTER (!BOUND(?until) || ?now < ?until)\n"
        "      FILTER (!BOUND(?withdrawn)",
        "FILTER (!BOUND(?until) || ?now < ?until)\n      FILTER (!BOUND(?withdrawn)",
    ),
    "a word is heard at its end": (
        "?now < ?until)\n      FILTER (!BOUND(?withdrawn)",
        "?now <= ?until)\n      FILTER (!BOUND(?withdrawn)",
    ),
    "a word is heard after its withdrawal": ("?now < ?withdrawn", "true"),
    "a word to a role is not heard": ("bp:hasRole? ?party", "bp:hasRole ?party"),
    "a word to an audience is not heard": ("?audience bp:hasRole? ?party", "?party a ?audience"),
    "a word about somebody else is heard": ("?target bp:isRecordOf ?learner ;", "?target"),
    "a word on another category is heard": (
        "bp:isRecordOf ?learner ; bp:hasCategory ?category .\n      ?rule",
        "bp:isRecordOf ?learner .\n      ?rule",
    ),
    "a permission does not cover narrower purposes": (
        "|| EXISTS { ?asked skos:broader* ?purpose }",
        "|| ?asked = ?purpose",
    ),
    "a prohibition does not reach wider purposes": (
        "|| (?heard = 0 && EXISTS { ?purpose skos:broader* ?asked })",
        "",
    ),
    "a permission reaches wider purposes": ("?heard = 0 && EXISTS", "EXISTS"),
    "the highest word holds": ("MIN(?heard)", "MAX(?heard)"),
    "a word lowers what the law fixes": ('STRENDS(?law, " false") || ', ""),
    "a word raises what the law gives": ("COALESCE(?given <= ?said, true)", "!BOUND(?said)"),
    "the law that gives least holds": ("MAX(COALESCE(?given", "MIN(COALESCE(?given"),
    "the law of any agreement holds": ("|| ?kind = ?agreed", "|| true"),
    "a law holds before its time": (
        "FILTER (!BOUND(?since) || ?since <= ?now)\n        FIL",
        "FIL",
    ),
    "an agreement lasts for ever": ("?now < ?ended", "true"),
    "an agreement is for every purpose": (
        "&& EXISTS { ?agreement bp:hasPurpose ?purpose . ?asked skos:broader* ?purpose }",
        "",
    ),
    "an agreement is about everything": ("&& EXISTS { ?agreement bp:hasCategory ?category }", ""),
    "agreements are no ceiling": ("IF(?ceiling < ?made, ?ceiling, ?made)", "?made"),
    "agreements add up": (
        "BIND (COALESCE(?agreement, ask:nothing)",
        "BIND (COALESCE(?place, ?now)",
    ),
    "an emergency lasts for ever": ("?now < ?over", "true"),
    "whoever asks has the purpose": ("EXISTS { ?audience bp:hasPurpose ?asked }", "true"),
    "no purpose is prohibited": (
        "&& !EXISTS { ?place bp:hasProhibition/bp:hasPurpose ?prohibited . "
        "?asked skos:broader* ?prohibited }",
        "",
    ),
}

# What the text of Cedar's policies is broken by: a pattern, and what takes its place.
IN_POLICIES = {
    "what has ended holds at its end": ("context.now < ", "context.now <= "),
    "what begins does not hold at once": ("context.now >= ", "context.now > "),
    "only an audience itself is meant": (r"principal in (Party::\S+)", r"principal == \1"),
    "no purpose is within another": (
        r"context.purpose in (Purpose::\S+)",
        r"context.purpose == \1",
    ),
    "a prohibition does not reach wider purposes": (r"Purpose::\S+ in context.purpose", "false"),
    "agreements add up": (r"context.under == Scope::\S+", "true"),
    "nothing stands against a forbid": (r"unless \{ \(.* \};", ";"),
    "rules do not give way to one another": (r"!\(", "(true || "),
    "forbids leave aggregates": (r'forbid (.*)\[Action::"Aggregate", ', r"forbid \1["),
    "whoever asks has the purpose": (r"principal.purposes.contains\(context.purpose\)", "true"),
    "no purpose is prohibited": (r"context.purpose in \[[^]]*\] }\nunless", "false }\nunless"),
}


def no_limit(made: Any, *_: object) -> Any:
    return made


def no_reason(*_: object) -> None:
    return None


def first_word(heard: list[Statement], rule: Rule | None) -> Decision:
    level = heard[0].level if heard else Level.NONE
    if rule is None or not rule.may_lower:
        return Decision(level if rule is None else rule.level, ())
    return Decision(min([rule.level, level]) if heard else rule.level, ())


def said_for_this_or_wider(statement: Statement, purpose: Any) -> bool:
    return statement.purpose is None or is_within(purpose, statement.purpose)


# What the decision in use is broken by: one of its functions, and another in its place.
IN_USE: dict[str, tuple[str, Callable[..., Any]]] = {
    "every word is in force": ("in_force", lambda *_: True),
    "a word is heard for every purpose": ("concerns", lambda *_: True),
    "a prohibition does not reach wider purposes": ("concerns", said_for_this_or_wider),
    "no purpose is within another": ("is_within", lambda purpose, wider: purpose == wider),
    "spans include their end": (
        "holds",
        lambda since, until, now: (since is None or since <= now) and (not until or now <= until),
    ),
    "of the words heard the first holds": ("_decide", first_word),
    "agreements are no ceiling": ("_bound", no_limit),
    "agreements cover everything": ("covers", lambda *_: True),
    "no purpose is prohibited": ("_prohibition", no_reason),
    "no emergency opens anything": ("_emergency", no_reason),
}


def probe() -> Iterator[list[Case]]:
    """Give cases of both domains, some at a time: most breaks show in the first."""
    drawn, singles = list(large.cases(11, 160)), list(small.single().cases())
    for start in range(8):
        short = [replace(case, requests=case.requests[:7]) for case in singles[start::24]]
        yield [*short, *drawn[start::8]]


@pytest.fixture(scope="module")
def expected() -> list[tuple[list[Case], Answers]]:
    """The probe with its right answers."""
    return [(cases, reference.evaluate(cases)) for cases in probe()]


def is_found_out(broken: Evaluator, expected: list[tuple[list[Case], Answers]]) -> bool:
    return any(comparison.differences(cases, right, broken(cases)) for cases, right in expected)


@pytest.mark.parametrize("name", comparison.EVALUATORS)
def test_an_evaluator_that_ignores_a_statement_is_found_out(
    name: str, expected: list[tuple[list[Case], Answers]]
) -> None:
    def broken(cases: Sequence[Case]) -> Answers:
        less = [replace(case, statements=case.statements[1:]) for case in cases]
        return comparison.EVALUATORS[name](less)

    assert is_found_out(broken, expected)


@pytest.mark.parametrize("name", IN_QUERY)
def test_a_broken_query_is_found_out(name: str, expected: list[tuple[list[Case], Answers]]) -> None:
    there, instead = IN_QUERY[name]
    assert sparql.QUERY.count(there) == 1
    query = sparql.QUERY.replace(there, instead)
    assert is_found_out(lambda cases: sparql.evaluate(cases, query), expected)


@pytest.mark.parametrize("name", IN_POLICIES)
def test_broken_policies_are_found_out(
    name: str, expected: list[tuple[list[Case], Answers]]
) -> None:
    pattern, instead = IN_POLICIES[name]

    def edit(text: str) -> str:
        return re.sub(pattern, instead, text)

    assert is_found_out(lambda cases: cedar.evaluate(cases, edit), expected)


@pytest.mark.parametrize("name", IN_USE)
def test_a_broken_decision_is_found_out(
    name: str,
    expected: list[tuple[list[Case], Answers]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    function, instead = IN_USE[name]
    monkeypatch.setattr(in_use, function, instead)
    assert is_found_out(reference.evaluate, expected)


def test_a_difference_fails_the_comparison_and_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    query = sparql.QUERY.replace(*IN_QUERY["a word is heard after its withdrawal"])
    broken = {**comparison.EVALUATORS, "SPARQL": lambda cases: sparql.evaluate(cases, query)}
    monkeypatch.setattr(comparison, "EVALUATORS", broken)
    with pytest.raises(AssertionError, match=r"SPARQL differs: (.|\n)*withdrawn=datetime"):
        comparison.compare(small.single().cases())


def test_an_evaluator_that_leaves_out_a_decision_or_adds_one_differs() -> None:
    cases = list(large.cases(5, 1))
    right = dict(reference.evaluate(cases))
    key = next(iter(right))
    less = {other: rank for other, rank in right.items() if other != key}
    more = {**right, (9, 0, "category"): 0}
    assert comparison.differences(cases, right, right) == []
    assert comparison.differences(cases, right, less) == [key]
    assert comparison.differences(cases, right, more) == [(9, 0, "category")]
    assert comparison.differences(cases, less, less) == [key]
