"""Fixtures of the protocol tests."""

import pytest

from tests.running import Running
from tests.web.asking import Web


@pytest.fixture(scope="session")
def web(sample: Running, address: str) -> Web:
    """The service over the sample, on a real socket."""
    return Web(sample, address)


@pytest.fixture(scope="session")
def child(sample: Running) -> str:
    """The last segment of the IRI of a learner whose family said nothing about the state."""
    return sample.person("learner", "state:S000001")
