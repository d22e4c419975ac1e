"""Rows of tests: the result of the whole, of its objectives and of its items."""

from dataclasses import dataclass
from datetime import date

from rdflib import Literal, URIRef

from databackpack.loaders.edfi.node import Node, Refused, school_year
from databackpack.loaders.edfi.page import Page, dated, graded, worded
from databackpack.loaders.edfi.reference import Key, standards
from databackpack.loaders.record import Source
from databackpack.ontology.namespaces import BP, BPC, SDO

__all__ = ["add_assessment"]

_RAW = "Raw score"
_METHOD = "AssessmentReportingMethod"


@dataclass(frozen=True, slots=True)
class _Result:
    """The result of a whole test, for those of its parts."""

    item: URIRef
    kind: URIRef
    holder: URIRef
    day: date
    test: Key
    key: Key


def add_assessment(page: Page, node: Node, source: Source) -> None:
    """A learner's results on one test are in the page; parts that are refused are named apart.

    Items carry a score where the file gives a raw score. The words "correct" and "incorrect" alone
    give none, and none gives a mastery level.
    """
    key, test, _ = page.reference.find("Assessment", node.node("AssessmentReference"), source.file)
    holder = page.reference.holder(node.value("ReportedSchoolReference/SchoolIdentity/SchoolId"))
    mine = (*key, node.need("StudentAssessmentIdentifier"))
    result = _Result(
        page.item(holder, node.name, *mine),
        _kind(test),
        holder,
        node.need_day("AdministrationDate"),
        key,
        mine,
    )
    year = node.value("SchoolYear")
    page.add(
        result.item,
        result.kind,
        BPC.assessment,
        holder,
        source,
        [
            (SDO.name, worded(test.value("AssessmentTitle"))),
            (BP.assessmentIdentifier, Literal(key[1])),
            (BP.hasGradeLevel, graded(node, "WhenAssessedGradeLevel")),
            (BP.schoolYear, worded(school_year(year) if year else "")),
            *_outcome(node, test, result),
        ],
    )
    for kind in ("ObjectiveAssessment", "AssessmentItem"):
        for part in node.nodes(f"Student{kind}"):
            place = Source(source.file, part.line)
            with page.naming(place):
                _add_part(page, part, kind, place, result)


def _add_part(page: Page, part: Node, kind: str, source: Source, result: _Result) -> None:
    """The result of an objective or an item is in the page, as part of the whole."""
    found = page.reference.find(kind, part.node(f"{kind}Reference"), source.file)
    (*test, code), described, _ = found
    if tuple(test) != result.test:
        raise Refused("unknown reference", f"the {kind} is one of another test; correct it")
    page.add(
        page.item(result.holder, part.name, *result.key, code),
        result.kind,
        BPC.assessment,
        result.holder,
        source,
        [
            (BP.assessmentIdentifier, Literal(code)),
            (BP.isPartOfResult, result.item),
            *((BP.isAlignedTo, standard) for standard in standards(found)),
            *_outcome(part, described, result),
        ],
    )


def _outcome(node: Node, described: Node, result: _Result) -> list[tuple[URIRef, Literal | None]]:
    score, maximum = _score(node, described)
    return [
        (BP.resultDate, dated(result.day)),
        (BP.scoreValue, score),
        (BP.maximumScore, maximum),
        *(
            (BP.performanceLevel, Literal(text))
            for text in node.codes("PerformanceLevel/PerformanceLevel")
        ),
    ]


def _kind(test: Node) -> URIRef:
    """Return the class of a result: Ed-Fi's categories of state tests begin with the word."""
    category = test.code("AssessmentCategory").casefold()
    kind: URIRef = (
        BP.StateAssessmentResult if category.startswith("state") else BP.LocalAssessmentResult
    )
    return kind


def _score(result: Node, test: Node) -> tuple[Literal | None, Literal | None]:
    """Return the score, the raw one where there are several, and the maximum on its scale."""
    raw_maximum = test.number("MaxRawScore")
    scores = {
        score.code(_METHOD): score.number("Result")
        for score in result.nodes("ScoreResult")
        if _is_number(score)
    }
    if (raw := result.number("RawScoreResult")) is not None:
        return raw, raw_maximum
    if not scores:
        return None, raw_maximum
    method = _RAW if _RAW in scores else next(iter(scores))
    maxima = (
        scale.number("MaximumScore")
        for scale in test.nodes("AssessmentScore")
        if scale.code(_METHOD) == method
    )
    maximum = next((maximum for maximum in maxima if maximum is not None), None)
    return scores[method], raw_maximum if maximum is None and method == _RAW else maximum


def _is_number(score: Node) -> bool:
    """Return whether a result is a number; a level, say, is not."""
    try:
        return score.number("Result") is not None
    except Refused:
        return False
