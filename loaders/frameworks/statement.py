"""What every format says of a framework and of its statements, before it becomes triples."""

from dataclasses import dataclass, field

__all__ = ["IDENTIFYING", "Document", "Statement", "Text"]

IDENTIFYING = ("asnIdentifier", "caseIdentifier", "ctid", "guid", "nodeIdentifier")
"""Kinds of names that are no codes: who has one is the statement that it names."""

Text = tuple[str, str]
"""A text and its language, which is empty where the file does not say."""


@dataclass(slots=True)
class Document:
    """The framework as a file has it: *key* is what links call it, dates are as written there."""

    key: str
    iri: str
    titles: list[Text] = field(default_factory=list)
    descriptions: list[Text] = field(default_factory=list)
    publishers: list[str] = field(default_factory=list)
    creators: list[str] = field(default_factory=list)
    licenses: list[str] = field(default_factory=list)
    rights: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    modified: str = ""
    version: str = ""
    status: str = ""
    language: str = ""
    line: int = 1


@dataclass(slots=True)
class Statement:
    """A statement as a file has it; *key* is what links call it, *at* where the file says it.

    *names* are (kind, identifier), kinds being the local names of our datatypes of notations, or
    a datatype's IRI. Links hold keys, or IRIs of what is not in the file. Without *has_place* the
    file says nothing of where in the hierarchy it stands; what *is_gone* is not in the file at all,
    which says only by what it was replaced.
    """

    key: str
    iri: str
    line: int
    at: str = ""
    names: list[tuple[str, str]] = field(default_factory=list)
    code: str = ""
    labels: list[Text] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    comments: list[Text] = field(default_factory=list)
    categories: list[Text] = field(default_factory=list)
    list_id: str = ""
    grades: list[str] = field(default_factory=list)
    matches: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    prerequisite_of: list[str] = field(default_factory=list)
    precedes: list[str] = field(default_factory=list)
    related: list[str] = field(default_factory=list)
    replaced_by: list[str] = field(default_factory=list)
    since: str = ""
    until: str = ""
    is_deprecated: bool = False
    has_place: bool = True
    is_gone: bool = False
