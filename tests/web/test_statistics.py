"""Pages of published statistics over a real socket: the asker's own, whole, and nobody else's."""

import csv
import re
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from io import StringIO
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

import pytest
from rdflib import Literal

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BPG
from databackpack.queries import cubes
from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.records.graphs import DISCLOSURES
from databackpack.service.records.terms import iri, text
from databackpack.service.rights import agreements
from databackpack.service.statistics.publication import publish
from databackpack.service.views.view import Limits
from databackpack.service.web import chart
from databackpack.service.web.tabulation import Cell, Tabulation
from tests.rights.test_agreements import TEXT
from tests.running import run_sample
from tests.web.asking import Response, Web
from tests.web.publications import ABSENCE, COUNTED, MOVES, Written, put

STATE, DISTRICT, STUDY = "state-agency", "district", "researcher-persistence"
ABSENT = f"/statistics/{ABSENCE.cube}"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A service where the state has three data sets, the district another one, nobody else any."""
    running = run_sample(tmp_path_factory.mktemp("statistics"), learners=60)
    put(running, STATE, ABSENCE, MOVES, COUNTED)
    put(running, DISTRICT, Written(ABSENCE.cube, {}))
    with running.listening() as address:
        yield Web(running, address)
    running.context.views.close()


def get(
    web: Web, path: str, persona: str = STATE, accept: str = "text/html", **more: str
) -> Response:
    return web.send("GET", path, web.running.headers(persona, accept) | more)


class Table(HTMLParser):
    """What a page has: the cells of each row of its table but those of several rows, pictures."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.scopes: set[str] = set()
        self.pictures: list[dict[str, str | None]] = []
        self._is_told = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        about = dict(attributes)
        self._is_told = tag in ("th", "td") and about.get("scope") != "rowgroup"
        self.scopes |= {str(about.get("scope"))} if tag == "th" else set()
        if tag == "tr":
            self.rows.append([])
        if tag == "img":
            self.pictures.append(about)

    def handle_data(self, data: str) -> None:
        if self._is_told:
            self.rows[-1].append(data)
        self._is_told = False


def table(answer: Response) -> Table:
    assert answer.status == 200, answer.body
    return Table(answer.body.decode())


def test_the_list_has_what_was_published_for_the_asker(web: Web) -> None:
    told = get(web, "/statistics", accept="application/json").json["statistics"]
    assert [one["name"] for one in told] == [ABSENCE.cube, COUNTED.cube, MOVES.cube]
    page = get(web, "/statistics").body.decode()
    assert all(f'href="/statistics/{one["name"]}"' in page for one in told)
    (own,) = get(web, "/statistics", DISTRICT, "application/json").json["statistics"]
    assert own["name"] == ABSENCE.cube
    assert get(web, "/statistics", "teacher", "application/json").json == {"statistics": []}
    assert "Nothing is published for you" in get(web, "/statistics", "teacher").body.decode()


def test_the_page_has_every_cell_of_its_part_and_says_which_are_not_shown(web: Web) -> None:
    found = table(get(web, ABSENT))
    assert found.rows == [
        ["school", "school year", "Female", "Male"],
        ["2025-2026", "20 to 40 % of 25", "≤ 10 % of 30"],
        ["2026-2027", "60 to 80 % of 25", "not shown"],
        ["2025-2026", "35 % of 40", "not shown"],
        ["2026-2027", "not shown", "≥ 95 % of 45"],
    ]
    assert found.scopes == {"col", "row", "rowgroup"}
    page = get(web, ABSENT).body.decode()
    assert "not shown: fewer than 10 learners, or protected" in page
    assert page.count("<caption") == 1 and page.count("Elm Sample Elementary") == 1


