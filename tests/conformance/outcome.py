"""What became of a case: over the bare engine, and through the service."""

import pyoxigraph as ox

from tests.conformance.case import Case
from tests.conformance.comparison import expected, media_type, result
from tests.web.asking import Response

__all__ = ["PASS", "evaluate", "of_engine", "of_service"]

PASS, FAIL, REFUSED = "pass", "fail", "refused"


def of_engine(case: Case, quads: list[ox.Quad]) -> str:
    """Return the outcome of *case* over a store of *quads*, with nothing else around it."""
    try:
        body = evaluate(case, quads)
    except SyntaxError:
        return PASS if case.is_negative else FAIL
    except (ValueError, RuntimeError):
        return FAIL
    return _verdict(case, body)


def evaluate(case: Case, quads: list[ox.Quad]) -> bytes:
    """Return the engine's answer over *quads*; raises what the engine raises."""
    store = ox.Store()
    store.extend(quads)
    found = store.query(case.text, base_iri=case.base)
    wanted = media_type(case).split(",")
    if isinstance(found, ox.QueryTriples):
        graph_format = ox.RdfFormat.from_media_type(wanted[-1].strip())
        return found.serialize(format=graph_format) or b""
    return found.serialize(format=ox.QueryResultsFormat.from_media_type(wanted[0])) or b""


def of_service(case: Case, answer: Response) -> str:
    """Return the outcome of *case* from the service's answer."""
    if answer.status == 200:
        told = answer.headers["content-type"].partition(";")[0]
        return _verdict(case, answer.body) if told in media_type(case) else FAIL
    if answer.status == 400 and answer.json["title"] == "Malformed query":
        return PASS if case.is_negative else FAIL
    return REFUSED if answer.status in (400, 413) else f"status {answer.status}"


def _verdict(case: Case, body: bytes) -> str:
    if case.is_negative:
        return FAIL
    if not case.is_evaluated:
        return PASS
    try:
        found = result(body, media_type(case), is_ordered=case.is_ordered)
    except (SyntaxError, ValueError):
        return FAIL
    return PASS if found == expected(case) else FAIL
