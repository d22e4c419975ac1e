"""Tokens: one that holds opens what it is for; of all others the service says the same."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OKPKey
from werkzeug.test import TestResponse

from databackpack.service.gate.credentials import (
    ISSUER,
    OPERATIONS,
    NoKey,
    issue,
    issue_to_operator,
    signing_key,
)
from databackpack.service.policy.audience import write
from databackpack.service.records.graphs import AUDIENCES
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import Change
from tests.running import Running

AUDIENCE = "state-agency-sample"


@pytest.fixture
def client(sample: Running) -> FlaskClient:
    return sample.app.test_client()


def claims(sample: Running) -> dict[str, Any]:
    token = jwt.decode(sample.token(AUDIENCE), sample.context.key, algorithms=["Ed25519"])
    return dict(token.claims)


def signed(sample: Running, changes: dict[str, Any]) -> str:
    """Return a token with the service's own signature and *changes*; None leaves a claim out."""
    body = {k: v for k, v in (claims(sample) | changes).items() if v is not None}
    return jwt.encode({"alg": "Ed25519"}, body, sample.context.key, algorithms=["Ed25519"])


def operator_token(sample: Running, **changes: object) -> str:
    """Return an operator's token, or one with the service's own signature and *changes*."""
    key = sample.context.key
    token = issue_to_operator(key, "somebody", sample.context.truth.clock())
    body = dict(jwt.decode(token, key, algorithms=["Ed25519"]).claims) | changes
    left = {name: value for name, value in body.items() if value is not None}
    return jwt.encode({"alg": "Ed25519"}, left, key, algorithms=["Ed25519"]) if changes else token


