"""The cases of a public ODRL test suite: what shapes say of a policy, and what is decided by it."""

from dataclasses import dataclass
from pathlib import Path

from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.term import Node

from databackpack import shapes
from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BP, BPA, DCTERMS, ODRL
from databackpack.service.policy import audience as audiences
from databackpack.service.policy import jurisdiction, profile
from databackpack.service.policy.decide import decide
from databackpack.service.policy.model import Audience
from databackpack.service.policy.profile import UnreadablePolicy
from tests.policy.odrl_translation import CATEGORIES, EX, translate, tutor, with_spans

__all__ = ["Outcome", "activation", "is_readable", "outcomes", "parse", "refusals"]

REPORT = Namespace("https://w3id.org/force/compliance-report#")


@dataclass(frozen=True)
class Outcome:
    """What became of one case.

    *verdict* is ``inside`` where the policy conforms as it is, ``equivalent`` where it does once
    its moments are written as a beginning and an end, else ``refused``; then there is no activation
    of *ours*. *refused_by* has each shape that refuses the policy as it is, with the term.
    """

    case: str
    policy: str
    request: str
    world: str
    verdict: str
    refused_by: str
    expected: str
    ours: str


def outcomes(suite: Path) -> list[Outcome]:
    """Return the outcome of each case of *suite*, by number."""
    files = {
        subject: file
        for folder in ("policies", "requests", "sotw")
        for file in sorted((suite / folder).glob("*.ttl"))
        for kind in (ODRL.Set, ODRL.Request, EX.Sotw)
        for subject in parse(file).subjects(RDF.type, kind)
    }
    return [_outcome(file, files) for file in sorted((suite / "test_cases").glob("*.ttl"))]


def parse(file: Path) -> Graph:
    """Return the graph of a Turtle file."""
    return Graph().parse(file, format="turtle")


def _outcome(file: Path, files: dict[Node, Path]) -> Outcome:
    case = parse(file)
    found = {
        name: files[profile.only(case, next(case.subjects(EX.policy)), EX[name])]
        for name in ("policy", "request", "sotw")
    }
    said, asked, world = (parse(path) for path in found.values())
    written = translate(said)
    refused_by, chosen, verdict = refusals(written), written, "inside"
    if refused_by:
        chosen = translate(with_spans(said))
        verdict = "refused" if refusals(chosen) else "equivalent"
    (expected,) = case.objects(None, REPORT.activationState)
    return Outcome(
        case=file.stem.split("-")[1],
        policy=found["policy"].stem.removeprefix("policy-"),
        request=found["request"].stem.removeprefix("request-"),
        world=found["sotw"].stem,
        verdict=verdict,
        refused_by=" ".join(refused_by),
        expected=local_name(URIRef(str(expected))),
        ours="" if verdict == "refused" else activation(chosen, asked, world),
    )


def refusals(policy: Graph) -> list[str]:
    """Return each shape that refuses *policy*, with the term that it refuses or misses."""
    return sorted({_refusal(policy, result) for result in shapes.validate_policy(policy).results})


def _refusal(policy: Graph, result: shapes.Result) -> str:
    match result.path, result.value:
        case None, _ if result.rule == "ConsentPolicy-stranger":
            said = sorted(local_name(URIRef(str(p))) for p in policy.predicates(result.focus))
            return f"{result.rule}:{'+'.join(said)}"
        case None, _:
            return result.rule
        case _, None:
            return f"{result.rule}:missing"
        case _, URIRef() as value if value in ODRL:
            return f"{result.rule}:{local_name(value)}"
        case path, _:
            return f"{result.rule}:{local_name(path)}"


def is_readable(policy: Graph) -> bool:
    """Tell whether the reader takes *policy* for a statement."""
    (iri,) = policy.subjects(RDF.type, ODRL.Agreement)
    try:
        profile.read(policy, profile.as_iri(iri))
    except UnreadablePolicy:
        return False
    return True


def activation(policy: Graph, asked: Graph, world: Graph) -> str:
    """Return Active where the rule of *policy* bears on what is *asked* at the moment of *world*.

    The service answers questions and does nothing else: no rule bears on another action.
    """
    (iri,) = policy.subjects(RDF.type, ODRL.Agreement)
    said = profile.read(policy, profile.as_iri(iri))
    (request,) = asked.objects(None, ODRL.permission)
    purposes = audiences.purposes(BPA.provider)
    asker = Audience(
        tutor(profile.only(asked, request, ODRL.assignee)),
        BPA.provider,
        EX.tutor,
        purposes,
        BP.EveryLearner,
    )
    (moment,) = world.objects(URIRef("http://example.com/request/currentTime"), DCTERMS.issued)
    made = decide(
        [said], jurisdiction.read("us-default"), asker, min(purposes), profile.as_moment(moment)
    )
    category = CATEGORIES[profile.as_iri(profile.only(asked, request, ODRL.target))]
    is_read = profile.only(asked, request, ODRL.action) == ODRL.read
    return "Active" if is_read and said.iri in made[category].reasons else "Inactive"
