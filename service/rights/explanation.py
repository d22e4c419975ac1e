"""Why a level is what it is: in values, in words that a parent reads, and as RDF."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from rdflib import RDF, XSD, Graph, Literal, URIRef

from databackpack.ontology.codes import concepts, label, local_name
from databackpack.ontology.namespaces import BP, BPL, DCTERMS, DPV, ID, ODRL, PROV, RDFS
from databackpack.service.policy.model import Audience, Decision, Jurisdiction, Level, Statement
from databackpack.service.records.graphs import IDENTITY_EVENTS
from databackpack.service.records.terms import node, text
from databackpack.service.rights import emergency
from databackpack.service.rights.naming import audience_name, organization_name
from databackpack.service.views.dossier import Dossier
from databackpack.service.views.population import coverage
from databackpack.service.views.registry import Views
from databackpack.service.views.selection import Decider

__all__ = ["Explanation", "explain", "explain_all", "to_rdf", "words"]

_STANDS_FOR = node(BP.standsFor)

_SEEN = {
    Level.NONE: "see nothing of",
    Level.AGGREGATE: "see only published statistics about",
    Level.DEIDENTIFIED: "see, without names,",
    Level.FULL: "see in full",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one audience may see of one category of one learner at *moment*, and why.

    Where *is_covered* is false the audience is not about this learner now, and sees nothing
    whatever the decision. *organizations* hold the records that it is about; none: nobody holds
    any yet. *heard* are the statements among the decision's reasons.
    """

    learner: URIRef
    category: URIRef
    audience: Audience
    purpose: URIRef
    moment: datetime
    jurisdiction: Jurisdiction
    organizations: tuple[URIRef, ...]
    is_covered: bool
    decision: Decision
    heard: tuple[Statement, ...]

    @property
    def level(self) -> Level:
        """The level that takes effect."""
        return self.decision.level if self.is_covered else Level.NONE


def explain(
    views: Views,
    learner: URIRef,
    category: URIRef,
    audience: Audience,
    moment: datetime | None = None,
) -> list[Explanation]:
    """Return why *audience* sees what it sees of a category at *moment* (None: now).

    One explanation for each purpose of the audience and each way in which holders of records
    differ: by jurisdiction, by agreement, or because the audience is about some of them only.
    """
    moment = moment or views.truth.clock()
    return list(_explain(views, views.dossier(learner), [category], audience, moment))


def explain_all(
    views: Views, learner: URIRef, moment: datetime | None = None
) -> Iterator[Explanation]:
    """Yield the explanation of every category for each audience that is about *learner*."""
    moment = moment or views.truth.clock()
    held, law = views.dossier(learner), views.law()
    for audience in views.audiences():
        covered = coverage(audience, held, law, moment)
        if covered.is_somebody:
            yield from _explain(views, held, concepts(BP.CategoryScheme), audience, moment)


def _explain(
    views: Views,
    held: Dossier,
    categories: Iterable[URIRef],
    audience: Audience,
    moment: datetime,
) -> Iterator[Explanation]:
    law = views.law()
    covered = coverage(audience, held, law, moment)
    known = {statement.iri: statement for statement in held.statements}
    for purpose in sorted(audience.purposes):
        decider = Decider(held, audience, purpose, law, moment)
        for category in categories:
            holders = sorted({r.holder for r in held.records if r.category == category})
            ways: dict[tuple[bool, Decision, URIRef], list[URIRef]] = {}
            for holder in holders or sorted(held.holders):
                made = decider.decide(holder, category)
                is_covered = holder in covered or made.is_emergency
                ways.setdefault((is_covered, made, law.of(holder).iri), []).append(holder)
            for (is_covered, made, _), having in ways.items():
                yield Explanation(
                    learner=held.learner,
                    category=category,
                    audience=audience,
                    purpose=purpose,
                    moment=moment,
                    jurisdiction=law.of(having[0]),
                    organizations=tuple(having) if holders else (),
                    is_covered=is_covered,
                    decision=made,
                    heard=tuple(known[iri] for iri in made.reasons if iri in known),
                )


