"""How views come to be: filled from the truth store in threads, while others go on committing."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Lock
from time import perf_counter
from weakref import WeakValueDictionary

from prometheus_client import Histogram
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.service.records.truth import Commit
from databackpack.service.views import public
from databackpack.service.views.code import Codes
from databackpack.service.views.directory import Directory
from databackpack.service.views.exposure import Exposures
from databackpack.service.views.hosted import HostedView
from databackpack.service.views.live import Live
from databackpack.service.views.process import ProcessLost, Template
from databackpack.service.views.view import View, ViewBuilding

__all__ = ["Advance", "Builds", "Key", "public_template", "unwatched"]

_BUILDERS = 4
_TRIES = 5
_ONE_MAKES = Lock()
_LOG = logging.getLogger(__name__)
_SECONDS = Histogram(
    "backpack_view_build_seconds",
    "Until a view was built and shown.",
    buckets=(0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, float("inf")),
)

Key = tuple[URIRef, URIRef]
"""An audience and a purpose."""

Advance = Callable[[int, int, int], None]
"""Is told of a build: learners done, learners in all, triples so far."""


def unwatched(*_: int) -> None:
    """Nobody watches this build."""


def public_template() -> Template:
    """Return the template of this process with what is public: one, however many ask at once."""
    with _ONE_MAKES:
        return _public_template()


@cache
def _public_template() -> Template:
    return Template(public.statements())


class Builds:
    """The builds that are under way over *directory*; *adopt* takes each view that is finished.

    *exposures* gives what (audience, purpose) has shown so far. Both are called with writers kept
    out. INVARIANT: whatever is committed during a build is in the view before it is adopted.
    """

    def __init__(
        self,
        directory: Directory,
        template: Template | None,
        workers: int,
        exposures: Callable[[Key], Exposures],
        adopt: Callable[[Live], None],
    ) -> None:
        self._directory = directory
        self._template = template
        self._workers = workers
        self._exposures = exposures
        self._adopt = adopt
        self._unfinished: list[Live] = []
        self._futures: dict[Key, Future[View]] = {}
        self._pool = ThreadPoolExecutor(_BUILDERS, thread_name_prefix="build")
        self._codes: WeakValueDictionary[URIRef, Codes] = WeakValueDictionary()
        self._is_closed = False

    def start(self) -> None:
        """Have the process whose forks views are; raises ProcessLost or OSError."""
        self._chosen().start()

    def begin(self, key: Key, advance: Advance = unwatched) -> "Future[View]":
        """Return the build of a view, begun if none is under way; the caller keeps writers out.

        Raises ViewBuilding when nothing is built any more.
        """
        if self._is_closed:
            raise ViewBuilding
        future = self._futures.get(key)
        if future is None or future.done():
            future = self._futures[key] = self._pool.submit(self._build, key, advance)
        return future

    def prepare(self, key: Key, advance: Advance) -> Live:
        """Return a view of *key* that has everything but the last changes, and goes on hearing.

        Raises KeyError for an audience that is no more, or ProcessLost.
        """
        directory, audience_name = self._directory, local_name(key[0])
        view = HostedView(self._chosen(), directory.truth.epoch, self._workers)
        with directory.truth.writing():
            audience = directory.audience(audience_name)
            codes = self._codes.get(audience.iri) or Codes(directory.truth, audience)
            self._codes[audience.iri] = codes
            live = Live(directory, audience, key[1], view, codes, self._exposures(key))
            self._unfinished.append(live)
            learners = directory.candidates(audience)
        try:
            live.build(learners, lambda done, triples: advance(done, len(learners), triples))
            view.start()
        except BaseException:
            self.give_up(live)
            raise
        return live

    def _chosen(self) -> Template:
        return self._template or public_template()

    def give_up(self, live: Live) -> None:
        """Close a view that is not wanted any more."""
        with self._directory.truth.writing():
            if live in self._unfinished:
                self._unfinished.remove(live)
        live.view.close()

    def unfinished(self) -> list[Live]:
        """Return the views that are being built, to be shown or to check another one by."""
        return list(self._unfinished)

    def follow(self, commit: Commit, is_shared: bool) -> None:
        """Let the views that are being built hear of *commit*, which may bear on all of a view."""
        for live in self._unfinished:
            live.is_outdated = live.is_outdated or is_shared or live.is_released_anew(commit)
            try:
                live.follow(commit)
            except Exception:
                _LOG.exception("a view under construction could not follow %d", commit.epoch)
                live.is_outdated = True

    def close(self) -> None:
        """End all builds and begin none any more."""
        self._is_closed = True
        with self._directory.truth.writing():
            for live in self._unfinished:
                live.is_outdated = True
                live.view.close()  # so that what fills it ends now
        self._pool.shutdown(cancel_futures=True)

    def _build(self, key: Key, advance: Advance) -> View:
        """Return the view of *key*, built and adopted."""
        for _ in range(_TRIES):
            if self._is_closed:
                break
            begun = perf_counter()
            try:
                live = self.prepare(key, advance)
            except ProcessLost:
                if not self._is_closed:
                    _LOG.exception("the processes of a view were lost while it was built")
                continue
            if self._finish(live):
                _SECONDS.observe(perf_counter() - begun)
                _LOG.info("built a view for a %s", local_name(live.audience.role))
                return live.view
        raise ViewBuilding

    def _finish(self, live: Live) -> bool:
        """Tell whether *live* was finished and adopted; else it is given up."""
        is_adopted = False
        try:
            with self._directory.truth.writing():
                audience = self._directory.audience(local_name(live.audience.iri))
                if not live.is_outdated and live.audience == audience:
                    live.finish()
                    self._unfinished.remove(live)
                    self._adopt(live)
                    is_adopted = True
        except ProcessLost:
            _LOG.exception("the processes of a view were lost as it was finished")
        finally:
            if not is_adopted:
                self.give_up(live)
        return is_adopted
