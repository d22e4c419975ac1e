"""Compact signed tokens (VC-JWT): the credential within, and what the signature shows.

Securing Verifiable Credentials using JOSE and COSE; Verifiable Credentials 1.1, section 6.3.1.
"""

import warnings
from io import BytesIO
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning

from databackpack.loaders.credentials.key import Keys, SigningKey
from databackpack.loaders.credentials.proof import Proof
from databackpack.loaders.jsonld.document import Document, items
from databackpack.loaders.table import Refused

__all__ = ["opened", "unwrapped"]

_ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]


def opened(token: str, keys: Keys, path: str, file: str) -> tuple[dict[str, Any], Proof]:
    """Return the credential within a compact JWS and what its signature shows.

    Raises Refused where it is no JWS or the signature is wrong.
    """
    try:
        found = jws.extract_compact(token.encode("ascii"))
    except (JoseError, ValueError) as error:
        raise Refused("JWT", f"{path}: no signed token ({error}); send it whole") from None
    header = found.headers()
    key = _key(header, keys)
    if header.get("alg") not in _ALGORITHMS:
        raise Refused("proof", f"{path}: the algorithm {str(header.get('alg'))[:50]!r} is not safe")
    proof = Proof(reason=f"the key {str(header.get('kid'))[:200]!r} is not known")
    if key is not None:
        try:
            with warnings.catch_warnings():  # EdDSA, today Ed25519, is still what issuers write
                warnings.simplefilter("ignore", SecurityWarning)
                jws.deserialize_compact(token, key.jwk, algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            raise Refused(
                "proof", f"{path}: the signature is wrong; get it from its issuer again"
            ) from None
        proof = Proof(key.name, key.is_vouched_for)
    for one in items(BytesIO(found.payload), file):
        if isinstance(one, Document):
            return one.value, proof
        raise Refused(one.rule, f"{path}: {one.message}")
    raise Refused("JWT", f"{path}: nothing is in it")


def _key(header: dict[str, Any], keys: Keys) -> SigningKey | None:
    kid, jwk = header.get("kid"), header.get("jwk")
    if isinstance(kid, str) and (found := keys.find(kid)):
        return found
    return Keys.given(jwk) if isinstance(jwk, dict) else None


def unwrapped(payload: dict[str, Any], path: str) -> dict[str, Any]:
    """Return the credential that a token holds, in its claim ``vc`` (1.1) or as it is (2.0).

    Raises Refused where the token's own claims name another issuer or subject.
    """
    inner = payload.get("vc", payload)
    if not isinstance(inner, dict):
        raise Refused("JWT", f"{path}.vc: an object is needed here")
    found = dict(inner)
    issuer, subject = found.get("issuer"), found.get("credentialSubject")
    for claim, told in (("iss", issuer), ("sub", subject)):
        named = told.get("id") if isinstance(told, dict) else told if claim == "iss" else None
        if claim in payload and named is not None and payload[claim] != named:
            raise Refused("JWT", f"{path}.{claim}: the token and the credential in it differ")
    if "iss" in payload and issuer is None:
        found["issuer"] = payload["iss"]
    if "sub" in payload and isinstance(subject, dict) and "id" not in subject:
        found["credentialSubject"] = {**subject, "id": payload["sub"]}
    if "jti" in payload and "id" not in found:
        found["id"] = payload["jti"]
    return found
