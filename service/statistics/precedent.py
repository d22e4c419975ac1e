"""What a publication is compared with, so that it never tells the move of few learners."""

from collections.abc import Iterable

from databackpack.queries.cubes import Cube
from databackpack.service.records.graphs import basis_graph
from databackpack.service.records.truth import TruthStore
from databackpack.service.statistics.coding import ROUNDING
from databackpack.service.statistics.dataset import read_basis
from databackpack.service.statistics.protection import Kept
from databackpack.service.statistics.schedule import Publication
from databackpack.service.statistics.table import Count, Table

__all__ = ["find"]


def find(
    truth: TruthStore, held: Iterable[Publication], about: Publication, cube: Cube, table: Table
) -> Kept | None:
    """Return what the publication *about* of *table* carries over from those that are *held*.

    That is the last one for its audience, and where that has no like cell, those of the same cube
    for others: two audiences that may count nearly the same learners are told the same. What has
    noise is compared with its own last one only: all others know more than the noise lets through.
    Raises Refused where another cube was published under this one's name.
    """
    alike = [one for one in held if one.cube == cube.iri and _is_noisy(one) == _is_noisy(about)]
    own = next((_read(truth, cube, one) for one in alike if one.iri == about.iri), None)
    if _is_noisy(about):
        return own
    others = [_read(truth, cube, one) for one in alike if one.iri != about.iri]
    basis = {} if own is None else dict(own.basis)
    shown = set() if own is None else set(own.shown)
    for key, count in table.items():
        if not _is_near(basis.get(key), count):
            like = next((one for one in others if _is_near(one.basis.get(key), count)), None)
            if like is not None:
                basis[key] = like.basis[key]
                (shown.add if key in like.shown else shown.discard)(key)
    return Kept(basis, frozenset(shown))


def _is_noisy(publication: Publication) -> bool:
    return publication.epsilon is not None


def _is_near(old: Count | None, new: Count) -> bool:
    """Tell whether too few learners differ for the difference to be told."""
    if old is None:
        return False
    having = abs((new.having or 0) - (old.having or 0))
    return max(abs(new.learners - old.learners), having) < ROUNDING


def _read(truth: TruthStore, cube: Cube, published: Publication) -> Kept:
    return read_basis(cube, truth.triples(basis_graph(published.iri)))
