"""What whoever receives anything under an agreement is told: what for, whom not to, until when.

34 CFR 99.33(a) and (d): use for the purpose only, no redisclosure, and to be told so. The words
are in ``templates/notice.txt``.
"""

from datetime import datetime

from rdflib import RDF, RDFS, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import label, local_name
from databackpack.ontology.namespaces import BP, DCTERMS, ID, ODRL, PROV, SKOS
from databackpack.service.policy.decide import covers
from databackpack.service.policy.model import Audience, Level
from databackpack.service.records.truth import TruthStore
from databackpack.service.rights import agreements
from databackpack.service.rights.agreements import OnRecord
from databackpack.service.rights.naming import audience_name, organization_name
from databackpack.service.templating import templates

__all__ = ["in_force", "named", "terms", "text"]

_LAW = URIRef("https://www.ecfr.gov/current/title-34/section-99.33")


def in_force(audience: Audience, purpose: URIRef, moment: datetime) -> list[str]:
    """Return the names of the agreements under which *audience* is answered, sorted."""
    return sorted(
        local_name(one.iri) for one in audience.agreements if covers(one, purpose, moment)
    )


def named(truth: TruthStore, audience: Audience, name: str) -> OnRecord:
    """Return the agreement *name* of *audience*, ended ones too; raises KeyError.

    One of somebody else and one that there is not give the same error.
    """
    if name not in {local_name(one.iri) for one in audience.agreements}:
        raise KeyError(name)
    return agreements.named(truth, name)


def text(truth: TruthStore, audience: Audience, one: OnRecord) -> str:
    """Return the notice of the agreement *one* of *audience*; empty lines part its paragraphs."""
    bound = one.agreement
    return (
        templates("databackpack.service.rights")
        .get_template("notice.txt")
        .render(
            title=one.label,
            audience=audience_name(truth, audience),
            kind=label(bound.kind).lower(),
            kind_code=str(vocabulary().value(bound.kind, SKOS.notation)),
            purposes=sorted(map(label, bound.purposes)),
            scope=one.scope,
            categories=sorted(label(category).lower() for category in bound.categories),
            organizations=sorted(
                organization_name(truth, iri) or local_name(iri) for iri in bound.organizations
            ),
            level=label(bound.level.iri).lower(),
            is_named=bound.level is Level.FULL,
            representative=one.representative,
            until=f"{bound.until:%Y-%m-%d %H:%M %Z}",
            destroy_by=one.destroy_by.isoformat(),
        )
    )


def terms(one: OnRecord) -> Graph:
    """Return the same as ODRL 2.2: use for the purposes, with a duty to delete; no distribution.

    It is an ``odrl:Set``: an ``odrl:Agreement`` names its assigner, and here all who hold the
    records are.
    """
    bound = one.agreement
    policy = ID[f"notice/{local_name(bound.iri)}"]
    received, use, deletion = (policy + part for part in ("#received", "#use", "#deletion"))
    purpose, end = policy + "#purpose", policy + "#destroy-by"
    forbidden = [(policy + "#distribution", ODRL.distribute)]
    if bound.level is not Level.FULL:
        forbidden.append((policy + "#identification", BP.reidentify))
    said: list[tuple[Node, URIRef, Node]] = [
        (policy, RDF.type, ODRL.Set),
        (policy, ODRL.uid, policy),
        (policy, ODRL.conflict, ODRL.prohibit),
        (policy, DCTERMS.title, Literal(one.label)),
        (policy, DCTERMS.source, _LAW),
        (policy, RDFS.comment, Literal(one.scope)),
        (policy, PROV.wasDerivedFrom, bound.iri),
        (received, RDF.type, ODRL.AssetCollection),
        *((received, BP.hasCategory, category) for category in sorted(bound.categories)),
        (received, BP.grantsLevel, bound.level.iri),
        (policy, ODRL.permission, use),
        (use, ODRL.action, ODRL.use),
        (use, ODRL.constraint, purpose),
        (use, ODRL.duty, deletion),
        *_constraint(purpose, ODRL.purpose, ODRL.isAnyOf),
        *((purpose, ODRL.rightOperand, agreed) for agreed in sorted(bound.purposes)),
        (deletion, ODRL.action, ODRL.delete),
        (deletion, ODRL.constraint, end),
        *_constraint(end, ODRL.dateTime, ODRL.lteq),
        (end, ODRL.rightOperand, Literal(one.destroy_by.isoformat(), datatype=XSD.date)),
    ]
    for rule, action in forbidden:
        said += [(policy, ODRL.prohibition, rule), (rule, ODRL.action, action)]
    for rule in (use, *(rule for rule, _ in forbidden)):
        said += [(rule, ODRL.assignee, bound.audience), (rule, ODRL.target, received)]
    graph = Graph()
    for triple in said:
        graph.add(triple)
    return graph


def _constraint(node: Node, left: URIRef, operator: URIRef) -> list[tuple[Node, URIRef, Node]]:
    return [
        (node, RDF.type, ODRL.Constraint),
        (node, ODRL.leftOperand, left),
        (node, ODRL.operator, operator),
    ]
