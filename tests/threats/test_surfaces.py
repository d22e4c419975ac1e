"""Every surface, verb and token → the status: each cell of surfaces.csv, over a real socket.

``right`` is the row's asker; ``other audience`` is somebody else, whose token holds; ``other
purpose`` is the asker's own token, or somebody's where an operator asks, but for a purpose that the
registry does not give it.
"""

import csv
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.service.gate.credentials import issue_to_operator
from databackpack.service.policy.audience import purposes
from databackpack.service.rights import agreements, form
from tests.running import Running
from tests.threats.twins import ATLAS, BEN, ELM, MIA, NOA, STATE, name_of, settle
from tests.web import publications
from tests.web.asking import Headers, Web

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
TOKENS = ("none", "malformed", "expired", "other audience", "other purpose", "right")
ASKERS = {
    "guardian": NOA,
    "another guardian": MIA,
    "teacher": ELM,
    "registrar": "registrar-elm",
    "study": ATLAS,
    "state": STATE,
    "auditor": "auditor-state",
}
"""The names that the table uses: the child is Ben; the guardian is his."""
AGREEMENT = f"""
{{name: study-of-progress, title: A study of progress, kind: consented, audience: {ATLAS},
purpose: AcademicResearch, scope: Progress, information: [progress], level: deidentified,
start: 2026-09-01, end: 2027-06-30, destruction: 2027-12-31, representative: Somebody}}
"""


def rows() -> list[dict[str, str]]:
    """Return the table, read as it stands: cells between bars, no quotes."""
    with (Path(__file__).parent / "surfaces.csv").open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file, delimiter="|", quoting=csv.QUOTE_NONE)
        head, *cells = ([cell.strip() for cell in line] for line in lines)
    return [dict(zip(head, line, strict=True)) for line in cells]


ROWS = rows()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A service that the rows of the table change."""
    running = settle(tmp_path_factory.mktemp("surfaces"))
    context = running.context
    agreements.add(context.views, form.read(AGREEMENT.encode(), context.truth))
    publications.put(running, STATE, publications.COUNTED)
    with running.listening() as address:
        yield Web(running, address)
    running.context.views.close()


def altered(running: Running, token: str, **changes: Any) -> str:
    """Return *token* with *changes*, signed again by the service's own key."""
    key: OKPKey = running.context.key
    claims = dict(jwt.decode(token, key, algorithms=["Ed25519"]).claims) | changes
    return jwt.encode({"alg": "Ed25519"}, claims, key, algorithms=["Ed25519"])


def sent_token(running: Running, row: dict[str, str], kind: str) -> str:
    clock, right, other = running.context.truth.clock, row["right is"], row["other is"]
    if right == "operator":
        own = issue_to_operator(running.context.key, "somebody", clock())
    else:
        own = running.token(ASKERS[right])
    match kind:
        case "malformed":
            return own[:-20]
        case "expired":
            ago = int((clock() - timedelta(hours=2)).timestamp())
            return altered(running, own, iat=ago, nbf=ago, exp=ago + 60)
        case "other audience":
            return running.token(ASKERS[other])
        case "other purpose":
            asker = other if right == "operator" else right
            wrong = _of_others(running, asker)
            return altered(running, running.token(ASKERS[asker]), purpose=wrong)
        case _:
            return own


def _of_others(running: Running, asker: str) -> str:
    own = running.context.views.audience(ASKERS[asker])
    others = (ASKERS[name] for name in ASKERS if name != asker)
    found = {p for name in others for p in running.context.views.audience(name).purposes}
    return str(min(found - own.purposes))


def headers_of(running: Running, row: dict[str, str], kind: str) -> Headers:
    media_type = row["sends"].partition(" ")[0]
    headers = {"Content-Type": media_type} if media_type else {}
    if kind != "none":
        headers["Authorization"] = f"Bearer {sent_token(running, row, kind)}"
    return headers


def body_of(running: Running, row: dict[str, str], kind: str) -> str | None:
    """Return what the row sends; a sign-in has its token there too."""
    token = "" if kind == "none" else sent_token(running, row, kind)
    return row["sends"].partition(" ")[2].replace("{token}", token) or None


@pytest.mark.parametrize(
    "row", ROWS, ids=[f"{row['verbs']} {row['path']}".replace(" ", "_") for row in ROWS]
)
def test_each_verb_by_each_token_has_its_status(table: Web, row: dict[str, str]) -> None:
    path = row["path"].replace("{child}", name_of(BEN))
    for verb in row["verbs"].split():
        for kind in TOKENS:
            headers = headers_of(table.running, row, kind)
            answer = table.send(verb, path, headers, body_of(table.running, row, kind))
            assert str(answer.status) == row[kind], (verb, path, kind, answer.body[:300])
            assert answer.status != 401 or "www-authenticate" in answer.headers
            assert answer.status != 405 or answer.headers["allow"]
            assert answer.body == b"" or verb != "HEAD"


def test_the_table_has_every_route_and_every_verb_of_it(table: Web) -> None:
    rules = {rule.rule for rule in table.running.app.url_map.iter_rules()}
    assert {row["surface"] for row in ROWS if row["surface"] != "none"} == rules
    for rule in rules:
        told = [row for row in ROWS if row["surface"] == rule]
        first = [
            verb for row in told for verb in row["verbs"].split() if row["path"] == told[0]["path"]
        ]
        assert sorted(first) == sorted(VERBS), (rule, "each verb once for its first path")


def test_other_purposes_are_of_the_vocabulary_and_not_of_the_asker(table: Web) -> None:
    for asker in ASKERS:
        audience = table.running.context.views.audience(ASKERS[asker])
        assert URIRef(_of_others(table.running, asker)) not in purposes(audience.role)
        assert local_name(audience.iri) == ASKERS[asker]
