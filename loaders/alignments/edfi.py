"""Ed-Fi LearningStandardEquivalenceAssociation: XML of any version, by local names."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from databackpack.loaders.alignments.crosswalk import Alignments, Said
from databackpack.loaders.alignments.identifier import Standard, identify, named
from databackpack.loaders.alignments.relation import relation
from databackpack.loaders.record import Item, Problem, Source
from databackpack.loaders.table import Refused

__all__ = ["read"]

_ASSOCIATION = "LearningStandardEquivalenceAssociation"


def read(path: Path) -> Iterator[Item]:
    """Yield the crosswalk in an interchange file, and what was wrong with its associations.

    An identifier that no framework here knows names a standard of the file's namespace.
    """
    crosswalk = Alignments(f"edfi {path.name}", f"Equivalences of {path.stem}", path.name)
    count = 0
    try:
        for _, element in etree.iterparse(
            str(path), remove_comments=True, resolve_entities=False, no_network=True
        ):
            name = etree.QName(element).localname
            if name == _ASSOCIATION:
                count += 1
                try:
                    _add(crosswalk, element)
                except Refused as refused:
                    source = Source(path.name, element.sourceline or 1)
                    yield Problem(source, refused.rule, refused.message)
            if name in (_ASSOCIATION, "LearningStandard"):
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        yield Problem(
            Source(path.name, error.lineno or 1),
            "malformed-xml",
            f"{error.msg}; what stands before it was read",
        )
    except OSError as error:
        yield Problem(Source(path.name, 1), "unreadable-file", str(error.strerror or error))
    if not count:
        yield Problem(Source(path.name, 1), "nothing here", f"no {_ASSOCIATION} in this file")
    yield from crosswalk.items()


def _add(crosswalk: Alignments, element: etree._Element) -> None:
    """Add what *element* says; raises Refused."""
    namespace = _text(element, "Namespace")
    strength = _text(element, "LearningStandardEquivalenceStrength")
    if not strength:
        raise Refused("missing value", "no LearningStandardEquivalenceStrength; add one")
    said = Said(
        date=_text(element, "EffectiveDate"),
        comment=_text(element, "LearningStandardEquivalenceStrengthDescription"),
    )
    origin = _end(element, "SourceLearningStandardReference", namespace)
    target = _end(element, "TargetLearningStandardReference", namespace)
    crosswalk.add(origin, target, relation(strength), said, element.sourceline or 1)


def _end(element: etree._Element, reference: str, namespace: str) -> Standard:
    for child in element.iterchildren("*"):
        if etree.QName(child).localname == reference:
            found = [
                (node.text or "").strip()
                for node in child.iter("*")
                if etree.QName(node).localname == "LearningStandardId"
            ]
            if found and found[0]:
                try:
                    return identify(found[0])
                except Refused as refused:
                    if refused.rule != "unknown standard":
                        raise
                    return named(namespace, found[0])
    raise Refused("missing value", f"no LearningStandardId in {reference}; add it")


def _text(element: etree._Element, name: str) -> str:
    for child in element.iterchildren("*"):
        if etree.QName(child).localname == name:
            return (child.text or "").strip()
    return ""
