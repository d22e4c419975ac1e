"""What a release holds, counted while it is read: classes, properties, and which codes they use."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.namespaces import ID, RDF, SKOS
from databackpack.service.records.terms import node

__all__ = ["Contents"]

_TYPE, _IN_SCHEME = node(RDF.type), node(SKOS.inScheme)
_OURS = str(ID)


@dataclass(slots=True)
class Contents:
    """How many learners have anything of each class and each property; the codes of all values.

    It grows with the vocabulary that is used, not with the number of learners.
    """

    classes: Counter[URIRef] = field(default_factory=Counter)
    properties: Counter[URIRef] = field(default_factory=Counter)
    learners: int = 0
    _values: set[ox.NamedNode] = field(default_factory=set)

    def add(self, triples: Iterable[ox.Triple]) -> None:
        """Count *triples*, all that the release holds of one learner; of none, nothing."""
        classes: set[str] = set()
        properties: set[str] = set()
        for triple in triples:
            value = triple.object
            if triple.predicate == _TYPE:
                classes.add(str(getattr(value, "value", "")))
            else:
                properties.add(triple.predicate.value)
                if isinstance(value, ox.NamedNode) and not value.value.startswith(_OURS):
                    self._values.add(value)
        self.classes.update(map(URIRef, classes))
        self.properties.update(map(URIRef, properties))
        self.learners += bool(classes or properties)

    def schemes(self, said: Iterable[ox.Triple]) -> Mapping[URIRef, int]:
        """Return the code lists and frameworks that values are of, with how many of each are used.

        *said* is what is public: which scheme a code is in. Of one told as a whole it is 0.
        """
        found: Counter[URIRef] = Counter()
        for triple in said:
            if triple.predicate == _IN_SCHEME and not self._values.isdisjoint(
                (triple.subject, triple.object)
            ):
                scheme = URIRef(str(getattr(triple.object, "value", "")))
                found[scheme] += triple.subject in self._values
        return found