def words(views: Views, made: Explanation) -> list[str]:
    """Return the explanation in sentences for a parent."""
    who = audience_name(views.truth, made.audience)
    what = label(made.category).lower()
    names = [organization_name(views.truth, iri) for iri in made.organizations]
    held_by = ", ".join(sorted(filter(None, names)))
    place = f" held by {held_by}" if made.organizations else ""
    told = [f"{who} {_SEEN[made.level]} {what}{place}."]
    if not made.is_covered:
        told.append("They have no learner relation to these records at this moment.")
    told += _law(made)
    told += [_said(views, statement) for statement in made.heard]
    told += [
        f"An emergency was declared until {one.until.isoformat()}: {one.threat}"
        for one in emergency.on_record(views.truth, made.learner)
        if one.iri in made.decision.reasons
    ]
    told.append(
        "Whoever decides for this learner may change this."
        if made.decision.settable
        else "The law leaves families no choice here."
    )
    return told


def _law(made: Explanation) -> Iterator[str]:
    rule = made.decision.rule
    if rule is None:
        yield "The law gives no access here without consent (34 CFR 99.30)."
    else:
        section = str(rule.source).rsplit("section-", 1)[-1]
        yield f"The rule: {rule.label} (34 CFR {section})."
    agreements = {agreement.iri: agreement for agreement in made.audience.agreements}
    bound = [agreements[iri] for iri in made.decision.reasons if iri in agreements]
    if agreements:
        for agreement in bound:
            ends = agreement.until.date().isoformat()
            yield f"They work under a written agreement that ends on {ends}."
        if not bound or made.decision.level is Level.NONE:
            yield "No agreement that is in force covers this."


def _said(views: Views, statement: Statement) -> str:
    facts = views.truth.triples(IDENTITY_EVENTS, statement.assigner)
    stands = {t.predicate: t.object for t in facts}  # what a merge says in a person's stead
    since = statement.since.date().isoformat()
    if stands and _STANDS_FOR not in stands:
        return (
            f"Two identifiers were found to be this learner's on {since}: what was opened for the "
            "records of one of them only is closed until whoever decides says so for all."
        )
    person = text(stands[_STANDS_FOR]) if _STANDS_FOR in stands else statement.assigner
    who = "The learner" if "/learner/" in person else "A guardian"
    until = "" if statement.until is None else f" until {statement.until.date().isoformat()}"
    purpose = "" if statement.purpose is None else f" for {label(statement.purpose)}"
    return f"{who} said on {since}: {label(statement.level.iri).lower()}{purpose}{until}."


def to_rdf(views: Views, made: Iterable[Explanation]) -> Graph:
    """Return explanations as RDF: decisions with what they were derived from and their words."""
    graph = Graph()
    for number, one in enumerate(made, 1):
        node = ID[f"decision/{local_name(one.learner)}#{number}"]
        values: list[tuple[URIRef, URIRef | Literal]] = [
            (RDF.type, BP.Decision),
            (DPV.hasDataSubject, one.learner),
            (BP.hasCategory, one.category),
            (ODRL.assignee, one.audience.iri),
            (BP.hasPurpose, one.purpose),
            (BP.grantsLevel, one.level.iri if one.level else BPL["None"]),
            (BP.isUnderJurisdiction, one.jurisdiction.iri),
            (PROV.generatedAtTime, Literal(one.moment.isoformat(), datatype=XSD.dateTime)),
            (BP.familyMayLower, Literal(one.decision.settable)),
            (RDFS.comment, Literal(" ".join(words(views, one)), lang="en")),
            *((BP.isHeldBy, organization) for organization in one.organizations),
            *((PROV.wasDerivedFrom, reason) for reason in one.decision.reasons),
        ]
        if one.decision.rule is not None:
            values += [
                (BP.hasBasis, one.decision.rule.basis),
                (DCTERMS.source, one.decision.rule.source),
            ]
        for predicate, value in values:
            graph.add((node, predicate, value))
    return graph
