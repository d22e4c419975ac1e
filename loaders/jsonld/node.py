"""A part of an expanded document, with its JSON path."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rdflib import URIRef

from databackpack.loaders.table import Refused
from databackpack.ontology.codes import local_name

__all__ = ["RELATIVE", "Node"]

RELATIVE = "https://relative.invalid/"
"""What relative IRIs are resolved against: they mean nothing outside their document."""

_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Node:
    """An object whose keys are IRIs; *path* is written with the last segments of these."""

    value: dict[str, Any]
    path: str

    @property
    def iri(self) -> str | None:
        """The node's own IRI; None for one that has none, or only a relative one."""
        found = self.value.get("@id")
        if not isinstance(found, str) or found.startswith(("_:", RELATIVE)):
            return None
        return found

    @property
    def types(self) -> list[str]:
        """The IRIs of its types."""
        return [str(one) for one in self.value.get("@type", ())]

    def has(self, term: str) -> bool:
        """Tell whether anything is under *term*."""
        return str(term) in self.value

    def nodes(self, term: str) -> list["Node"]:
        """Return the objects under *term*; raises Refused where something else is there."""
        found = [Node(value, path) for value, path in self._values(term)]
        for one in found:
            if "@value" in one.value:
                raise Refused("wrong type", f"{one.path}: an object is needed here, not a text")
        return found

    def node(self, term: str) -> "Node | None":
        """Return the one object under *term*; raises Refused where there are several."""
        found = self.nodes(term)
        if len(found) > 1:
            raise Refused("wrong type", f"{found[1].path}: only one object is allowed here")
        return found[0] if found else None

    def texts(self, *terms: str) -> list[str]:
        """Return the texts and numbers under *terms*; raises Refused for objects."""
        return [_text(value, path) for term in terms for value, path in self._values(term)]

    def words(self, term: str) -> list[str]:
        """Return the texts and IRIs under *term*, which name options; raises Refused for others."""
        found = self._values(term)
        return [v["@id"] if set(v) == {"@id"} else _text(v, path) for v, path in found]

    def text(self, term: str) -> str | None:
        """Return the one text under *term*, None where there is none or it is blank."""
        found = self.texts(term)
        if len(found) > 1:
            raise Refused("wrong type", f"{self._at(term)}: only one value is allowed here")
        return found[0].strip() or None if found else None

    def need(self, term: str) -> str:
        """Return the one text under *term*; raises Refused where there is none."""
        if (found := self.text(term)) is None:
            raise Refused("missing value", f"{self._at(term)} is missing; it is needed")
        return found

    def parts(self, term: str) -> list["Node"]:
        """Return the objects under *term*, passing over texts."""
        return [Node(one, path) for one, path in self._values(term) if "@value" not in one]

    def walk(self) -> Iterator["Node"]:
        """Yield this node and every one in it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            for term in node.value:
                if not term.startswith("@"):
                    waiting += node.parts(term)

    def _values(self, term: str) -> list[tuple[dict[str, Any], str]]:
        found: list[dict[str, Any]] = []
        for one in self.value.get(str(term), ()):  # a URIRef equals no text
            for container in ("@list", "@graph"):
                if container in one:
                    found += one[container]
                    break
            else:
                found.append(one)
        at = self._at(term)
        return [
            (one, f"{at}[{index}]" if len(found) > 1 else at) for index, one in enumerate(found)
        ]

    def _at(self, term: str) -> str:
        return f"{self.path}.{local_name(URIRef(term))}"


def _text(value: dict[str, Any], path: str) -> str:
    found = value.get("@value")
    if found is None or isinstance(found, (dict, list)):
        raise Refused("wrong type", f"{path}: a text or a number is needed here, not an object")
    text = ("true" if found else "false") if isinstance(found, bool) else str(found)
    if len(text) > _LONGEST:
        raise Refused("long text", f"{path}: {len(text)} characters; at most {_LONGEST} are kept")
    return text
