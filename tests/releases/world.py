"""Small invented worlds: learners of some schools, as ``project`` shows them at DeIdentified."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

import pyoxigraph as ox
from hypothesis import strategies as st
from rdflib import RDF, XSD, Literal, URIRef

from databackpack.ontology.namespaces import BP, BPG, BPM, ID, ORG, SDO
from databackpack.service.records.terms import node, to_ox

SCHOOLS = ("elm", "birch", "fern", "hazel")
PARENTS = {
    **{ID[f"organization/{school}"]: ID["organization/north"] for school in ("elm", "birch")},
    **{ID[f"organization/{school}"]: ID["organization/south"] for school in ("fern", "hazel")},
    **{ID[f"organization/{one}"]: ID["organization/state"] for one in ("north", "south")},
}
SUPPORTS = ("IndividualizedEducationProgram", "EnglishLearnerProgram", "GiftedProgram")
STANDARDS = {3: "3/OA/A/1", 4: "4/OA/A/1", 5: "5/OA/A/1", 6: "6/RP/A/1"}

Triples = frozenset[ox.Triple]
Said = dict[str, URIRef | Literal]


@dataclass(frozen=True)
class Stay:
    """One enrollment: from a month of the first half of a school year."""

    year: int
    school: str
    grade: int
    month: int


@dataclass(frozen=True)
class Person:
    """One learner; what nobody knows from elsewhere is *absent*."""

    stays: tuple[Stay, ...]
    born: int
    gender: str
    language: str | None
    supports: tuple[str, ...]
    absent: int


stays = st.builds(
    Stay, st.integers(2024, 2026), st.sampled_from(SCHOOLS), st.integers(3, 6), st.integers(8, 12)
)
persons = st.builds(
    Person,
    st.lists(stays, min_size=0, max_size=3).map(tuple),
    st.integers(2013, 2017),
    st.sampled_from(["female", "male"]),
    st.sampled_from([None, "es", "vi"]),
    st.lists(st.sampled_from(SUPPORTS), max_size=2).map(tuple),
    st.integers(0, 9),
)
worlds = st.lists(persons, max_size=30)


def crowd(seed: int, size: int) -> Iterator[Person]:
    """Yield learners as a state has them, the same for a seed: most stay, few have a rare thing."""
    random = Random(seed)  # noqa: S311
    for _ in range(size):
        grade, school = random.choice((3, 4, 5)), random.choice(SCHOOLS)
        later = random.choice(SCHOOLS) if random.random() < 0.1 else school
        yield Person(
            (Stay(2025, school, grade, 8), Stay(2026, later, grade + 1, 8)),
            2025 - 5 - grade - random.choice((0, 1)),
            random.choice(("female", "male")),
            random.choices((None, "es", "vi"), (80, 17, 3))[0],
            tuple(one for one in SUPPORTS if random.random() < 0.05),
            random.randrange(20),
        )


def world(people: list[Person]) -> dict[URIRef, Triples]:
    """Return the triples of each of *people*, by their codes."""
    return {
        ID[f"code/{number:04}"]: triples(person, f"{number:04}")
        for number, person in enumerate(people)
    }


def triples(person: Person, name: str) -> Triples:
    """Return what is seen of *person*, whose code ends with *name*."""
    learner, numbers = ID[f"code/{name}"], iter(range(1000))
    found: set[tuple[URIRef, URIRef, URIRef | Literal]] = {(learner, RDF.type, BP.Learner)}

    def add(kind: str, school: str, year: int | None, **said: URIRef | Literal) -> None:
        item = ID[f"code/{name}-{next(numbers)}"]
        held: Said = {"isRecordOf": learner, "isHeldBy": ID[f"organization/{school}"], **said}
        if year is not None:
            held["schoolYear"] = Literal(f"{year}-{year + 1}")
        found.add((item, RDF.type, BP[kind]))
        found.update((item, _PREDICATES.get(key, BP[key]), value) for key, value in held.items())

    for stay in person.stays:
        grade = BPG[str(stay.grade)]
        month = _month(stay.year, stay.month)
        school = ID[f"organization/{stay.school}"]
        seen: Said = {"hasGradeLevel": grade, "organization": school, "entryDate": month}
        add("Enrollment", stay.school, stay.year, member=learner, **seen)
        days: Said = {"daysEnrolled": _number(180 - 20 * (stay.month - 8))}
        add("AttendanceSummary", stay.school, stay.year, daysAbsent=_number(person.absent), **days)
        standard = URIRef(f"http://corestandards.org/Math/Content/{STANDARDS[stay.grade]}")
        add("MasteryState", stay.school, stay.year, isAlignedTo=standard, hasMasteryLevel=BPM.Met)
    for name_of_school in dict.fromkeys(stay.school for stay in person.stays):
        born: Said = {"birthDate": Literal(str(person.born), datatype=XSD.gYear)}
        spoken: Said = {} if person.language is None else {"homeLanguage": Literal(person.language)}
        add("Demographics", name_of_school, None, gender=Literal(person.gender), **born, **spoken)
        for support in person.supports:
            add("StudentSupport", name_of_school, None, hasSupportType=BP[support])
    return frozenset(
        ox.Triple(node(subject), node(predicate), to_ox(value))
        for subject, predicate, value in found
    )


def _month(year: int, month: int) -> Literal:
    return Literal(f"{year}-{month:02}", datatype=XSD.gYearMonth)


def _number(number: int) -> Literal:
    return Literal(str(number), datatype=XSD.decimal)


_PREDICATES: Mapping[str, URIRef] = {
    "organization": ORG.organization,
    "member": ORG.member,
    "birthDate": SDO.birthDate,
}
