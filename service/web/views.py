"""``/views``: which views are live, and what operators do: rebuild, check, publish.

All take as long as they take, so they go on beside the request, which only tells how far they
are: a line of JSON at each beat, the last one with what came of it. Who goes away ends nothing.
"""

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.service.gate.faults import NotFound, Unavailable
from databackpack.service.policy.model import Audience
from databackpack.service.policy.refusal import Refused
from databackpack.service.statistics.choice import choose, to_epsilon
from databackpack.service.statistics.schedule import outline
from databackpack.service.views.building import Advance
from databackpack.service.views.hosted import HostedView
from databackpack.service.views.live import Live
from databackpack.service.views.process import ProcessLost
from databackpack.service.views.snapshot import Disturbed
from databackpack.service.views.view import ViewFault
from databackpack.service.web.context import Context

__all__ = ["blueprint"]

_BEAT = 0.25
"""Seconds between two lines: so whoever waits knows that the service is still there."""

_RETRY_AFTER = 10
_LOG = logging.getLogger(__name__)
_Line = dict[str, Any]


class _Progress:
    """How far an operation is."""

    def __init__(self) -> None:
        self.line = _progress(0, 0, 0)

    def advance(self, done: int, learners: int, triples: int) -> None:
        self.line = _progress(done, learners, triples)


class _Turn:
    """Who has it does one operation to its end; *what* it is.

    An operation goes on in a thread of its own while its request tells of it.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="operation")
        self._lock = Lock()

    def operate(self, work: Callable[[Advance], _Line]) -> Response:
        """Begin *work*, when no other is under way, and return its progress as a stream."""
        if not self._lock.acquire(blocking=False):
            raise Unavailable(f"Another {self._what} is under way.", _RETRY_AFTER)
        _LOG.info("%s: %s", g.operator, request.path)
        progress = _Progress()
        outcome = self._executor.submit(work, progress.advance)
        outcome.add_done_callback(lambda _: self._lock.release())
        return Response(_lines(outcome, progress), mimetype="application/x-ndjson")


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("views", __name__)
    views = context.views
    views_turn, statistics_turn = _Turn("rebuild or check"), _Turn("publication")

    @surface.before_request
    def admit() -> None:
        g.operator = context.operator()

    @surface.get("/views")
    def live() -> Response:
        return jsonify(
            views=[_described(one) for one in views.live() if not one.view.is_closed],
            building=[{**_named(one), **_progress(*one.progress)} for one in views.building()],
        )

    @surface.post("/views/<audience>/<purpose>/rebuild")
    def rebuild(audience: str, purpose: str) -> Response:
        chosen = _chosen(context, audience, purpose)

        def work(advance: Advance) -> _Line:
            built = views.rebuild(*chosen, advance)
            return {"epoch": built.epoch, "triples": len(built)}

        return views_turn.operate(work)

    @surface.post("/views/<audience>/<purpose>/check")
    def check(audience: str, purpose: str) -> Response:
        chosen = _chosen(context, audience, purpose)

        def work(advance: Advance) -> _Line:
            found = views.check(*chosen, advance)
            if not found.is_equal:
                _LOG.error("the view of %s differed from a rebuild: %s", audience, found)
            differing = {"only_live": found.only_first, "only_rebuilt": found.only_second}
            return {"same": found.same, **differing}

        return views_turn.operate(work)

    @surface.post("/views/<audience>/<purpose>/publish")
    def publish(audience: str, purpose: str) -> Response:
        chosen = _chosen(context, audience, purpose)
        wanted = choose(context.truth, request.args.getlist("cube"), *chosen)
        epsilon = to_epsilon(request.args.get("epsilon"))

        def work(advance: Advance) -> _Line:
            from databackpack.service.statistics import publication  # counting loads what is public

            found = publication.publish(
                views, wanted, *chosen, epsilon, lambda done, total: advance(done, total, 0)
            )
            return {"published": [outline(context.truth, one) for one in found]}

        return statistics_turn.operate(work)

    return surface


def _chosen(context: Context, name: str, purpose: str) -> tuple[Audience, URIRef]:
    """Return the audience called *name* and its purpose called *purpose*; raises NotFound."""
    audience = context.audience(name)
    purposes = {local_name(known): known for known in audience.purposes}
    if purpose not in purposes:
        names = ", ".join(sorted(purposes))
        raise NotFound(f"{name} has no purpose {purpose[:60]!r}; it has: {names}.")
    return audience, purposes[purpose]


def _described(live: Live) -> _Line:
    view = live.view
    return {
        **_named(live),
        "epoch": view.epoch,
        "triples": len(view),
        "changes": view.changes,
        "memory": view.memory(),
        "processes": view.pids() if isinstance(view, HostedView) else [],
        "used": live.used.isoformat(),
    }


def _named(live: Live) -> _Line:
    return {"audience": local_name(live.audience.iri), "purpose": local_name(live.purpose)}


def _progress(done: int, learners: int, triples: int) -> _Line:
    return {"done": done, "learners": learners, "triples": triples}


def _lines(outcome: "Future[_Line]", progress: _Progress) -> Iterator[str]:
    while not wait([outcome], _BEAT).done:
        yield _line(progress.line)
    yield _line(_told(outcome))


def _told(outcome: "Future[_Line]") -> _Line:
    try:
        return outcome.result()
    except (ViewFault, ProcessLost) as error:
        _LOG.warning("an operation on a view came to nothing: %r", error)
        return {"problem": "The view was given up meanwhile, or the service is stopping."}
    except (Refused, Disturbed) as error:
        return {"problem": str(error)}
    except Exception:
        _LOG.exception("an operation on a view failed")
        return {"problem": "The service failed; its log says how."}


def _line(told: _Line) -> str:
    return f"{json.dumps(told)}\n"
