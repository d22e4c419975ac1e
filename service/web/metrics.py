"""``/metrics``: what the service tells about itself, for Prometheus.

INVARIANT: no label names a person, a learner, an audience, a token or a query. Askers are counted
by the role of their audience.
"""

from collections.abc import Iterable
from ipaddress import ip_address

from flask import Blueprint, Response, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from databackpack.ontology.codes import local_name
from databackpack.service.views.hosted import HostedView
from databackpack.service.web.context import Context

__all__ = ["DURATIONS", "REFUSALS", "REQUESTS", "blueprint"]

REQUESTS = Counter("backpack_requests", "Requests answered.", ["method", "route", "status", "role"])
DURATIONS = Histogram("backpack_request_seconds", "Until an answer was ready.", ["route"])
REFUSALS = Counter("backpack_refusals", "Requests refused, by the kind of fault.", ["kind"])

_PASSED_ON = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("metrics", __name__)
    state = CollectorRegistry()
    state.register(_State(context))

    @surface.get("/metrics")
    def metrics() -> Response:
        if not _is_from_here():
            context.operator()
        told = generate_latest(REGISTRY) + generate_latest(state)
        return Response(told, content_type=CONTENT_TYPE_LATEST)

    return surface


def _is_from_here() -> bool:
    """Tell whether the request comes from this machine, and no proxy on it passed it on."""
    is_local = request.remote_addr is not None and ip_address(request.remote_addr).is_loopback
    return is_local and not any(name in request.headers for name in _PASSED_ON)


class _State(Collector):
    """What is so at the moment of asking."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def collect(self) -> Iterable[Metric]:
        views = [live for live in self._context.views.live() if not live.view.is_closed]
        epoch = self._context.truth.epoch
        yield GaugeMetricFamily("backpack_epoch", "The epoch of the truth store.", epoch)
        live = GaugeMetricFamily("backpack_views", "Live views.", labels=["role"])
        running = GaugeMetricFamily("backpack_queries_running", "Queries now.", labels=["role"])
        roles = [local_name(one.audience.role) for one in views]
        for role in sorted(set(roles)):
            live.add_metric([role], roles.count(role))
            busy = [
                len(one.view.busy())
                for one in views
                if isinstance(one.view, HostedView) and local_name(one.audience.role) == role
            ]
            running.add_metric([role], sum(busy))
        yield from (live, running)
        building = len(self._context.views.building())
        yield GaugeMetricFamily("backpack_views_building", "Views being built.", building)
        memory = sum(one.memory for one in views)
        yield GaugeMetricFamily(
            "backpack_views_bytes", "Memory of all views, at last look.", memory
        )
