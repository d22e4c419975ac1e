"""Floods: of queries by one audience, of connections, of those who send or read slowly."""

from contextlib import ExitStack
from http.client import HTTPResponse
from time import sleep

import pytest
from rdflib import URIRef

from databackpack.service.gate import guard
from databackpack.service.gate.faults import QueryRequestRefused, Unavailable
from databackpack.service.gate.share import Shares
from tests.hostile.attack import (
    BYSTANDERS,
    DUMP,
    check_answered,
    check_memory,
    flooding,
    sent,
)
from tests.hostile.shapes import COSTLY
from tests.serving import Served

OTHER = BYSTANDERS[1]
FLOODS = {
    "cheap queries": "ASK {}",
    "endless queries": COSTLY["a cross product"],
    "large answers": DUMP,
    "32 KB that are refused": "ASK { FILTER(" + "(" * 16_000 + ")" * 16_000 + ") }",
    "32 KB that are run": "ASK { VALUES ?x { " + "1 " * 16_000 + "} }",
    "32 KB with a keyword": "ASK { ?s ?p 'SERVICE' VALUES ?x { " + "1 " * 16_000 + "} }",
    "4 KB with a keyword": "ASK { ?s ?p 'SERVICE' VALUES ?x { " + "1 " * 2_000 + "} }",
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_one_audience_keeps_no_other_audience_waiting(served: Served, name: str) -> None:
    before = served.memory()
    with flooding(served, FLOODS[name]) as met:
        check_answered(served, OTHER, is_going_on=lambda: True)
    assert met.total() > 24
    assert set(met) <= {200, 400, 503}, (met, served.log())
    for persona in BYSTANDERS:
        check_answered(served, persona, is_going_on=lambda: False)
    check_memory(served, before)


def test_connections_that_say_nothing_keep_nobody_out(served: Served) -> None:
    with ExitStack() as attack:
        attack.enter_context(sent(served, DUMP, times=300, part=0))
        attack.enter_context(sent(served, DUMP, times=100, part=0.5))
        for persona in BYSTANDERS:
            check_answered(served, persona, is_going_on=lambda: False)


def test_those_who_do_not_read_their_answers_keep_nobody_waiting(served: Served) -> None:
    before = served.memory()
    with sent(served, DUMP, times=40, pause=0.1) as connections:
        check_answered(served, OTHER, is_going_on=lambda: True)
        check_answered(served, BYSTANDERS[0], is_going_on=lambda: False)
        check_memory(served, before)  # what nobody reads waits on disk
        late = [HTTPResponse(connection) for connection in connections]
        for answer in late:
            answer.begin()
            assert len(answer.read()) == int(answer.headers["Content-Length"]), "it is cut short"
        assert late[0].status == 200
        assert [answer.status for answer in late].count(200) > 12
    check_memory(served, before)


@pytest.mark.soak
def test_a_silent_connection_is_closed_after_a_while(served: Served) -> None:
    with sent(served, DUMP, times=1, part=0.5) as (connection,):
        sleep(45)
        connection.settimeout(5)
        assert connection.recv(1) == b""


def test_beyond_its_share_an_audience_is_told_to_come_again() -> None:
    shares, one, other = Shares(2), URIRef("urn:one"), URIRef("urn:other")
    with ExitStack() as running:
        for audience in (one, one, other):
            running.enter_context(shares.take(audience))
        with pytest.raises(Unavailable) as told, shares.take(one):
            pass
        assert told.value.retry_after > 0
        running.enter_context(shares.take(other))
    with shares.take(one):
        pass


def test_a_long_text_with_a_keyword_is_refused_and_a_short_one_is_read() -> None:
    text = "ASK {{ ?s ?p 'of service' VALUES ?x {{ {} }} }}"
    guard.check(text.format("1 " * 1_000))
    with pytest.raises(QueryRequestRefused, match="shorten"):
        guard.check(text.format("1 " * 3_000))