def coded(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def with_header(sample: Running, **header: object) -> str:
    """Return a good token under another header, its signature left as it was."""
    _, body, signature = sample.token(AUDIENCE).split(".")
    return f"{coded({'alg': 'Ed25519', 'typ': 'JWT'} | header)}.{body}.{signature}"


def by_another_key(sample: Running, header: dict[str, Any]) -> str:
    key = OKPKey.generate_key("Ed25519")
    header = {"alg": "Ed25519"} | header
    if "jwk" in header:
        header["jwk"] = key.as_dict(private=False)
    return jwt.encode(header, claims(sample), key, algorithms=["Ed25519"])


def hmac_of_public_key(sample: Running, form: str) -> str:
    public = sample.context.key.as_dict(private=False)
    octets = {
        "raw": base64.urlsafe_b64decode(str(public["x"]) + "="),
        "jwk": json.dumps(public).encode(),
        "pem": sample.context.key.as_pem(private=False),
    }[form]
    text = f"{coded({'alg': 'HS256', 'typ': 'JWT'})}.{coded(claims(sample))}"
    return f"{text}.{coded(hmac.digest(octets, text.encode(), 'sha256'))}"


def tampered(sample: Running) -> str:
    header, _, signature = sample.token(AUDIENCE).split(".")
    return f"{header}.{coded(claims(sample) | {'audience': 'teacher-elm'})}.{signature}"


def flipped(sample: Running) -> str:
    header, body, signature = sample.token(AUDIENCE).split(".")
    other = "B" if signature[5] == "A" else "A"
    return f"{header}.{body}.{signature[:5]}{other}{signature[6:]}"


def seconds(sample: Running, shift: int) -> int:
    return int(sample.context.truth.clock().timestamp()) + shift


BAD: dict[str, Callable[[Running], str]] = {
    "nothing": lambda s: "",
    "words": lambda s: "let me in",
    "two dots": lambda s: "..",
    "alg none": lambda s: f"{coded({'alg': 'none'})}.{coded(claims(s))}.",
    "alg None": lambda s: f"{coded({'alg': 'None'})}.{coded(claims(s))}.",
    "alg none over a signature": lambda s: with_header(s, alg="none"),
    "no signature": lambda s: s.token(AUDIENCE).rpartition(".")[0] + ".",
    "no third part": lambda s: s.token(AUDIENCE).rpartition(".")[0],
    "hs256 of the raw public key": lambda s: hmac_of_public_key(s, "raw"),
    "hs256 of the public jwk": lambda s: hmac_of_public_key(s, "jwk"),
    "hs256 of the public pem": lambda s: hmac_of_public_key(s, "pem"),
    "alg that is a list": lambda s: with_header(s, alg=["Ed25519"]),
    "alg EdDSA": lambda s: with_header(s, alg="EdDSA"),
    "another key": lambda s: by_another_key(s, {}),
    "another key, in the header": lambda s: by_another_key(s, {"jwk": {}}),
    "another key, at an address": lambda s: by_another_key(s, {"jku": "http://127.0.0.1:1/k"}),
    "another key, in a certificate": lambda s: by_another_key(s, {"x5u": "http://127.0.0.1:1/c"}),
    "another key, in a file": lambda s: by_another_key(s, {"kid": "../../../../dev/null"}),
    "another key, in a table": lambda s: by_another_key(s, {"kid": "' UNION SELECT 'x"}),
    "a header changed afterwards": lambda s: with_header(s, kid="1"),
    "a critical header": lambda s: with_header(s, crit=["exp"], exp=1),
    "a header that is a list": lambda s: f"{coded([])}.{coded(claims(s))}.AA",
    "a header of a thousand lists": lambda s: f"{coded(b'[' * 1000)}.{coded(claims(s))}.AA",
    "encrypted": lambda s: f"{coded({'alg': 'dir', 'enc': 'A128GCM'})}..AA.AA.AA",
    "claims changed afterwards": tampered,
    "a signature changed": flipped,
    "claims that are a list": lambda s: f"{coded({'alg': 'Ed25519'})}.{coded([])}.AA",
    "expired": lambda s: signed(s, {"exp": seconds(s, -60)}),
    "not yet valid": lambda s: signed(s, {"nbf": seconds(s, 60)}),
    "issued in the future": lambda s: signed(s, {"iat": seconds(s, 600)}),
    "no exp": lambda s: signed(s, {"exp": None}),
    "no nbf": lambda s: signed(s, {"nbf": None}),
    "no iss": lambda s: signed(s, {"iss": None}),
    "no aud": lambda s: signed(s, {"aud": None}),
    "no sub": lambda s: signed(s, {"sub": None}),
    "no audience": lambda s: signed(s, {"audience": None}),
    "no purpose": lambda s: signed(s, {"purpose": None}),
    "another issuer": lambda s: signed(s, {"iss": "https://example.org/"}),
    "for another service": lambda s: signed(s, {"aud": "https://example.org/"}),
    "for operations": lambda s: signed(s, {"aud": OPERATIONS}),
    "for questions and operations": lambda s: signed(s, {"aud": [ISSUER, OPERATIONS]}),
    "an operator's": lambda s: operator_token(s),
    "exp in words": lambda s: signed(s, {"exp": "tomorrow"}),
    "an unknown audience": lambda s: signed(s, {"audience": "teacher-nowhere"}),
    "an audience that is no name": lambda s: signed(s, {"audience": "a b<c>"}),
    "a list of audiences": lambda s: signed(s, {"audience": [AUDIENCE]}),
    "a role as audience": lambda s: signed(s, {"audience": "state-agency"}),
    "an unknown purpose": lambda s: signed(s, {"purpose": "curiosity"}),
    "the purpose of others": lambda s: signed(s, {"purpose": "AcademicResearch"}),
    "a wider purpose": lambda s: signed(s, {"purpose": "https://w3id.org/dpv#Purpose"}),
    "too long": lambda s: signed(s, {"jti": "x" * 5000}),
    "far too long": lambda s: s.token(AUDIENCE) + "A" * 100_000,
}


def said(response: TestResponse) -> tuple[int, dict[str, Any], str | None]:
    """Return what a refusal tells, but for the request's own number."""
    body = dict(response.get_json())
    assert body.pop("request_id")
    return response.status_code, body, response.headers.get("WWW-Authenticate")


def refusal(client: FlaskClient) -> tuple[int, dict[str, Any], str | None]:
    found = said(client.get("/me"))
    assert found[0] == 401
    assert found[2] == 'Bearer realm="databackpack"'
    return found


@pytest.mark.parametrize("name", BAD)
def test_every_token_that_does_not_hold_gets_the_same_answer(
    sample: Running, client: FlaskClient, name: str
) -> None:
    headers = {"Authorization": f"Bearer {BAD[name](sample)}"}
    for path in ("/me", "/sparql?query=ASK{}", "/questions/learners-meeting-standard"):
        assert said(client.get(path, headers=headers)) == refusal(client)


def test_a_token_that_holds_opens_its_own_audience(sample: Running, client: FlaskClient) -> None:
    response = client.get("/me", headers=sample.headers(AUDIENCE))
    assert response.status_code == 200
    assert response.get_json()["audience"] == AUDIENCE


def test_a_token_holds_until_its_end_and_half_a_minute_for_clocks_that_differ(
    sample: Running, client: FlaskClient
) -> None:
    for shift, status in ((-29, 200), (-32, 401)):
        token = signed(sample, {"exp": seconds(sample, shift)})
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get("/me", headers=headers).status_code == status


SCHEMES = ["Basic {}", "Token {}", "{}", "Bearer", "Bearer:{}", "user:Alice", "Bearer {0} {0}"]


@pytest.mark.parametrize("form", SCHEMES)
def test_another_scheme_is_no_token(sample: Running, client: FlaskClient, form: str) -> None:
    headers = {"Authorization": form.format(sample.token(AUDIENCE))}
    assert said(client.get("/me", headers=headers)) == refusal(client)


def test_two_authorization_headers_are_none(sample: Running, client: FlaskClient) -> None:
    good = f"Bearer {sample.token(AUDIENCE)}"
    for pair in ((good, good), (good, "Bearer x"), ("Bearer x", good)):
        headers = [("Authorization", value) for value in pair]
        assert said(client.get("/me", headers=headers)) == refusal(client)


def test_a_token_elsewhere_than_in_the_header_is_none(sample: Running, client: FlaskClient) -> None:
    token = sample.token(AUDIENCE)
    asked = {"query": "ASK {}", "access_token": token}
    client.set_cookie("Authorization", f"Bearer {token}")
    headers = {"X-Forwarded-User": "state-agency", "X-Authorization": f"Bearer {token}"}
    for response in (
        client.get("/sparql", query_string=asked, headers=headers),
        client.post("/sparql", data=asked, headers=headers),
        client.get("/me", query_string={"token": token}, headers=headers),
    ):
        assert said(response) == refusal(client)


def test_an_audience_or_purpose_named_beside_the_token_changes_nothing(
    sample: Running, client: FlaskClient
) -> None:
    headers = sample.headers("researcher") | {"X-Audience": AUDIENCE, "X-Purpose": "Marketing"}
    response = client.get("/me?audience=state-agency-sample&purpose=Marketing", headers=headers)
    assert response.get_json()["audience"] == "researcher-mobility"
    assert response.get_json()["purpose"] == "https://w3id.org/dpv#AcademicResearch"


def test_a_token_of_an_audience_that_left_the_registry_holds_no_more(
    sample: Running, client: FlaskClient
) -> None:
    audience = sample.context.views.audience("researcher-persistence")
    headers = sample.headers("researcher-persistence")
    truth = sample.context.truth
    assert client.get("/me", headers=headers).status_code == 200
    truth.commit([Change(AUDIENCES, [], subject=audience.iri)])
    try:
        assert said(client.get("/me", headers=headers)) == refusal(client)
    finally:
        truth.commit([Change(AUDIENCES, to_triples(write(audience)), subject=audience.iri)])
    assert client.get("/me", headers=headers).status_code == 200


def test_issued_claims_say_who_as_whom_for_what_and_until_when(sample: Running) -> None:
    audience = sample.context.views.audience(AUDIENCE)
    moment = sample.context.truth.clock()
    token = issue(
        sample.context.key, "someone", audience, min(audience.purposes), moment, timedelta(hours=2)
    )
    found = jwt.decode(token, sample.context.key, algorithms=["Ed25519"]).claims
    assert found["sub"] == "someone"
    assert found["iss"] == found["aud"] == ISSUER
    assert found["audience"] == AUDIENCE
    assert found["exp"] - found["nbf"] == 7200


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    value=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80)
    | st.lists(st.binary(max_size=30).map(coded), max_size=6).map(".".join)
)
def test_no_words_in_the_header_open_anything_or_break_the_service(
    client: FlaskClient, value: str
) -> None:
    for header in (value, f"Bearer {value}"):
        response = client.get("/me", headers={"Authorization": header})
        assert said(response) == refusal(client)


