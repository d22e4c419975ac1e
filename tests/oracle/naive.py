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
from tests.oracle.world import PARENTS, PURPOSES_OF, Child, Deal, Notice, Word, World

Triple = tuple[Node, Node, Node]

LEVELS = ["none", "aggregate", "deidentified", "full"]
PURPOSE_OF_ROLE = {**PURPOSES_OF, "guardian": BP.RightOfAccess, "learner": BP.RightOfAccess}
WIDER = {
    EDU.StudentLearningNeedsAssessment: {EDU.StudentManagement, EDU.EducationManagement},
    EDU.StudentEnrolmentManagement: {EDU.StudentManagement, EDU.EducationManagement},
    EDU.StudentPerformanceMonitoring: {EDU.StudentManagement, EDU.EducationManagement},
    EDU.StudentLearningFeedbackManagement: {EDU.EducationManagement},
    EDU.ResearchManagement: {
        *(EDU.EducationManagement, DPV.AcademicResearch, DPV.ResearchAndDevelopment),
    },
    DPV.AcademicResearch: {DPV.ResearchAndDevelopment},
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


DIRECTORY_SHOWS = {
    "identity": {SDO.givenName, SDO.familyName},
    "enrollment": {
        *(ORG.member, ORG.organization, BP.schoolYear, BP.hasGradeLevel),
        *(BP.entryDate, BP.exitDate),
    },
}
DIRECTORY_BEGINS = datetime(2026, 9, 15, tzinfo=UTC)
FRAME = {RDF.type, BP.isRecordOf, BP.isHeldBy}
EMERGENCY_ROLES = {"teacher", "registrar", "district", "provider"}


@cache
def rules(place: str) -> dict[tuple[str, str, str], tuple[str, bool]]:
    """Return (role, category, kind of agreement or "") → (level, may lower) of a jurisdiction."""
    file = Path(__file__).parents[2] / "ontology" / "jurisdictions" / f"{place}.ttl"
    rows = (
        Graph()
        .parse(file)
        .query(
            """PREFIX bp: <https://w3id.org/databackpack/ns#>
        SELECT ?role ?category ?level ?lower ?kind { ?rule bp:appliesToRole ?role ;
          bp:hasCategory ?category ; bp:grantsLevel ?level ; bp:familyMayLower ?lower
          OPTIONAL { ?rule bp:requiresAgreement ?kind }
          MINUS { ?rule bp:hasBasis bp:HealthSafetyEmergency } }"""
        )
    )

    def end(value: Node | None) -> str:
        return "" if value is None else str(value).rsplit("#", 1)[-1]

    found = {}
    for row in rows:
        assert isinstance(row, ResultRow)
        key = end(row["role"]), end(row["category"]), end(row["kind"])
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
            category = str(record.category).rsplit("#", 1)[-1]
            if role in EMERGENCY_ROLES and alarmed(child, audience, category, moment):
                left |= set(record.graph)
                continue
            if not concerns(child, record, role, party, moment):
                continue
            own = [w for w in words if w.learner == child.iri and w.category == category]
            holder = holder_of(record)
            level = level_of(world, own, (role, audience, category, holder), moment)
            shown = set(record.graph)
            if role == "directory" and speaks_by_law(world, role, category, holder, moment):
                shown = listed(shown, category)
            if level == "full":
                left |= shown
            if level == "deidentified":
                left |= {t for t in (coarse(triple, codes) for triple in shown) if t}
    return left


def published(world: World, audience: str, moment: datetime) -> set[Triple]:
    """Return what is published for *audience* and may be seen at *moment*.

    Whoever works under agreements sees it while one that runs is about all that was counted.
    """
    deals = [deal for deal in world.deals if deal.audience == audience]
    return {
        triple
        for notice in world.notices
        if notice.audience == audience
        and (not deals or any(may_count(deal, notice, moment) for deal in deals))
        for triple in notice.graph
    }


def may_count(deal: Deal, notice: Notice, moment: datetime) -> bool:
    """Tell whether an agreement runs and is about the purpose and all that was counted."""
    is_for = notice.purpose == deal.purpose or deal.purpose in WIDER.get(notice.purpose, set())
    runs = deal.since <= moment < deal.until
    return runs and is_for and set(notice.categories) <= set(deal.categories)


def holder_of(record: Record) -> str:
    """Return the code of the school that holds a record."""
    return next(code for code in PARENTS if organization_iri(code) == record.holder)


def place_of(world: World, school: str) -> str:
    """Return the jurisdiction of a school: its own, or that of the nearest above it."""
    return next((world.places[c] for c in ancestry(school) if c in world.places), "us-default")


def alarmed(child: Child, audience: str, category: str, moment: datetime) -> bool:
    """Tell whether an emergency opens a category; both jurisdictions open those that are drawn."""
    return any(
        alarm.audience == audience
        and category in alarm.categories
        and alarm.since <= moment < alarm.until
        for alarm in child.alarms
    )


def listed(triples: set[Triple], category: str) -> set[Triple]:
    """Return what a school's directory shows of a record."""
    shown = DIRECTORY_SHOWS.get(category, set())
    kept = {t for t in triples if t[1] in shown}
    return kept | {t for t in triples if t[1] in FRAME and any(k[0] == t[0] for k in kept)}


def split(audience: str) -> tuple[str, str]:
    """Return the role and the party in the name of an audience."""
    role = next(role for role in PURPOSE_OF_ROLE if audience.startswith(f"{role}-"))
    return role, audience[len(role) + 1 :]


def concerns(child: Child, record: Record, role: str, party: str, moment: datetime) -> bool:
    """Tell whether an audience is about this record at all, before any policy is read."""
    if role == "auditor":
        return False
    if role in ("researcher", "provider"):
        return True
    if role == "directory":
        return holder_of(record) == party
    if role == "guardian":
        return any(str(one).endswith(party) for one in inspecting(child, moment))
    if role == "learner":
        return str(child.iri).endswith(party) and moved(child, moment)
    today = moment.astimezone(UTC).date()
    attends = any(
        since <= today <= until and party in ancestry(school)
        for school, since, until in child.enrollments
    )
    if attends or role == "teacher":
        return attends
    return party in ancestry(holder_of(record))


def moved(child: Child, moment: datetime) -> bool:
    """Tell whether the rights are the learner's own: 18, in college, or emancipated."""
    in_college = child.college is not None and child.college <= moment.astimezone(UTC).date()
    return adult(child, moment) or in_college or bool(papers(child, "Emancipation", None, moment))


def papers(child: Child, kind: str, person: Node | None, moment: datetime) -> list[object]:
    """Return the documents of a kind about a person that hold at a moment."""
    return [
        paper
        for paper in child.papers
        if paper.kind == kind
        and paper.person == person
        and paper.since <= moment
        and (paper.until is None or moment < paper.until)
    ]


def guarding(child: Child, moment: datetime) -> list[URIRef]:
    """Return the guardians whose time it is."""
    return [
        guardian
        for guardian, since, until in child.guardians
        if (since is None or since <= moment) and (until is None or moment < until)
    ]


def inspecting(child: Child, moment: datetime) -> list[URIRef]:
    """Return the guardians who may inspect the records."""
    return [
        guardian
        for guardian in guarding(child, moment)
        if not papers(child, "CourtBarsInspection", guardian, moment)
        and (not moved(child, moment) or papers(child, "TaxDependency", guardian, moment))
    ]


def deciding(child: Child, moment: datetime) -> list[URIRef]:
    """Return those who may decide who sees the records."""
    if moved(child, moment):
        return [child.iri]
    return [
        guardian
        for guardian in guarding(child, moment)
        if not papers(child, "CourtBarsDecision", guardian, moment)
    ]


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


def may_be_said(world: World, word: Word, loaded: datetime) -> bool:
    """Tell whether a word in a file counts: a permission only from who could decide then."""
    (child,) = (child for child in world.children if child.iri == word.learner)
    signed = min(word.since, loaded)
    return word.level == "none" or word.assigner in deciding(child, signed)


def level_of(
    world: World, own: list[Word], cell: tuple[str, str, str, str], moment: datetime
) -> str:
    """Return the lowest of the law's level and the words that hold; none where nothing speaks."""
    role, audience, category, holder = cell
    purpose = PURPOSE_OF_ROLE[role]
    relevant = [word for word in own if speaks_of(word, purpose)]
    spoken = [
        LEVELS.index(word.level)
        for word in relevant
        if word.audience in (role, audience) and holds(word, relevant, moment)
    ]
    deals = [deal for deal in world.deals if deal.audience == audience]
    running = [
        deal
        for deal in deals
        if deal.since <= moment < deal.until
        and category in deal.categories
        and (purpose == deal.purpose or deal.purpose in WIDER.get(purpose, set()))
        and (not deal.organizations or set(deal.organizations) & set(ancestry(holder)))
    ]
    law = rules(place_of(world, holder))
    plain = (
        [law[role, category, ""]] if speaks_by_law(world, role, category, holder, moment) else []
    )

    def under(deal: Deal | None) -> int:
        key = (role, category, "" if deal is None else deal.kind)
        given = plain if deal is None else [*plain, *([law[key]] if key in law else [])]
        if not given:
            found = min(spoken) if spoken else 0
        else:
            fixed, may_lower = max(given, key=lambda rule: LEVELS.index(rule[0]))
            found = min([LEVELS.index(fixed), *(spoken if may_lower else [])])
        return found if deal is None else min(found, LEVELS.index(deal.level))

    if deals:
        return LEVELS[max((under(deal) for deal in running), default=0)]
    return LEVELS[under(None)]


def speaks_by_law(world: World, role: str, category: str, holder: str, moment: datetime) -> bool:
    """Tell whether the law of the holder's place gives a role a level without any agreement."""
    if role == "directory" and moment < DIRECTORY_BEGINS:
        return False
    return (role, category, "") in rules(place_of(world, holder))


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
