"""Tokens of another issuer: believed for the keys that it published, and for nothing else."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from databackpack.service.gate.credentials import ISSUER, OPERATIONS
from databackpack.service.gate.issuer import Issuer
from databackpack.service.gate.keys import verified
from databackpack.service.policy.audience import write
from databackpack.service.records.graphs import AUDIENCES
from databackpack.service.records.terms import to_triples
from databackpack.service.records.truth import Change
from tests.gate.issuing import (
    AUDIENCE,
    KEYS,
    NAME,
    RECEIVER,
    RSA,
    SECRET,
    SIGNING,
    STRANGER,
    believing,
    claims,
    coded,
    jwks,
    me,
    signed,
    token,
    with_hmac,
)
from tests.running import Running
from tests.web.asking import Web


@pytest.fixture(scope="module")
def trusting(sample: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The service over the sample, which believes the issuer's file of keys."""
    file = tmp_path_factory.mktemp("issuer") / "jwks.json"
    file.write_bytes(jwks(*KEYS))
    with believing(sample, Issuer(NAME, RECEIVER, str(file))) as web:
        yield web


@pytest.mark.parametrize("name", SIGNING)
def test_a_token_of_the_issuer_opens_its_own_audience(trusting: Web, name: str) -> None:
    answer = me(trusting, token(trusting.running, name))
    assert answer.status == 200, answer.body
    assert (answer.json["subject"], answer.json["audience"]) == ("A-7", AUDIENCE)
    assert me(trusting, token(trusting.running, name, aud=[RECEIVER])).status == 200


def test_the_service_s_own_tokens_hold_beside_them(trusting: Web) -> None:
    assert me(trusting, trusting.running.token(AUDIENCE)).status == 200


def test_without_an_issuer_its_tokens_hold_nowhere(sample: Running, address: str) -> None:
    assert me(Web(sample, address), token(sample)).status == 401


BAD: dict[str, Callable[[Running], str]] = {
    "alg none": lambda r: f"{coded({'alg': 'none', 'kid': 'rsa'})}.{coded(claims(r))}.",
    "alg none in capitals": lambda r: f"{coded({'alg': 'NONE'})}.{coded(claims(r))}.",
    "hs256 of the public pem": lambda r: with_hmac(r, RSA.as_pem(private=False)),
    "hs256 of the public jwk": lambda r: with_hmac(
        r, json.dumps(KEYS["rsa"].as_dict(private=False)).encode()
    ),
    "hs256 of a key that was published by mistake": lambda r: with_hmac(r, SECRET, "secret"),
    "hs256 of nothing": lambda r: with_hmac(r, b""),
    "a stranger's key under a known name": lambda r: signed(
        STRANGER["rsa"], {"alg": "RS256", "kid": "rsa"}, claims(r)
    ),
    "a stranger's key in the header": lambda r: signed(
        STRANGER["rsa"],
        {"alg": "RS256", "kid": "rsa", "jwk": STRANGER["rsa"].as_dict(private=False)},
        claims(r),
    ),
    "no kid among several keys": lambda r: signed(KEYS["rsa"], {"alg": "RS256"}, claims(r)),
    "an unknown kid": lambda r: signed(KEYS["rsa"], {"alg": "RS256", "kid": "x"}, claims(r)),
    "a kid that is a path": lambda r: signed(
        KEYS["rsa"], {"alg": "RS256", "kid": "../../../dev/null"}, claims(r)
    ),
    "a kid that is SQL": lambda r: signed(
        KEYS["rsa"], {"alg": "RS256", "kid": "' OR 1=1 --"}, claims(r)
    ),
    "a kid that is a list": lambda r: (
        f"{coded({'alg': 'RS256', 'kid': ['rsa']})}.{coded(claims(r))}.AA"
    ),
    "the kid of a key of another type": lambda r: signed(
        KEYS["rsa"], {"alg": "RS256", "kid": "ec"}, claims(r)
    ),
    "another algorithm of the same key": lambda r: signed(
        KEYS["rsa"], {"alg": "RS384", "kid": "rsa"}, claims(r)
    ),
    "an algorithm that the key is not for": lambda r: signed(
        RSAKey.import_key(
            {k: v for k, v in KEYS["pss"].as_dict(private=True).items() if k != "alg"}
        ),
        {"alg": "RS256", "kid": "pss"},
        claims(r),
    ),
    "a key that is for secrets": lambda r: signed(
        RSAKey.import_key(
            {k: v for k, v in KEYS["rsa for secrets"].as_dict(private=True).items() if k != "use"}
        ),
        {"alg": "RS256", "kid": "rsa for secrets"},
        claims(r),
    ),
    "a curve that is not ours": lambda r: signed(
        KEYS["wide ec"], {"alg": "ES384", "kid": "wide ec"}, claims(r)
    ),
    "the algorithm of the service's own key": lambda r: signed(
        KEYS["okp"], {"alg": "Ed25519", "kid": "okp"}, claims(r)
    ),
    "the service's own key in the issuer's name": lambda r: signed(
        r.context.key, {"alg": "Ed25519"}, claims(r)
    ),
    "the issuer's key in the service's name": lambda r: signed(
        KEYS["okp"],
        {"alg": "Ed25519", "kid": "okp"},
        claims(r, iss=ISSUER, aud=ISSUER, nbf=int(r.clock().timestamp())),
    ),
    "a critical header": lambda r: signed(
        KEYS["rsa"], {"alg": "RS256", "kid": "rsa", "crit": ["b64"], "b64": True}, claims(r)
    ),
    "another kind of token": lambda r: signed(
        KEYS["rsa"], {"alg": "RS256", "kid": "rsa", "typ": "logout+jwt"}, claims(r)
    ),
    "claims changed afterwards": lambda r: tampered(token(r), claims(r, sub="A-8")),
    "no signature": lambda r: token(r).rpartition(".")[0] + ".",
    "another issuer": lambda r: token(r, iss="https://login.example.org/realms/other"),
    "no issuer": lambda r: token(r, iss=None),
    "a list of issuers": lambda r: token(r, iss=[NAME]),
    "for another service": lambda r: token(r, aud="https://mail.example.org"),
    "for this and another service": lambda r: token(r, aud=[RECEIVER, "account"]),
    "for nobody": lambda r: token(r, aud=None),
    "for operations": lambda r: token(r, aud=OPERATIONS),
    "for the service's own name": lambda r: token(r, aud=ISSUER),
    "expired": lambda r: token(r, exp=int(r.clock().timestamp()) - 60),
    "without an end": lambda r: token(r, exp=None),
    "with an end beyond all time": lambda r: token(r, exp=10**18),
    "with an end in words": lambda r: token(r, exp="2027-01-01"),
    "not yet valid": lambda r: token(r, nbf=int(r.clock().timestamp()) + 60),
    "issued in the future": lambda r: token(r, iat=int(r.clock().timestamp()) + 600),
    "nobody's": lambda r: token(r, sub=None),
    "somebody's without a name": lambda r: token(r, sub=""),
    "a number's": lambda r: token(r, sub=7),
    "of a very long name": lambda r: token(r, sub="x" * 256),
    "an unknown audience": lambda r: token(r, audience="teacher-nowhere"),
    "two audiences": lambda r: token(r, audience=[AUDIENCE, "teacher-elm"]),
    "no audience": lambda r: token(r, audience=None),
    "another audience's purpose": lambda r: token(r, purpose="AcademicResearch"),
    "no purpose": lambda r: token(r, purpose=None),
    "claims of a thousand lists": lambda r: (
        f"{coded({'alg': 'RS256', 'kid': 'rsa'})}.{coded(b'[' * 2500)}.AA"
    ),
}