def test_the_chart_of_a_page_is_of_its_table(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, draw = [], chart.draw

    def watched(shown: Tabulation, form: str) -> bytes:
        drawn.append((shown, form))
        return draw(shown, form)

    monkeypatch.setattr(chart, "draw", watched)
    query = urlencode({"rows": "gender", "series": "", "schoolYear": "2025-2026"})
    found = table(get(web, f"{ABSENT}?{query}"))
    ((shown, form),) = drawn
    assert form == "svg" and shown.panels == ["Elm Sample Elementary", "Fern Sample Elementary"]
    told = [line[-1] for line in found.rows[1:]]
    cells = [(p, r) for p in range(2) for r in range(2)]
    assert told == [str(shown.cells.get((p, r, 0), "not shown")) for p, r in cells]
    (picture,) = found.pictures
    assert "numbers of the table below" in str(picture["alt"])
    kind, _, encoded = str(picture["src"]).partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert b64decode(encoded) == get(web, f"{ABSENT}.svg?{query}").body


@pytest.mark.parametrize(
    ("form", "media_type", "start"),
    [("svg", "image/svg+xml", b"<?xml"), ("png", "image/png", b"\x89PNG")],
)
def test_a_picture_is_given_by_itself(web: Web, form: str, media_type: str, start: bytes) -> None:
    first, again = (get(web, f"{ABSENT}.{form}") for _ in range(2))
    assert first.status == 200 and first.body.startswith(start)
    assert first.headers["content-type"].partition(";")[0] == media_type
    assert first.body == again.body
    policy = first.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "script-src 'unsafe" not in policy


def test_the_file_has_all_parts_and_those_not_shown(web: Web) -> None:
    answer = get(web, f"{ABSENT}.csv?{urlencode({'grade': BPG['3']})}")
    head, *lines = csv.reader(StringIO(answer.body.decode()))
    assert head[:3] == ["school", "school year", "gender"]
    assert head[3:] == ["learners", "lower_percent", "upper_percent", "note"]
    told = {tuple(line[:3]): line[3:6] for line in lines if not line[6]}
    assert told == {("Elm Sample Elementary", "2025-2026", "Male"): ["15", "0", "20"]}
    assert len(lines) == 8 and {line[6] for line in lines} - {""} == {
        "not shown: fewer than 10 learners, or protected"
    }
    assert "attachment" in answer.headers["content-disposition"]


def test_a_count_has_no_total_beside_its_parts(web: Web) -> None:
    _, *rows = table(get(web, "/statistics/moves")).rows
    told = [cell for row in rows for cell in row if cell.isdigit()]
    assert sorted(told) == ["10", "15", "20"], "30 is the total of two of them"


@pytest.mark.parametrize("path", [ABSENT, *(f"{ABSENT}.{form}" for form in ("svg", "png", "csv"))])
def test_what_is_published_for_others_looks_like_what_is_not_there(web: Web, path: str) -> None:
    nowhere = path.replace(ABSENCE.cube, "nothing")
    for persona in ("teacher", "guardian"):
        refused = get(web, path, persona)
        assert refused.told == get(web, nowhere, persona).told
        assert refused.status == 404
    assert get(web, nowhere).told == get(web, nowhere, "teacher").told


def test_a_data_set_without_cells_is_a_page_that_says_so(web: Web) -> None:
    """Everything of it is hidden: it is there, and nothing of it is shown."""
    page = get(web, ABSENT, DISTRICT).body.decode()
    assert "all is of fewer than 10 learners, or protected" in page
    assert "<form" not in page and "<table" not in page
    for form in ("svg", "png", "csv"):
        assert get(web, f"{ABSENT}.{form}", DISTRICT).status == 200


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("rows=nothing", "The rows cannot be"),
        ("panels=school&rows=school", "The rows cannot be"),
        ("grade=13", "Nothing is published for the grade"),
        ("<script>=1", "There is no"),
        ("rows=grade&rows=gender", "is given twice"),
        ("page=0", "it is a number from 1"),
        ("page=x", "it is a number from 1"),
        ("page=%C2%B2", "it is a number from 1"),
    ],
)
def test_a_part_that_there_is_not_is_refused_in_words(web: Web, query: str, words: str) -> None:
    page = get(web, f"{ABSENT}?{query}")
    assert page.status == 400 and words in page.body.decode()
    assert 'role="alert"' in page.body.decode() and "<script" not in page.body.decode()
    assert len(Table(page.body.decode()).pictures) == 1, "it shows what there is instead"
    refused = get(web, f"{ABSENT}.csv?{query}" if "page" not in query else f"{ABSENT}.svg?{query}")
    assert refused.status == 400 and words in refused.json["detail"]


def test_a_page_past_the_last_is_the_last(web: Web) -> None:
    assert table(get(web, f"{ABSENT}?page=999999999999")).rows == table(get(web, ABSENT)).rows


def test_it_goes_through_the_gate_logged_stamped_and_not_before_an_epoch(web: Web) -> None:
    truth = web.running.context.truth
    before = len(truth.triples(DISCLOSURES))
    answer = get(web, ABSENT)
    assert len(truth.triples(DISCLOSURES)) > before, "it is in the log"
    assert answer.headers["consent-epoch"] == str(truth.epoch)
    assert answer.headers["cache-control"] == "private, no-store"
    later = get(web, ABSENT, **{"Min-Consent-Epoch": str(truth.epoch + 1)})
    assert later.status == 503
    assert get(web, ABSENT, **{"Min-Consent-Epoch": "x"}).status == 400


