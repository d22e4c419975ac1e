"""Who looks like whom in a release, counted again from its triples alone.

Nothing here reads a ladder or a plan: what a reader may know from elsewhere is written out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.service.records.terms import text

BP = "https://w3id.org/databackpack/ns#"
ORG, SDO = "http://www.w3.org/ns/org#", "https://schema.org/"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

KNOWN = {
    *(BP + name for name in ("isHeldBy", "schoolYear", "hasGradeLevel", "entryDate", "exitDate")),
    *(BP + name for name in ("gender", "homeLanguage", "hasSupportType", "programName")),
    *(BP + name for name in ("disabilityType", "isAlignedTo", "recommendsStandard")),
    *(BP + name for name in ("assessmentIdentifier", "courseTitle", "courseCode", "daysEnrolled")),
    *(BP + name for name in ("eventDate", "incidentDate", "actionDate", "startDate", "endDate")),
    *(BP + name for name in ("resultDate", "asOfDate", "measurementDate", "dateAssigned")),
    *(BP + name for name in ("dueDate", "targetDate", "progressDate", "dateIssued")),
    *(BP + name for name in ("behaviorType", "disciplineType", "issuer", "expiryDate")),
    ORG + "organization",
    SDO + "birthDate",
    SDO + "dateCreated",
}
"""What may be known of a learner from elsewhere."""

WHOLE = {BP + name for name in ("Enrollment", "Demographics", "StudentSupport")}
WHOLE |= {BP + name for name in ("SpecialEducationSupport", "AttendanceSummary")}
"""Items of which it is known how many a learner has and what is said in each."""

Looks = frozenset[tuple[object, int]]


def looks(triples: Iterable[ox.Triple]) -> Looks:
    """Return all that is known from elsewhere of the learner of *triples*."""
    items: dict[str, list[ox.Triple]] = {}
    for triple in triples:
        items.setdefault(text(triple.subject), []).append(triple)
    seen: Counter[object] = Counter()
    for about in items.values():
        predicates = {triple.predicate.value for triple in about}
        if BP + "isRecordOf" not in predicates:
            continue
        kinds = {text(triple.object) for triple in about if triple.predicate.value == TYPE}
        known = sorted(
            (triple.predicate.value, _value(triple))
            for triple in about
            if triple.predicate.value in KNOWN
        )
        if kinds & WHOLE:
            seen[(*sorted(kinds), *known)] += 1
        where = tuple(one for one in known if one[0] in (BP + "isHeldBy", BP + "schoolYear"))
        for one in known:
            seen[(where, one)] = 1
    return frozenset(seen.items())


def _value(triple: ox.Triple) -> str:
    """A standard is known by its grade, which is the sixth part of its IRI."""
    if triple.predicate.value in (BP + "isAlignedTo", BP + "recommendsStandard"):
        standard = text(triple.object)
        parts = standard.split("/")
        return parts[5] if "corestandards" in standard and len(parts) > 5 else standard
    return str(triple.object)


def sizes(release: Mapping[URIRef, Iterable[ox.Triple]]) -> dict[URIRef, int]:
    """Return of each code how many look like it."""
    seen = {code: looks(triples) for code, triples in release.items()}
    counts = Counter(seen.values())
    return {code: counts[look] for code, look in seen.items()}
