"""What families are told of published statistics: they follow at their next publication, and when.

All families are told of the same ones: which of them count a child would tell where it is.
"""

from collections.abc import Iterable
from typing import Any

from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.service.policy.consent import Cell
from databackpack.service.statistics import schedule
from databackpack.service.statistics.schedule import Publication
from databackpack.service.views.registry import Views

__all__ = ["told", "told_of_word"]

_WORDS = (
    "Full and de-identified answers change at once. Published statistics count many learners and "
    "change at their next publication: a change in between would tell who made it."
)


def told(views: Views) -> dict[str, Any]:
    """Return what a family is told beside its policy: that first which is published anew first."""
    return {"words": _WORDS, "published": _described(schedule.on_record(views.truth))}


def told_of_word(views: Views, cell: Cell) -> dict[str, Any]:
    """Return what a family is told when it has spoken on *cell*: what is counted from it."""
    counted = (
        one
        for one in schedule.on_record(views.truth)
        if cell.category in one.categories and _is_meant(views, one.audience, cell.audience)
    )
    return {"words": _WORDS, "published": _described(counted)}


def _is_meant(views: Views, audience: URIRef, said: URIRef) -> bool:
    """Tell whether a word for *said*, an audience or a role, is one for *audience*."""
    try:
        return said in (audience, views.role(audience))
    except KeyError:  # it is an audience no more
        return False


def _described(found: Iterable[Publication]) -> list[dict[str, str]]:
    return [
        {
            "cube": one.name,
            "title": one.title,
            "audience": local_name(one.audience),
            "purpose": str(one.purpose),
            "published": one.issued.date().isoformat(),
            "next": one.next_day.isoformat(),
        }
        for one in found
    ]
