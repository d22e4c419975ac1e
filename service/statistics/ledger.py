"""What publications took from the noise budgets of agreements: differential privacy adds up.

Each publication with noise of an epsilon tells of any one learner as much as that allows; all that
one agreement got together is the sum (sequential composition).
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import pyoxigraph as ox
from rdflib import RDF, XSD, URIRef

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, ID, PROV
from databackpack.service.policy.decide import covers
from databackpack.service.policy.model import Agreement, Audience
from databackpack.service.policy.refusal import Refused
from databackpack.service.records.graphs import NOISE_LEDGER
from databackpack.service.records.terms import node
from databackpack.service.records.truth import Change, TruthStore

__all__ = ["charge", "charged", "check", "left"]

_RULE = "bp:noiseBudget"


def charged(audience: Audience, purpose: URIRef, moment: datetime) -> list[Agreement]:
    """Return the agreements in force that ask for noise: each pays for what is published."""
    return [
        agreement
        for agreement in audience.agreements
        if agreement.noise_budget is not None and covers(agreement, purpose, moment)
    ]


def left(truth: TruthStore, agreement: Agreement) -> Decimal:
    """Return the epsilon that publications may still take from the budget of *agreement*."""
    spent = (
        Decimal(amount)
        for expense in truth.subjects(NOISE_LEDGER, BP.isChargedTo, agreement.iri)
        for amount in truth.objects(expense, BP.epsilon)
    )
    return (agreement.noise_budget or Decimal(0)) - sum(spent, Decimal(0))


def check(
    truth: TruthStore, agreements: Iterable[Agreement], epsilon: Decimal | None, cubes: int
) -> None:
    """Let *cubes* publications of *epsilon* each pass, if all *agreements* can pay; raises Refused.

    With agreements that ask for noise nothing is published without, and noise needs such one.
    """
    budgets = {agreement: left(truth, agreement) for agreement in agreements}
    if not budgets and epsilon is not None:
        raise Refused(_RULE, "No agreement in force has a noise budget; publish without epsilon.")
    for agreement, rest in budgets.items():
        name = local_name(agreement.iri)
        if epsilon is None:
            raise Refused(
                _RULE,
                f"The agreement {name} asks for noise: say which epsilon each cube takes; "
                f"{rest:f} is left.",
            )
        if epsilon <= 0 or epsilon * cubes > rest:
            raise Refused(
                _RULE,
                f"{cubes} x epsilon {epsilon:f} cannot be taken from the noise budget of the "
                f"agreement {name}, of which {rest:f} is left.",
            )


def charge(
    agreements: Iterable[Agreement], data_set: URIRef, epsilon: Decimal, moment: datetime
) -> list[Change]:
    """Return the changes that put on record what *data_set* took from each of *agreements*."""
    return [_expense(agreement, data_set, epsilon, moment) for agreement in agreements]


def _expense(agreement: Agreement, data_set: URIRef, epsilon: Decimal, moment: datetime) -> Change:
    iri = ID[f"noise-expense/{uuid4()}"]
    said: list[tuple[URIRef, ox.NamedNode | ox.Literal]] = [
        (RDF.type, node(BP.NoiseExpense)),
        (BP.isChargedTo, node(agreement.iri)),
        (BP.epsilon, ox.Literal(format(epsilon, "f"), datatype=node(XSD.decimal))),
        (PROV.generated, node(data_set)),
        (PROV.endedAtTime, ox.Literal(moment.isoformat(), datatype=node(XSD.dateTime))),
    ]
    triples = [ox.Triple(node(iri), node(predicate), value) for predicate, value in said]
    return Change(NOISE_LEDGER, triples, subject=iri)