def test_a_page_runs_and_fetches_nothing(web: Web) -> None:
    answer = get(web, ABSENT)
    policy = answer.headers["content-security-policy"]
    assert "script-src" not in policy and "default-src 'none'" in policy
    page = answer.body.decode()
    assert not re.search(r"<script|<style|style=|\son\w+=|src=\"(?!data:image/svg)", page)


def test_the_first_page_leads_there_who_has_any(web: Web) -> None:
    for persona, has_any in ((STATE, True), (DISTRICT, True), ("teacher", False)):
        page = get(web, "/", persona).body.decode()
        assert ('href="/statistics"' in page) is has_any


def test_the_next_publication_takes_the_place_of_the_last(web: Web) -> None:
    fewer = Written(COUNTED.cube, dict(list(COUNTED.cells.items())[1:]))
    path = f"/statistics/{COUNTED.cube}"
    assert "40 to 45 % of 60" in get(web, f"{path}?rows=district&series=").body.decode()
    put(web.running, STATE, fewer)
    assert "40 to 45 % of 60" not in get(web, f"{path}?rows=district&series=").body.decode()
    put(web.running, STATE, COUNTED)


def test_under_an_agreement_the_page_ends_in_its_notice(web: Web) -> None:
    """34 CFR 99.33(d): whoever receives something is told what they may do with it."""
    text = TEXT.replace("bpc:attendance,", "bpc:attendance, bpc:enrollment,")
    agreements.add(web.running.context.views, agreements.parse(text.encode()))
    put(web.running, STUDY, MOVES)
    page = get(web, "/statistics/moves", STUDY)
    assert page.headers["link"] == '</notices/sample-study>; rel="terms-of-service"'
    assert "Data-use notice" in page.body.decode().rpartition("</table>")[2]
    assert "Data-use notice" not in get(web, "/statistics/moves").body.decode()
    assert get(web, "/statistics/moves.csv", STUDY).headers["link"] == page.headers["link"]


def test_what_is_published_from_records_is_what_the_page_shows(web: Web) -> None:
    """No hand in it: counted, protected, put on record, asked for, shown."""
    context = web.running.context
    audience = context.views.audience(web.running.audience(STATE))
    (purpose,) = audience.purposes
    (made,) = publish(context.views, [cubes.read("completeness")], audience, purpose)
    cells: dict[str, dict[str, str]] = defaultdict(dict)
    for triple in context.truth.triples(made.iri):
        cells[text(triple.subject)][local_name(iri(triple.predicate))] = text(triple.object)
    told = [
        str(Cell(int(one["learnerCount"]), float(one["lowerShare"]), float(one["upperShare"])))
        for one in cells.values()
        if "learnerCount" in one
    ]
    found = table(get(web, "/statistics/completeness"))
    shown = [cell for row in found.rows[1:] for cell in row if " % of " in cell]
    assert len(told) > 5 and sorted(told) == sorted(shown)


def test_noise_is_told_where_there_is_some(web: Web) -> None:
    path = f"/statistics/{MOVES.cube}"
    assert "noise" not in get(web, path).body.decode()
    put(web.running, STATE, replace(MOVES, epsilon=Decimal("0.5")))
    assert "with noise, ε = 0.5" in get(web, path).body.decode()
    put(web.running, STATE, MOVES)


def test_more_than_one_answer_may_have_is_shown_in_part(web: Web) -> None:
    keys = product(range(2020, 2025), range(1, 7), range(4))
    many = {
        tuple(term.n3() for term in (Literal(f"{y}-{y + 1}"), BPG[str(g)], Literal(m))): cell
        for y, g, m in keys
        for cell in [(25, 20.0, 40.0)]
    }
    put(web.running, STATE, Written(COUNTED.cube, many))
    small = replace(web.running.context, limits=Limits(most_bytes=30_000))
    asking = create_app(Config(store=None, keys=Path()), small).test_client()
    path = f"/statistics/{COUNTED.cube}?panels=schoolYear&rows=district&series=moves"
    page = asking.get(path, headers=web.running.headers(STATE, "text/html"))
    assert page.status_code == 400 and "ask for fewer" in page.text
    assert [row[-1] for row in Table(page.text).rows[1:]] == ["20 to 40 % of 25"] * 6
    put(web.running, STATE, COUNTED)
