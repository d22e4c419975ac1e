"""Items 45 to 48: who asks, as which audience and for what purpose, is in the signed token only."""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey, RSAKey

from databackpack.ontology.namespaces import DPV, ID
from databackpack.service.records import disclosures
from databackpack.service.records.graphs import AUDIENCES
from databackpack.service.records.truth import Change
from tests.gate.outside import Outside
from tests.threats import raw
from tests.threats.twins import ATLAS, BEN, BP_PREFIX, ELM, NORTH, Twins, name_of
from tests.web.asking import Response, Web

ASK = "/sparql?query=ASK%7B%7D"
PLACES = ("/me", ASK, "/questions/terms-matching-ceds", f"/learners/{name_of(BEN)}/policy")


def claims(web: Web, asker: str = ELM) -> dict[str, Any]:
    key = web.running.context.key
    return dict(jwt.decode(web.running.token(asker), key, algorithms=["Ed25519"]).claims)


def coded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed(web: Web, **changes: Any) -> str:
    """Return a token with the service's own signature, with *changes*; None leaves a claim out."""
    body = {k: v for k, v in (claims(web) | changes).items() if v is not None}
    return jwt.encode({"alg": "Ed25519"}, body, web.running.context.key, algorithms=["Ed25519"])


def foreign(web: Web, **header: Any) -> str:
    """Return a token that another key signed, with a header that points to that key."""
    key = OKPKey.generate_key("Ed25519")
    if header.get("jwk"):
        header["jwk"] = key.as_dict(private=False)
    return jwt.encode({"alg": "Ed25519", **header}, claims(web), key, algorithms=["Ed25519"])


def by_rsa(web: Web) -> str:
    key = RSAKey.generate_key(2048)
    return jwt.encode({"alg": "RS256"}, claims(web), key, algorithms=["RS256"])


def by_public_key(web: Web, octets: bytes) -> str:
    text = f"{coded({'alg': 'HS256'})}.{coded(claims(web))}"
    seal = base64.urlsafe_b64encode(hmac.digest(octets, text.encode(), "sha256"))
    return f"{text}.{seal.rstrip(b'=').decode()}"


def moment(web: Web, shift: int) -> int:
    return int(web.running.context.truth.clock().timestamp()) + shift


def pem(web: Web) -> bytes:
    found = web.running.context.key.as_pem(private=False)
    return found if isinstance(found, bytes) else found.encode()


BAD: dict[str, Callable[[Web, str], str]] = {
    "alg none": lambda w, _: f"{coded({'alg': 'none'})}.{coded(claims(w))}.",
    "alg none over a signature": lambda w, _: (
        f"{coded({'alg': 'none'})}.{'.'.join(w.running.token(ELM).split('.')[1:])}"
    ),
    "HS256 by the public key": lambda w, _: by_public_key(w, pem(w)),
    "HS256 by nothing": lambda w, _: by_public_key(w, b""),
    "RS256 by any key": lambda w, _: by_rsa(w),
    "a key in the header": lambda w, _: foreign(w, jwk=True),
    "a key in a file": lambda w, _: foreign(w, kid="../../../../dev/null"),
    "a key in a table": lambda w, _: foreign(w, kid="x' UNION SELECT 'secret' --"),
    "a key at jku": lambda w, outside: foreign(w, jku=outside),
    "a key at x5u": lambda w, outside: foreign(w, x5u=outside),
    "a critical extension": lambda w, _: foreign(w, crit=["b64"], b64=False),
    "no aud": lambda w, _: signed(w, aud=None),
    "another aud": lambda w, _: signed(w, aud="https://example.org/"),
    "two of aud": lambda w, _: signed(w, aud=[claims(w)["aud"], "https://example.org/"]),
    "no iss": lambda w, _: signed(w, iss=None),
    "another iss": lambda w, _: signed(w, iss="https://example.org/"),
    "expired": lambda w, _: signed(w, exp=moment(w, -3600)),
    "without an end": lambda w, _: signed(w, exp=None),
    "from tomorrow": lambda w, _: signed(w, nbf=moment(w, 86_400)),
    "huge": lambda w, _: signed(w, jti="x" * 100_000),
    "empty": lambda w, _: "",
    "cut": lambda w, _: w.running.token(ELM)[:-9],
    "twice in one": lambda w, _: f"{w.running.token(ELM)} {w.running.token(ELM)}",
}


def check_refused(answer: Response) -> None:
    assert answer.status == 401, answer.body
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert set(answer.json) == {"type", "title", "status", "request_id"}, "it does not say why"


