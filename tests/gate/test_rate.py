"""Who asks too often is told to wait, in a clock that is moved; who does not is not disturbed."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from rdflib import URIRef

from databackpack.service.app import create_app
from databackpack.service.config import BadSetting, Config
from databackpack.service.gate.faults import TooManyRequests, Unavailable
from databackpack.service.gate.rate import Rates, parse
from databackpack.service.gate.share import Shares
from databackpack.service.records.graphs import DISCLOSURES
from databackpack.service.views.view import Limits
from tests.running import Running
from tests.web.asking import Web


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = 1_800_000_000.0

    def __call__(self) -> float:
        return self.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of all that counts requests, and of nothing else."""
    found = Clock()
    fake = SimpleNamespace(time=found)
    for module in (
        "limits.storage.memory",
        "limits.strategies",
        "databackpack.service.gate.rate",
    ):
        monkeypatch.setattr(f"{module}.time", fake)
    return found


def asks(rates: Rates, times: int, audience: str = "a", subject: str = "s") -> int:
    """Return how many of *times* requests are let through."""
    passed = 0
    for _ in range(times):
        try:
            rates.count_asker(audience, subject)
        except TooManyRequests:
            continue
        passed += 1
    return passed


def test_beyond_its_rate_an_asker_is_refused_until_time_has_gone_by(clock: Clock) -> None:
    rates = Rates(parse("10/minute"))
    assert asks(rates, 4) == 4
    clock.moment += 30
    assert asks(rates, 15) == 6
    clock.moment += 29
    assert asks(rates, 15) == 0
    clock.moment += 2
    assert asks(rates, 15) == 4
    clock.moment += 120
    assert asks(rates, 15) == 10


def test_whoever_waits_as_told_is_let_through(clock: Clock) -> None:
    rates = Rates(parse("600/minute; 60/5 seconds"))
    for _ in range(20):
        asks(rates, 1000)
        with pytest.raises(TooManyRequests) as told:
            rates.count_asker("a", "s")
        assert 0 < told.value.retry_after <= 60
        clock.moment += told.value.retry_after + 0.01
        rates.count_asker("a", "s")


def test_both_rates_hold(clock: Clock) -> None:
    rates = Rates(parse("200/minute; 60/5 seconds"))
    passed = []
    for _ in range(10):
        passed.append(asks(rates, 100))
        clock.moment += 5.01
    assert passed == [60, 60, 60, 20, 0, 0, 0, 0, 0, 0]


def test_one_who_is_refused_is_not_punished_for_asking(clock: Clock) -> None:
    rates = Rates(parse("10/minute; 5/second"))
    assert asks(rates, 10_000) == 5
    clock.moment += 2
    assert asks(rates, 10_000) == 5
    clock.moment += 120
    assert asks(rates, 10) == 5


def test_askers_are_told_apart_by_audience_and_subject(clock: Clock) -> None:
    rates = Rates(parse("1/minute"))
    askers = [
        ("a", "s"),
        ("a", "t"),
        ("b", "s"),
        ("a/s", ""),
        ("", "a/s"),
        ('a", "s', ""),
        ("", ""),
    ]
    assert [asks(rates, 2, *asker) for asker in askers] == [1] * len(askers)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("", "no address", False),
    ],
)
def test_addresses_are_told_apart_by_what_their_owner_cannot_change(
    clock: Clock, one: str, other: str, is_same: bool
) -> None:
    rates = Rates((), parse("1/minute"))
    rates.count_address(one)
    if is_same:
        with pytest.raises(TooManyRequests):
            rates.count_address(other)
    else:
        rates.count_address(other)


def test_without_a_rate_nobody_is_refused() -> None:
    assert asks(Rates(), 5000) == 5000


def test_what_is_no_longer_counted_takes_no_memory(clock: Clock) -> None:
    rates = Rates((), parse("120/minute"))
    for number in range(2000):
        rates.count_address(f"192.0.{number // 250}.{number % 250}")
    clock.moment += 600
    storage = rates._forgetful.storage

    def kept() -> int:
        rates.count_address("192.0.2.1")
        return len(vars(storage)["storage"])

    end = time.monotonic() + 20
    while kept() > 4 and time.monotonic() < end:
        time.sleep(0.05)
    assert kept() <= 4


@pytest.mark.parametrize("text", ["", "many", "0/minute", "-1/minute", "600", "nothing"])
def test_a_rate_that_is_none_is_refused_with_what_it_may_be(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="rate"):
        parse(text)
    if text:
        with pytest.raises(BadSetting, match=r"ASKER_RATE is .* set it to rates such as"):
            Config.of_folder(tmp_path / "store", {"ASKER_RATE": text})


