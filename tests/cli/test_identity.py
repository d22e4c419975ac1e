"""``backpack identity``, ``export`` and ``import`` as their users run them."""

from pathlib import Path

import pytest

from databackpack.loaders import sample
from tests.commands import run
from tests.running import TODAY


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("identity")
    sample.write(folder / "sample", learners=4, today=TODAY)
    loaded = run("load", "oneroster", folder / "sample", "--store", folder / "store")
    assert loaded.returncode == 0, loaded.stderr
    return folder / "store"


def test_a_merge_is_told_kept_and_undone(store: Path) -> None:
    first, second = "state:S000001", "state:S000002"
    why = ("--by", "R. Registrar", "--why", "one child under two identifiers")
    merged = run("identity", "merge", first, second, "--store", store, *why)
    assert merged.returncode == 0, merged.stderr
    event = merged.stdout.split()[0]
    undone = run("identity", "undo", event, "--store", store, *why)
    assert "undone at epoch" in undone.stdout
    history = run("identity", "history", second, "--store", store).stdout.splitlines()
    assert [line.split("\t")[2] for line in history] == ["merge", "undo merge"]
    assert all("R. Registrar" in line for line in history)


def test_a_learner_is_exported_and_imported_into_another_store(store: Path, tmp_path: Path) -> None:
    files = []
    for number, place in enumerate((store, tmp_path / "other")):
        file = tmp_path / f"{number}.ttl"
        made = run(
            *("export", "learner", "state:S000003", "--format", "turtle"),
            *("--output", file, "--store", place),
        )
        assert made.returncode == 0, made.stderr
        assert file.stat().st_mode & 0o777 == 0o600
        files.append(file.read_bytes())
        if number == 0:
            brought = run("import", file, "--store", tmp_path / "other")
            assert brought.returncode == 0, brought.stderr
            assert brought.stdout.startswith("1 learners")
    assert files[0] == files[1]


def test_what_cannot_be_exported_or_imported_is_told_in_words(store: Path, tmp_path: Path) -> None:
    nobody = run("export", "school", "nowhere", "--output", tmp_path / "a.nq", "--store", store)
    assert nobody.returncode == 1
    assert "no organisation 'nowhere'" in nobody.stderr
    spoilt = tmp_path / "spoilt.nq"
    spoilt.write_text('<urn:a> <urn:b> "c')
    refused = run("import", spoilt, "--store", tmp_path / "other")
    assert refused.returncode == 1
    assert "spoilt.nq:1: unreadable: " in refused.stderr
    assert "Traceback" not in refused.stderr
