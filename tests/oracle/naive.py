"""An independent, naive reading of the policies: what would be left if the rest were deleted.

It shares no code with ``service.policy`` or ``service.views``: it reads the jurisdiction's Turtle
with a query of its own, walks over every word for every record, and knows by a table of its own
what de-identification does to each property that the worlds use.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from rdflib import RDF, Graph, Literal, URIRef
from rdflib.query import ResultRow
from rdflib.term import Node

from databackpack.loaders.record import Record, organization_iri
from databackpack.ontology.namespaces import BP, DPV, EDU, ORG, SDO, XSD
from tests.oracle.world import PARENTS, Child, Word, World

Triple = tuple[Node, Node, Node]

LEVELS = ["none", "aggregate", "deidentified", "full"]
PURPOSE_OF_ROLE = {
    "teacher": EDU.StudentLearningNeedsAssessment,
    "registrar": EDU.StudentEnrolmentManagement,
    "district": EDU.StudentPerformanceMonitoring,
    "state-agency": EDU.EducationManagement,
    "researcher": DPV.AcademicResearch,
    "provider": EDU.StudentLearningFeedbackManagement,
    "guardian": BP.RightOfAccess,
    "learner": BP.RightOfAccess,
}
WIDER = {
    EDU.StudentLearningNeedsAssessment: {EDU.StudentManagement, EDU.EducationManagement},
    EDU.StudentEnrolmentManagement: {EDU.StudentManagement, EDU.EducationManagement},
    EDU.StudentPerformanceMonitoring: {EDU.StudentManagement, EDU.EducationManagement},
    EDU.StudentLearningFeedbackManagement: {EDU.EducationManagement},
    EDU.ResearchManagement: {EDU.EducationManagement, DPV.AcademicResearch},
    EDU.StudentManagement: {EDU.EducationManagement},
}
KEPT = {
    *(RDF.type, BP.isRecordOf, BP.isHeldBy, BP.schoolYear, BP.hasGradeLevel, BP.gender),
    *(ORG.member, ORG.organization, BP.hasAttendanceStatus, BP.behaviorType, BP.isAlignedTo),
    *(BP.hasMasteryLevel, BP.instrument, BP.method, BP.construct, BP.scoreValue),
    *(BP.isPrediction, BP.hasGoalStatus),
}
TO_MONTH = {
    *(BP.entryDate, BP.exitDate, BP.eventDate, BP.incidentDate, BP.asOfDate, BP.measurementDate)
}
TO_YEAR = {SDO.birthDate}


@cache
def rules() -> dict[tuple[str, str], tuple[str, bool]]:
    """Return (role, category) → (level, may lower) of us-default."""
    file = Path(__file__).parents[2] / "ontology" / "jurisdictions" / "us-default.ttl"
    rows = (
        Graph()
        .parse(file)
        .query(
            """PREFIX bp: <https://w3id.org/databackpack/ns#>
        SELECT ?role ?category ?level ?lower { ?rule bp:appliesToRole ?role ;
          bp:hasCategory ?category ; bp:grantsLevel ?level ; bp:familyMayLower ?lower
          MINUS { ?rule bp:requiresAgreement ?kind }
          MINUS { ?rule bp:hasBasis bp:HealthSafetyEmergency } }"""
        )
    )

    def end(value: Node) -> str:
        return str(value).rsplit("#", 1)[-1]

    found = {}
    for row in rows:
        assert isinstance(row, ResultRow)
        key = end(row["role"]), end(row["category"])
        found[key] = end(row["level"]).lower(), str(row["lower"]) == "true"
    return found


def visible(
    world: World, words: list[Word], audience: str, moment: datetime, codes: Mapping[str, str]
) -> set[Triple]:
    """Return the triples of *world* that may stay for *audience* at *moment*."""
    role, party = split(audience)
    left: set[Triple] = set()
    for child in world.children:
        for record in child.records:
            if not concerns(child, record, role, party, moment):
                continue
            category = str(record.category).rsplit("#", 1)[-1]
            own = [w for w in words if w.learner == child.iri and w.category == category]
            level = level_of(own, role, audience, category, moment)
            if level == "full":
                left |= set(record.graph)
            if level == "deidentified":
                left |= {t for t in (coarse(triple, codes) for triple in record.graph) if t}
    return left


def split(audience: str) -> tuple[str, str]:
    """Return the role and the party in the name of an audience."""
    role = next(role for role in PURPOSE_OF_ROLE if audience.startswith(f"{role}-"))
    return role, audience[len(role) + 1 :]


def concerns(child: Child, record: Record, role: str, party: str, moment: datetime) -> bool:
    """Tell whether an audience is about this record at all, before any policy is read."""
    if role in ("researcher", "provider"):
        return True
    if role == "guardian":
        return not adult(child, moment) and any(
            str(guardian).endswith(party) and (until is None or moment < until)
            for guardian, _, until in child.guardians
        )
    if role == "learner":
        return str(child.iri).endswith(party) and adult(child, moment)
    today = moment.astimezone(UTC).date()
    attends = any(
        since <= today <= until and party in ancestry(school)
        for school, since, until in child.enrollments
    )
    if attends or role in ("teacher", "registrar"):
        return attends
    return any(
        record.holder == organization_iri(code) and party in ancestry(code) for code in PARENTS
    )


def ancestry(code: str) -> list[str]:
    """Return an organisation and all above it."""
    return [code, *(ancestry(PARENTS[code]) if code in PARENTS else [])]


def adult(child: Child, moment: datetime) -> bool:
    """Tell whether the child is 18 on the day."""
    if child.birth is None:
        return False
    today = moment.astimezone(UTC).date()
    years = today.year - child.birth.year
    before = (today.month, today.day) < (child.birth.month, child.birth.day)
    return years - before >= 18


def level_of(own: list[Word], role: str, audience: str, category: str, moment: datetime) -> str:
    """Return the lowest of the law's level and the words that hold; none where nothing speaks."""
    purpose = PURPOSE_OF_ROLE[role]
    spoken = []
    relevant = [word for word in own if speaks_of(word, purpose)]
    for word in relevant:
        if word.audience in (role, audience) and holds(word, relevant, moment):
            spoken.append(LEVELS.index(word.level))
    rule = rules().get((role, category))
    if rule is None:
        return LEVELS[min(spoken)] if spoken else "none"
    fixed, may_lower = rule
    return LEVELS[min([LEVELS.index(fixed), *(spoken if may_lower else [])])]


