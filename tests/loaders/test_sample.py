"""The invented state: the same for the same seed, without a problem, with every case in it."""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from rdflib import Literal, URIRef

from databackpack.loaders.oneroster import read
from databackpack.loaders.record import (
    Guardianship,
    Hold,
    Organization,
    Problem,
    Record,
    Setting,
    StandingDocument,
    organization_iri,
    person_iri,
)
from databackpack.loaders.sample import write
from databackpack.loaders.sample.__main__ import main
from databackpack.loaders.sample.place import DISTRICTS, SCHOOLS
from databackpack.loaders.sample.tables import HEADERS
from databackpack.ontology.codes import concepts, local_name
from databackpack.ontology.namespaces import BP, BPM, DPV, ORG, RDF, SDO, XSD

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
LAST_YEAR, THIS_YEAR = "2025-2026", "2026-2027"
PAGE = Path(__file__).parents[2] / "docs" / "sample.md"


@dataclass
class Sample:
    """The whole sample as loaded."""

    folder: Path
    people: dict[tuple[str, str], URIRef] = field(default_factory=dict)
    organizations: list[Organization] = field(default_factory=list)
    guardianships: list[Guardianship] = field(default_factory=list)
    documents: list[StandingDocument] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        places = {
            Organization: self.organizations,
            Guardianship: self.guardianships,
            StandingDocument: self.documents,
            Setting: self.settings,
            Hold: self.holds,
            Problem: self.problems,
            Record: self.records,
        }
        for item in read(self.folder, self.mint):
            places[type(item)].append(item)  # type: ignore[attr-defined]

    def mint(self, kind: str, identifier: str) -> URIRef:
        return self.people.setdefault((kind, identifier), person_iri(kind, uuid4()))

    def of(self, category: str) -> Iterator[Record]:
        return (record for record in self.records if local_name(record.category) == category)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sample")
    write(folder, today=TODAY)
    return Sample(folder)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.csv"))}


def _enrollments(sample: Sample) -> dict[URIRef, set[tuple[str, URIRef]]]:
    """Return (school year, school) of each learner's enrollments."""
    found: defaultdict[URIRef, set[tuple[str, URIRef]]] = defaultdict(set)
    for record in sample.of("enrollment"):
        for item in record.graph.subjects(RDF.type, BP.Enrollment):
            year = str(record.graph.value(item, BP.schoolYear))
            school = record.graph.value(item, ORG.organization)
            assert isinstance(school, URIRef)
            found[record.learner].add((year, school))
    return found


def _schools_in(enrollments: set[tuple[str, URIRef]], year: str) -> set[URIRef]:
    return {school for of_year, school in enrollments if of_year == year}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        write(tmp_path / name, seed=seed, learners=30, today=TODAY)
    first, again, other = (_bytes(tmp_path / name) for name in "abc")
    assert first == again
    assert first["users.csv"] != other["users.csv"]
    assert first["companion/settings.csv"] == other["companion/settings.csv"]


def test_everything_is_loaded_without_a_problem(sample: Sample) -> None:
    assert [str(problem) for problem in sample.problems] == []
    with (sample.folder / "results.csv").open(encoding="utf-8") as file:
        results = sum(1 for _ in csv.DictReader(file))
    items = sum(
        1 for record in sample.of("gradebook") for _ in record.graph.subjects(RDF.type, None)
    )
    assert items == results


def test_there_are_600_learners_in_6_schools_of_2_districts(sample: Sample) -> None:
    assert len({record.learner for record in sample.records}) == 600
    kinds = Counter(item.graph.value(item.iri, RDF.type) for item in sample.organizations)
    assert kinds == {
        BP.School: 6,
        BP.District: 2,
        BP.StateAgency: 1,
        BP.Provider: 2,
        BP.ResearchTeam: 2,
    }
    holders = {record.holder for record in sample.records}
    assert holders == {organization_iri(school.code) for school in SCHOOLS}


def test_the_whole_is_small_enough_to_try(sample: Sample) -> None:
    sizes = Counter[URIRef]()
    for record in sample.records:
        sizes[record.learner] += len(record.graph)
    assert sum(sizes.values()) <= 250_000
    assert 150 <= min(sizes.values()) <= max(sizes.values()) <= 600


