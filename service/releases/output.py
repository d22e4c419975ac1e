"""The current release as it may be handed over now: what the audience's view shows of it.

A family that took something back since it was made is out of it, and so is what was told of a
class that became too small.
"""

from collections.abc import Iterator
from dataclasses import replace

from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.service.policy.model import Audience
from databackpack.service.releases.building import Advance
from databackpack.service.releases.release import Release
from databackpack.service.views import dossier
from databackpack.service.views.directory import Directory
from databackpack.service.views.released import Classes, Released
from databackpack.service.views.selection import Selection, select

__all__ = ["learners"]


def learners(
    directory: Directory,
    release: Release,
    advance: Advance,
) -> Iterator[bytes]:
    """Yield what *release*, the current one, shows of each learner now, as sorted N-Triples.

    The caller keeps writers out until the last. In memory are one learner, and the class of each.
    """
    audience = _audience(directory, release)
    least = directory.law().minimum_cell_size()
    released = Released(directory.truth, audience, release.purpose, least)
    for learner, _, classes in _walk(directory, audience, release, released, "Counting", advance):
        released.count(learner, classes)
    released.settle()
    for _, selection, classes in _walk(directory, audience, release, released, "Writing", advance):
        shown = (released.show(*one, classes) or b"" for one in selection.decisions.items())
        lines = b"".join(shown).splitlines(keepends=True)
        if lines:
            yield b"".join(sorted(set(lines)))


def _audience(directory: Directory, release: Release) -> Audience:
    """Return the audience of *release* as its agreement alone binds it."""
    found = directory.audience(local_name(release.audience))
    bound = tuple(one for one in found.agreements if one.iri == release.agreement)
    return replace(found, agreements=bound)


def _walk(
    directory: Directory,
    audience: Audience,
    release: Release,
    released: Released,
    what: str,
    advance: Advance,
) -> Iterator[tuple[URIRef, Selection, Classes]]:
    truth, law, moment = directory.truth, directory.law(), directory.truth.clock()
    everybody = directory.candidates(audience)
    for done, learner in enumerate(everybody, 1):
        found = dossier.read(truth, learner)  # not the directory's, which remembers all
        selection = select(found, audience, release.purpose, law, moment)
        yield learner, *released.narrow(learner, selection, moment)
        advance(what, done, len(everybody))
