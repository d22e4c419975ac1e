"""What tests of mappings share: the worked example, and one engine for all that only check."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from databackpack.loaders import mapping
from databackpack.loaders.mapping.engine import Engine


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder of the mappings that are shipped."""
    return Path(str(files(mapping) / "examples"))


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A started engine: starting one takes a second."""
    with Engine(tmp_path_factory.mktemp("engine")) as started:
        yield started
