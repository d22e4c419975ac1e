"""A service over OneRoster folders that a test makes or spoils, and loads when it wants to."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from databackpack.loaders import oneroster
from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.credentials import signing_key
from databackpack.service.intake import take_in
from databackpack.service.intake.report import Report
from databackpack.service.policy import jurisdiction
from databackpack.service.records.identity import Identities
from databackpack.service.records.truth import TruthStore
from databackpack.service.views.process import Template
from databackpack.service.views.registry import Views
from databackpack.service.web.context import Context
from tests.running import Running, TickingClock

__all__ = ["Empty", "run_empty"]


EMPTY = Template([])


@dataclass(frozen=True)
class Empty(Running):
    """The whole service in memory, with nothing in it until something is loaded."""

    def load(self, folder: Path) -> Report:
        return take_in(self.context.truth, oneroster.read(folder, self.identities.mint))

    def seen(self, persona: str) -> frozenset[str]:
        """Return whose items of which classes a persona sees, as lines of an answer over HTTP."""
        answer = self.app.test_client().post(
            "/sparql",
            data="PREFIX bp: <https://w3id.org/databackpack/ns#> "
            "SELECT DISTINCT ?learner ?class { ?item bp:isRecordOf ?learner ; a ?class }",
            content_type="application/sparql-query",
            headers=self.headers(persona, "text/csv"),
        )
        assert answer.status_code == 200, answer.text
        return frozenset(answer.text.splitlines()[1:])

    def learners(self, persona: str) -> list[str]:
        """Return whom ``/me`` names to a guardian or a learner."""
        answer = self.app.test_client().get("/me", headers=self.headers(persona))
        assert answer.status_code == 200, answer.text
        return [str(learner) for learner in answer.get_json()["learners"]]


def run_empty(folder: Path, day: date) -> Empty:
    """Return a service at noon of *day*, its key below *folder*; its views hold records alone."""
    clock = TickingClock()
    clock.moment = datetime.combine(day, time(12), UTC)
    truth = TruthStore(None, clock)
    keys = folder / "keys"
    views = Views(truth, jurisdiction.read("us-default"), template=EMPTY)
    context = Context(truth, views, signing_key(keys))
    app = create_app(Config(store=None, keys=keys, clock=clock), context)
    return Empty(context, app, Identities(truth), clock)
