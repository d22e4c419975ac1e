"""From a query request and a credential to an answer: the same way for HTTP and command line."""

from typing import NoReturn

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.service.gate import guard
from databackpack.service.gate.credentials import Credential
from databackpack.service.gate.faults import (
    MalformedQuery,
    NotAcceptable,
    QueryRequestRefused,
    ServiceError,
    Unavailable,
)
from databackpack.service.gate.protocol import QueryRequest
from databackpack.service.records import disclosures
from databackpack.service.records.disclosures import Outcome, Request
from databackpack.service.records.terms import to_ox
from databackpack.service.views import view
from databackpack.service.views.registry import Views
from databackpack.service.views.view import Answer, Limits, QueryOperation, View

__all__ = ["answer", "refuse"]

_TRIES = 2


def answer(
    views: Views,
    credential: Credential,
    request: QueryRequest,
    results_format: ox.QueryResultsFormat | None,
    graph_format: ox.RdfFormat | None,
    limits: Limits | None = None,
) -> Answer:
    """Return the answer over the asker's own view, complete and within *limits*.

    The request is in the log before it is run, and what came of it before the answer leaves.

    Raises QueryRequestRefused, MalformedQuery, NotAcceptable, TooLarge or Unavailable, logged as
    refusals.
    """
    asked = _request(views, credential, request.query)
    entry = disclosures.begin(views.truth, asked)
    try:
        guard.check(request.query)
        operation = QueryOperation(
            request.query,
            results_format,
            graph_format,
            request.default_graphs,
            request.named_graphs,
            {ox.Variable(name): to_ox(term) for name, term in request.bindings.items()},
            limits or Limits(),
        )
        for _ in range(_TRIES):
            shown, answered = _evaluate(views, credential, operation, request.least_epoch)
            with views.truth.writing():  # no withdrawal comes between this look and the log
                if shown.is_current(answered):
                    _end(views, credential, entry, disclosures.ANSWERED, answered)
                    return answered
        raise Unavailable("Your view changed while the query was run; ask again.")
    except ServiceError as fault:
        _end(views, credential, entry, type(fault).__name__)
        raise


def refuse(views: Views, credential: Credential, query: str, fault: ServiceError) -> NoReturn:
    """Raise *fault*, with the request and its refusal in the log."""
    asked = _request(views, credential, query)
    _end(views, credential, disclosures.begin(views.truth, asked), type(fault).__name__)
    raise fault


def _request(views: Views, credential: Credential, query: str) -> Request:
    return Request(
        subject=credential.subject,
        audience=credential.audience.iri,
        purpose=credential.purpose,
        moment=views.truth.clock(),
        query=query,
    )


def _evaluate(
    views: Views, credential: Credential, operation: QueryOperation, least_epoch: int
) -> tuple[View, Answer]:
    """Return the answer and the view that gave it; one that was just given up is asked for anew."""
    for _ in range(_TRIES):
        try:
            shown = views.view(credential.audience, credential.purpose)
            if shown.epoch < least_epoch:
                raise Unavailable(f"Your view is at epoch {shown.epoch}, not yet {least_epoch}.")
            return shown, shown.evaluate(operation)
        except view.ViewClosed:
            continue
        except view.ViewFault as fault:
            raise _told(fault, operation.limits) from None
    raise Unavailable("Your view is being made anew; ask again.")


def _told(fault: view.ViewFault, limits: Limits) -> ServiceError:
    """Return *fault* as the client is told of it."""
    match fault:
        case view.MalformedQuery():
            return MalformedQuery(str(fault))
        case view.NotAcceptable():
            return NotAcceptable("The query's result has no form that you accept.")
        case view.AnswerTooLarge():
            return QueryRequestRefused(
                f"The answer has more than {limits.most_bytes} bytes; "
                "ask for fewer rows or columns, or add LIMIT."
            )
        case view.AnswerTooSlow():
            return Unavailable(
                f"The answer was not complete in {limits.seconds:g} seconds; ask for less."
            )
        case view.QueryKilled():
            return Unavailable(
                "The query did not come to its end within the memory of one answer; ask for less."
            )
        case view.ViewBuilding():
            return Unavailable("Your view is being built; ask again after a while.", 5)
        case view.ViewBusy():
            return Unavailable("Other queries of your audience are running; ask again.")
        case _:
            return Unavailable("Your view changed while the query was run; ask again.")


def _end(
    views: Views,
    credential: Credential,
    entry: URIRef,
    result: str,
    answered: Answer | None = None,
) -> None:
    """Write the outcome over the state that the answer was computed at, or the present one."""
    if answered is None:
        epoch, state = views.truth.epoch, views.state(credential.audience, credential.purpose)
    else:
        epoch, state = answered.epoch, answered.state
    outcome = Outcome(result, views.truth.clock(), epoch, state)
    disclosures.end(views.truth, entry, outcome)