def test_every_category_and_every_class_of_item_has_records(sample: Sample) -> None:
    categories = {record.category for record in sample.records}
    assert categories == set(concepts(BP.CategoryScheme))
    types = {item for record in sample.records for item in record.graph.objects(None, RDF.type)}
    assert {local_name(URIRef(str(item))) for item in types} >= {
        *("PersonalBest", "Artifact", "DisciplinaryAction", "NonCognitiveMeasure"),
        *("LocalAssessmentResult", "ReadinessIndicator", "GoalProgress", "AttendanceEvent"),
    }


def test_learners_move_between_schools_in_the_year_and_between_years(sample: Sample) -> None:
    district = {organization_iri(school.code): school.district for school in SCHOOLS}
    moves = Counter[str]()
    for enrollments in _enrollments(sample).values():
        last, this = (_schools_in(enrollments, year) for year in (LAST_YEAR, THIS_YEAR))
        moves["in last year"] += len(last) > 1
        moves["in this year"] += len(this) > 1
        moves["between years"] += bool(last) and not last & this
        moves["between districts"] += len({district[school] for school in last | this}) > 1
        moves["three schools"] += len(last | this) >= 3
        moves["one school"] += len(last | this) == 1
    assert moves["in last year"] >= 60
    assert moves["in this year"] >= 20
    assert moves["between years"] >= 100
    assert moves["between districts"] >= 100
    assert moves["three schools"] >= 10
    assert moves["one school"] >= 300


def test_an_earlier_school_still_holds_what_it_held(sample: Sample) -> None:
    categories = defaultdict(set)
    for record in sample.records:
        categories[record.learner, record.holder].add(local_name(record.category))
    for learner, enrollments in _enrollments(sample).items():
        for school in {school for _, school in enrollments}:
            assert {"identity", "demographics", "enrollment", "attendance"} <= categories[
                learner, school
            ]


def test_this_year_is_current_for_learners_and_teachers(sample: Sample) -> None:
    open_learners = {
        record.learner
        for record in sample.of("enrollment")
        for item in record.graph.subjects(BP.schoolYear, Literal(THIS_YEAR))
        if (item, BP.exitDate, None) not in record.graph
    }
    assert len(open_learners) == 600
    with (sample.folder / "enrollments.csv").open(encoding="utf-8") as file:
        teachers = [row for row in csv.DictReader(file) if row["role"] == "teacher"]
    current = {row["userSourcedId"] for row in teachers if not row["endDate"]}
    assert len(current) == 13 * len(DISTRICTS)


def test_nothing_was_recorded_after_today(sample: Sample) -> None:
    for record in sample.records:
        for item, predicate, value in record.graph:
            if getattr(value, "datatype", None) == XSD.date and predicate != BP.targetDate:
                assert str(value) <= TODAY.isoformat(), (record.source, item, predicate)


def test_every_text_says_that_it_is_invented(sample: Sample) -> None:
    texts = [
        str(text)
        for record in sample.records
        for predicate in (SDO.text, BP.explanation, BP.behaviorType, BP.accommodation)
        for text in record.graph.objects(None, predicate)
    ]
    assert len(texts) > 2000
    assert [text for text in texts if not text.startswith("Invented")] == []


def test_standards_are_spelled_in_several_ways(sample: Sample) -> None:
    def column(file: str, name: str) -> set[str]:
        with (sample.folder / file).open(encoding="utf-8") as lines:
            return {row[name] for row in csv.DictReader(lines)}

    objectives = column("lineItemLearningObjectiveIds.csv", "learningObjectiveId")
    objectives |= column("resultLearningObjectiveIds.csv", "learningObjectiveId")
    assert all(cell.startswith("urn:uuid:") for cell in objectives)
    works = column("companion/artifacts.csv", "standards")
    assert all(cell.startswith("http://corestandards.org/") for cell in works)
    assert all(cell.startswith("CCSS.") for cell in column("companion/goals.csv", "standards"))
    assert "5.NBT.A.1" in column("companion/recommendations.csv", "standard")


