"""Which views stay live: those that were asked for last."""

from pathlib import Path

from databackpack.service.policy import jurisdiction
from databackpack.service.views.registry import Views
from databackpack.service.views.view import View
from tests.running import Running, run_sample


def view(views: Views, running: Running, persona: str) -> View:
    audience = views.audience(running.audience(persona))
    (purpose,) = audience.purposes
    return views.view(audience, purpose)


def test_the_view_that_was_not_asked_for_longest_is_given_up(tmp_path: Path) -> None:
    running = run_sample(tmp_path, learners=4)
    views = Views(running.context.truth, jurisdiction.read("us-default"), capacity=2)
    district, teacher = (view(views, running, name) for name in ("district", "teacher"))
    assert view(views, running, "district") is district
    view(views, running, "guardian")
    assert view(views, running, "district") is district, "it was asked for after the teacher's"
    assert view(views, running, "teacher") is not teacher
