"""Items 55 to 62: one query, or a flood of them, takes what is its own share and no more."""

import logging
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from threading import Thread
from time import sleep
from urllib.parse import urlsplit

import pytest

from databackpack.service.gate import guard
from databackpack.service.gate.rate import Rates, parse
from databackpack.service.views.view import Limits
from tests.hostile.shapes import COSTLY, CRUDE
from tests.threats.twins import BEN, BP_PREFIX, ELM, NOA, NORTH, Twins, name_of, own, served_with
from tests.views.hosting import until
from tests.web.asking import Response, Web, cell

LIMITS = Limits(seconds=1.0, memory=96 * 1024 * 1024, most_bytes=16 * 1024 * 1024)
DUMP = "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 10000"


@pytest.fixture(scope="module")
def tight(twins: Twins) -> Iterator[Web]:
    """The service with short limits on one answer."""
    with served_with(twins.whole.running, limits=LIMITS) as web:
        yield web


def check_ends(web: Web, text: str, statuses: set[int]) -> None:
    """It ends with one of *statuses*, and others, and the same audience, go on being answered."""
    found: list[Response] = []
    thread = Thread(target=lambda: found.append(web.query(ELM, text, "*/*")))
    thread.start()
    while thread.is_alive():
        assert web.query(NORTH, "ASK {}").status == 200
        sleep(0.05)
    thread.join()
    assert found[0].status in statuses, found[0].status
    assert found[0].json["title"]
    assert until(lambda: web.query(ELM, "ASK {}").status == 200, 5)


def named(*words: str) -> list[str]:
    return [name for name in (*CRUDE, *COSTLY) if any(word in name for word in words)]


def text_of(name: str) -> str:
    return {**CRUDE, **COSTLY}[name]


@pytest.mark.parametrize("name", named("nested", "a chain", "brackets", "300 optionals"))
def test_55_what_is_nested_or_chained_without_end_is_not_run(tight: Web, name: str) -> None:
    check_ends(tight, text_of(name), {400, 413})


@pytest.mark.parametrize("name", named("400", "a path of"))
def test_56_too_many_patterns_or_steps_are_not_planned(tight: Web, name: str) -> None:
    check_ends(tight, text_of(name), {400, 413})
    limit = guard.MOST["patterns"][0]
    fits = "ASK { " + "?a ?b ?c . " * (limit // 8) + "}"
    assert tight.query(ELM, fits).status == 200


@pytest.mark.parametrize("name", ["a cross product", "powers of VALUES", "closures from all nodes"])
def test_57_a_product_without_end_is_ended(tight: Web, name: str) -> None:
    check_ends(tight, text_of(name), {400, 503})


def test_58_a_regular_expression_without_end_is_ended(tight: Web) -> None:
    check_ends(tight, text_of("a regular expression for each row"), {400, 503})


@pytest.mark.parametrize("name", named("doubled", "as one string", "sorted", "cross product, sent"))
def test_59_an_answer_that_grows_without_end_is_ended(tight: Web, name: str) -> None:
    check_ends(tight, text_of(name), {400, 503})


def test_60_who_reads_slowly_gets_what_was_true_when_it_was_asked(web: Web) -> None:
    """The whole answer is there before its first byte: nothing is read of a store later."""
    asked = f"{BP_PREFIX}CONSTRUCT {{ ?s ?p ?o }} {{ ?s ?p ?o }}"
    web.query(ELM, "ASK {}")
    parts = urlsplit(web.address)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    headers = web.running.headers(ELM, "application/n-triples")
    headers["Content-Type"] = "application/sparql-query"
    connection.request("POST", "/sparql", asked, headers)
    answer = connection.getresponse()
    first = answer.read(10)
    said = web.say(NOA, cell(name_of(BEN), "behavior", "teacher"), "none")
    rest = answer.read()
    connection.close()
    assert int(answer.headers["Consent-Epoch"]) < said
    assert len(first + rest) == int(answer.headers["Content-Length"])
    assert str(own(BEN, "behavior")).encode() not in web.query(ELM, asked, "text/turtle").body


def test_61_a_flood_is_refused_in_time_and_is_not_in_the_log(
    tight: Web, caplog: pytest.LogCaptureFixture
) -> None:
    texts = (DUMP, "ASK {}", "ASK { FILTER(" + "(" * 15_000 + "Periwinkle" + ")" * 15_000 + ") }")
    met: Counter[int] = Counter()

    def flood(number: int) -> None:
        for turn in range(6):
            answer = tight.query(ELM, texts[(number + turn) % 3], "*/*")
            met[answer.status] += 1
            assert answer.status != 503 or int(answer.headers["retry-after"]) > 0

    with caplog.at_level(logging.DEBUG):
        threads = [Thread(target=flood, args=(number,)) for number in range(10)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            assert tight.query(NORTH, "ASK {}").status == 200
    assert met.total() == 60
    assert set(met) <= {200, 400, 429, 503}
    assert "Periwinkle" not in caplog.text
    assert len(caplog.text) < 96 * 1024


def test_61_who_asks_too_often_is_told_to_wait(twins: Twins) -> None:
    rates = Rates(asker=parse("3/minute"), address=parse("3/minute"))
    with served_with(twins.whole.running, rates=rates) as web:
        for asker in (ELM, NORTH):
            told = [web.query(asker, "ASK {}") for _ in range(5)]
            assert [answer.status for answer in told] == [200] * 3 + [429] * 2
            assert int(told[-1].headers["retry-after"]) > 0
        guesses = [web.send("GET", "/me", {"Authorization": f"Bearer {n}"}) for n in range(5)]
        assert [answer.status for answer in guesses] == [401] * 3 + [429] * 2
        assert web.query(NOA, "ASK {}").status == 200, "who has a token is not who guesses"


def test_62_a_limit_is_met_by_the_askers_own_data_alone(twins: Twins) -> None:
    """What is hidden makes no answer too large that would have been small enough without it."""
    text = f"{BP_PREFIX}SELECT * {{ ?x bp:isRecordOf ?w ; ?p ?o }}"
    size = len(twins.query(ELM, text, "text/csv").body)
    for most, status in ((size - 1, 400), (size, 200)):
        limits = Limits(most_bytes=most)
        with (
            served_with(twins.whole.running, limits=limits) as whole,
            served_with(twins.bare.running, limits=limits) as bare,
        ):
            answer = Twins(whole, bare).query(ELM, text, "text/csv")
            assert answer.status == status
