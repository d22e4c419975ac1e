"""What a release is made from, on disk between its two passes: private, and gone afterwards."""

import zlib
from collections.abc import Iterable, Iterator

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.loaders.scratch import Scratch

__all__ = ["Draft"]

_FORMAT = ox.RdfFormat.N_QUADS


class Draft(Scratch):
    """Learners with what is seen of each, as quads: the graph is the record that it is from."""

    def __init__(self) -> None:
        super().__init__(
            "PRAGMA temp_store = FILE;"
            "CREATE TABLE learner (place INTEGER PRIMARY KEY, iri TEXT, seen BLOB);"
        )

    def add(self, learner: URIRef, seen: Iterable[ox.Quad]) -> None:
        """Let *seen* be what is seen of *learner*, after all who were added before."""
        packed = zlib.compress(ox.serialize(seen, format=_FORMAT) or b"", 1)
        self._connection.execute("INSERT INTO learner (iri, seen) VALUES (?, ?)", (learner, packed))

    def __iter__(self) -> Iterator[tuple[URIRef, list[ox.Quad]]]:
        rows = self._connection.execute("SELECT iri, seen FROM learner ORDER BY place")
        for iri, packed in rows:
            yield URIRef(iri), list(ox.parse(zlib.decompress(packed), format=_FORMAT))
