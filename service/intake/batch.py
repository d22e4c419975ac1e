"""New learners who are brought by one commit, and their records in a private file until then."""

from collections.abc import Iterable
from tempfile import TemporaryFile

from rdflib import URIRef

from databackpack.loaders.record import Item
from databackpack.service.intake.checking import Checked, Part
from databackpack.service.intake.deciding import TELL_OF_RIGHTS
from databackpack.service.records.graphs import INDEX
from databackpack.service.records.truth import Change

__all__ = ["Batch"]


class Batch:
    """What waits for one commit.

    Records are written as TriG to a file that has no name and is gone when this is closed, or with
    the process; memory holds what is said of families, and the records that tell who may decide.
    """

    def __init__(self) -> None:
        self.learners: set[URIRef] = set()
        self.first: set[URIRef] = set()
        """The learners who got their names in this load."""
        self.brought: set[URIRef] = set()
        """The learners of whom there is a record."""
        self.quads = 0
        self.graphs: list[URIRef] = []
        """The names of the records."""
        self.items: list[Item] = []
        self.changes: list[Change] = []
        """What comes with the records, such as what leaves the quarantine."""
        self.records = TemporaryFile()  # noqa: SIM115  see close

    def close(self) -> None:
        """Let the file be gone."""
        self.records.close()

    def add(
        self,
        learners: set[URIRef],
        first: set[URIRef],
        part: Part,
        stored: Iterable[Checked],
        changes: list[Change],
    ) -> None:
        """*part*, which is all there is of *learners*, waits; *stored* are its good records.

        *first* are those of them who got their names in this load.
        """
        self.learners |= learners
        self.first |= first
        self.changes += changes
        for item in part:
            if not isinstance(item, Checked):
                self.items.append(item)
            elif item.record.category in TELL_OF_RIGHTS:
                self.items.append(item.record)
        for one in stored:
            self.brought.add(one.record.learner)
            self.graphs.append(one.record.iri)
            for graph, lines in ((one.record.iri, one.record.lines), (INDEX, one.entry)):
                self.quads += lines.count(b"\n")
                self.records.write(b"<%b> {\n%b}\n" % (graph.encode(), lines))
