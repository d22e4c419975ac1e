"""Every file in permit/ and deny/: its name is the sentence, its folder the expectation.

What holds where a case says nothing is in ``ordinary.ttl``; which rule is shown where, in the
table of ``README.md``.
"""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from rdflib.namespace import SH

from databackpack.ontology.namespaces import BP, ODRL
from databackpack.service.policy.model import Level
from databackpack.service.views.projection import is_personal
from tests.policy import case
from tests.policy.case import Case

FOLDERS = ("permit", "deny")
CASES = [(folder, name) for folder in FOLDERS for name in case.names(folder)]
README = Path(__file__).parent / "README.md"
RULES = [f"R-{number:02d}" for number in range(1, 34)]
SOURCE = re.compile(
    r"R-\d\d|K-\d|D-\d|design, section \d"
    r"|\d+ CFR \d+(\.\d+(\([0-9A-Za-z]+\))*)?|\d+ USC \d+[a-z]?"
    r"|California Business and Professions Code 22584|New York Education Law 2-d"
    r"|Utah SB 265|Student Achievement Backpack Act"
)


def check_what_made_it(asked: Case) -> None:
    """Check the legal basis of the decision where the case names one."""
    basis = asked.request.value(BP.hasBasis)
    if basis is not None:
        rule = asked.decided().rule
        assert rule is not None
        assert rule.basis == basis


@pytest.mark.parametrize("name", case.names("permit"))
def test_permit(name: str) -> None:
    asked = case.read("permit", name)
    if asked.request.value(ODRL.action) == ODRL.grantUse:
        assert asked.may_decide()
        return
    made, shown = asked.seen(), asked.shown()
    assert made is not None
    assert made.level is Level.of(str(asked.request.iri(BP.grantsLevel)))
    assert made.reasons
    check_what_made_it(asked)
    if asked.request.value(SH.path) is not None:
        assert asked.asks_for_some_of(shown)
    if made.level is Level.DEIDENTIFIED:
        assert not [term for t in shown for term in (t.subject, t.object) if is_personal(term)]
    if made.level is Level.AGGREGATE:
        assert not shown


@pytest.mark.parametrize("name", case.names("deny"))
def test_deny(name: str) -> None:
    asked = case.read("deny", name)
    if asked.request.value(ODRL.action) == ODRL.grantUse:
        assert not asked.may_decide()
        return
    assert asked.request.value(BP.grantsLevel) is None
    assert asked.request.record in {record.iri for record in asked.dossier.records}
    check_what_made_it(asked)
    if asked.request.value(SH.path) is None:
        assert asked.seen() is None
    else:
        assert asked.seen() is not None
        assert asked.asks_for_some_of(asked.held())
        assert not asked.asks_for_some_of(asked.shown())


@pytest.mark.parametrize(("folder", "name"), CASES)
def test_the_name_of_a_case_is_its_sentence_and_its_sources_are_named(
    folder: str, name: str
) -> None:
    header = case.header(folder, name)
    assert header.sentence.endswith(".")
    assert header.name == name
    assert [source for source in header.sources if not SOURCE.fullmatch(source)] == []
    assert set(header.sources) - set(RULES), "name a section of the law or of the design"


def test_no_sentence_is_both_permitted_and_denied() -> None:
    assert not set(case.names("permit")) & set(case.names("deny"))


def by_rule() -> dict[str, set[str]]:
    """Return the cases of each rule, by what their headers say."""
    found: dict[str, set[str]] = defaultdict(set)
    for folder, name in CASES:
        for source in case.header(folder, name).sources:
            found[source].add(f"{folder}/{name}")
    return found


def test_the_table_has_every_rule_with_its_cases_or_why_there_are_none() -> None:
    row = re.compile(r"\| (R-\d\d) \| .+ \| (\d+) \| (.*) \|")
    rows = [row.fullmatch(line) for line in README.read_text(encoding="utf-8").splitlines()]
    table = {found[1]: (int(found[2]), found[3]) for found in rows if found is not None}
    assert list(table) == RULES
    shown = by_rule()
    assert {rule: count for rule, (count, _) in table.items()} == {
        rule: len(shown[rule]) for rule in RULES
    }
    for count, remark in table.values():
        assert count or remark.startswith("Not ")


def test_the_lists_have_the_cases_that_name_the_rule() -> None:
    text = README.read_text(encoding="utf-8")
    listed = {
        rule: set(re.findall(r"^- `(.+)`$", part, re.MULTILINE))
        for rule, part in re.findall(
            r"^### (R-\d\d):(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL
        )
    }
    assert listed == {rule: cases for rule, cases in by_rule().items() if rule in RULES}