def tampered(text: str, body: dict[str, Any]) -> str:
    header, _, signature = text.split(".")
    return f"{header}.{coded(body)}.{signature}"


@pytest.mark.parametrize("name", BAD)
def test_threat_45_every_token_that_does_not_hold_gets_the_same_answer(
    trusting: Web, name: str
) -> None:
    assert me(trusting, BAD[name](trusting.running)).told == trusting.send("GET", "/me").told


def test_a_token_of_the_issuer_never_opens_operations(trusting: Web) -> None:
    for receiver in (RECEIVER, OPERATIONS):
        headers = {"Authorization": f"Bearer {token(trusting.running, aud=receiver)}"}
        assert trusting.send("GET", "/views", headers).status == 401


def test_what_is_remembered_of_a_token_is_its_signature_alone(trusting: Web) -> None:
    """The second time its end and the registry count as the first time."""
    context, clock = trusting.running.context, trusting.running.clock
    text, before = token(trusting.running), clock.moment
    audience = context.views.audience(AUDIENCE)
    assert me(trusting, text).status == 200
    try:
        clock.moment += timedelta(seconds=700)
        assert me(trusting, text).status == 401
    finally:
        clock.moment = before
    assert me(trusting, text).status == 200
    context.truth.commit([Change(AUDIENCES, [], subject=audience.iri)])
    try:
        assert me(trusting, text).status == 401
    finally:
        context.truth.commit([Change(AUDIENCES, to_triples(write(audience)), subject=audience.iri)])
    assert me(trusting, text).status == 200


def test_refused_tokens_take_no_place_in_the_memory_of_good_ones(trusting: Web) -> None:
    assert me(trusting, token(trusting.running)).status == 200
    before = verified.cache_info()
    for number in range(20):
        assert me(trusting, token(trusting.running) + str(number)).status == 401
    assert verified.cache_info().currsize == before.currsize
    assert before.maxsize is not None and before.maxsize <= 4096
