"""``backpack load clr`` from the command line to what the store holds."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from databackpack.ontology.namespaces import BP
from databackpack.service.cli import main
from databackpack.service.records.terms import node as text_node
from databackpack.service.records.truth import TruthStore
from tests.commands import run as process
from tests.loaders.credentials.making import SCHOOL, Signer, badge


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["load", *arguments])


def written(folder: Path, name: str, document: object) -> str:
    file = folder / name
    file.write_text(json.dumps(document), encoding="utf-8")
    return str(file)


def test_badges_of_one_learner_in_two_files_are_both_in_the_store(tmp_path: Path) -> None:
    signer = Signer()
    files = [
        written(tmp_path, f"{n}.json", signer.sign(badge(id=f"https://a.example/{n}")))
        for n in range(2)
    ]
    store = tmp_path / "store"
    done = process("load", "clr", *files, "--store", store)
    assert done.returncode == 0, done.stderr
    again = process("load", "clr", *files, "--store", store)
    assert "0 of the records are new or differ" in again.stderr
    truth = TruthStore(store, create=False)
    kept = list(truth._store.quads_for_pattern(None, text_node(BP.signedBy), None))
    vars(truth).clear()  # the engine closes a store that nobody holds
    assert [str(quad.object) for quad in kept] == [f'"{signer.did}"'] * 2


def test_a_proof_is_required_on_request_and_the_users_keys_are_believed(tmp_path: Path) -> None:
    signer = Signer()
    method = f"{SCHOOL}#key-1"
    file = written(tmp_path, "badge.json", signer.sign(badge(), verificationMethod=method))
    keys = str(signer.keys(tmp_path, method))
    strict = run("clr", file, "--dry-run", "--require-proof")
    assert strict.exit_code == 1
    assert "badge.json:1: proof: $: a proof is required" in strict.output
    assert run("clr", file, "--dry-run", "--require-proof", "--keys", keys).exit_code == 0


@pytest.mark.parametrize(
    ("form", "option"), [("edfi", "--require-proof"), ("ceds", "--require-proof")]
)
def test_a_choice_that_a_format_does_not_have_is_refused(
    tmp_path: Path, form: str, option: str
) -> None:
    done = run(form, str(tmp_path), "--dry-run", option)
    assert done.exit_code == 2
    assert f"{form} has no {option}." in done.output


def test_contexts_of_a_folder_are_used_by_both_formats(tmp_path: Path) -> None:
    folder = tmp_path / "contexts"
    folder.mkdir()
    written(folder, "own-context.json", {"@context": {"shoe": "https://a.example/shoe"}})
    document = badge()
    document["@context"].append("https://a.example/own-context.json")
    file = written(tmp_path, "badge.json", document)
    assert run("clr", file, "--dry-run").exit_code == 1
    assert run("clr", file, "--dry-run", "--contexts", str(folder)).exit_code == 0