def test_a_service_has_rates_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    usual = Config.of_folder(tmp_path / "store", {})
    assert usual.asker_rate == parse("600/minute; 60/5 seconds")
    assert usual.address_rate == parse("120/minute")
    assert usual.concurrency == 6
    assert Config.of_folder(tmp_path / "store", {"ASKER_RATE": "none"}).asker_rate == ()


def test_one_asker_leaves_a_part_of_the_audiences_share_to_the_others() -> None:
    shares, audience = Shares(4, 2), URIRef("urn:teachers")
    with ExitStack() as running:
        for subject in ("one", "one", "other"):
            running.enter_context(shares.take(audience, subject))
        with pytest.raises(TooManyRequests) as told, shares.take(audience, "one"):
            pass
        assert told.value.retry_after > 0
        running.enter_context(shares.take(audience, "other"))
        with pytest.raises(Unavailable), shares.take(audience, "third"):
            pass
        running.enter_context(shares.take(URIRef("urn:others"), "one"))
    with shares.take(audience, "one"), shares.take(audience, "one"):
        pass


@contextmanager
def served(sample: Running, folder: Path, **other: Any) -> Iterator[Web]:
    """The service over the sample, with *other* of its context, on a real socket."""
    context = replace(sample.context, **other)
    app = create_app(Config(store=None, keys=folder, clock=sample.clock), context)
    running = replace(sample, context=context, app=app)
    with running.listening() as address:
        yield Web(running, address)


def test_one_asker_at_once_leaves_the_rest_of_its_audience_alone(
    sample: Running, tmp_path: Path
) -> None:
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    shares = Shares(8, 1)
    with served(sample, tmp_path, shares=shares, limits=Limits(seconds=3)) as web:
        asking = Thread(target=web.query, args=("teacher", endless))
        asking.start()
        while not shares._running:
            time.sleep(0.01)
        refused = web.query("teacher", "ASK {}")
        others = web.query("district", "ASK {}")
        asking.join()
        assert (refused.status, others.status) == (429, 200)
        assert int(refused.headers["retry-after"]) > 0
        assert web.query("teacher", "ASK {}").status == 200


@pytest.fixture
def web(sample: Running, tmp_path: Path, clock: Clock) -> Iterator[Web]:
    """The service over the sample, with low rates, on a real socket."""
    with served(sample, tmp_path, rates=Rates(parse("6/minute"), parse("4/minute"))) as found:
        yield found


def logged(web: Web) -> int:
    truth = web.running.context.truth
    return len(list(truth.triples(DISCLOSURES)))


PATHS = ("/sparql?query=ASK%7B%7D", "/questions/current-goals", "/me", "/learners/x/policy")


@pytest.mark.parametrize("path", PATHS)
def test_a_client_that_asks_too_often_is_told_429_and_nothing_else(
    web: Web, clock: Clock, path: str
) -> None:
    headers = web.running.headers("teacher")
    met = [web.send("GET", path, headers).status for _ in range(6)]
    assert 429 not in met
    before = logged(web)
    refused = web.send("GET", path, headers)
    assert refused.told == (
        429,
        {"type": "about:blank", "title": "Too many requests", "status": 429},
    )
    assert refused.headers["content-type"] == "application/problem+json"
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert logged(web) == before, "a flood fills the log"
    assert web.send("GET", path, web.running.headers("district")).status != 429
    clock.moment += 120
    assert web.send("GET", path, headers).status == met[0]


def test_tokens_that_do_not_hold_are_counted_by_address(web: Web, clock: Clock) -> None:
    wrong = {"Authorization": "Bearer x"}
    sent = (wrong, {"Authorization": "Basic x"}, {"Authorization": ""})
    met = [web.send("GET", "/me", sent[number % 3]).status for number in range(7)]
    assert met == [401] * 4 + [429] * 3
    told = web.send("POST", "/session", {"Content-Type": "application/json"}, '{"token": "x"}')
    assert told.status == 429
    for path in ("/views", "/audiences"):
        assert web.send("GET", path, wrong).status == 429, (
            "an operator's token is not guessed either"
        )
    assert web.send("GET", "/me").status == 401, "nobody guesses without a token"
    assert web.send("GET", "/").status == 200
    assert web.send("GET", "/me", web.running.headers("teacher")).status == 200, (
        "who has a token is not kept out by those who have none"
    )
    clock.moment += 120
    assert web.send("GET", "/me", wrong).status == 401
