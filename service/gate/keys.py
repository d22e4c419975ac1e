"""The keys whose signatures are believed: the service's own, and those of one other issuer.

A token chooses among the keys that the configuration names. It never brings one and never says
where one is: ``jwk``, ``jku``, ``x5c`` and ``x5u`` of its header are not looked at, ``crit`` is
refused (RFC 7515, RFC 7517; RFC 8725 tells what goes wrong otherwise).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import Key, OKPKey, import_key

__all__ = ["ALGORITHM", "OWN", "PublicKeys", "UnknownKey", "Unverified", "usable", "verified"]

OWN = "https://w3id.org/databackpack/id/service"
"""The ``iss`` of tokens that the service signs itself."""

ALGORITHM: Final = "Ed25519"
"""The one algorithm (RFC 9864) of the service's own key."""

_FITTING = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""Algorithm of another issuer → type and curve of the key that it is used with."""

_KINDS = ("RSA", "EC", "OKP")
_PUBLIC = ("kty", "kid", "alg", "n", "e", "crv", "x", "y")
_TYPES = {"", "jwt", "at+jwt"}
_SHORTEST_RSA = 342  # of the modulus in base64url: 2048 bits
_REMEMBERED = 1024


class Unverified(ValueError):
    """No key that is believed has signed the token."""


class UnknownKey(Unverified):
    """The token names a key that its issuer had not published when its keys were last read."""


class _Registry(jws.JWSRegistry):
    """The fixed algorithms; joserfc would also warn, at each token, that EdDSA has a newer name."""

    def get_alg(self, name: str) -> JWSAlgModel:
        if not isinstance(name, str) or name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError(f"not {name!r}")
        return self.algorithms[name]


_OWN = _Registry(algorithms=[ALGORITHM], strict_check_header=False)
_OTHERS = _Registry(algorithms=list(_FITTING), strict_check_header=False)


@dataclass(frozen=True, eq=False)
class PublicKeys:
    """The keys of *issuer* as they were when read; *document* is what was read."""

    issuer: str
    keys: tuple[Key, ...] = ()
    document: bytes = b""

    def chosen(self, algorithm: object, kid: object) -> Key:
        """Return the one key that *kid* names and *algorithm* fits; raises Unverified.

        A token without ``kid`` is believed where there is one key only.
        """
        if not isinstance(algorithm, str) or algorithm not in _FITTING:
            raise Unverified
        named = [key for key in self.keys if key.kid == kid]
        if kid is None and len(self.keys) == 1:
            named = list(self.keys)
        if not named and (kid is not None or not self.keys):
            raise UnknownKey
        fitting = [key for key in named if _fits(key, algorithm)]
        if len(fitting) != 1:
            raise Unverified
        return fitting[0]


@lru_cache(_REMEMBERED)
def verified(token: str, own: str, others: PublicKeys | None) -> Mapping[str, object]:
    """Return the claims of *token*, signed by whom its ``iss`` names; raises Unverified.

    *own* is the service's public key (``x`` of RFC 8037, section 2), *others* the other issuer's.
    Nothing is said of the claims: whether they hold now is the caller's to check, each time.

    INVARIANT: what is remembered is that these keys signed this text, which is true for ever;
    tokens that are refused are not remembered, and other keys are another question.
    """
    try:
        signed = jws.extract_compact(token.encode())
        header, claims = signed.headers(), json.loads(signed.payload or b"")
        if not isinstance(claims, dict) or "crit" in header or "b64" in header:
            raise Unverified
        if str(header.get("typ", "")).lower().removeprefix("application/") not in _TYPES:
            raise Unverified
        if claims.get("iss") == OWN:
            key: Key = OKPKey.import_key({"kty": "OKP", "crv": ALGORITHM, "x": own})
            is_signed = jws.validate_compact(signed, key, registry=_OWN)
        elif others is not None and claims.get("iss") == others.issuer:
            key = others.chosen(header.get("alg"), header.get("kid"))
            is_signed = jws.validate_compact(signed, key, registry=_OTHERS)
        else:
            raise Unverified
    except UnknownKey:
        raise
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        raise Unverified from None
    if not is_signed:
        raise Unverified
    return MappingProxyType(claims)


def _fits(key: Key, algorithm: str) -> bool:
    kind, curve = _FITTING[algorithm]
    return key.key_type == kind and key.get("crv") == curve


def usable(document: bytes) -> tuple[Key, ...]:
    """Return the keys of a JWK Set that sign with our algorithms; raises ValueError for none.

    Others are passed over (RFC 7517, section 5), and of private keys the public half is taken.
    """
    try:
        found = [_imported(jwk) for jwk in json.loads(document)["keys"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError("it is no JWK Set (RFC 7517)") from None
    keys = tuple(key for key in found if key is not None)
    if not keys:
        raise ValueError(f"it has no public key for {', '.join(_FITTING)}")
    return keys


def _imported(jwk: object) -> Key | None:
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig":
        return None
    if "verify" not in jwk.get("key_ops", ["verify"]) or jwk.get("kty") not in _KINDS:
        return None
    if jwk["kty"] == "RSA" and len(str(jwk.get("n", ""))) < _SHORTEST_RSA:
        return None
    try:
        key = import_key({name: jwk[name] for name in _PUBLIC if name in jwk})
        return key if any(_fits(key, algorithm) for algorithm in _FITTING) else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
