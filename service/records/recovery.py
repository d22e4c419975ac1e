"""A store and its redo log, brought to the same epoch before anything is served."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.service.records import journal, transaction
from databackpack.service.records.redo import (
    Edit,
    Entry,
    NotKept,
    RedoLog,
    StoreUnusable,
    is_logged,
    whole,
)
from databackpack.service.records.transaction import n_triples

__all__ = ["BEGIN_ANEW", "recover"]

BEGIN_ANEW = b"begin anew"
"""What somebody writes into the place of a lost log who takes the store as it is."""

_MOST = 8 * 1024 * 1024
"""Characters of N-Triples in one transaction of a recovery, and then the rest of the line."""

_LOG = logging.getLogger(__name__)


def recover(store: ox.Store, folder: Path, path: Path, clock: Callable[[], datetime]) -> RedoLog:
    """Return the log at *path*, with *store* (in *folder*) holding every word that it holds.

    A store that was put back from a backup gets what the log has after it, and a new epoch: none
    may stand for two contents. Raises StoreUnusable where nobody can know what was said since.
    """
    try:
        if not path.exists() or _is_given_up(path):
            return _begin(store, folder, path)
        log = RedoLog(path)
        epoch = journal.last_epoch(store)
        common, later = log.since(epoch)
        _check_pair(store, folder, log, common, later)
        if any(each.epoch is not None for each in later):
            _redo(store, folder, log, common, later, clock)
        elif common is not None and common.epoch is not None and common.epoch < epoch:
            _catch_up(store, folder, log, common.epoch)
        else:
            _add_rows(store, later)
    except NotKept as error:
        raise StoreUnusable(str(error)) from None
    except OSError as error:
        reason = error.strerror or error
        raise StoreUnusable(f"the redo log {path} cannot be used: {reason}") from None
    return log


def _is_given_up(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2 * len(BEGIN_ANEW)).strip() == BEGIN_ANEW


def _begin(store: ox.Store, folder: Path, path: Path) -> RedoLog:
    """Return a new log of what *store* holds now, where that may be relied on."""
    epoch, identifier = journal.last_epoch(store), journal.identity(store)
    if epoch and identifier is not None and not path.exists():
        raise StoreUnusable(
            f"the redo log of {folder} is not at {path}, so nobody knows what families withdrew "
            "since this copy of the store was made. Put the log there. If it is lost, see "
            f"docs/recovery.md; then write the words '{BEGIN_ANEW.decode()}' into {path}"
        )
    if epoch:
        _LOG.warning(
            "%s: a redo log begins at epoch %d with what the store holds; what was withdrawn since "
            "this copy of it was made, if it is one, is not known",
            folder,
            epoch,
        )
    identifier = identifier or str(uuid4())
    moment = journal.last_moment(store)
    log = RedoLog.begin(path, identifier, epoch, moment, _holdings(store))
    journal.identify(store, identifier)
    return log


def _holdings(store: ox.Store) -> Iterator[Entry]:
    for graph in _logged_graphs(store):
        yield from whole(graph.value, _triples(store, graph))


def _check_pair(
    store: ox.Store, folder: Path, log: RedoLog, common: Entry | None, later: Sequence[Entry]
) -> None:
    """Let pass a store and a log that tell the same story as far as both go."""
    identifier = journal.identity(store)
    was_begun = common is not None and common.moment == journal.last_moment(store) and not later
    if identifier is None and was_begun:  # and then the machine stopped
        journal.identify(store, log.store)
    elif identifier != log.store:
        raise StoreUnusable(
            f"{log.path} is the redo log of another store than {folder}; put that of this store "
            "there, or move it away if this is a new store"
        )
    if common is None or common.epoch is None:
        return
    known = journal.moment(store, common.epoch)
    if known is not None and known != common.moment:
        raise StoreUnusable(
            f"{folder} and its redo log {log.path} differ at epoch {common.epoch}: the store went "
            "on with another log. Put that log back, or a backup that goes with this one"
        )


def _redo(
    store: ox.Store,
    folder: Path,
    log: RedoLog,
    common: Entry | None,
    later: Sequence[Entry],
    clock: Callable[[], datetime],
) -> None:
    """Let *store* hold all that was said *later*, and begin an epoch that was never used."""
    behind = journal.last_epoch(store)
    last = max(each.epoch for each in later if each.epoch is not None)
    moments = [each.moment for each in later if each.moment is not None]
    now = Entry(last + 1, max([clock(), *moments]))
    if common is None:  # the log begins later, with all that there was then
        transaction.apply(store, map(transaction.clear, _logged_graphs(store)))
    for operations in _portions(later):
        transaction.apply(store, operations)
    with log.around(now):
        transaction.apply(store, _epochs(store, [*later, now]))
    _LOG.warning(
        "%s was at epoch %d, its redo log at %d: what was said in between holds again from epoch "
        "%d on",
        *(folder, behind, last, last + 1),
    )
    if others := sum(each.others for each in later):
        since = journal.moment(store, behind) or "the beginning"
        _LOG.warning(
            "%s lacks %d changes of records and organisations: load again what was loaded since %s",
            *(folder, others, since),
        )


def _portions(entries: Iterable[Entry]) -> Iterator[list[str]]:
    """Yield what *entries* say as operations, in order and so many at once as memory allows.

    INVARIANT: done again from the start they end the same, so a recovery may die between two; until
    the epochs are raised it counts as not begun.
    """
    portion, size = list[str](), 0
    for each in entries:
        for name, edit in each.edits.items():
            graph, removed = ox.NamedNode(name), edit.removed
            portion += [
                transaction.clear(graph)
                if removed is None
                else transaction.delete(_quads(removed, graph)),
                transaction.insert(_quads(edit.added, graph)),
            ]
            size += len(removed or "") + len(edit.added)
        if size > _MOST:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _epochs(store: ox.Store, entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the operations that put the epochs of *entries* into the journal."""
    yield transaction.delete(journal.head(store))
    for each in entries:
        if each.epoch is not None and each.moment is not None:
            graphs = map(URIRef, each.edits)
            unwritten, written = journal.entry(each.epoch, each.moment, graphs)
            yield transaction.delete(unwritten)
            yield transaction.insert(written)