def test_an_operator_s_token_opens_operations_and_says_nothing_of_an_audience(
    sample: Running, client: FlaskClient
) -> None:
    token = operator_token(sample)
    found = jwt.decode(token, sample.context.key, algorithms=["Ed25519"]).claims
    assert set(found) == {"iss", "aud", "sub", "jti", "iat", "nbf", "exp"}
    assert (found["iss"], found["aud"], found["sub"]) == (ISSUER, OPERATIONS, "somebody")
    assert found["exp"] - found["nbf"] == 60
    for path in ("/views", "/audiences"):
        response = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == 200


BAD_OPERATORS: dict[str, Callable[[Running], str]] = {
    "an asker's": lambda s: s.token(AUDIENCE),
    "an auditor's": lambda s: s.token("auditor-sample"),
    "for questions": lambda s: operator_token(s, aud=ISSUER),
    "for questions and operations": lambda s: operator_token(s, aud=[ISSUER, OPERATIONS]),
    "in a list": lambda s: operator_token(s, aud=[OPERATIONS]),
    "for what is below": lambda s: operator_token(s, aud=f"{OPERATIONS}/views"),
    "no aud": lambda s: operator_token(s, aud=None),
    "no iss": lambda s: operator_token(s, iss=None),
    "another issuer": lambda s: operator_token(s, iss=OPERATIONS),
    "no sub": lambda s: operator_token(s, sub=None),
    "no exp": lambda s: operator_token(s, exp=None),
    "no nbf": lambda s: operator_token(s, nbf=None),
    "expired": lambda s: operator_token(s, exp=seconds(s, -60)),
    "not yet valid": lambda s: operator_token(s, nbf=seconds(s, 60)),
    "another key": lambda s: jwt.encode(
        {"alg": "Ed25519"},
        jwt.decode(operator_token(s), s.context.key, algorithms=["Ed25519"]).claims,
        OKPKey.generate_key("Ed25519"),
        algorithms=["Ed25519"],
    ),
    "no signature": lambda s: operator_token(s).rpartition(".")[0] + ".",
    "nothing": lambda s: "",
}
OPERATIONS_ROUTES = [
    ("GET", "/views"),
    ("GET", "/audiences"),
    ("POST", "/views/teacher-elm/StudentLearningNeedsAssessment/rebuild"),
    ("POST", "/views/teacher-elm/StudentLearningNeedsAssessment/check"),
]


