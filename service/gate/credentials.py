"""Bearer tokens, signed by the service's own key.

An asker's holds one audience and one purpose. An operator's holds neither: it opens what is there
to look after the service, and no record. Each says whom it is for, and opens nothing else.
"""

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

__all__ = [
    "ISSUER",
    "OPERATIONS",
    "BrokenKey",
    "Credential",
    "NoKey",
    "authenticate",
    "authenticate_operator",
    "issue",
    "issue_to_operator",
    "signing_key",
]

ISSUER = "https://w3id.org/databackpack/id/service"
OPERATIONS = f"{ISSUER}/operations"
_ALGORITHM = "Ed25519"
_LONGEST_TOKEN = 4096
_LEEWAY = 30
_OPERATOR_LIFETIME = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Credential:
    """Who asks, as which audience, for which purpose."""

    subject: str
    audience: Audience
    purpose: URIRef


class BrokenKey(ValueError):
    """The service's key cannot be read or made; the message says where and what to do."""


class NoKey(LookupError):
    """There is no key yet: no service has run over the store."""


def signing_key(folder: Path, *, create: bool = True) -> OKPKey:
    """Return the service's key in *folder*, made at the first call and readable by its owner.

    Raises BrokenKey: a key that is there and cannot be read is never replaced. Without *create*
    none is made: raises NoKey.
    """
    file = folder / "signing-key.json"
    try:
        if not file.exists():
            if not create:
                raise NoKey(f"{file} is not there")
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
    return _sign(
        key,
        ISSUER,
        subject,
        moment,
        lifetime,
        audience=local_name(audience.iri),
        purpose=str(purpose),
    )


def issue_to_operator(key: OKPKey, subject: str, moment: datetime) -> str:
    """Return a token for the operator *subject* that holds from *moment* for a minute."""
    return _sign(key, OPERATIONS, subject, moment, _OPERATOR_LIFETIME)


def authenticate(
    authorization: list[str], key: OKPKey, views: Views, moment: datetime
) -> Credential:
    """Return who asks, from the values of the Authorization header (RFC 6750, section 2.1).

    The token says which audience and purpose; the registry must still have both. Whatever is
    wrong, the fault is the same.
    """
    claims = _claims(authorization, key, ISSUER, moment)
    try:
        audience = views.audience(str(claims["audience"]))
        purpose = purpose_of(str(claims["purpose"]))
    except (KeyError, ValueError):
        raise Unauthenticated from None
    if purpose not in audience.purposes:
        raise Unauthenticated
    return Credential(str(claims["sub"]), audience, purpose)


def authenticate_operator(authorization: list[str], key: OKPKey, moment: datetime) -> str:
    """Return which operator asks, from the values of the Authorization header."""
    return str(_claims(authorization, key, OPERATIONS, moment)["sub"])


def _sign(
    key: OKPKey, receiver: str, subject: str, moment: datetime, lifetime: timedelta, **more: str
) -> str:
    claims = {
        "iss": ISSUER,
        "aud": receiver,
        "sub": subject,
        "jti": str(uuid4()),
        "iat": int(moment.timestamp()),
        "nbf": int(moment.timestamp()),
        "exp": int((moment + lifetime).timestamp()),
        **more,
    }
    return jwt.encode({"alg": _ALGORITHM}, claims, key, algorithms=[_ALGORITHM])


def _claims(
    authorization: list[str], key: OKPKey, receiver: str, moment: datetime
) -> dict[str, object]:
    """Return the claims of the one token, which holds at *moment* and is for *receiver* alone."""
    if len(authorization) != 1:
        raise Unauthenticated
    scheme, _, token = authorization[0].partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
        raise Unauthenticated
    rules = jwt.JWTClaimsRegistry(
        now=int(moment.timestamp()),
        leeway=_LEEWAY,
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": receiver},
        sub={"essential": True},
        exp={"essential": True},
        nbf={"essential": True},
    )
    try:
        decoded = jwt.decode(token.strip(), key, algorithms=[_ALGORITHM])
        rules.validate(decoded.claims)
    except (JoseError, ValueError, TypeError):
        raise Unauthenticated from None
    if decoded.claims["aud"] != receiver:  # RFC 7519 lets one token be for several
        raise Unauthenticated
    return dict(decoded.claims)
