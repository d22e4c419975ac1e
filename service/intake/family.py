"""What files say of families, as changes: who guards whom, what they set, who is held back."""

from collections.abc import Callable, Iterator, Sequence, Set
from datetime import UTC, datetime
from functools import cache, partial
from uuid import UUID, uuid5

import pyoxigraph as ox
from rdflib import RDF, XSD, URIRef

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
from databackpack.service.intake.deciding import Deciding
from databackpack.service.intake.report import Report
from databackpack.service.policy import audience as audiences
from databackpack.service.policy import consent, jurisdiction
from databackpack.service.policy.consent import Event, Terms
from databackpack.service.policy.model import Audience, Level, Statement
from databackpack.service.policy.profile import UnreadablePolicy
from databackpack.service.policy.refusal import NoStanding
from databackpack.service.records.graphs import AUDIENCES, HOLDS, guardianship_graph
from databackpack.service.records.terms import node, text, to_triples
from databackpack.service.records.truth import Change, TruthStore
from databackpack.service.views import statements

__all__ = ["audience", "changes"]

_HAS_ROLE, _TYPE, _GUARDIANSHIP = node(BP.hasRole), node(RDF.type), node(BP.Guardianship)


def changes(
    truth: TruthStore, items: Sequence[Item], report: Report, new: Set[URIRef] = frozenset()
) -> Iterator[Change]:
    """Yield what puts the families' words among *items* into *truth*, which knows nobody of *new*.

    INVARIANT: whoever lost a word on the way, in the file or here, is held back in the same commit.
    """
    yield from _standing_changes(truth, items, report, new)
    settings = [item for item in items if isinstance(item, Setting)]
    refused: dict[URIRef, Source] = {}
    rights = Deciding(truth, items)
    yield from _policy_changes(truth, settings, report, refused, rights)
    yield from _hold_changes(truth, items, report, refused)


def audience(role: URIRef, person: URIRef, *, is_known: bool = True) -> Change:
    """Return what makes *person*, who may be known already, somebody who may ask in *role*."""
    made = audiences.of_person(role, person)
    sample, triples = _sample(role)
    known: dict[object, ox.NamedNode] = {
        node(sample.iri): node(made.iri),
        node(sample.party): node(person),
    }
    subject = node(made.iri)
    said = {ox.Triple(subject, t.predicate, known.get(t.object, t.object)) for t in triples}
    return Change(AUDIENCES, said, subject=made.iri, replaces=is_known)


@cache
def _sample(role: URIRef) -> tuple[Audience, set[ox.Triple]]:
    """Return somebody's audience and how it is written: every person's differs by two names."""
    somebody = audiences.of_person(role, ID["person/0"])
    return somebody, to_triples(audiences.write(somebody))


def _standing_changes(
    truth: TruthStore, items: Sequence[Item], report: Report, new: Set[URIRef]
) -> Iterator[Change]:
    """Yield each learner's guardianships, as a whole, and standing documents, each by itself.

    A document that a load does not bring stays as it is: no court order ends by being left out.
    """
    said: dict[URIRef, set[ox.Triple]] = {}
    guarded: set[URIRef] = set()
    for item in items:
        if isinstance(item, Guardianship):
            report.guardianships += 1
            guarded.add(item.learner)
            said.setdefault(item.learner, set()).update(_guardianship(item))
            yield audience(BPA.guardian, item.guardian)
        elif isinstance(item, StandingDocument):
            report.documents += 1
            said.setdefault(item.learner, set()).update(_document(item))
    for learner, triples in said.items():
        name, is_known = guardianship_graph(learner), learner not in new
        held = truth.triples(name) if is_known else set()
        replaced = {triple.subject for triple in triples}
        if learner in guarded:
            replaced |= {t.subject for t in held if t.object == _GUARDIANSHIP}
        kept = {triple for triple in held if triple.subject not in replaced}
        yield Change(name, triples | kept, learner=learner, replaces=is_known)


