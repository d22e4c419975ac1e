"""Public keys: those that a name carries in itself, and those of the user's JWKS file."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from databackpack.loaders.table import Refused

__all__ = ["Keys", "SigningKey", "multibase"]

Jwk = RSAKey | ECKey | OKPKey

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519 = b"\xed\x01"  # multicodec
_THUMBPRINT = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:"  # RFC 9278


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key, the name that says which it is, and whether the user vouches for it."""

    jwk: Jwk
    name: str
    is_vouched_for: bool

    @property
    def ed25519(self) -> Ed25519PublicKey | None:
        """The key for Ed25519; None where it is of another kind."""
        found = self.jwk.get_op_key("verify") if isinstance(self.jwk, OKPKey) else None
        return found if isinstance(found, Ed25519PublicKey) else None


class Keys:
    """Finds the key that a proof names; no address is ever asked for one."""

    def __init__(self, file: Path | None = None) -> None:
        """Raises Refused where *file* is no JWKS of public keys that each have a ``kid``."""
        self._known: dict[str, SigningKey] = {}
        for jwk in _key_set(file) if file else ():
            if jwk.kid and isinstance(jwk, Jwk):
                name = _THUMBPRINT + jwk.thumbprint()
                self._known[jwk.kid] = SigningKey(jwk, name, is_vouched_for=True)

    def find(self, method: str) -> SigningKey | None:
        """Return the key with the identifier *method*: of the file, else the one within it.

        The last part of a ``did:key`` or of an address may be a key itself (Multikey). Such a key
        shows that nothing was changed since, not who signed.
        """
        if found := self._known.get(method):
            return found
        text = method.removeprefix("did:key:").rsplit("#", 1)[-1]
        try:
            raw = multibase(text)
        except ValueError:
            return None
        if raw[:2] != _ED25519 or len(raw) != 34:
            return None
        return SigningKey(_okp(raw[2:]), f"did:key:{text}", is_vouched_for=False)

    @staticmethod
    def given(jwk: dict[str, Any]) -> SigningKey | None:
        """Return the key that a header carries; None where it is no public key."""
        try:
            (found,) = KeySet.import_key_set({"keys": [_public(jwk)]}).keys
        except (JoseError, ValueError, TypeError, KeyError):
            return None
        if not isinstance(found, Jwk):
            return None
        return SigningKey(found, _THUMBPRINT + found.thumbprint(), is_vouched_for=False)


def multibase(text: str) -> bytes:
    """Return the bytes of *text* in base58-btc; raises ValueError where it is not that."""
    if not text.startswith("z") or len(text) > 200:
        raise ValueError("not in base58-btc (z…)")
    digits = text[1:]
    number = 0
    for digit in digits:
        number = number * 58 + _BASE58.index(digit)
    zeros = len(digits) - len(digits.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _key_set(file: Path) -> list[Any]:
    try:
        told = json.loads(file.read_text(encoding="utf-8-sig"))
        return list(KeySet.import_key_set({"keys": [_public(one) for one in told["keys"]]}).keys)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Refused(
            "keys", f"{file.name} is no JWKS file of public keys ({type(error).__name__}: {error})"
        ) from None


def _public(jwk: dict[str, Any]) -> dict[str, Any]:
    if jwk.get("kty") not in ("EC", "OKP", "RSA"):
        raise ValueError("a key that is not public")
    return {name: part for name, part in jwk.items() if name not in ("d", "p", "q", "dp", "dq")}


def _okp(raw: bytes) -> OKPKey:
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
