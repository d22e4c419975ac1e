"""The service that is attacked: a process of its own, with short limits."""

from collections.abc import Iterator

import pytest

from tests.hostile.attack import BYSTANDERS, DUMP
from tests.serving import Served, build

LIMITS = {"ANSWER_SECONDS": "1", "ANSWER_MEMORY": str(128 * 1024 * 1024)}


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service over 24 learners, its views built and its workers warm."""
    folder = tmp_path_factory.mktemp("hostile")
    build(folder / "built", 24)
    found = Served(folder / "built", folder / "served", LIMITS)
    found.start()
    for persona in BYSTANDERS * 4:
        answer = found.query(persona, DUMP, "application/n-triples")
        assert answer.status == 200, answer.body
    yield found
    try:
        assert found.stop() == 0
    finally:
        found.close()
