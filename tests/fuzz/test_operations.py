"""Requests that nobody thought of, made of the OpenAPI document, by askers right and wrong.

What comes back is what the document says: status, media type, headers, schema. Nothing is a 5xx
but a 503.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from requests import Session
from schemathesis import Case
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from databackpack.service.gate.credentials import issue_to_operator, signing_key
from tests.serving import Served, build

DOCUMENT = Path(__file__).parents[2] / "service" / "web" / "openapi.yaml"
CONFORMANCE = [
    *(status_code_conformance, content_type_conformance),
    *(response_headers_conformance, response_schema_conformance),
]
Operation = Case[Any]
KNOWN = ("teacher", "state-agency", "operator")
UNKNOWN = ("nobody", "wrong")
EXAMPLES = 4
MANY = 100

schemathesis.serializer.alias("application/zip", "application/octet-stream")

# The document's own path gives a text that the checks would read as what it describes.
schema = schemathesis.openapi.from_path(DOCUMENT).exclude(path="/openapi.yaml")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service over 24 learners of which all may be changed."""
    folder = tmp_path_factory.mktemp("operations")
    build(folder / "built", 24)
    found = Served(folder / "built", folder / "served")
    try:
        found.start()
        yield found
        assert found.stop() == 0
    finally:
        found.close()


@pytest.fixture(scope="module")
def child(served: Served) -> str:
    """A learner of the guardian."""
    answer = served.send("GET", "/me", served.headers("guardian"))
    return str(answer.json["learners"][0])


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """Connections that are kept."""
    with Session() as found:
        yield found


def authorization(served: Served, asker: str) -> dict[str, str]:
    """Return the header by which *asker* says who it is."""
    match asker:
        case "nobody":
            return {}
        case "wrong":
            return {"Authorization": "Bearer e30.e30.wrong"}
        case "operator":
            key = signing_key(served.folder / "store.keys", create=False)
            return {"Authorization": f"Bearer {issue_to_operator(key, asker, datetime.now(UTC))}"}
        case _:
            return {"Authorization": served.headers(asker)["Authorization"]}


def send(case: Operation, served: Served, child: str, session: Session) -> None:
    """Send *case* as three askers, the guardian among them; all get what the document says."""
    number = crc32(repr((case.formatted_path, case.query, case.body)).encode())
    for asker in (KNOWN[number % 3], UNKNOWN[number % 2], "guardian"):
        if asker == "guardian" and "learner" in case.path_parameters:
            case.path_parameters["learner"] = child
        response = case.call(
            base_url=f"http://127.0.0.1:{served.port}",
            headers=authorization(served, asker),
            session=session,
        )
        assert response.status_code < 500 or response.status_code == 503, (asker, response.content)
        case.validate_response(response, checks=CONFORMANCE)
        if asker in UNKNOWN and case.method != "OPTIONS" and not is_open(case):
            assert response.status_code in (401, 404, 405), "it was not asked for a token"


def is_open(case: Operation) -> bool:
    """Tell whether the document lets anybody use the operation."""
    return {} in case.operation.definition.raw.get("security", [])


@schema.parametrize()
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_an_operation_does_what_its_document_says(
    case: Operation, served: Served, child: str, session: Session
) -> None:
    send(case, served, child, session)


@pytest.mark.soak
@schema.parametrize()
@settings(max_examples=MANY, suppress_health_check=list(HealthCheck))
def test_an_operation_does_what_its_document_says_for_long(
    case: Operation, served: Served, child: str, session: Session
) -> None:
    send(case, served, child, session)
