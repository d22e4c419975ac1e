"""Identifiers of the Common Core State Standards and of the frameworks aligned to them."""

from databackpack.ontology.standards.lookup import (
    Names,
    UnknownStandard,
    answering,
    files,
    framework,
    identify,
    is_shipped,
    knowing,
    learn,
    resolve,
)
from databackpack.ontology.standards.notation import canonical_code, standard_iri

__all__ = [
    "Names",
    "UnknownStandard",
    "answering",
    "canonical_code",
    "files",
    "framework",
    "identify",
    "is_shipped",
    "knowing",
    "learn",
    "resolve",
    "standard_iri",
]