@pytest.mark.parametrize("name", BAD_OPERATORS)
def test_every_operator_s_token_that_does_not_hold_gets_that_same_answer(
    sample: Running, client: FlaskClient, name: str
) -> None:
    headers = {"Authorization": f"Bearer {BAD_OPERATORS[name](sample)}"}
    for method, path in OPERATIONS_ROUTES:
        assert said(client.open(path, method=method, headers=headers)) == refusal(client)


def test_an_operator_s_token_opens_no_other_route(sample: Running, client: FlaskClient) -> None:
    """Of every route and method: with it is as without any."""
    headers = {"Authorization": f"Bearer {operator_token(sample)}"}
    learner = sample.person("learner", "state:S000001")
    known = {"category": "progress", "audience": "teacher-elm", "name": learner}
    refused = 0
    adapter = sample.app.url_map.bind("localhost")
    for rule in sample.app.url_map.iter_rules():
        if rule.endpoint.startswith(("views.", "audiences.", "loads.")):
            continue
        values = {argument: known.get(argument, "x") for argument in rule.arguments}
        path = adapter.build(rule.endpoint, values)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            without = client.open(path, method=method)
            opened = client.open(path, method=method, headers=headers)
            assert opened.status_code == without.status_code, (method, path)
            refused += opened.status_code == 401
    assert refused > 10


def test_a_key_is_made_only_where_one_may_be_made(tmp_path: Path) -> None:
    with pytest.raises(NoKey):
        signing_key(tmp_path / "keys", create=False)
    assert list(tmp_path.iterdir()) == []
    made = signing_key(tmp_path / "keys")
    again = signing_key(tmp_path / "keys", create=False)
    assert again.as_dict(private=True) == made.as_dict(private=True)
