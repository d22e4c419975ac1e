"""What tests of several loaders share."""

import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from rdflib import URIRef

from databackpack.loaders.record import Mint, person_iri


@pytest.fixture
def mint() -> Mint:
    """Random IRIs, the same one for the same person."""
    people: dict[tuple[str, str], URIRef] = {}

    def random_iri(kind: str, identifier: str) -> URIRef:
        return people.setdefault((kind, identifier), person_iri(kind, uuid4()))

    return random_iri


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy, to be spoiled, of a small right OneRoster folder with companion files."""
    copy = tmp_path / "oneroster"
    shutil.copytree(Path(__file__).parent / "oneroster", copy)
    return copy


@pytest.fixture
def change(folder: Path) -> Callable[[str, str, str], None]:
    """Puts, in a file of the folder, one text that it has once in place of another."""

    def put(file: str, old: str, new: str) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")

    return put
