"""A sample state with a study that gets releases, and what its audience is shown, for tests."""

from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.releases import building
from databackpack.service.releases.release import Release
from databackpack.service.rights import agreements
from databackpack.service.views.population import deciders
from databackpack.service.views.registry import Views
from tests.running import Running

_TEXT = (Path(__file__).parents[1] / "rights" / "agreement.ttl").read_text(encoding="utf-8")
_ORGANIZATIONS = "  bp:coversOrganization <https://w3id.org/databackpack/id/organization/NORTH> ;\n"
_CATEGORIES = "attendance, progress, enrollment, demographics, assessment, behavior"

STUDY = ID["agreement/sample-study"]


def text(name: str = "sample-study", audience: str = "persistence", k: int | None = 10) -> str:
    """Return an agreement on all schools of the sample state, as Turtle."""
    size = "" if k is None else f" ;\n  bp:minimumGroupSize {k} ."
    categories = ", ".join(f"bpc:{one}" for one in _CATEGORIES.split(", "))
    return (
        _TEXT.replace(_ORGANIZATIONS, "")
        .replace("bpc:attendance, bpc:progress", categories)
        .replace("agreement/sample-study", f"agreement/{name}")
        .replace("researcher-persistence", f"researcher-{audience}")
        .replace('"2027-12-31"^^xsd:date .', f'"2027-12-31"^^xsd:date{size or " ."}')
    )


def agree(views: Views, written: str) -> None:
    """Put the agreement *written* on record."""
    agreements.add(views, agreements.parse(written.encode()))


def build(views: Views, agreement: URIRef = STUDY) -> Release:
    """Make a release, with nobody watching."""
    return building.build(views, agreement, "custodian", lambda what, done, total: None)


def shown(views: Views, audience: str = "persistence") -> dict[URIRef, set[ox.Triple]]:
    """Return what the view of a study shows, by the code of the learner."""
    found = views.audience(f"researcher-{audience}")
    (purpose,) = found.purposes
    lines = b"".join(views.view(found, purpose).dump())
    triples = [quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES)]
    owner = {
        t.subject: URIRef(t.object.value)
        for t in triples
        if t.predicate.value == str(BP.isRecordOf)
    }
    by_code: dict[URIRef, set[ox.Triple]] = {one: set() for one in owner.values()}
    for triple in triples:
        if triple.subject in owner:
            by_code[owner[triple.subject]].add(triple)
    return by_code


def code_of(views: Views, learner: URIRef, agreement: URIRef = STUDY) -> URIRef:
    """Return the code of *learner* under *agreement*."""
    graph = ID[f"graph/codes/agreement/{local_name(agreement)}"]
    return next(
        URIRef(c) for one, c in views.truth.pairs(graph, BP.hasReleaseCode) if one == learner
    )


def say(running: Running, learner: URIRef, category: str, level: str) -> None:
    """Let whoever may decide for *learner* say what the study may see of *category*."""
    views = running.context.views
    who = min(deciders(views.dossier(learner), views.law(), views.truth.clock()))
    answer = running.app.test_client().put(
        f"/learners/{local_name(learner)}/policy/{category}/researcher-persistence",
        json={"level": level},
        headers=running.headers("-".join(who.rsplit("/", 2)[-2:])),
    )
    assert answer.status_code == 200, answer.get_json()


def codes(triples: Iterable[ox.Triple]) -> set[str]:
    """Return the codes in *triples*."""
    terms = {term for t in triples for term in (t.subject, t.object)}
    return {t.value for t in terms if isinstance(t, ox.NamedNode) and "/id/code/" in t.value}
