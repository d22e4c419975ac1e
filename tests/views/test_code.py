"""Release codes: one for each IRI of an audience, whoever asks and however many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError, Thread
from uuid import UUID, uuid4

import pyoxigraph as ox
import pytest
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.records.graphs import CODES
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change, Commit, TruthStore
from databackpack.service.views import code
from databackpack.service.views.code import Codes
from tests.policy.words import AUDIENCE

ITEM = node(ID["item/1"])
GRAPH = ID["graph/one"]
TABLE = URIRef(f"{CODES}/{local_name(AUDIENCE.iri)}")


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> Callable[[], UUID]:
    """Let whoever makes a code wait a moment for another who is about to make one."""
    barrier = Barrier(2)

    def made() -> UUID:
        try:
            barrier.wait(0.2)
        except BrokenBarrierError:
            barrier.reset()
        return uuid4()

    monkeypatch.setattr(code, "uuid4", made)
    return made


def test_the_code_of_an_iri_stays_and_says_nothing_of_it() -> None:
    truth = TruthStore()
    codes = Codes(truth, AUDIENCE)
    made = codes.encode(ITEM)
    assert codes.encode(ITEM) == made == codes.find(ITEM)
    assert codes.encode(node(ID["item/2"])) != made
    assert made.value.startswith(str(ID["code/"]))
    codes.save()
    assert Codes(truth, AUDIENCE).encode(ITEM) == made, "it is in the store"


@pytest.mark.usefixtures("together")
def test_two_who_ask_for_one_code_at_once_get_the_same() -> None:
    codes = Codes(TruthStore(), AUDIENCE)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(codes.encode, [ITEM, ITEM])
    assert first == second


def test_a_code_is_in_the_store_when_save_returns_even_if_another_made_it() -> None:
    truth = TruthStore()
    codes = Codes(truth, AUDIENCE)
    items = [node(ID[f"item/{number}"]) for number in range(500)]

    def show(_: int) -> bool:
        """Do as the builder of a view does: encode, save, show."""
        shown = []
        for start in range(0, len(items), 50):
            batch = [codes.encode(item) for item in items[start : start + 50]]
            codes.save()
            kept = {value for _, value in truth.pairs(TABLE, BP.hasReleaseCode)}
            shown.append({made.value for made in batch} <= kept)
        return all(shown)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(show, range(4)))
    assert len(list(truth.pairs(TABLE, BP.hasReleaseCode))) == len(items)


def test_a_commit_whose_views_make_codes_and_a_build_that_saves_them_let_each_other_pass() -> None:
    truth = TruthStore()
    codes = Codes(truth, AUDIENCE)

    def follow(commit: Commit) -> None:
        codes.encode(node(ID[f"item/{commit.epoch}"]))
        codes.save()

    def build() -> None:
        for number in range(200):
            codes.encode(node(ID[f"item/built-{number}"]))
            codes.save()

    def commit() -> None:
        for number in range(200):
            value = ox.Triple(ITEM, node(BP.scoreValue), ox.Literal(str(number)))
            truth.commit([Change(GRAPH, [value])])

    truth.subscribe(follow)
    threads = [Thread(target=target, daemon=True) for target in (build, commit)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads), "each waits for the other's lock"
    assert len(list(truth.pairs(TABLE, BP.hasReleaseCode))) == 400
