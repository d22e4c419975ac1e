"""Which views stay live: those that were asked for last, within the budget."""

from datetime import timedelta
from pathlib import Path

from databackpack.service.policy import jurisdiction
from databackpack.service.views.registry import Budget, Views
from databackpack.service.views.view import View
from tests.running import Running, run_sample


def view(views: Views, running: Running, persona: str) -> View:
    audience = views.audience(running.audience(persona))
    (purpose,) = audience.purposes
    return views.view(audience, purpose)


def test_the_view_that_was_not_asked_for_longest_is_given_up(tmp_path: Path) -> None:
    running = run_sample(tmp_path, learners=4)
    views = running.context.views
    district, teacher = (view(views, running, name) for name in ("district", "teacher"))
    assert view(views, running, "district") is district
    budget = sum(live.memory for live in views.live()) + 1024 * 1024  # no room for a third one
    views = Views(running.context.truth, jurisdiction.read("us-default"), budget=Budget(budget))
    district, teacher = (view(views, running, name) for name in ("district", "teacher"))
    assert view(views, running, "district") is district
    view(views, running, "guardian")
    assert view(views, running, "district") is district, "it was asked for after the teacher's"
    assert teacher.is_closed
    assert view(views, running, "teacher") is not teacher


def test_a_view_that_nobody_asked_for_long_is_given_back(tmp_path: Path) -> None:
    running = run_sample(tmp_path, learners=4)
    views, now = running.context.views, running.context.truth.clock()
    running.context.truth.set_clock(lambda: now)
    district, teacher = (view(views, running, name) for name in ("district", "teacher"))
    running.context.truth.set_clock(lambda: now + timedelta(minutes=20))
    assert view(views, running, "district") is district
    running.context.truth.set_clock(lambda: now + timedelta(minutes=40))
    views.tend()
    assert (district.is_closed, teacher.is_closed) == (False, True)


def test_a_view_that_lost_its_host_is_made_anew(tmp_path: Path) -> None:
    running = run_sample(tmp_path, learners=4)
    views = running.context.views
    first = view(views, running, "district")
    first.close()
    assert view(views, running, "district") is not first
