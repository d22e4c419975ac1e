"""Crosswalks: tables, SSSOM, CASE associations, Ed-Fi equivalences, Learning Commons graphs."""

import json
from collections.abc import Iterator
from pathlib import Path

from databackpack.loaders.alignments import case, commons, edfi
from databackpack.loaders.alignments.mapping import read_sssom, read_table
from databackpack.loaders.record import Item, Mint, Problem, Source

__all__ = ["read", "read_set"]

_LARGEST = 256 * 2**20
"""Bytes of a JSON file: published packages have up to 20 MB."""


def read(path: Path, mint: Mint) -> Iterator[Item]:
    """Yield the crosswalk in *path*, by its ending: .json (CASE, Learning Commons), .xml (Ed-Fi)
    or a table; and what was wrong with it."""
    match path.suffix.lower():
        case ".json":
            yield from _read_json(path)
        case ".xml":
            yield from edfi.read(path)
        case _:
            yield from read_table(path)


def read_set(path: Path, mint: Mint) -> Iterator[Item]:
    """Yield the crosswalk in the SSSOM table *path*, and what was wrong with it."""
    yield from read_sssom(path)


def _read_json(path: Path) -> Iterator[Item]:
    try:
        if path.stat().st_size > _LARGEST:
            yield Problem(Source(path.name, 1), "too large", f"more than {_LARGEST:,} bytes")
            return
        found = json.loads(path.read_bytes().decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        yield Problem(Source(path.name, error.lineno), "malformed-json", f"{error.msg}; no JSON")
        return
    except UnicodeDecodeError:
        yield Problem(Source(path.name, 1), "not-utf-8", "not UTF-8; save the file as UTF-8")
        return
    except RecursionError:
        yield Problem(Source(path.name, 1), "malformed-json", "nested too deeply")
        return
    except OSError as error:
        yield Problem(Source(path.name, 1), "unreadable-file", str(error.strerror))
        return
    if isinstance(found, dict) and isinstance(found.get("CFAssociations"), list):
        yield from case.alignments(found, path.name)
    elif isinstance(found, dict) and isinstance(found.get("edges"), list):
        yield from commons.alignments(found, path.name)
    else:
        yield Problem(
            Source(path.name, 1),
            "no crosswalk",
            "neither a CFPackage (CFAssociations) nor a graph (nodes, edges)",
        )
