"""Bearer tokens: signed by the service's own key, one audience and one purpose in each."""

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
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

__all__ = ["ISSUER", "BrokenKey", "Credential", "authenticate", "issue", "signing_key"]

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


class BrokenKey(ValueError):
    """The service's key cannot be read or made; the message says where and what to do."""


def signing_key(folder: Path) -> OKPKey:
    """Return the service's key in *folder*, made at the first call and readable by its owner.

    Raises BrokenKey: a key that is there and cannot be read is never replaced.
    """
    file = folder / "signing-key.json"
    try:
        if not file.exists():
            _make_key(file)
        return OKPKey.import_key(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise BrokenKey(f"{error.filename or file}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, JoseError):
        raise BrokenKey(
            f"{file} holds no signing key; put it back from a copy, or remove it: a new one is "
            "made then, and tokens issued before hold no longer"
        ) from None


def _make_key(file: Path) -> None:
    """Write a new key so that *file* is whole or not there, whatever happens meanwhile."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = OKPKey.generate_key("Ed25519")
    with NamedTemporaryFile("w", dir=file.parent, encoding="utf-8", delete=False) as made:
        json.dump(key.as_dict(private=True), made)
        made.flush()
        os.fsync(made.fileno())
    Path(made.name).replace(file)


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
