"""What tests of several rooms share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.running import Running, run_sample

# No test asserts seconds, and a deadline for each example would: a busy machine is not a fault.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

_SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files, which are not ours to commit and so lie beside the repository."""
    if _SHARED_DATA.is_dir():
        return _SHARED_DATA
    reason = "the real files of ../shared/data are not here"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """The service over the sample; whoever changes a policy puts it back."""
    return run_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def address(sample: Running) -> Iterator[str]:
    """Where the service over the sample listens: a real socket of this machine."""
    with sample.listening() as found:
        yield found
