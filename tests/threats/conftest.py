"""Fixtures of the tests of threats: the twins, whom nobody changes, and a service of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from databackpack.service.records.truth import Change
from tests.gate.outside import Outside
from tests.threats.twins import NOWHERE, Twins, settle
from tests.web.asking import Web


@pytest.fixture(scope="session")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    """Both services at the same epoch: that of the twin is brought there by empty changes."""
    keys = tmp_path_factory.mktemp("keys")
    whole, bare = settle(keys), settle(keys, hidden=False)
    truth = bare.context.truth
    for number in range(truth.epoch, whole.context.truth.epoch):
        truth.commit([Change(NOWHERE, padding(number))])
    with whole.listening() as one, bare.listening() as other:
        yield Twins(Web(whole, one), Web(bare, other))
    for running in (whole, bare):
        running.context.views.close()


def padding(number: int) -> set[ox.Triple]:
    """Return what makes an epoch of its own and is in no view."""
    nothing = ox.NamedNode("urn:nothing")
    return {ox.Triple(nothing, nothing, ox.Literal(number))}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """A service that a test may change."""
    running = settle(tmp_path)
    with running.listening() as address:
        yield Web(running, address)
    running.context.views.close()


@pytest.fixture
def outside() -> Iterator[Outside]:
    """A place on this machine where nobody may ever come."""
    found = Outside()
    yield found
    found.close()
    assert found.calls == 0
