"""Ed-Fi interchange files, element by element, with nothing fetched and nothing expanded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from databackpack.loaders.edfi.node import Node
from databackpack.loaders.record import Problem, Source

__all__ = ["check", "elements"]


def check(path: Path) -> Problem | None:
    """Return why nothing of the file can be read, or None. Reads to the end of it."""
    try:
        for event, element in _events(path):
            if event == "start" and element.getparent() is None:
                if fault := _fault_of_root(element):
                    return Problem(Source(path.name, element.sourceline or 1), *fault)
            elif event == "end":
                _forget(element)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        return Problem(
            Source(path.name, max(line, 1)),
            "well-formed XML",
            f"{error.msg} (column {column}); nothing of this file is loaded: "
            "mend it or export it again",
        )
    except OSError as error:
        return Problem(
            Source(path.name, 1),
            "readable file",
            f"{error.strerror}; check the path and its rights",
        )
    return None


def elements(path: Path) -> Iterator[Node]:
    """Return the children of the root, one at a time; memory holds one.

    *path* has passed ``check``.
    """
    depth = 0
    for event, element in _events(path):
        depth += 1 if event == "start" else -1
        if event == "end" and depth == 1:
            yield _node(element)
            _forget(element)


def _events(path: Path) -> Iterator[tuple[str, Any]]:
    with path.open("rb") as stream:
        yield from etree.iterparse(
            stream,
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )


def _fault_of_root(root: Any) -> tuple[str, str] | None:
    if root.getroottree().docinfo.doctype:
        return "no document type", "an interchange has no DOCTYPE and no entities; take them out"
    name = etree.QName(root).localname
    if not name.startswith("Interchange"):
        return (
            "Ed-Fi interchange",
            f"the root is {name}, not Interchange…; take the file out of the folder",
        )
    return None


def _forget(element: Any) -> None:
    """Free *element* and what stood before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _node(element: Any) -> Node:
    return Node(
        etree.QName(element).localname,
        element.sourceline or 1,
        (element.text or "").strip(),
        element.get("id", "").strip(),
        element.get("ref", "").strip(),
        tuple(_node(child) for child in element),
    )
