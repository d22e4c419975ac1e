"""Fixtures of the conformance tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from databackpack.service.records.transaction import by_graph
from tests.conformance import case
from tests.conformance.case import Case
from tests.conformance.endpoint import Endpoint, serve


@pytest.fixture(scope="session")
def cases(shared_data: Path) -> list[Case]:
    """All cases of the suite."""
    return case.read(shared_data / "w3c")


@pytest.fixture(scope="session")
def endpoint(cases: list[Case], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The service, with decoys of all cases in its truth store and in a view of somebody else."""
    decoys = {decoy for one in cases for decoy in one.dataset.decoys()}
    with serve(tmp_path_factory.mktemp("keys")) as found:
        found.hide(by_graph(decoys))
        somebody = found.view(decoys)
        yield found
        somebody.close()
