"""Families are told when published statistics follow what they say, and who asks is not."""

from collections.abc import Iterator

import pytest

from databackpack.service.records.truth import Change
from databackpack.service.statistics import schedule
from tests.web import publications
from tests.web.asking import Web, cell

STUDY = "researcher-mobility"


@pytest.fixture
def published(web: Web) -> Iterator[None]:
    """What is published for a study, and taken back afterwards."""
    publications.put(web.running, STUDY, publications.ABSENCE)
    yield
    truth = web.running.context.truth
    truth.commit([Change(one.iri, []) for one in schedule.on_record(truth)])


def test_a_family_is_told_when_statistics_follow(web: Web, child: str, published: None) -> None:
    headers = web.running.headers("guardian")
    expected = {
        "cube": "chronic-absence-by-gender",
        "title": "Chronic absence by gender",
        "audience": STUDY,
        "purpose": "https://w3id.org/dpv#AcademicResearch",
        "published": "2026-11-23",
        "next": "2027-11-23",
    }
    menu = web.send("GET", f"/learners/{child}/policy", headers).json["statistics"]
    assert menu["published"] == [expected]
    assert "change at once" in menu["words"]
    assert "at their next publication" in menu["words"]
    try:
        for category, audience, told in [
            ("attendance", STUDY, [expected]),
            ("attendance", "researcher", [expected]),
            ("motivation", STUDY, []),
            ("attendance", "provider-lantern", []),
        ]:
            answer = web.put("guardian", cell(child, category, audience), '{"level": "none"}')
            assert answer.json["statistics"]["published"] == told, (category, audience)
            again = web.put("guardian", cell(child, category, audience), '{"level": "none"}')
            assert set(again.json) == {"epoch"}, "nothing was changed, so nothing follows"
    finally:
        for category in ("attendance", "motivation"):
            for audience in (STUDY, "researcher", "provider-lantern"):
                web.send("DELETE", cell(child, category, audience), headers)
        web.say("guardian", cell(child, "attendance", STUDY), "deidentified")  # as in the sample


def test_the_page_tells_families_and_nobody_else(web: Web, published: None) -> None:
    page = web.send("GET", "/", web.running.headers("guardian", "text/html")).body.decode()
    assert "When your choices take effect" in page
    row = page[page.index("Chronic absence by gender") :]
    assert [row.index(told) for told in (STUDY, "2026-11-23", "2027-11-23")]
    for persona in ("teacher", "state-agency", STUDY):
        other = web.send("GET", "/", web.running.headers(persona, "text/html")).body.decode()
        assert "When your choices take effect" not in other
        assert "Chronic absence by gender" not in other


def test_where_nothing_is_published_the_page_says_so(web: Web) -> None:
    page = web.send("GET", "/", web.running.headers("guardian", "text/html")).body.decode()
    assert "Nothing is published yet." in page
