"""A service over a store on disk with as many learners as a figure asks for.

600 learners are loaded as anybody's are; the others are copies of them under names of their own,
written in bulk, so that a state's worth of learners is there in minutes.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from uuid import UUID

import pyoxigraph as ox

from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.credentials import signing_key
from databackpack.service.policy import jurisdiction
from databackpack.service.records.graphs import IDENTITY, JOURNAL
from databackpack.service.records.identity import Identities
from databackpack.service.records.truth import TruthStore
from databackpack.service.views.registry import Budget, Views
from databackpack.service.web.context import Context
from tests.running import Running, TickingClock, load_sample

__all__ = ["ORIGINALS", "milliseconds", "serving", "timed"]

ORIGINALS = 600
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ORGANIZATION = re.compile(rb"id/organization/(" + _UUID.pattern + rb")")
_NOT_COPIED = tuple(f"<{graph}> .\n".encode() for graph in (IDENTITY, JOURNAL))


logging.getLogger("waitress.queue").setLevel(logging.ERROR)


@contextmanager
def serving(copies: int, workers: int = 2) -> Iterator[Running]:
    """Give a service over ORIGINALS x *copies* learners, in a folder that is gone afterwards."""
    with TemporaryDirectory(prefix="databackpack-bench-") as name:
        folder, clock = Path(name), TickingClock()
        store = folder / "store"
        load_sample(TruthStore(store, clock), folder, ORIGINALS)
        _copy(store, copies)
        truth = TruthStore(store, clock)
        views = Views(
            truth, jurisdiction.read("us-default"), budget=Budget(memory=2**40, workers=workers)
        )
        context = Context(truth, views, signing_key(folder / "keys"))
        app = create_app(Config(store=store, keys=folder / "keys", clock=clock), context)
        try:
            yield Running(context, app, Identities(truth), clock)
        finally:
            views.close()


def _copy(path: Path, copies: int) -> None:
    """Add *copies* - 1 copies of all that is about persons to the store at *path*."""
    store, whole = ox.Store(str(path)), BytesIO()
    store.dump(whole, format=ox.RdfFormat.N_QUADS)
    lines = whole.getvalue().splitlines(keepends=True)
    kept = {match[1] for line in lines for match in _ORGANIZATION.finditer(line)}
    text = b"".join(line for line in lines if not line.endswith(_NOT_COPIED))
    for number in range(1, copies):

        def rename(found: re.Match[bytes], number: int = number) -> bytes:
            name = found[0]
            return (
                name if name in kept else str(UUID(int=int(UUID(name.decode())) ^ number)).encode()
            )

        store.bulk_load(_UUID.sub(rename, text), format=ox.RdfFormat.N_QUADS)
    store.flush()


def timed(action: Callable[[], object], times: int) -> list[float]:
    """Return the seconds that each of *times* runs of *action* took."""
    found = []
    for _ in range(times):
        begin = perf_counter()
        action()
        found.append(perf_counter() - begin)
    return found


def milliseconds(seconds: list[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile, in milliseconds."""
    return median(seconds) * 1000, quantiles(seconds, n=100, method="inclusive")[98] * 1000
