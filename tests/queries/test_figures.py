"""Answers computed a second time, in plain Python from the sample's files, without a store."""

from collections import Counter, defaultdict
from fractions import Fraction
from math import floor

import pytest

from databackpack.loaders import sample as invented
from databackpack.ontology.namespaces import BP, SKOS
from databackpack.ontology.standards import resolve
from tests.queries.answers import examples, rows
from tests.queries.sheets import Files
from tests.running import LEARNERS, TODAY, Running

LAST_YEAR, THIS_YEAR = "2025-2026", "2026-2027"
MET = ("Met", "Exceeded")
Groups = defaultdict[str, set[str]]
Pairs = defaultdict[tuple[str, str], set[str]]


def _percent(shares: list[Fraction]) -> float:
    """Return the mean in percent, with one decimal, halves rounded up as SPARQL's ROUND does."""
    return floor(sum(shares) / len(shares) * 1000 + Fraction(1, 2)) / 10


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The files that the service over the sample was loaded from, written once more."""
    folder = tmp_path_factory.mktemp("files")
    invented.write(folder, learners=LEARNERS, today=TODAY)
    return Files(folder)


both = pytest.mark.parametrize("persona", ["state-agency", "teacher"])


@both
def test_learners_meeting_a_standard(sample: Running, sheets: Files, persona: str) -> None:
    seen: Groups = defaultdict(set)
    met: Groups = defaultdict(set)
    for row in sheets.states(persona):
        if row["standard"] == str(resolve("3.OA.A.1")):
            school = sheets.schools[row["organization"]]
            seen[school].add(row["learner"])
            met[school] |= {row["learner"]} if row["mastery"] in MET else set()
    answer = rows(sample, persona, "learners-meeting-standard", standard="3.OA.A.1")
    found = {row["school"]: (int(row["learners"]), int(row["met"])) for row in answer}
    assert found
    assert found == {school: (len(seen[school]), len(met[school])) for school in seen}


@both
@pytest.mark.parametrize("code", ["3.OA.A.1", "5.NBT.A.1"])
def test_prerequisites_and_who_is_behind(
    sample: Running, sheets: Files, persona: str, code: str
) -> None:
    seen: Groups = defaultdict(set)
    met: Groups = defaultdict(set)
    for row in sheets.states(persona):
        seen[row["standard"]].add(row["learner"])
        met[row["standard"]] |= {row["learner"]} if row["mastery"] in MET else set()
    target = str(resolve(code))
    late = seen[target] - met[target]
    wanted = {
        before: (len(late), len(late & seen[before]), len(late & seen[before] - met[before]))
        for before in sheets.below(target, str(BP.isPrerequisiteOf))
    }
    answer = rows(sample, persona, "prerequisite-chain", standard=code)
    columns = ("notYet", "withEvidence", "alsoNotYet")
    found = {row["prerequisite"]: tuple(int(row[name]) for name in columns) for row in answer}
    assert any(behind for _, _, behind in found.values())
    assert found == wanted


@both
def test_evidence_by_school(sample: Running, sheets: Files, persona: str) -> None:
    items: Counter[tuple[str, str]] = Counter()
    learners: Pairs = defaultdict(set)
    for kind, learner, school, _, standards in sheets.evidence(persona):
        if str(resolve("3.OA.A.1")) in standards:
            items[sheets.schools[school], kind] += 1
            learners[sheets.schools[school], kind].add(learner)
    answer = rows(sample, persona, "evidence-by-school", standard="3.OA.A.1")
    found = {
        (row["school"], row["kind"]): (int(row["items"]), int(row["learners"])) for row in answer
    }
    assert found
    assert found == {key: (items[key], len(learners[key])) for key in items}


@both
@pytest.mark.parametrize("year", [LAST_YEAR, THIS_YEAR])
def test_standards_without_evidence(
    sample: Running, sheets: Files, persona: str, year: str
) -> None:
    days = range(int(year[:4]) * 12 + 8, int(year[5:]) * 12 + 8)
    used: set[str] = set()
    for kind, _, _, when, standards in sheets.evidence(persona):
        made = int(when[:4]) * 12 + int(when[5:7]) if when.count("-") == 2 else None
        if kind != "Recognition" and (when == year or made in days):
            used |= standards
    everything = sheets.below(str(resolve("3")), str(SKOS.broader))
    parents = {parent for parent, parts in sheets.links[str(SKOS.broader)].items() if parts}
    answer = rows(sample, persona, "standards-without-evidence", within="3", schoolYear=year)
    assert everything & used
    assert {row["standard"] for row in answer} == everything - parents - used


def test_mastery_by_moves(sample: Running, sheets: Files) -> None:
    spells: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    grades: dict[str, str] = {}
    for learner, school, year, grade, first, _ in sheets.enrollments:
        if year == LAST_YEAR:
            spells[learner].add((school, first))
            grades[learner] = grade
    seen: Groups = defaultdict(set)
    met: Groups = defaultdict(set)
    for row in sheets.states("state-agency"):
        _, is_math, code = row["standard"].partition("/Math/Content/")
        level, learner = code.split("/")[0], row["learner"]
        grade = grades.get(learner, "")
        if row["schoolYear"] != LAST_YEAR or not is_math:
            continue
        if level == grade or (level.startswith("HS") and grade in ("9", "10", "11", "12")):
            seen[learner].add(code)
            met[learner] |= {code} if row["mastery"] in MET else set()
    wanted: dict[int, tuple[int, int, float]] = {}
    for moves in {len(each) - 1 for each in spells.values()}:
        group = [learner for learner, each in spells.items() if len(each) - 1 == moves]
        shares = [Fraction(len(met[one]), len(seen[one])) for one in group if seen[one]]
        wanted[moves] = (len(group), len(shares), _percent(shares))
    answer = rows(sample, "state-agency", "mastery-by-moves", **examples("mastery-by-moves"))
    found = {
        int(row["moves"]): (
            int(row["learners"]),
            int(row["withEvidence"]),
            float(row["percentMet"]),
        )
        for row in answer
    }
    assert found == wanted
    assert found[1][2] < found[0][2]


def test_absence_and_mastery(sample: Running, sheets: Files) -> None:
    days: Counter[str] = Counter()
    absent: Counter[str] = Counter()
    for row in sheets.sheet("attendance-summaries"):
        if row["schoolYear"] == LAST_YEAR:
            days[row["learner"]] += int(row["daysEnrolled"])
            absent[row["learner"]] += int(row["daysAbsent"])
    seen: Pairs = defaultdict(set)
    met: Pairs = defaultdict(set)
    for row in sheets.states("state-agency"):
        if row["schoolYear"] == THIS_YEAR and row["learner"] in days:
            key = (sheets.district_of[row["organization"]], row["learner"])
            seen[key].add(row["standard"])
            met[key] |= {row["standard"]} if row["mastery"] in MET else set()
    shares: defaultdict[tuple[str, bool], list[Fraction]] = defaultdict(list)
    for district, learner in seen:
        often = absent[learner] * 10 >= days[learner]
        key = (district, learner)
        shares[district, often].append(Fraction(len(met[key]), len(seen[key])))
    answer = rows(sample, "state-agency", "absence-and-mastery", **examples("absence-and-mastery"))
    found = {
        (row["district"], row["missedATenth"] == "true"): (
            int(row["learners"]),
            float(row["percentMet"]),
        )
        for row in answer
    }
    assert found == {key: (len(each), _percent(each)) for key, each in shares.items()}


def test_learners_on_track(sample: Running, sheets: Files) -> None:
    results: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    supports: Groups = defaultdict(set)
    for row in sheets.sheet("state-assessments"):
        if row["schoolYear"] == LAST_YEAR:
            results[sheets.district_of[row["organization"]], row["learner"]].append(row["mastery"])
    sees = sheets.seen_by("state-agency", "supports")
    for row in sheets.sheet("supports"):
        if sees(row["learner"]):
            supports[row["learner"]].add(row["type"])
    tested: Pairs = defaultdict(set)
    ready: Pairs = defaultdict(set)
    for (district, learner), levels in results.items():
        for support in supports[learner] or {"none on record"}:
            tested[district, support].add(learner)
            ready[district, support] |= {learner} if set(levels) <= set(MET) else set()
    answer = rows(sample, "state-agency", "on-track-by-support", **examples("on-track-by-support"))
    found = {
        (row["district"], row["support"]): (int(row["tested"]), int(row["onTrack"]))
        for row in answer
    }
    assert found == {key: (len(tested[key]), len(ready[key])) for key in tested}


def test_growth_by_support(sample: Running, sheets: Files) -> None:
    seen: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    met: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in sheets.states("state-agency"):
        framework = "Math" if "/Math/" in row["standard"] else "ELA-Literacy"
        key = (row["learner"], framework, row["schoolYear"])
        seen[key].add(row["standard"])
        met[key] |= {row["standard"]} if row["mastery"] in MET else set()
    supports: Groups = defaultdict(set)
    sees = sheets.seen_by("state-agency", "supports")
    for row in sheets.sheet("supports"):
        if sees(row["learner"]):
            supports[row["learner"]].add(row["type"])
    both_years: Pairs = defaultdict(set)
    growing: Pairs = defaultdict(set)
    for learner, framework, year in seen:
        before, now = (learner, framework, LAST_YEAR), (learner, framework, THIS_YEAR)
        if year != THIS_YEAR or before not in seen:
            continue
        share, share_before = (Fraction(len(met[k]), len(seen[k])) for k in (now, before))
        for support in supports[learner] or {"none on record"}:
            both_years[framework, support].add(learner)
            growing[framework, support] |= {learner} if share > share_before else set()
    answer = rows(sample, "state-agency", "growth-by-support", **examples("growth-by-support"))
    found = {
        (row["framework"].rsplit("/", 1)[-1], row["support"]): (
            int(row["learners"]),
            int(row["grew"]),
        )
        for row in answer
    }
    assert any(grew for _, grew in found.values())
    assert found == {key: (len(both_years[key]), len(growing[key])) for key in both_years}
