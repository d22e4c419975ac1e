"""What files say of families, as changes: who guards whom, what they set, who is held back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid5

import pyoxigraph as ox
from rdflib import RDF, XSD, Graph, Literal, URIRef

from databackpack.loaders.record import (
    Guardianship,
    Hold,
    Item,
    Problem,
    Setting,
    Source,
    StandingDocument,
)
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPA, ID
from databackpack.service.policy import audience as audiences
from databackpack.service.policy import consent, jurisdiction
from databackpack.service.policy.consent import Event, Terms
from databackpack.service.policy.model import Level, Statement
from databackpack.service.policy.profile import UnreadablePolicy
from databackpack.service.records.graphs import AUDIENCES, HOLDS, guardianship_graph
from databackpack.service.records.terms import node, to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.report import Report
from databackpack.service.views import statements

__all__ = ["changes"]


def changes(truth: TruthStore, items: Sequence[Item], report: Report) -> Iterator[Change]:
    """Yield what puts the families' words among *items* into *truth*.

    INVARIANT: whoever lost a word on the way, in the file or here, is held back in the same commit.
    """
    yield from _standing_changes(truth, items, report)
    settings = [item for item in items if isinstance(item, Setting)]
    refused: dict[URIRef, Source] = {}
    yield from _policy_changes(truth, settings, report, refused)
    yield from _hold_changes(truth, items, report, refused)


def _standing_changes(truth: TruthStore, items: Sequence[Item], report: Report) -> Iterator[Change]:
    """Yield each learner's guardianships and standing documents, written as a whole.

    What a load brings none of stays as it is: a file without court orders ends no court order.
    """
    graphs: dict[URIRef, Graph] = {}
    brought: dict[URIRef, set[URIRef]] = {}
    for item in items:
        if isinstance(item, Guardianship | StandingDocument):
            kind = BP.Guardianship if isinstance(item, Guardianship) else BP.StandingDocument
            brought.setdefault(item.learner, set()).add(kind)
            graph = graphs.setdefault(item.learner, Graph())
            if isinstance(item, Guardianship):
                report.guardianships += 1
                _add_guardianship(graph, item)
                person = audiences.of_person(BPA.guardian, item.guardian)
                yield Change(AUDIENCES, to_triples(audiences.write(person)), subject=person.iri)
            else:
                report.documents += 1
                _add_document(graph, item)
    for learner, graph in graphs.items():
        name = guardianship_graph(learner)
        kept = _without(truth.triples(name), brought[learner])
        yield Change(name, to_triples(graph) | kept, learner=learner)


def _add_guardianship(graph: Graph, tie: Guardianship) -> None:
    iri = ID[f"guardianship/{local_name(tie.learner)}/{local_name(tie.guardian)}"]
    graph.add((iri, RDF.type, BP.Guardianship))
    graph.add((iri, BP.isGuardianshipOf, tie.learner))
    graph.add((iri, BP.hasGuardian, tie.guardian))
    graph.add((iri, BP.guardianRelation, Literal(tie.relation)))
    _add_span(graph, iri, tie.since, tie.until)


def _add_document(graph: Graph, document: StandingDocument) -> None:
    iri = ID[f"standing/{uuid5(UUID(local_name(document.learner)), document.identifier)}"]
    graph.add((iri, RDF.type, BP.StandingDocument))
    graph.add((iri, BP.hasStandingKind, document.kind))
    graph.add((iri, BP.documentReference, Literal(document.reference)))
    if document.person is not None:
        graph.add((iri, BP.concernsPerson, document.person))
    _add_span(graph, iri, document.since, document.until)


def _add_span(graph: Graph, iri: URIRef, since: datetime | None, until: datetime | None) -> None:
    for predicate, moment in ((BP.validFrom, since), (BP.validUntil, until)):
        if moment is not None:
            graph.add((iri, predicate, _literal(moment)))


def _literal(moment: datetime) -> Literal:
    """Return *moment* as the store spells it, so that the same load again changes nothing."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    text = f"{text.rstrip('0') if '.' in text else text}Z"
    return Literal(text, datatype=XSD.dateTime, normalize=False)


