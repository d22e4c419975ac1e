"""Bearer tokens: signed by the service's own key, one audience and one purpose in each."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.service.gate.faults import Unauthenticated
from databackpack.service.policy.model import Audience
from databackpack.service.policy.purpose import purpose as purpose_of
from databackpack.service.views.registry import Views

__all__ = ["ISSUER", "Credential", "authenticate", "issue", "signing_key"]

ISSUER = "https://w3id.org/databackpack/id/service"
_ALGORITHM = "Ed25519"
_LONGEST_TOKEN = 4096
_LEEWAY = 30


@dataclass(frozen=True, slots=True)
class Credential:
    """Who asks, as which audience, for which purpose."""

    subject: str
    audience: Audience
    purpose: URIRef


def signing_key(folder: Path) -> OKPKey:
    """Return the service's key in *folder*, made at the first call and readable by its owner."""
    file = folder / "signing-key.json"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        key = OKPKey.generate_key("Ed25519")
        file.write_text(json.dumps(key.as_dict(private=True)), encoding="utf-8")
    return OKPKey.import_key(json.loads(file.read_text(encoding="utf-8")))


def issue(
    key: OKPKey,
    subject: str,
    audience: Audience,
    purpose: URIRef,
    moment: datetime,
    lifetime: timedelta,
) -> str:
    """Return a token for *subject* that holds from *moment* for *lifetime*."""
    claims = {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": subject,
        "jti": str(uuid4()),
        "iat": int(moment.timestamp()),
        "nbf": int(moment.timestamp()),
        "exp": int((moment + lifetime).timestamp()),
        "audience": local_name(audience.iri),
        "purpose": str(purpose),
    }
    return jwt.encode({"alg": _ALGORITHM}, claims, key, algorithms=[_ALGORITHM])


def authenticate(
    authorization: list[str], key: OKPKey, views: Views, moment: datetime
) -> Credential:
    """Return who asks, from the values of the Authorization header (RFC 6750, section 2.1).

    The token says which audience and purpose; the registry must still have both. Whatever is
    wrong, the fault is the same.
    """
    if len(authorization) != 1:
        raise Unauthenticated
    scheme, _, token = authorization[0].partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
        raise Unauthenticated
    claims = _claims(token.strip(), key, moment)
    try:
        audience = views.audience(str(claims["audience"]))
        purpose = purpose_of(str(claims["purpose"]))
    except (KeyError, ValueError):
        raise Unauthenticated from None
    if purpose not in audience.purposes:
        raise Unauthenticated
    return Credential(str(claims["sub"]), audience, purpose)


def _claims(token: str, key: OKPKey, moment: datetime) -> dict[str, object]:
    rules = jwt.JWTClaimsRegistry(
        now=int(moment.timestamp()),
        leeway=_LEEWAY,
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": ISSUER},
        sub={"essential": True},
        exp={"essential": True},
        nbf={"essential": True},
        audience={"essential": True},
        purpose={"essential": True},
    )
    try:
        decoded = jwt.decode(token, key, algorithms=[_ALGORITHM])
        rules.validate(decoded.claims)
    except (JoseError, ValueError, TypeError):
        raise Unauthenticated from None
    return dict(decoded.claims)