def _met(sample: Sample, year: str) -> dict[URIRef, list[bool]]:
    """Return whether each learner met each standard whose state was recorded in *year*."""
    found: defaultdict[URIRef, list[bool]] = defaultdict(list)
    for record in sample.of("progress"):
        for item in record.graph.subjects(BP.schoolYear, Literal(year)):
            level = record.graph.value(item, BP.hasMasteryLevel)
            found[record.learner].append(level in (BPM.Met, BPM.Exceeded))
    return found


def _share(met: dict[URIRef, list[bool]], learners: set[URIRef]) -> float:
    states = [state for learner in learners for state in met[learner]]
    return sum(states) / len(states)


def test_learners_who_moved_in_the_year_met_fewer_standards(sample: Sample) -> None:
    met = _met(sample, LAST_YEAR)
    enrollments = _enrollments(sample)
    moved = {who for who in met if len(_schools_in(enrollments[who], LAST_YEAR)) > 1}
    assert _share(met, set(met) - moved) - _share(met, moved) > 0.15


def test_missing_a_tenth_of_last_year_shows_in_this_year(sample: Sample) -> None:
    days: defaultdict[URIRef, list[int]] = defaultdict(lambda: [0, 0])
    for record in sample.of("attendance"):
        for item in record.graph.subjects(BP.daysEnrolled, None):
            if record.graph.value(item, BP.schoolYear) == Literal(LAST_YEAR):
                days[record.learner][0] += int(str(record.graph.value(item, BP.daysAbsent)))
                days[record.learner][1] += int(str(record.graph.value(item, BP.daysEnrolled)))
    absent = {who for who, (missed, enrolled) in days.items() if missed >= enrolled / 10}
    met = _met(sample, THIS_YEAR)
    assert len(absent) > 50
    assert _share(met, set(days) - absent) - _share(met, absent) > 0.15


def test_the_study_has_the_word_of_three_families_in_five(sample: Sample) -> None:
    grants: defaultdict[URIRef, set[str]] = defaultdict(set)
    for setting in sample.settings:
        if (setting.audience, setting.level) == ("researcher-mobility", "deidentified"):
            assert setting.purpose == DPV.AcademicResearch
            grants[setting.learner].add(local_name(setting.category))
    asked = {"enrollment", "demographics", "attendance", "assessment", "progress"}
    assert len(grants) == 360
    assert all(categories == asked for categories in grants.values())


def test_some_families_let_the_study_in_and_restrict_it_later(sample: Sample) -> None:
    september = datetime(2026, 9, 1, tzinfo=UTC)
    later = Counter(
        setting.level
        for setting in sample.settings
        if setting.audience == "researcher-mobility" and setting.since > september
    )
    assert set(later) == {"none", "aggregate"}
    assert sum(later.values()) == 2 * 18


def test_every_kind_of_setting_is_there(sample: Sample) -> None:
    def learners(audience: str, level: str, when: str = "in force") -> int:
        return len(
            {
                setting.learner
                for setting in sample.settings
                if re.fullmatch(audience, setting.audience)
                and setting.level == level
                and when == _when(setting)
            }
        )

    assert learners("teacher", "none") >= 60
    assert learners("teacher-(elm|birch|cedar|fern|hazel|maple)", "none") == 30
    assert learners("district", "none") == 30
    assert learners("state-agency", "none") == 30
    assert learners("state-agency", "aggregate") == 30
    assert learners("district-(north|south)", "aggregate") == 30
    assert learners("provider-lantern", "full") == 60
    assert learners("provider-afterbell", "deidentified") == 30
    assert learners("provider-lantern", "full", "expired") == 30
    assert learners("provider-lantern", "full", "not yet") == 30
    assert learners("researcher-mobility", "none") >= 12
    assert learners("researcher-persistence", "deidentified") == 36
    quiet = {record.learner for record in sample.records} - {
        setting.learner for setting in sample.settings
    }
    assert len(quiet) >= 90


def _when(setting: Setting) -> str:
    if setting.since > NOW:
        return "not yet"
    return "expired" if setting.until and setting.until <= NOW else "in force"


