"""No term for learner data without a use: each is in a question or in a shape."""

import re
from functools import cache
from importlib.resources import files

import pyoxigraph as ox
import pytest

from databackpack import queries
from databackpack.ontology import files_of_vocabulary
from databackpack.ontology.namespaces import PREFIXES

FILES = ("backpack.ttl", "profile.ttl", "property.ttl")
"""The files of the vocabulary that describe learner data."""


def _terms() -> list[str]:
    texts = [file.read_bytes() for file in files_of_vocabulary() if file.name in FILES]
    return sorted(
        {
            quad.subject.value
            for text in texts
            for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)
            if isinstance(quad.subject, ox.NamedNode)
        }
    )


@cache
def _used() -> frozenset[str]:
    shapes = [
        file.read_text()
        for file in files("databackpack.shapes").iterdir()
        if file.name.endswith(".ttl")
    ]
    found: set[str] = set()
    for text in (*shapes, *(queries.read(name).text for name in queries.names())):
        code = re.sub(r'^\s*#.*$|"[^"]*"', "", text, flags=re.MULTILINE)
        names = re.findall(r"(?<![\w:])(\w+):([\w-]+)", code)
        found |= {f"{PREFIXES[prefix]}{name}" for prefix, name in names if prefix in PREFIXES}
    return frozenset(found)


@pytest.mark.parametrize("term", _terms())
def test_a_term_for_learner_data_is_in_a_question_or_a_shape(term: str) -> None:
    assert term in _used()
