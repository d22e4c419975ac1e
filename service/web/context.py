"""What the surfaces share: the stores behind them and who is asking."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock
from typing import Any
from uuid import UUID

from flask import g, request
from joserfc.jwk import OKPKey
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import ID
from databackpack.service.gate.answer import refuse
from databackpack.service.gate.credentials import (
    Credential,
    PurposeRefused,
    authenticate,
    authenticate_operator,
)
from databackpack.service.gate.faults import MalformedRequest, NotFound, Unauthenticated
from databackpack.service.gate.issuer import Issuer
from databackpack.service.gate.rate import Rates
from databackpack.service.gate.share import Shares
from databackpack.service.intake.package import Sizes
from databackpack.service.policy.model import Audience
from databackpack.service.records.truth import TruthStore
from databackpack.service.rights.holder import holds_rights, inspects
from databackpack.service.views import population
from databackpack.service.views.registry import Views
from databackpack.service.views.view import Limits
from databackpack.service.web.session import presented

__all__ = ["Context", "sent_json", "to_moment"]


@dataclass(frozen=True, slots=True)
class Context:
    """The truth store, its views, the key that signs tokens, and what one answer may take.

    *shares* is how many requests of one audience may be under way: half of the threads that
    answer, so that the other half is for the other audiences. *rates* is how often one asker may
    ask, without limit by default. *issuer* signs tokens beside us. *sizes* is what one load may be,
    *turn* is held while one is under way.
    """

    truth: TruthStore
    views: Views
    key: OKPKey
    limits: Limits = field(default_factory=Limits)
    shares: Shares = field(default_factory=lambda: Shares(8))
    rates: Rates = field(default_factory=Rates)
    issuer: Issuer | None = None
    stopping: Event = field(default_factory=Event)
    sizes: Sizes = field(default_factory=Sizes)
    turn: Lock = field(default_factory=Lock)

    def identify(self, authorization: list[str]) -> Credential:
        """Return whose token is in values of an Authorization header; raises Unauthenticated.

        Raises TooManyRequests when too many tokens from the client's address did not hold.
        """
        moment = self.truth.clock()
        with self._counted(authorization):
            found = authenticate(authorization, self.key, self.views, moment, self.issuer)
        g.asker = found  # whose duties the answer tells
        return found

    def operator(self) -> str:
        """Return which operator sends the present request; raises what ``identify`` raises."""
        sent = request.headers.getlist("Authorization")
        with self._counted(sent):
            return authenticate_operator(sent, self.key, self.truth.clock())

    def credential(self) -> Credential:
        """Return who sends the present request, which takes one of the audience's shares.

        Raises Unauthenticated, TooManyRequests when too much was asked of late or is under way, or
        Unavailable when the audience has no share left.
        """
        found = self.identify(presented())
        self.rates.count_asker(found.audience.iri, found.subject)
        g.role = local_name(found.audience.role)  # all that the log and the metrics know of askers
        if "share" not in g:
            g.share = ExitStack()
        g.share.enter_context(self.shares.take(found.audience.iri, found.subject))
        return found

    @contextmanager
    def _counted(self, authorization: list[str]) -> Iterator[None]:
        """Count a token that does not hold against the client's address.

        One for another purpose than its audience's is also in the disclosure log, as refused.
        """
        try:
            yield
        except Unauthenticated as fault:
            if authorization:
                self.rates.count_address(request.remote_addr)
            if isinstance(fault, PurposeRefused):
                refuse(self.views, fault.asked, "", fault)
            raise

    def least_epoch(self) -> int:
        """Return the least epoch that the client accepts an answer of; raises MalformedRequest."""
        value = request.headers.get("Min-Consent-Epoch", "0")
        if not re.fullmatch(r"[0-9]{1,18}", value):
            raise MalformedRequest(
                "Min-Consent-Epoch is an epoch, such as a Consent-Epoch you saw."
            )
        return int(value)

    def learner(self, name: str) -> URIRef:
        """Return the IRI of the learner called *name*, known or not; raises NotFound.

        INVARIANT: no text from a path becomes part of an IRI unless it is a UUID.
        """
        try:
            return ID[f"learner/{UUID(name)}"]
        except ValueError:
            raise NotFound from None

    def own_learner(self, credential: Credential, name: str) -> URIRef:
        """Return the learner called *name* over whose records the asker holds rights.

        A learner of somebody else and one that does not exist give the same fault.
        """
        learner = self.learner(name)
        if not holds_rights(self.views, credential.audience, learner):
            raise NotFound
        return learner

    def inspected_learner(self, credential: Credential, name: str) -> URIRef:
        """Return the learner called *name* all of whose records the asker may inspect."""
        learner = self.learner(name)
        if not inspects(self.views, credential.audience, learner):
            raise NotFound
        return learner

    def audience(self, name: str) -> Audience:
        """Return the registered audience called *name*; raises NotFound."""
        try:
            return self.views.audience(name)
        except KeyError:
            raise NotFound(f"There is no audience {name[:60]!r}.") from None

    def deciders(self, learner: URIRef) -> list[URIRef]:
        """Return those who may decide who sees the learner's records, sorted."""
        held = self.views.dossier(learner)
        return sorted(population.deciders(held, self.views.law(), self.truth.clock()))


def sent_json() -> Any:
    """Return the request's body as JSON, None when it is not; raises MalformedRequest."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        raise MalformedRequest("The JSON is nested too deeply.") from None


def to_moment(name: str, value: str) -> datetime:
    """Return the moment, in UTC, that the client sent as *name*; raises MalformedRequest."""
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise MalformedRequest(
        f"{name} is {value[:60]!r}; write a moment with its time zone: 2027-06-30T00:00:00Z"
    )
