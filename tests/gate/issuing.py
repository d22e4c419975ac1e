"""Another issuer of tokens, its keys, and a service that believes it."""

import base64
import hmac
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from databackpack.service.app import create_app
from databackpack.service.config import Config
from databackpack.service.gate.issuer import Issuer
from tests.running import Running
from tests.web.asking import Response, Web

__all__ = [
    "AUDIENCE",
    "KEYS",
    "NAME",
    "RECEIVER",
    "RSA",
    "SECRET",
    "SIGNING",
    "STRANGER",
    "believing",
    "claims",
    "coded",
    "jwks",
    "me",
    "signed",
    "token",
    "with_hmac",
]

NAME, RECEIVER = "https://login.example.org/realms/schools", "https://backpack.example.org"
AUDIENCE = "state-agency-sample"

RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
SECRET = b"a secret that was published by mistake"
KEYS: dict[str, Key] = {
    "rsa": RSA,
    "pss": RSAKey.generate_key(2048, {"kid": "pss", "alg": "PS256"}),
    "ec": ECKey.generate_key("P-256", {"kid": "ec"}),
    "okp": OKPKey.generate_key("Ed25519", {"kid": "okp"}),
    "rsa for secrets": RSAKey.generate_key(2048, {"kid": "rsa for secrets", "use": "enc"}),
    "wide ec": ECKey.generate_key("P-384", {"kid": "wide ec"}),
    "secret": OctKey.import_key(SECRET, {"kid": "secret"}),
}
STRANGER: dict[str, Key] = {
    "rsa": RSAKey.generate_key(2048, {"kid": "rsa"}),
    "ec": ECKey.generate_key("P-256", {"kid": "ec"}),
}
SIGNING = {"rsa": "RS256", "pss": "PS256", "ec": "ES256", "okp": "EdDSA"}


def jwks(*names: str, keys: dict[str, Key] = KEYS) -> bytes:
    """Return what an issuer publishes; a symmetric key is there only by its mistake."""
    found = [keys[name].as_dict(private=keys[name].key_type == "oct") for name in names]
    return json.dumps({"keys": found}).encode()


def claims(running: Running, **changes: object) -> dict[str, Any]:
    audience = running.context.views.audience(AUDIENCE)
    now = int(running.clock().timestamp())
    found = {
        **{"iss": NAME, "aud": RECEIVER, "sub": "A-7", "iat": now, "exp": now + 600},
        **{"audience": AUDIENCE, "purpose": str(min(audience.purposes))},
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}


def signed(key: Key, header: dict[str, Any], body: dict[str, Any]) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joserfc: EdDSA has a newer name
        return jwt.encode(header, body, key, algorithms=[header["alg"]])


def token(running: Running, name: str = "rsa", **changes: object) -> str:
    """Return a token that holds, but for *changes* of its claims; None leaves a claim out."""
    return signed(KEYS[name], {"alg": SIGNING[name], "kid": name}, claims(running, **changes))


def coded(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def with_hmac(running: Running, secret: bytes, kid: str = "rsa") -> str:
    header = {"alg": "HS256", "typ": "JWT", "kid": kid}
    text = f"{coded(header)}.{coded(claims(running))}"
    return f"{text}.{coded(hmac.digest(secret, text.encode(), 'sha256'))}"


@contextmanager
def believing(sample: Running, issuer: Issuer) -> Iterator[Web]:
    context = replace(sample.context, issuer=issuer)
    app = create_app(Config(store=None, keys=Path(), clock=sample.clock), context)
    running = replace(sample, context=context, app=app)
    with running.listening() as address:
        yield Web(running, address)


def me(web: Web, text: str) -> Response:
    return web.send("GET", "/me", {"Authorization": f"Bearer {text}"})
