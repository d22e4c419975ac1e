"""Bearer tokens, signed by the service's own key or by the issuer that the configuration trusts.

An asker's holds one audience and one purpose. An operator's holds neither: it opens what is there
to look after the service, and no record; only the service's own key signs it. Each says whom it
is for, and opens nothing else.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from rdflib import URIRef

from databackpack.ontology.codes import local_name
from databackpack.service.gate.faults import Unauthenticated
from databackpack.service.gate.issuer import Issuer
from databackpack.service.gate.keys import ALGORITHM, OWN, UnknownKey, Unverified, verified
from databackpack.service.policy.model import Audience
from databackpack.service.policy.purpose import purpose as purpose_of
from databackpack.service.views.registry import Views

__all__ = [
    "ISSUER",
    "LONGEST_SUBJECT",
    "OPERATIONS",
    "BrokenKey",
    "Credential",
    "NoKey",
    "PurposeRefused",
    "authenticate",
    "authenticate_operator",
    "issue",
    "issue_by_name",
    "issue_to_operator",
    "signing_key",
]

ISSUER = OWN
OPERATIONS = f"{ISSUER}/operations"
_LONGEST_TOKEN = 4096
LONGEST_SUBJECT = 255
"""Characters of who asks: it goes into the log that families read."""

_LEEWAY = 30
_OPERATOR_LIFETIME = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Credential:
    """Who asks, as which audience, for which purpose, by a token that ends when."""

    subject: str
    audience: Audience
    purpose: URIRef
    until: datetime | None = None


class PurposeRefused(Unauthenticated):
    """A signed token asks for a purpose that its audience does not have."""

    def __init__(self, asked: Credential) -> None:
        super().__init__()
        self.asked = asked


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
    key = OKPKey.generate_key(ALGORITHM)
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
    return issue_by_name(key, subject, local_name(audience.iri), purpose, moment, lifetime)


def issue_by_name(
    key: OKPKey,
    subject: str,
    audience: str,
    purpose: URIRef,
    moment: datetime,
    lifetime: timedelta,
) -> str:
    """Return a token as ``issue`` does, for the audience that the registry calls *audience*."""
    names = {"audience": audience, "purpose": str(purpose)}
    return _sign(key, ISSUER, subject, moment, lifetime, **names)


def issue_to_operator(
    key: OKPKey, subject: str, moment: datetime, lifetime: timedelta = _OPERATOR_LIFETIME
) -> str:
    """Return a token for the operator *subject* that holds from *moment* for a *lifetime*."""
    return _sign(key, OPERATIONS, subject, moment, lifetime)


def authenticate(
    authorization: list[str],
    key: OKPKey,
    views: Views,
    moment: datetime,
    issuer: Issuer | None = None,
) -> Credential:
    """Return who asks, from the values of the Authorization header (RFC 6750, section 2.1).

    The token says which audience and purpose; the registry must still have both. *issuer* is
    believed beside the service's own *key*. Raises Unauthenticated, whatever is wrong with the same
    words; PurposeRefused of a token that is signed, so that the attempt can be put on record.
    """
    claims = _claims(authorization, key, issuer, ISSUER, moment)
    try:
        audience = views.audience(str(claims["audience"]))
        purpose = purpose_of(str(claims["purpose"]))
        until = datetime.fromtimestamp(float(str(claims["exp"])), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        raise Unauthenticated from None
    found = Credential(str(claims["sub"]), audience, purpose, until)
    if purpose not in audience.purposes:
        raise PurposeRefused(found)
    return found


def authenticate_operator(authorization: list[str], key: OKPKey, moment: datetime) -> str:
    """Return which operator asks, from the values of the Authorization header."""
    return str(_claims(authorization, key, None, OPERATIONS, moment)["sub"])


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
    return jwt.encode({"alg": ALGORITHM}, claims, key, algorithms=[ALGORITHM])


def _claims(
    authorization: list[str],
    key: OKPKey,
    issuer: Issuer | None,
    receiver: str,
    moment: datetime,
) -> Mapping[str, object]:
    """Return the claims of the one token, which holds at *moment*.

    It is for *receiver* alone, or by *issuer* and alone for what its tokens must be for.
    """
    if len(authorization) != 1:
        raise Unauthenticated
    scheme, _, token = authorization[0].partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
        raise Unauthenticated
    try:
        claims = _signed(token.strip(), key, issuer)
        if issuer is not None and claims["iss"] == issuer.name:
            _check(claims, [issuer.receiver, [issuer.receiver]], moment)
        else:
            _check(claims, [receiver], moment, nbf={"essential": True})
    except (Unverified, JoseError, ValueError, TypeError, OverflowError):
        raise Unauthenticated from None
    return claims


def _signed(token: str, key: OKPKey, issuer: Issuer | None) -> Mapping[str, object]:
    """Return the claims of *token*; when its key is unknown, the issuer's are read once more."""
    own = str(key["x"])
    if issuer is None:
        return verified(token, own, None)
    try:
        return verified(token, own, issuer.keys())
    except UnknownKey:
        if not issuer.refresh():
            raise
        return verified(token, own, issuer.keys())


def _check(
    claims: Mapping[str, object],
    receivers: list[object],
    moment: datetime,
    **more: jwt.ClaimsOption,
) -> None:
    """Check what changes with time, and whom the token is for; raises ValueError or JoseError.

    RFC 7519 lets one token be for several; another of them could then use it here.
    """
    rules = jwt.JWTClaimsRegistry(
        now=int(moment.timestamp()),
        leeway=_LEEWAY,
        sub={"essential": True},
        exp={"essential": True},
        **more,
    )
    rules.validate(dict(claims))
    if claims.get("aud") not in receivers or len(str(claims["sub"])) > LONGEST_SUBJECT:
        raise ValueError
