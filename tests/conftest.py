"""What tests of several rooms share."""

import os
from pathlib import Path

import pytest

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