def _guardianship(tie: Guardianship) -> Iterator[ox.Triple]:
    iri = node(ID[f"guardianship/{local_name(tie.learner)}/{local_name(tie.guardian)}"])
    yield ox.Triple(iri, _TYPE, _GUARDIANSHIP)
    yield ox.Triple(iri, node(BP.isGuardianshipOf), node(tie.learner))
    yield ox.Triple(iri, node(BP.hasGuardian), node(tie.guardian))
    yield ox.Triple(iri, node(BP.guardianRelation), ox.Literal(tie.relation))
    yield from _span(iri, tie.since, tie.until)


def _document(document: StandingDocument) -> Iterator[ox.Triple]:
    name = uuid5(UUID(local_name(document.learner)), document.identifier)
    iri = node(ID[f"standing/{name}"])
    yield ox.Triple(iri, _TYPE, node(BP.StandingDocument))
    yield ox.Triple(iri, node(BP.hasStandingKind), node(document.kind))
    yield ox.Triple(iri, node(BP.documentReference), ox.Literal(document.reference))
    if document.person is not None:
        yield ox.Triple(iri, node(BP.concernsPerson), node(document.person))
    yield from _span(iri, document.since, document.until)


def _span(iri: ox.NamedNode, since: datetime | None, until: datetime | None) -> Iterator[ox.Triple]:
    for predicate, moment in ((BP.validFrom, since), (BP.validUntil, until)):
        if moment is not None:
            yield ox.Triple(iri, node(predicate), _literal(moment))


def _literal(moment: datetime) -> ox.Literal:
    """Return *moment* as the store spells it, so that the same load again changes nothing."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    text = f"{text.rstrip('0') if '.' in text else text}Z"
    return ox.Literal(text, datatype=node(XSD.dateTime))


def _policy_changes(
    truth: TruthStore,
    settings: list[Setting],
    report: Report,
    refused: dict[URIRef, Source],
    rights: Deciding,
) -> Iterator[Change]:
    """Yield what adds the settings to the learners' consent records, each once.

    The notice is that of the default jurisdiction: files do not say under which one it was said.
    """
    terms = Terms(BP.SourceSystem, jurisdiction.read("us-default").notice)
    roles = cache(partial(_role, truth))
    said: dict[URIRef, list[tuple[Statement, Source]]] = {}
    for setting in settings:
        try:
            statement = _statement(setting, roles, truth.clock())
            rights.check(statement)
        except NoStanding as error:  # it opens nothing, so nobody need be held back
            report.problems.append(Problem(setting.source, "no standing", str(error)))
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


def _role(truth: TruthStore, audience: URIRef) -> URIRef | None:
    """Return the role of an audience of *truth*; there are as many as persons, so one is read."""
    said = truth.triples(AUDIENCES, audience)
    return next((URIRef(text(t.object)) for t in said if t.predicate == _HAS_ROLE), None)


def _statement(
    setting: Setting, roles: Callable[[URIRef], URIRef | None], moment: datetime
) -> Statement:
    audience = next(
        (
            iri
            for iri in (ID[f"audience/{setting.audience}"], BPA[setting.audience])
            if iri in audiences.roles() or roles(iri) is not None
        ),
        None,
    )
    if audience is None:
        raise ValueError(f"there is no audience or role {setting.audience!r}")
    if setting.until is not None and setting.until <= setting.since:
        raise ValueError("it ends before it begins; correct one of the two dates")
    level, purpose = Level.of(setting.level), setting.purpose
    if purpose is None and level > Level.NONE:
        purpose = audiences.usual_purpose(roles(audience) or audience)
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
        said = {_held(learner)} if learner in report.held else set()
        yield Change(HOLDS, said, subject=learner, learner=learner)


def _held(learner: URIRef) -> ox.Triple:
    return ox.Triple(node(learner), node(BP.isHeldBack), ox.Literal(True))


def _words(truth: TruthStore, learner: URIRef) -> str:
    keys = sorted(truth.objects(learner, BP.personKey))
    name = keys[0].removeprefix("learner ").removeprefix("state:") if keys else local_name(learner)
    return (
        f"learner {name} is held back: a word of the family was refused, which may have been a "
        "prohibition, so nobody sees the records until the row is mended and loaded again"
    )
