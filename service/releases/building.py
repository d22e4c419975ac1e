"""A release is made: what an agreement lets its audience see, told so that k learners look alike.

Two passes over the learners. The first decides and projects, and takes down what outsiders may
know of each; then it is planned what is told how finely; the second tells it so. Nobody sees any
of it before the last, small commit, which makes the release the current one.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice

from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ORG
from databackpack.service.policy.decide import covers
from databackpack.service.policy.model import Agreement, Audience
from databackpack.service.policy.refusal import Refused
from databackpack.service.records.graphs import AGREEMENTS, REGISTRY, released_graph
from databackpack.service.records.truth import TruthStore
from databackpack.service.releases import anonymity, quasi, release, shelf
from databackpack.service.releases.anonymity import Plan
from databackpack.service.releases.draft import Draft
from databackpack.service.releases.extract import Extract
from databackpack.service.releases.generalizer import Generalizer
from databackpack.service.releases.quasi import Item, Profile
from databackpack.service.releases.release import Release
from databackpack.service.releases.shelf import Told
from databackpack.service.views import public
from databackpack.service.views.cohort import SUPPRESSED
from databackpack.service.views.directory import Directory
from databackpack.service.views.released import last_number
from databackpack.service.views.snapshot import walk

__all__ = ["Advance", "build"]

Advance = Callable[[str, int, int], None]
"""Is told what is done, of how many learners, of how many in all."""

_TOGETHER = 200
"""Learners that go into the store in one piece."""


def build(directory: Directory, agreement: URIRef, who: str, advance: Advance) -> Release:
    """Return the release that is now the current one under *agreement*; *who* made it.

    All of it is of one moment and epoch, and in memory are some learners at a time beside what
    outsiders may know of each. Raises Refused with what to do, Disturbed when something is
    committed while it reads, NotLoaded or NotKept when the disk fails: then the release before
    stays the current one.
    """
    truth, moment = directory.truth, directory.truth.clock()
    bound, audience, purpose = _asked(directory, agreement)
    k = max(bound.minimum_group_size or 0, directory.law().minimum_cell_size())
    number, epoch = last_number(truth, agreement) + 1, truth.epoch
    for other in {*range(1, number + 1)} - {number - 1}:  # what a build that was killed left
        shelf.discard(truth, released_graph(agreement, other))
    generalizer, extract = _generalizer(truth), Extract(truth, bound)
    with Draft() as draft:
        profiles: dict[URIRef, Profile] = {}
        items: dict[Item, Item] = {}
        reading = walk(directory, audience, purpose, moment, partial(advance, "Reading"))
        for shown in reading:
            if seen := extract.see(shown):
                draft.add(shown.learner, seen)
                profile = quasi.profile((quad.triple for quad in seen), generalizer)
                profiles[shown.learner] = tuple(items.setdefault(one, one) for one in profile)
        if len(profiles) < k:
            raise Refused(
                str(BP.minimumGroupSize),
                f"Only {len(profiles)} learners may be seen under it, and a release needs {k}.",
            )
        before = release.classes_before(truth, agreement)
        plan = anonymity.plan(profiles, k, generalizer, before)
        profiles.clear()
        extract.save()
        told, done, written = _told(draft, plan, generalizer), 0, set[URIRef]()
        while some := list(islice(told, _TOGETHER)):
            written |= shelf.put(truth, released_graph(agreement, number), some)
            done += len(some)
            advance("Writing", done, len(plan.recodings))
    shelf.finish(truth, released_graph(agreement, number))
    made = Release(
        agreement=agreement,
        audience=audience.iri,
        purpose=purpose,
        number=number,
        moment=moment,
        epoch=epoch,
        k=k,
        who=who,
        learners=len(written),
        suppressed=sum(plan.classes[one] == SUPPRESSED for one in written),
        left_out=len(directory.candidates(audience)) - len(written),
        losses=plan.losses,
    )
    classes = {one: plan.classes[one] for one in written}
    truth.commit(release.addition(truth, made, classes))
    shelf.discard(truth, released_graph(agreement, number - 1))
    return made


def _asked(directory: Directory, iri: URIRef) -> tuple[Agreement, Audience, URIRef]:
    """Return the agreement, its audience bound by it alone, and the purpose; raises Refused."""
    of = dict(directory.truth.pairs(AGREEMENTS, BP.isAgreementOf))
    audience = directory.audience(local_name(URIRef(of[iri])))
    (bound,) = (one for one in audience.agreements if one.iri == iri)
    if bound.minimum_group_size is None:
        raise Refused(
            str(BP.minimumGroupSize),
            "It does not ask for releases; its audience is shown records as they are now. Make an "
            "agreement with a group size for a study that gets releases.",
        )
    moment = directory.truth.clock()
    purposes = sorted(one for one in audience.purposes if covers(bound, one, moment))
    if not purposes:
        since, until = bound.since.date(), bound.until.date()
        raise Refused(
            str(BP.validUntil),
            f"It is in force from {since} to {until}, and not now; make a new agreement.",
        )
    return bound, replace(audience, agreements=(bound,)), purposes[0]


def _generalizer(truth: TruthStore) -> Generalizer:
    """Return the ladders over the registry, the standards and the frameworks of *truth*."""
    parents = truth.pairs(REGISTRY, ORG.subOrganizationOf)
    return Generalizer({child: URIRef(parent) for child, parent in parents}, public.known(truth))


def _told(draft: Draft, plan: Plan, generalizer: Generalizer) -> Iterator[Told]:
    """Yield what is told of each learner of *plan*."""
    for learner, seen in draft:
        if learner in plan.recodings:
            triples = [quad.triple for quad in seen]
            told = quasi.recode(triples, plan.recodings[learner], generalizer)
            yield learner, seen, *told
