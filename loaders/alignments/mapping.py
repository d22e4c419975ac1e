"""Crosswalk tables: SSSOM, or any table whose columns are known, declared or called as usual."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

from databackpack.loaders.alignments.crosswalk import Alignments, said_of
from databackpack.loaders.alignments.identifier import identify
from databackpack.loaders.alignments.relation import bare, relation, settings
from databackpack.loaders.alignments.sheet import Sheet, Unreadable, open_sheet
from databackpack.loaders.record import Item, Problem, Source
from databackpack.loaders.table import Refused, Row
from databackpack.ontology.namespaces import PREFIXES

__all__ = ["read_sssom", "read_table"]

_SSSOM = ("subject_id", "predicate_id", "object_id")
_BESIDE = (".sssom.yml", ".sssom.yaml", ".yml", ".yaml")
_NO_TERM = "sssom:NoTermFound"


@dataclass(frozen=True, slots=True)
class _Declared:
    """What is said of a whole table: SSSOM slots, prefixes, and words that it alone uses."""

    slots: dict[str, str]
    columns: dict[str, str]
    prefixes: dict[str, str]
    relations: dict[str, str]


def read_sssom(path: Path) -> Iterator[Item]:
    """Yield the crosswalk in an SSSOM table, TSV or CSV, and what was wrong with its rows.

    Its metadata stand before the header in lines that begin with ``#``, or in a YAML file of the
    same name beside it (SSSOM, section TSV).
    """
    yield from _read(path, is_sssom=True)


def read_table(path: Path) -> Iterator[Item]:
    """Yield the crosswalk in a table with any columns, and what was wrong with its rows.

    Which column is which is said by the file ``<table>.yml`` beside it, by publishers.yaml for a
    header that is known, or by the usual names of columns.yaml.
    """
    yield from _read(path, is_sssom=False)


def _read(path: Path, *, is_sssom: bool) -> Iterator[Item]:
    try:
        sheet = open_sheet(path)
        declared = _declared(sheet)
        columns = _columns(sheet, declared, is_sssom=is_sssom)
    except Unreadable as fault:
        yield Problem(Source(path.name, fault.line), fault.rule, fault.message)
        return
    slots = declared.slots
    title = slots.get("mapping_set_title") or slots.get("mapping_set_id") or path.stem
    alignments = Alignments(
        slots.get("mapping_set_id") or title,
        title,
        path.name,
        said_of(slots, declared.prefixes),
        slots.get("license", ""),
    )
    for row in sheet.rows(columns):
        if isinstance(row, Problem):
            yield row
            continue
        try:
            _add(alignments, row, declared)
        except Refused as refused:
            yield Problem(row.source, refused.rule, refused.message)
    try:
        yield from alignments.items()
    except Refused as refused:
        yield Problem(Source(path.name, 1), refused.rule, refused.message)


def _add(alignments: Alignments, row: Row, declared: _Declared) -> None:
    """Add what *row* says; raises Refused."""
    prefixes = declared.prefixes
    subject, target = row.require("subject_id"), row.require("object_id")
    if _NO_TERM in (subject, target):
        raise Refused("no match", "the row says that nothing matches; there is nothing to load")
    if row["predicate_modifier"]:
        raise Refused("negated", "the row says that the two do not match; leave it out")
    stated = row["predicate_id"] or declared.slots.get("predicate_id", "")
    if not stated:
        raise Refused("missing value", "no relation or strength; every row needs one")
    origin = identify(
        subject,
        row["subject_label"],
        row["subject_source"] or declared.slots.get("subject_source", ""),
        prefixes,
    )
    other = identify(
        target,
        row["object_label"],
        row["object_source"] or declared.slots.get("object_source", ""),
        prefixes,
    )
    found = relation(declared.relations.get(bare(stated), stated))
    alignments.add(origin, other, found, said_of(row.cells, prefixes), row.source.line)


def _declared(sheet: Sheet) -> _Declared:
    """Return what is said before the header, beside the file, or of its publisher."""
    told: dict[str, Any] = {}
    for publisher in settings("publishers"):
        if set(publisher["header"]) == set(sheet.header):
            told |= publisher
    for ending in _BESIDE:
        beside = sheet.path.with_name(sheet.path.name.removesuffix(sheet.path.suffix) + ending)
        if beside.is_file():
            told |= _metadata(_text(beside), f"{beside.name}: ")
            break
    told |= _metadata(dedent("".join(line.lstrip("#") for line in sheet.preamble)), "")
    prefixes = {name: str(base) for name, base in PREFIXES.items()}
    return _Declared(
        {name: _slot(value) for name, value in told.items() if not isinstance(value, dict)},
        _texts(told, "columns"),
        prefixes | _texts(told, "curie_map"),
        {bare(word): known for word, known in _texts(told, "relations").items()},
    )


def _columns(sheet: Sheet, declared: _Declared, *, is_sssom: bool) -> dict[str, str]:
    """Return which slot stands in which column; raises Unreadable."""
    line = len(sheet.preamble) + 1
    if strange := sorted(set(declared.columns.values()) - set(sheet.header)):
        raise Unreadable(line, "missing column", f"the header lacks {', '.join(strange)}")
    aliases: dict[str, list[str]] = settings("columns")
    usual = {slot: [] for slot in aliases} if is_sssom else aliases
    found = sheet.find(usual) | declared.columns
    needed = _SSSOM if is_sssom and "predicate_id" not in declared.slots else _SSSOM[::2]
    if not is_sssom and not {"predicate_id"} & {*found, *declared.slots}:
        needed = _SSSOM
    if missing := [slot for slot in needed if slot not in found]:
        seen = ", ".join(name[:40] for name in sheet.header[:10])
        raise Unreadable(
            line,
            "missing column",
            f"no column for {', '.join(missing)} among: {seen}. Separate columns by commas or "
            f"tabs, and name them as in SSSOM or in {sheet.path.stem}.yml beside the table",
        )
    return found


def _metadata(text: str, where: str) -> dict[str, Any]:
    try:
        told = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 1 if mark is None else mark.line + 1
        raise Unreadable(line, "bad metadata", f"{where}no YAML in line {line}") from None
    except RecursionError:
        raise Unreadable(1, "bad metadata", f"{where}YAML nested too deeply") from None
    if not isinstance(told, dict):
        raise Unreadable(1, "bad metadata", f"{where}metadata are lines `name: value`")
    return {_scalar(name): value for name, value in told.items()}


def _text(beside: Path) -> str:
    try:
        return beside.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(1, "not-utf-8", f"{beside.name}: not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise Unreadable(1, "unreadable-file", f"{beside.name}: {error.strerror}") from None


def _slot(value: object) -> str:
    if isinstance(value, list):
        return "|".join(_scalar(one) for one in value)
    return _scalar(value)


def _scalar(value: object) -> str:
    """Return a value as text; empty where it is nested, since aliases can make that endless."""
    return "" if value is None or isinstance(value, list | dict | set) else str(value).strip()


def _texts(told: Mapping[str, Any], name: str) -> dict[str, str]:
    found = told.get(name) or {}
    if not isinstance(found, dict):
        raise Unreadable(1, "bad metadata", f"{name}: write lines `name: value` below it")
    return {_scalar(key): _scalar(value) for key, value in found.items()}
