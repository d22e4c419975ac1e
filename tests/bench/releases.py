"""A release at a district's and a state's size: how long it takes, and what memory.

python -m tests.bench.releases [LEARNERS …]     10000; the sample state's 600 always come first

Each store is made by a process of its own and opened by another, which makes the first release of
a study over all schools. Memory is the most that this process had, with what its store maps.
"""

import json
import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from rdflib import RDF, RDFS, Graph, Literal, URIRef

from databackpack.loaders.record import Organization, Source, organization_iri
from databackpack.ontology.namespaces import BP, ID
from databackpack.service.intake import take_in
from databackpack.service.policy import jurisdiction
from databackpack.service.records.truth import TruthStore
from databackpack.service.releases import building
from databackpack.service.views.registry import Views
from databackpack.service.views.released import parts
from tests.bench.stocked import SAMPLE, opened, stock, told_by
from tests.releases import study

_MODULE = "tests.bench.releases"


def main(*sizes: int) -> None:
    """Print the table."""
    print(
        "| learners | decided and read, s | planned, s | written, s | in all, s | learners/s "
        "| most memory, MB | released | without quasi-identifiers | classes | triples |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for size in (SAMPLE, *(sizes or (10_000,))):
        with TemporaryDirectory() as folder:
            told_by(_MODULE, "--load", folder, str(size))
            told = told_by(_MODULE, "--release", folder)
        print(
            f"| {size:,} | {told['Reading']:.1f} | {told['planning']:.1f} | {told['Writing']:.1f} "
            f"| {told['seconds']:.1f} | {size / told['seconds']:,.0f} | {told['memory']:,.0f} "
            f"| {told['learners']:,} | {told['suppressed']:,} | {told['classes']:,} "
            f"| {told['triples']:,} |",
            flush=True,
        )


def _load(folder: Path, size: int) -> None:
    """Let the store in *folder* hold *size* learners, and an agreement with a study of them."""
    truth = stock(folder, size)
    team, graph = organization_iri("persistence"), Graph()
    graph.add((team, RDF.type, BP.ResearchTeam))
    graph.add((team, RDFS.label, Literal("A study")))
    graph.add((team, BP.organizationCode, Literal("persistence")))
    take_in(truth, [Organization(team, graph, Source("bench", 1))])
    views = Views(truth, jurisdiction.read("us-default"))
    study.agree(views, study.text())
    truth.flush()
    print(json.dumps({}))


def _release(folder: Path) -> None:
    """Make a release and tell what it took."""
    truth = opened(folder)
    views, begun = Views(truth, jurisdiction.read("us-default")), perf_counter()
    first: dict[str, float] = {}
    last: dict[str, float] = {}

    def note(what: str, done: int, total: int) -> None:
        last[what] = perf_counter()
        first.setdefault(what, last[what])

    made = building.build(views, ID["agreement/sample-study"], "bench", note)
    seconds = perf_counter() - begun
    told = {
        "Reading": last["Reading"] - begun,
        "planning": first["Writing"] - last["Reading"],
        "Writing": begun + seconds - first["Writing"],
        "seconds": seconds,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "learners": made.learners,
        "suppressed": made.suppressed,
        "classes": _classes(truth),
        "triples": _triples(truth),
    }
    print(json.dumps(told))


def _classes(truth: TruthStore) -> int:
    graph = ID["graph/releases/sample-study/1"]
    return len({number for _, number in truth.pairs(graph, BP.hasReleaseClass)})


def _triples(truth: TruthStore) -> int:
    graph = ID["graph/released/sample-study/1"]
    return sum(
        len(truth.triples(part))
        for _, record in truth.pairs(graph, BP.hasReleasedRecord)
        for part in parts(graph, URIRef(record))
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--load"]:
        _load(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["--release"]:
        _release(Path(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:]))