def _without(triples: set[ox.Triple], kinds: set[URIRef]) -> set[ox.Triple]:
    """Return *triples* but for those about something of one of *kinds*."""
    types = {node(kind) for kind in kinds}
    subjects = {t.subject for t in triples if t.predicate == node(RDF.type) and t.object in types}
    return {triple for triple in triples if triple.subject not in subjects}


def _policy_changes(
    truth: TruthStore, settings: list[Setting], report: Report, refused: dict[URIRef, Source]
) -> Iterator[Change]:
    """Yield what adds the settings to the learners' consent records, each once.

    The notice is that of the default jurisdiction: files do not say under which one it was said.
    """
    terms = Terms(BP.SourceSystem, jurisdiction.read("us-default").notice)
    known = {iri: URIRef(role) for iri, role in truth.pairs(AUDIENCES, BP.hasRole)}
    said: dict[URIRef, list[tuple[Statement, Source]]] = {}
    for setting in settings:
        try:
            statement = _statement(setting, known, truth.clock())
        except ValueError as error:
            report.problems.append(Problem(setting.source, "setting", str(error)))
            refused.setdefault(setting.learner, setting.source)
        else:
            said.setdefault(setting.learner, []).append((statement, setting.source))
    purposes = statements.purposes(truth)
    for learner, words in said.items():
        try:
            events = list(statements.events(truth, learner))
        except UnreadablePolicy as error:
            report.problems.append(Problem(words[0][1], "unreadable record", str(error)))
            refused.setdefault(learner, words[0][1])
            continue
        report.settings += len(words)
        on_record = {event.statement.iri for event in events if event.statement is not None}
        new: list[Event] = []
        for statement, _ in words:
            if statement.iri not in on_record:
                new += consent.say([*events, *new], statement, terms, purposes)
                on_record.add(statement.iri)
        if new:
            yield statements.addition(truth, learner, new, receipts=False)


def _statement(setting: Setting, known: Mapping[URIRef, URIRef], moment: datetime) -> Statement:
    audience = next(
        (
            iri
            for iri in (ID[f"audience/{setting.audience}"], BPA[setting.audience])
            if iri in known or iri in audiences.roles()
        ),
        None,
    )
    if audience is None:
        raise ValueError(f"there is no audience or role {setting.audience!r}")
    if setting.until is not None and setting.until <= setting.since:
        raise ValueError("it ends before it begins; correct one of the two dates")
    level, purpose = Level.of(setting.level), setting.purpose
    if purpose is None and level > Level.NONE:
        purpose = audiences.usual_purpose(known.get(audience, audience))
    key = (
        *(setting.assigner, setting.category, audience, setting.level),
        *(str(part) for part in (purpose, setting.since, setting.until)),
    )
    return Statement(
        iri=consent.policy_iri(setting.learner, *key),
        learner=setting.learner,
        category=setting.category,
        audience=audience,
        level=level,
        assigner=setting.assigner,
        since=setting.since,
        until=setting.until,
        purpose=purpose,
        issued=None if setting.since <= moment else moment,
    )


def _hold_changes(
    truth: TruthStore, items: Sequence[Item], report: Report, refused: dict[URIRef, Source]
) -> Iterator[Change]:
    """Yield who is held back from now on and who no longer is.

    INVARIANT: what one folder of a load got wrong no other folder of the same load puts right.
    """
    holds = [item for item in items if isinstance(item, Hold)]
    held = refused | {hold.learner: hold.source for hold in holds if hold.is_held}
    for learner, source in held.items():
        if learner not in report.held:
            report.held.add(learner)
            report.problems.append(Problem(source, "held back", _words(truth, learner)))
    for learner in dict.fromkeys([*held, *(hold.learner for hold in holds)]):
        graph = Graph()
        if learner in report.held:
            graph.add((learner, BP.isHeldBack, Literal(True)))
        yield Change(HOLDS, to_triples(graph), subject=learner, learner=learner)


def _words(truth: TruthStore, learner: URIRef) -> str:
    keys = sorted(truth.objects(learner, BP.personKey))
    name = keys[0].removeprefix("learner ").removeprefix("state:") if keys else local_name(learner)
    return (
        f"learner {name} is held back: a word of the family was refused, which may have been a "
        "prohibition, so nobody sees the records until the row is mended and loaded again"
    )