@pytest.mark.parametrize("name", BAD)
def test_45_a_token_that_does_not_hold_opens_nothing(
    twins: Twins, outside: Outside, name: str
) -> None:
    web = twins.whole
    for path in PLACES:
        token = BAD[name](web, outside.iri)
        check_refused(web.send("GET", path, {"Authorization": f"Bearer {token}"}))


def test_45_one_token_is_sent_in_one_header_and_in_no_other_place(twins: Twins) -> None:
    web = twins.whole
    token = web.running.token(ELM)
    two = [("Authorization", f"Bearer {web.running.token(NORTH)}")]
    check_refused(raw.answer_to(web, raw.request(web, ELM, "GET /me HTTP/1.1", two)))
    for name in ("access_token", "token", "bearer", "jwt"):
        check_refused(web.send("GET", f"{ASK}&{name}={token}"))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        check_refused(web.send("POST", "/sparql", form, f"query=ASK%7B%7D&{name}={token}"))
        assert web.send("GET", f"{ASK}&{name}={token}", web.running.headers(ELM)).status == 400
    for name in ("X-Authorization", "X-Access-Token", "Proxy-Authorization"):
        check_refused(web.send("GET", ASK, {name: f"Bearer {token}"}))


LEGACY = (
    *("Authorization: Bearer user:Alice", "Authorization: user:Alice", "Authorization: Basic YTpi"),
    *("X-Forwarded-User: admin", "X-Remote-User: admin", "Remote-User: admin", "X-User: admin"),
    *("X-Forwarded-Email: a@example.org", "X-Auth-Request-User: admin", "X-Audience: teacher-elm"),
    *("X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1;by=admin", "X-SSL-Client-CN: admin"),
)


@pytest.mark.parametrize("header", LEGACY)
def test_46_a_header_that_names_somebody_is_not_heard(twins: Twins, header: str) -> None:
    name, _, value = header.partition(": ")
    for path in PLACES:
        check_refused(twins.whole.send("GET", path, {name: value}))
    if name != "Authorization":
        for path in ("/me", ASK):
            plain = twins.send(ELM, "GET", path)
            assert twins.send(ELM, "GET", path, headers={name: value}).body == plain.body
            assert plain.status == 200


def test_47_a_purpose_is_in_the_token_and_in_the_registry(twins: Twins) -> None:
    web = twins.whole
    research = str(DPV.AcademicResearch)
    for path in (f"{ASK}&purpose={research}", "/questions/terms-matching-ceds?purpose=research"):
        assert twins.send(ELM, "GET", path).status == 400
    for name in ("Purpose", "X-Purpose", "Sec-Purpose"):
        answer = twins.send(ELM, "GET", "/me", headers={name: research})
        assert answer.json["purpose"] == claims(web)["purpose"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = f"query=ASK%7B%7D&purpose={research}"
    assert twins.send(ELM, "POST", "/sparql", body, form).status == 400
    for purpose in (research, "research", "", None, [claims(web)["purpose"]], "urn:x", 1):
        token = signed(web, purpose=purpose)
        for path in PLACES:
            check_refused(web.send("GET", path, {"Authorization": f"Bearer {token}"}))
    *_, last = disclosures.entries(web.running.context.truth)
    assert (last.purpose, last.outcome) == (DPV.AcademicResearch, "PurposeRefused")
    assert last.audience == web.running.context.views.audience(ELM).iri


def test_48_an_audience_is_what_the_registry_says_at_each_request(web: Web) -> None:
    headers = web.running.headers(ELM)
    for path in (f"{ASK}&audience={NORTH}", f"{ASK}&role=district", f"{ASK}&scope=all"):
        assert web.send("GET", path, headers).status == 400
    for name in ("X-Audience", "Audience", "X-Role", "X-Scope"):
        told = web.send("GET", "/me", headers | {name: NORTH})
        assert told.json["audience"] == ELM
    for audience in ("*", "", "teacher", "../district-north", f"{ELM} ", ELM.upper(), ID.teacher):
        token = signed(web, audience=str(audience))
        check_refused(web.send("GET", ASK, {"Authorization": f"Bearer {token}"}))
    seen = f"{BP_PREFIX}ASK {{ ?x a bp:Enrollment }}"
    assert web.query(ELM, seen).json["boolean"] is True
    asked = headers | {"Content-Type": "application/sparql-query"}
    gone = web.running.context.views.audience(ELM)
    web.running.context.truth.commit([Change(AUDIENCES, set(), subject=gone.iri)])
    check_refused(web.send("POST", "/sparql", asked, seen))
    assert web.query(ATLAS, seen).status == 200
