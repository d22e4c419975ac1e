"""``backpack release`` on a store on disk, as a custodian uses it."""

import gc
import gzip
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result
from rdflib import VOID, Graph, URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPC, RDF, SDO
from databackpack.service.cli import main
from databackpack.service.records.graphs import INDEX
from databackpack.service.records.truth import TruthStore
from databackpack.service.releases import release
from tests.releases import study
from tests.releases.recount import sizes
from tests.running import load_sample

LEARNERS = 24


def backpack(*arguments: str | Path, answers: str = "") -> Result:
    """Return what the command says, with the store that it opened closed again."""
    result = CliRunner().invoke(main, [str(one) for one in arguments], input=answers)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    result.exception = result.exc_info = None  # their frames hold the store
    gc.collect()
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store and an agreement that is in force whenever this is run."""
    folder, year = tmp_path_factory.mktemp("release"), datetime.now(UTC).year
    truth = TruthStore(folder / "store")
    load_sample(truth, folder, LEARNERS)
    del truth
    gc.collect()
    for name, k in (("sample-study", 10), ("plain", None)):
        text = study.text(name, k=k, audience="persistence" if k else "mobility")
        for old, new in (("2027-12-31", f"{year + 2}-12-31"), ("2027-06-30", f"{year + 1}-06-30")):
            text = text.replace(old, new)
        text = text.replace("2026-11-01", f"{year - 1}-11-01")
        (folder / f"{name}.ttl").write_text(text, encoding="utf-8")
        done = backpack("agreement", "add", folder / f"{name}.ttl", "--store", folder / "store")
        assert done.exit_code == 0, done.output
    return folder


def test_a_release_is_made_told_about_and_handed_over(folder: Path) -> None:
    store = folder / "store"
    refused = backpack("release", "show", "sample-study", "--store", store)
    assert refused.exit_code == 1
    assert "backpack release build sample-study" in refused.stderr
    made = backpack("release", "build", "sample-study", "--store", store, "--by", "a custodian")
    assert made.exit_code == 0, made.output
    assert "groups of 10" in made.stdout and "by a custodian" in made.stdout
    listed = backpack("release", "list", "--store", store)
    assert listed.stdout == made.stdout
    assert "grade" in backpack("release", "show", "sample-study", "--store", store).stdout

    out = folder / "out"
    done = backpack("release", "export", "sample-study", "--store", store, "--out", out)
    assert done.exit_code == 0, done.output
    assert {file.name for file in out.iterdir()} == {
        *("release.nt.gz", "codebook.html", "codebook.ttl", "notice.txt"),
    }
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in out.iterdir())
    lines = gzip.decompress((out / "release.nt.gz").read_bytes())
    triples = [quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES)]
    people: dict[URIRef, list[ox.Triple]] = {}
    owner = {t.subject: t.object for t in triples if t.predicate.value == str(BP.isRecordOf)}
    for triple in triples:
        people.setdefault(URIRef(str(owner[triple.subject])), []).append(triple)
    assert min(sizes(people).values()) >= 10
    assert f"{len(people)} learners" in made.stdout
    assert (None, RDF.type, VOID.Dataset) in Graph().parse(out / "codebook.ttl")
    assert "research" in (out / "notice.txt").read_text(encoding="utf-8").lower()
    again = backpack("release", "export", "sample-study", "--store", store, "--out", out)
    assert again.exit_code == 1 and "there already" in again.stderr


def test_free_text_is_shown_and_asked_about(folder: Path) -> None:
    store = folder / "store"
    truth = TruthStore(store)
    record = next(truth.subjects(INDEX, BP.hasCategory, BPC.assessment))
    item = next(
        URIRef(t.subject.value)  # type: ignore[union-attr]
        for t in truth.triples(record)
        if t.predicate.value == str(SDO.name)
    )
    del truth
    gc.collect()
    asked = ("release", "text", "sample-study", local_name(item), "--store", store, "--by", "me")
    refused = backpack(*asked, answers="n\n" * 9)
    assert "name: " in refused.stdout.lower() and "on record" not in refused.stdout
    assert "on record" in backpack(*asked, answers="y\n" * 9).stdout
    again = backpack(*asked, answers="y\n" * 9)
    assert again.exit_code == 1 and "released already" in again.stderr


@pytest.mark.parametrize(
    ("name", "told"), [("plain", "group size"), ("nothing", "on record: plain, sample-study")]
)
def test_what_cannot_be_built_is_refused(folder: Path, name: str, told: str) -> None:
    done = backpack("release", "build", name, "--store", folder / "store")
    assert done.exit_code == 1
    assert told in done.stderr
    truth = TruthStore(folder / "store")
    assert (
        release.on_record(truth, URIRef(f"https://w3id.org/databackpack/id/agreement/{name}")) == []
    )
