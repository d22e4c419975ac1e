"""Runs: which load, of which files, brought a record, told as PROV-O does."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import file_digest, sha256
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

import pyoxigraph as ox
from rdflib import RDF, XSD, Literal, URIRef

from databackpack.loaders import lines
from databackpack.loaders.record import Record
from databackpack.ontology.namespaces import BP, DCTERMS, ID, PROV, SDO
from databackpack.service.records.graphs import INDEX, RUNS
from databackpack.service.records.terms import node, text
from databackpack.service.records.truth import TruthStore

__all__ = ["InputFile", "Run", "digest", "has_digest", "index_entry", "input_files"]

_DIGEST = node(SDO.sha256)


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that was read: its name without any folder, SHA-256 in hexadecimal, size in bytes."""

    name: str
    sha256: str
    size: int


def input_files(paths: Iterable[Path]) -> Iterator[InputFile]:
    """Yield the files of *paths*, of folders all that is in them; raises OSError."""
    for path in paths:
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in found:
            if file.is_file():
                with file.open("rb") as opened:
                    hashed = file_digest(opened, "sha256").hexdigest()
                yield InputFile(file.name, hashed, file.stat().st_size)


class Run:
    """A load of *files* in *form* into *truth*, on record from the moment that it changes anything.

    A run that was killed has no end. *mapping* is the file that says how columns become terms.
    """

    def __init__(
        self,
        truth: TruthStore,
        form: str,
        files: Sequence[InputFile],
        mapping: InputFile | None = None,
    ) -> None:
        self.iri = ID[f"run/{uuid4()}"]
        self._truth, self._form, self._files, self._mapping = truth, form, files, mapping
        self._since, self._epoch = truth.clock(), truth.epoch
        self._is_begun = False

    def begin(self) -> None:
        """Let the run be on record, before the first commit that names it."""
        if not self._is_begun:
            self._truth.append(RUNS, self._described())
            self._is_begun = True

    def end(self) -> None:
        """Let it be on record that the run came to its end, if it changed anything."""
        if self._truth.epoch != self._epoch:
            self.begin()
            self._truth.append(RUNS, [self._dated(PROV.endedAtTime, self._truth.clock())])

    def records(self) -> int:
        """Return how many records the run brought: new ones, and those that it changed."""
        return self._truth.count(INDEX, PROV.wasGeneratedBy, self.iri)

    def _described(self) -> Iterator[ox.Triple]:
        run = node(self.iri)
        yield ox.Triple(run, node(RDF.type), node(PROV.Activity))
        yield self._dated(PROV.startedAtTime, self._since)
        yield ox.Triple(run, node(DCTERMS["format"]), ox.Literal(self._form))
        yield ox.Triple(run, node(SDO.softwareVersion), ox.Literal(version("databackpack")))
        for file in self._files:
            yield from self._used(PROV.used, file)
        if self._mapping is not None:
            yield from self._used(PROV.hadPlan, self._mapping)

    def _used(self, how: URIRef, file: InputFile) -> Iterator[ox.Triple]:
        name = node(ID[f"file/{uuid4()}"])
        yield ox.Triple(node(self.iri), node(how), name)
        yield ox.Triple(name, node(RDF.type), node(PROV.Entity))
        yield ox.Triple(name, node(SDO.name), ox.Literal(file.name))
        yield ox.Triple(name, node(SDO.sha256), ox.Literal(file.sha256))
        yield ox.Triple(name, node(SDO.contentSize), ox.Literal(file.size))

    def _dated(self, predicate: URIRef, moment: datetime) -> ox.Triple:
        stamp = ox.Literal(moment.isoformat(), datatype=node(XSD.dateTime))
        return ox.Triple(node(self.iri), node(predicate), stamp)


def digest(lines: bytes) -> str:
    """Return the SHA-256 of a record's lines in hexadecimal."""
    return sha256(lines).hexdigest()


def has_digest(entry: Iterable[ox.Triple], hashed: str) -> bool:
    """Tell whether *entry*, what the index says of a record, is of one whose digest is *hashed*."""
    return any(t.predicate == _DIGEST and text(t.object) == hashed for t in entry)


def index_entry(record: Record, hashed: str, run: URIRef | None = None) -> bytes:
    """Return what the index says of *record*, whose digest is *hashed*, as N-Triples.

    *run* is what brought the record.
    """
    values = [
        f"{_term(RDF.type)} {_term(BP.Record)}",
        f"{_term(BP.isRecordOf)} <{record.learner}>",
        f"{_term(BP.isHeldBy)} {_term(record.holder)}",
        f"{_term(BP.hasCategory)} {_term(record.category)}",
        f"{_term(BP.sourceLocation)} {lines.term(Literal(str(record.source)))}",
        f'{_term(SDO.sha256)} "{hashed}"',
    ]
    if run is not None:
        values.append(f"{_term(PROV.wasGeneratedBy)} {_term(run)}")
    return "".join(f"<{record.iri}> {value} .\n" for value in values).encode()


@lru_cache(maxsize=4096)
def _term(iri: URIRef) -> str:
    return lines.term(iri)
