"""The live views: built on first use, and at the truth store's epoch whenever a commit returns."""

import logging
from collections.abc import Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from threading import BoundedSemaphore

from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.service.policy.model import Audience, Jurisdiction
from databackpack.service.records.graphs import (
    AGREEMENTS,
    FRAMEWORKS,
    JURISDICTIONS,
    REGISTRY,
)
from databackpack.service.records.truth import Commit, TruthStore
from databackpack.service.views.building import Advance, Builds, Key, unwatched
from databackpack.service.views.comparison import Comparison, compare
from databackpack.service.views.directory import Directory
from databackpack.service.views.exposure import Exposures
from databackpack.service.views.live import Live
from databackpack.service.views.process import ProcessLost, Template
from databackpack.service.views.view import View, ViewBuilding, ViewClosed

__all__ = ["Budget", "Views"]

_SHARED = {REGISTRY, FRAMEWORKS, AGREEMENTS, JURISDICTIONS}
"""Graphs that may bear on every learner of a view: when one changes, views are made anew."""

_WAITING = 8
"""How many askers wait for views that are being built: each keeps a thread of the server."""

_WORN = 1_000_000
"""Triples written to a view after which it is built anew: memory keeps every old version."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Budget:
    """What views may take: bytes of memory together, how long one may stay unasked, workers each.

    The view that was asked for last stays, however large it is.
    """

    memory: int = 4 * 1024**3
    idle: timedelta = timedelta(minutes=30)
    workers: int = 2


class Views(Directory):
    """The views of *truth* under *jurisdiction*, within *budget*; those asked for last are live.

    Whoever asks for one that is being built waits for *patience* seconds, None: until it is there.
    INVARIANT: a view that could not follow a commit is dropped, and built anew when next asked.
    """

    def __init__(
        self,
        truth: TruthStore,
        jurisdiction: Jurisdiction,
        *,
        template: Template | None = None,
        budget: Budget | None = None,
        patience: float | None = None,
    ) -> None:
        super().__init__(truth, jurisdiction)
        self.patience = patience
        self._budget = budget or Budget()
        self._live: dict[Key, Live] = {}
        self._builds = Builds(self, template, self._budget.workers, self._exposures, self._adopt)
        self._waiting = BoundedSemaphore(_WAITING)
        self._states: dict[Key, URIRef | None] = {}
        self._is_closed = False
        truth.subscribe(self._follow)

    def view(self, audience: Audience, purpose: URIRef) -> View:
        """Return the view for (audience, purpose), up to date with the clock and the epoch.

        Before one is built the audience is read anew: an agreement may have ended meanwhile.
        Raises ViewBuilding when it is not there in time, ViewClosed when the audience is no more.
        """
        key = audience.iri, purpose
        live = self._live.get(key)
        if live is not None and live.audience == audience and not live.is_due():
            live.used = self.truth.clock()
            if not live.view.is_closed:
                return live.view
        with self.truth.writing():
            try:
                registered = self.audience(local_name(audience.iri))
            except KeyError:  # it ended after its token was read
                raise ViewClosed from None
            found = self._up_to_date(registered, purpose)
            if found is not None:
                return found
            build = self._builds.begin(key)
        return self._wait(build)

    def _up_to_date(self, audience: Audience, purpose: URIRef) -> View | None:
        key = audience.iri, purpose
        live = self._live.get(key)
        if live is None:
            return None
        if live.audience != audience or live.view.is_closed:
            self._drop(key)
            return None
        live.used = self.truth.clock()
        try:
            live.redo_what_is_due()
        except ProcessLost:
            self._drop(key)
            return None
        except Exception:
            self._drop(key)
            raise
        return live.view

    def rebuild(self, audience: Audience, purpose: URIRef, advance: Advance) -> View:
        """Return the view, built anew from the truth store while the old one goes on answering."""
        with self.truth.writing():
            build = self._builds.begin((audience.iri, purpose), advance)
        return build.result()

    def build_ahead(self, wanted: Iterable[Key]) -> None:
        """Build the views of *wanted*, in their order, until half of the budget is used."""
        for audience, purpose in wanted:
            if self._is_closed or self._memory() > self._budget.memory / 2:
                break
            if (audience, purpose) in self._live:
                continue
            try:
                found = self.audience(local_name(audience))
                if purpose in found.purposes:
                    self.rebuild(found, purpose, unwatched)
            except (KeyError, ViewBuilding):
                continue  # it is no more, or it is built when somebody asks

    def check(self, audience: Audience, purpose: URIRef, advance: Advance) -> Comparison:
        """Return how the view differs from one built from scratch at the same epoch.

        One that differs is given up, so that nobody is answered from it any more. Raises ViewClosed
        when it was given up meanwhile for another reason.
        """
        key = audience.iri, purpose
        if key not in self._live or self._live[key].view.is_closed:
            self.rebuild(audience, purpose, unwatched)
        fresh = self._builds.prepare(key, advance)
        try:
            with self.truth.writing():
                held = self._live.get(key)
                if held is None or fresh.is_outdated:
                    raise ViewClosed
                fresh.finish()
                for one in (held, fresh):
                    one.redo_what_is_due()  # as if somebody asked at this moment
                dumps = held.view.dump(), fresh.view.dump()
            with closing(dumps[0]), closing(dumps[1]):
                found = compare(*dumps)
        finally:
            self._builds.give_up(fresh)
        if not found.is_equal:
            with self.truth.writing():
                self._drop(key)
        return found

    def start(self) -> None:
        """Have the process whose forks views are; raises ProcessLost or OSError."""
        self._builds.start()

    def live(self) -> list[Live]:
        """Return the live views, those asked for last first."""
        return sorted(self._live.values(), key=lambda live: live.used, reverse=True)

    def building(self) -> list[Live]:
        """Return the views that are being built, to be shown or to check another one by."""
        return self._builds.unfinished()

    def state(self, audience: Audience, purpose: URIRef) -> URIRef | None:
        """Return the state of the view of (audience, purpose), or its last one; None without."""
        key = audience.iri, purpose
        live = self._live.get(key)
        if live is not None:
            return live.view.state
        if key not in self._states:
            self._states[key] = Exposures(self.truth, audience, purpose).state
        return self._states[key]

    def tend(self) -> None:
        """Give back what is idle or beyond the budget, and build anew what is worn."""
        now = self.truth.clock()
        for live in [] if self._is_closed else self.live():
            live.memory = live.view.memory()
            with self.truth.writing():
                if live.view.is_closed or now - live.used > self._budget.idle:
                    self._drop(live.key)
                elif live.view.changes > _WORN:
                    self._builds.begin(live.key)
        self._fit()

    def close(self) -> None:
        """End all views and what builds them."""
        self._is_closed = True
        self._builds.close()
        with self.truth.writing():
            for key in list(self._live):
                self._drop(key)

    def _wait(self, build: "Future[View]") -> View:
        if not self._waiting.acquire(blocking=False):
            raise ViewBuilding
        try:
            return build.result(self.patience)
        except NotYet:
            raise ViewBuilding from None
        finally:
            self._waiting.release()

    def _exposures(self, key: Key) -> Exposures:
        """Return what (audience, purpose) has shown: one object for a live view and the next."""
        held = self._live.get(key)
        if held is not None:
            return held.exposures
        return Exposures(self.truth, self.audience(local_name(key[0])), key[1])

    def _adopt(self, live: Live) -> None:
        """Put a view that is finished in the place of the one that was there."""
        held = self._live.get(live.key)
        self._live[live.key] = live
        if held is not None:
            held.view.close()
        live.memory = live.view.memory()
        self._fit()

    def _drop(self, key: Key) -> None:
        """Give up a view for good: an answer that it is computing does not leave either."""
        dropped = self._live.pop(key, None)
        if dropped is not None:
            self._states[key] = dropped.view.state
            dropped.view.close()

    def _follow(self, commit: Commit) -> None:
        is_shared = bool(_SHARED & commit.graphs)
        self._builds.follow(commit, is_shared)
        for key, live in list(self._live.items()):
            if is_shared or live.is_released_anew(commit):
                self._drop(key)
                continue
            try:
                live.follow(commit)
            except Exception:
                _LOG.exception("a view could not follow epoch %d and was dropped", commit.epoch)
                self._drop(key)

    def _fit(self) -> None:
        """Give back views until the others are within the budget, those not asked for longest."""
        with self.truth.writing():
            kept = self.live()
            while len(kept) > 1 and self._memory() > self._budget.memory:
                self._drop(kept.pop().key)

    def _memory(self) -> int:
        return sum(live.memory for live in list(self._live.values()))

    def __repr__(self) -> str:
        return f"Views({', '.join(local_name(audience) for audience, _ in self._live)})"