def test_two_guardians_of_thirty_learners_differ(sample: Sample) -> None:
    said: defaultdict[tuple[URIRef, URIRef], dict[URIRef, str]] = defaultdict(dict)
    for setting in sample.settings:
        if setting.audience == "provider-lantern":
            said[setting.learner, setting.category][setting.assigner] = setting.level
    differing = {who for (who, _), words in said.items() if set(words.values()) == {"full", "none"}}
    assert len(differing) == 30


def test_learners_of_age_speak_for_themselves_after_their_guardians(sample: Sample) -> None:
    born = {
        record.learner: date.fromisoformat(str(value))
        for record in sample.of("demographics")
        for value in record.graph.objects(None, SDO.birthDate)
    }
    of_age = {who for who, day in born.items() if day.replace(year=day.year + 18) <= TODAY}
    speaking = {item.learner for item in sample.settings if item.assigner == item.learner}
    assert speaking == of_age
    assert len(of_age) >= 8
    for learner in of_age:
        words = [setting for setting in sample.settings if setting.learner == learner]
        birthday = born[learner].replace(year=born[learner].year + 18)
        own = [word for word in words if word.assigner == learner]
        others = [word for word in words if word.assigner != learner]
        assert all(word.since.date() == birthday for word in own)
        assert any(word.since.date() < birthday for word in others)


def test_guardians_may_be_two_one_or_for_a_time(sample: Sample) -> None:
    by_learner = Counter(item.learner for item in sample.guardianships)
    assert set(by_learner.values()) == {1, 2, 3}
    ended = [item for item in sample.guardianships if item.until and item.until <= NOW]
    assert {item.relation for item in ended} == {"CourtAppointedGuardian"}


def test_documents_change_the_standing_of_four_families_that_said_nothing(sample: Sample) -> None:
    learners = {iri: key.removeprefix("state:") for (_, key), iri in sample.people.items()}
    found = {learners[item.learner]: item for item in sample.documents}
    assert {name: item.kind for name, item in found.items()} == {
        "S000074": BP.CourtBarsDecision,
        "S000077": BP.TaxDependency,
        "S000088": BP.Emancipation,
        "S000091": BP.CourtBarsInspection,
    }
    said = {learners[item.learner] for item in sample.settings if item.audience != "teacher"}
    for name in ("S000074", "S000091"):
        guardians = [item for item in sample.guardianships if learners[item.learner] == name]
        assert len(guardians) == 2, "one guardian is left"
        assert found[name].person in {item.guardian for item in guardians}
    assert found["S000088"].person is None
    assert "S000091" not in said
    born = {
        learners[record.learner]: date.fromisoformat(str(value))
        for record in sample.of("demographics")
        for value in record.graph.objects(None, SDO.birthDate)
    }
    assert born["S000077"] <= date(2008, 11, 23) < born["S000088"]
    assert all(item.since <= NOW for item in sample.documents)


def test_the_first_guardian_has_two_children_in_one_school(sample: Sample) -> None:
    guardian = sample.mint("guardian", "sample:G00001")
    children = {item.learner for item in sample.guardianships if item.guardian == guardian}
    assert children == {sample.mint("learner", f"state:S00000{number}") for number in (1, 2)}
    enrollments = _enrollments(sample)
    for child in children:
        assert _schools_in(enrollments[child], THIS_YEAR) == {organization_iri("elm")}


def test_the_command_writes_the_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "folder"
    assert main([str(folder), "--learners", "5", "--today", "2026-11-23"]) == 0
    assert {path.stem for path in folder.glob("*.csv")} == {n for n in HEADERS if "/" not in n}
    assert "5 learners as of 2026-11-23" in capsys.readouterr().out


def test_the_command_says_where_it_cannot_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert main([str(tmp_path / "file"), "--learners", "5"]) == 2
    assert "file" in capsys.readouterr().err


def test_the_page_describes_every_file_and_column() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, columns in HEADERS.items():
        if name.startswith("companion/"):
            row = re.search(rf"^\| `{name.removeprefix('companion/')}\.csv` \|.*$", page, re.M)
            assert row, name
            for column in columns:
                assert f"`{column}`" in row[0] or column in ("id", "learner", "organization")