def _catch_up(store: ox.Store, folder: Path, log: RedoLog, last: int) -> None:
    """Let the log have the commit that the process did not live to write to it."""
    epoch = journal.last_epoch(store)
    if epoch > last + 1:
        raise StoreUnusable(
            f"{log.path} ends at epoch {last}, and {folder} is at {epoch}: the log is an older "
            "copy. Put the last one back; docs/recovery.md says what to do if it is lost"
        )
    names = journal.changed(store, epoch)
    edits = {
        name: Edit(None, n_triples(_triples(store, ox.NamedNode(name))))
        for name in names
        if is_logged(name)
    }
    with log.around(Entry(epoch, journal.last_moment(store), edits, len(names) - len(edits))):
        pass


def _add_rows(store: ox.Store, entries: Sequence[Entry]) -> None:
    """Put in the rows that came after the last commit and are missing."""
    for each in entries:
        for name, edit in each.edits.items():
            quads = _quads(edit.added, ox.NamedNode(name))
            store.extend([quad for quad in quads if quad not in store])


def _logged_graphs(store: ox.Store) -> Iterator[ox.NamedNode]:
    names = (name for name in store.named_graphs() if isinstance(name, ox.NamedNode))
    return (name for name in names if is_logged(name.value))


def _triples(store: ox.Store, graph: ox.NamedNode) -> Iterator[ox.Triple]:
    return (quad.triple for quad in store.quads_for_pattern(None, None, None, graph))


def _quads(triples: str, graph: ox.NamedNode) -> list[ox.Quad]:
    found = ox.parse(triples, format=ox.RdfFormat.N_TRIPLES)
    return [ox.Quad(quad.subject, quad.predicate, quad.object, graph) for quad in found]