def speaks_of(word: Word, purpose: URIRef) -> bool:
    """Tell whether a word is heard where *purpose* is asked for; one that is not ends no other."""
    narrower = purpose == word.purpose or word.purpose in WIDER.get(purpose, set())
    return word.purpose is None or narrower or prohibits_part(word, purpose)


def prohibits_part(word: Word, purpose: URIRef) -> bool:
    """Tell whether a word forbids a purpose that the asker's purpose contains."""
    if word.level != "none" or word.purpose is None:
        return False
    return purpose in WIDER.get(word.purpose, set())


def holds(word: Word, own: list[Word], moment: datetime) -> bool:
    """Tell whether a word has begun, has not run out and was not replaced by its author."""
    if moment < word.since or (word.until is not None and moment >= word.until):
        return False
    later = [
        other
        for other in own
        if (other.assigner, other.audience) == (word.assigner, word.audience)
        and word.since <= other.since <= moment
        and own.index(other) != own.index(word)
    ]
    for other in later:
        if other.since > word.since:
            return False
        # Two words of one moment: the lower holds; of two alike, the one written later.
        if LEVELS.index(other.level) < LEVELS.index(word.level):
            return False
        if other.level == word.level and own.index(other) > own.index(word):
            return False
    return True


def coarse(triple: Triple, codes: Mapping[str, str]) -> Triple | None:
    """Return what de-identification leaves of *triple*."""
    subject, predicate, value = triple
    if predicate in TO_YEAR:
        value = Literal(str(value)[:4], datatype=XSD.gYear)
    elif predicate in TO_MONTH:
        value = Literal(str(value)[:7], datatype=XSD.gYearMonth)
    elif predicate not in KEPT:
        return None
    return coded(subject, codes), predicate, coded(value, codes)


def coded(term: Node, codes: Mapping[str, str]) -> Node:
    """Return the code of a learner's or item's IRI, any other term as it is."""
    if isinstance(term, URIRef) and ("/id/learner/" in term or "/id/item/" in term):
        return URIRef(codes[str(term)])
    return term
