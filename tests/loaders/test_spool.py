"""The spool: scattered rows in, complete groups out."""

import sqlite3
import tracemalloc

import pytest
from rdflib import URIRef

from databackpack.loaders.record import Source
from databackpack.loaders.spool import Spool


def test_rows_come_back_grouped_by_key_in_the_order_they_came() -> None:
    with Spool() as spool:
        for line, (key, word) in enumerate(
            [("b", "first"), ("a", "second"), ("b", "third"), ("a", "first")], start=1
        ):
            spool.add((key, "x"), {"word": word}, Source("f.xml", line))
        groups = [(key, [row["word"] for row, _ in rows]) for key, rows in spool]
    assert groups == [(("a", "x"), ["second", "first"]), (("b", "x"), ["first", "third"])]


def test_keys_sort_part_by_part_and_never_run_together() -> None:
    keys = [("a", "z"), ("a",), ("ab", ""), ("a", "b", "c"), ("é",), ("z",), ("a b", "c")]
    with Spool() as spool:
        for key in keys:
            spool.add(key, {}, Source("f", 1))
        assert [key for key, _ in spool] == sorted(keys)


def test_values_and_sources_survive() -> None:
    row = {"text": "ñ \n", "list": ["a", {"b": None}], "number": 3, "flag": True}
    with Spool() as spool:
        spool.add(("k",), row, Source("Student.xml", 123_456))
        [(_, [read])] = list(spool)
    assert read == (row, Source("Student.xml", 123_456))


def test_iris_come_back_as_strings() -> None:
    with Spool() as spool:
        spool.add(("k",), {"terms": [(URIRef("urn:a"), ("iri", URIRef("urn:b")))]}, Source("f", 1))
        [(_, [(row, _)])] = list(spool)
    [[predicate, [_, value]]] = row["terms"]
    assert (type(predicate), type(value)) == (str, str)
    assert (predicate, value) == ("urn:a", "urn:b")


def test_a_spool_may_be_read_twice() -> None:
    with Spool() as spool:
        spool.add(("k",), {"n": 1}, Source("f", 1))
        assert list(spool) == list(spool) != []


@pytest.mark.parametrize("key", [(), ("a\x00b",)])
def test_a_key_that_could_be_taken_for_another_is_refused(key: tuple[str, ...]) -> None:
    with Spool() as spool, pytest.raises(ValueError, match="NUL"):
        spool.add(key, {}, Source("f", 1))


def test_nothing_can_be_read_after_the_end() -> None:
    with Spool() as spool:
        spool.add(("k",), {}, Source("f", 1))
    with pytest.raises(sqlite3.ProgrammingError):
        list(spool)


def test_python_memory_holds_one_group_and_not_all_rows() -> None:
    padding = "x" * 1000
    tracemalloc.start()
    with Spool() as spool:
        for line in range(20_000):
            spool.add((str(line % 1000),), {"padding": padding}, Source("f", line))
        count = sum(len(rows) for _, rows in spool)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 2_000_000
