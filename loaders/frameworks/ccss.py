"""The official list of Common Core identifiers (2012), with the errors that it is known to have.

Lines end in a carriage return; half of the GUIDs are in lower case; some dot notations lack a dot
or a number, and some addresses have a typo in the host or an empty segment. The GUID is what a row
is known by.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from databackpack.loaders.frameworks.building import build
from databackpack.loaders.frameworks.statement import Document, Statement
from databackpack.loaders.frameworks.textfile import FileRefused, TextFile
from databackpack.loaders.record import Item, Problem, Source

__all__ = ["read"]

_NOTATION, _URI, _CURRENT, _GUID = "Dot notation", "URI", "Current URL", "GUID"
_FRAMEWORKS = {
    "CCSS.Math.": ("http://corestandards.org/Math", "Common Core State Standards for Mathematics"),
    "CCSS.ELA-Literacy.": (
        "http://corestandards.org/ELA-Literacy",
        "Common Core State Standards for English Language Arts and Literacy",
    ),
}
_HEX = re.compile(r"[0-9A-Fa-f]{32}")


def read(path: Path) -> Iterator[Item]:
    """Yield the two frameworks of the list *path*, and what is wrong with its rows."""
    try:
        file = TextFile(path)
        rows = _rows(file)
    except FileRefused as refused:
        yield refused.problem(path.name)
        return
    addresses = Counter(address for _, row in rows for address in _addresses(row))
    statements: dict[str, list[Statement]] = {prefix: [] for prefix in _FRAMEWORKS}
    for line, row in rows:
        source, notation = Source(file.name, line), row[_NOTATION].strip()
        prefix = next((one for one in _FRAMEWORKS if notation.startswith(one)), None)
        guid = row[_GUID].strip().replace("-", "").upper()
        if prefix is None:
            yield Problem(
                source,
                "dot notation",
                f"{notation[:100]!r} begins with none of {', '.join(_FRAMEWORKS)}; correct it",
            )
            continue
        if not _HEX.fullmatch(guid):
            yield Problem(
                source,
                "GUID",
                f"{row[_GUID][:100]!r} is no GUID of 32 hexadecimal digits; correct it",
            )
            continue
        statement = Statement(guid, f"urn:guid:{guid}", line, has_place=False)
        statement.names = [("guid", guid), ("dotNotation", notation)]
        for address in _addresses(row):
            if addresses[address] > 1:
                yield Problem(
                    source,
                    "ambiguous address",
                    f"{address[:100]!r} is that of {addresses[address]} rows; the statement is "
                    "loaded without it",
                )
            else:
                statement.names.append(("alternateUri", address))
        statements[prefix].append(statement)
    for prefix, found in statements.items():
        iri, title = _FRAMEWORKS[prefix]
        if found:
            yield from build(Document(iri, iri, titles=[(title, "en")]), found, file.name)


def _addresses(row: dict[str, str]) -> set[str]:
    """Return the addresses of a row, the typo in the host of half of them set right."""
    current = row[_CURRENT].strip().replace("wwwcorestandards", "www.corestandards")
    return {row[_URI].strip(), current} - {""}


def _rows(file: TextFile) -> list[tuple[int, dict[str, str]]]:
    """Return the rows with their numbers, the header being 1; raises FileRefused."""
    table = csv.reader(file.text.splitlines(keepends=True), strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        header = next(table)
        missing = [name for name in (_NOTATION, _URI, _GUID) if name not in header]
        if missing:
            raise FileRefused(
                1,
                "not the list",
                f"the header has no {', '.join(missing)}; send the official list of identifiers, "
                "or choose the format that the file is in",
            )
        for cells in table:
            row = dict.fromkeys((_NOTATION, _URI, _CURRENT, _GUID), "")
            row.update(zip(header, cells, strict=False))
            if any(cells):
                rows.append((table.line_num, row))
    except csv.Error as error:
        raise FileRefused(table.line_num, "well-formed CSV", f"{error}; correct it") from None
    return rows
