"""A service over a small sample, for tests: in memory, and on a real socket when asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from flask import Flask
from waitress import create_server

from databackpack.loaders import oneroster, sample
from databackpack.ontology.codes import local_name
from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.demo import PERSONAS
from databackpack.service.gate.credentials import issue, signing_key
from databackpack.service.intake import take_in
from databackpack.service.policy import jurisdiction
from databackpack.service.records.identity import Identities
from databackpack.service.records.truth import TruthStore
from databackpack.service.views.registry import Views
from databackpack.service.web.context import Context

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

TODAY = date(2026, 11, 23)
LEARNERS = 120


class TickingClock:
    """A clock that begins at noon of the sample's day and goes on by a microsecond at each look."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.moment += timedelta(microseconds=1)
        return self.moment


@dataclass(frozen=True)
class Running:
    """The whole service over the sample, as its personas know it."""

    context: Context
    app: Flask
    identities: Identities
    clock: TickingClock

    def person(self, kind: str, key: str) -> str:
        """Return the last segment of the IRI of the person that files call *key*."""
        iri = self.identities.find(kind, key)
        assert iri is not None, key
        return local_name(iri)

    def audience(self, persona: str) -> str:
        """Return the name of the audience of a persona; any other name is an audience's own."""
        kind, _, key = PERSONAS.get(persona, persona).partition(" ")
        return f"{kind}-{self.person(kind, key)}" if key else kind

    def token(self, persona: str, lifetime: timedelta = timedelta(hours=1)) -> str:
        """Return a token of a persona or an audience."""
        audience = self.context.views.audience(self.audience(persona))
        (purpose,) = audience.purposes
        moment = self.context.truth.clock()
        return issue(self.context.key, persona, audience, purpose, moment, lifetime)

    def headers(self, persona: str, accept: str = "application/json") -> dict[str, str]:
        """Return the headers with which a persona asks."""
        return {"Authorization": f"Bearer {self.token(persona)}", "Accept": accept}

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Serve on a free port of this machine's own address and give the address."""
        with listening(self.app) as port:
            yield f"http://127.0.0.1:{port}"


@contextmanager
def listening(app: "WSGIApplication") -> Iterator[int]:
    """Serve *app* on a free port of this machine's own address and give the port."""
    at = {"host": "127.0.0.1", "port": 0}
    server = create_server(app, **at, threads=16, asyncore_use_poll=True)
    closing = Event()
    server.adj.asyncore_loop_timeout = 0.02  # else it sees only after a second that it is closed

    def run() -> None:
        try:
            server.run()
        except OSError:  # its sockets are closed from the other thread
            if not closing.is_set():
                raise

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        yield server.effective_port
    finally:
        closing.set()
        server.close()
        thread.join(timeout=5)


def load_sample(truth: TruthStore, folder: Path, learners: int) -> Identities:
    """Return the identities of a sample of *learners* that is now in *truth*."""
    sample.write(folder / "sample", learners=learners, today=TODAY)
    identities = Identities(truth)
    report = take_in(truth, oneroster.read(folder / "sample", identities.mint))
    assert report.is_clean, report.problems[:5]
    return identities


def run_sample(folder: Path, learners: int = LEARNERS) -> Running:
    """Return the service over a sample of *learners*, written below *folder*."""
    clock = TickingClock()
    truth = TruthStore(None, clock)
    identities = load_sample(truth, folder, learners)
    keys = folder / "keys"
    views = Views(truth, jurisdiction.read("us-default"))
    context = Context(truth, views, signing_key(keys))
    app = create_app(Config(store=None, keys=keys, clock=clock), context)
    return Running(context, app, identities, clock)
