"""Identifiers of the Common Core State Standards and of the frameworks aligned to them."""

from databackpack.ontology.standards.lookup import UnknownStandard, files, resolve
from databackpack.ontology.standards.notation import canonical_code, standard_iri

__all__ = ["UnknownStandard", "canonical_code", "files", "resolve", "standard_iri"]
