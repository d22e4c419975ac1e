"""Credentials that tests make, sign and read."""

import base64
import copy
import hashlib
import json
import warnings
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyoxigraph as ox
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey
from pyld import jsonld
from rdflib import URIRef

from databackpack.loaders.credentials import read
from databackpack.loaders.jsonld import Contexts
from databackpack.loaders.record import Item, Problem, Record, person_iri

V2 = "https://www.w3.org/ns/credentials/v2"
OB = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
CLR = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
LEARNER = "did:example:learner"
SCHOOL = "https://school.example/issuers/1"

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def badge(**changes: Any) -> dict[str, Any]:
    """Return a badge of VC 2.0 for a learner; *changes* of the subject are under ``subject``."""
    achievement = {
        "id": "https://school.example/achievements/1",
        "type": ["Achievement"],
        "name": "Fractions",
        "description": "Adds fractions.",
        "criteria": {"narrative": "Add three."},
    }
    subject = {"id": LEARNER, "type": ["AchievementSubject"], "achievement": achievement}
    for part, into in (("achievement", achievement), ("subject", subject)):
        for key, value in changes.pop(part, {}).items():
            into[key] = value
    return {
        "@context": [V2, OB],
        "id": "https://school.example/credentials/1",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": SCHOOL, "type": ["Profile"], "name": "North"},
        "validFrom": "2026-03-01T00:00:00Z",
        "name": "Badge",
        "credentialSubject": subject,
        **changes,
    }


def record(*credentials: Any, **changes: Any) -> dict[str, Any]:
    """Return a learner record (CLR) that holds *credentials*."""
    return {
        "@context": [V2, CLR, OB],
        "id": "https://school.example/records/1",
        "type": ["VerifiableCredential", "ClrCredential"],
        "issuer": {"id": SCHOOL, "type": ["Profile"], "name": "North"},
        "validFrom": "2026-06-01T00:00:00Z",
        "name": "Transcript",
        "credentialSubject": {
            "id": LEARNER,
            "type": ["ClrSubject"],
            "verifiableCredential": list(credentials),
        },
        **changes,
    }


class Signer:
    """A key of Ed25519 and what it can sign."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.raw = self.private.public_key().public_bytes_raw()
        self.multikey = base58(b"\xed\x01" + self.raw)
        self.did = f"did:key:{self.multikey}"

    @property
    def jwk(self) -> OKPKey:
        private = {"d": b64(self.private.private_bytes_raw())}
        return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": b64(self.raw), **private})

    def keys(self, folder: Path, kid: str) -> Path:
        """Return a JWKS file that has the public key under *kid*."""
        file = folder / "keys.json"
        key = {"kty": "OKP", "crv": "Ed25519", "x": b64(self.raw), "kid": kid}
        file.write_text(json.dumps({"keys": [key]}), encoding="utf-8")
        return file

    def sign(self, document: dict[str, Any], **options: str) -> dict[str, Any]:
        """Return *document* with a proof of Data Integrity; canonical order is the engine's."""
        proof = {
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-rdfc-2022",
            "created": "2026-03-01T00:00:00Z",
            "verificationMethod": f"{self.did}#{self.multikey}",
            "proofPurpose": "assertionMethod",
            **options,
        }
        proof = {name: value for name, value in proof.items() if value}
        told = {**proof, "@context": document["@context"]}
        hashes = b"".join(
            hashlib.sha256(canonical(one).encode()).digest() for one in (told, document)
        )
        return {**document, "proof": {**proof, "proofValue": base58(self.private.sign(hashes))}}

    def token(self, document: dict[str, Any], **header: Any) -> str:
        """Return *document* as a compact signed token."""
        told = {"alg": "EdDSA", "typ": "vc+jwt", **header}
        with warnings.catch_warnings():  # the old name of Ed25519 is what issuers write
            warnings.simplefilter("ignore", SecurityWarning)
            return jws.serialize_compact(
                told, json.dumps(document).encode(), self.jwk, algorithms=["EdDSA", "Ed25519"]
            )


def canonical(document: dict[str, Any]) -> str:
    """Return canonical N-Quads by another implementation than the loader's."""
    contexts = Contexts()
    quads = jsonld.to_rdf(
        copy.deepcopy(document),
        {"documentLoader": contexts._load, "format": "application/n-quads"},
    )
    dataset = ox.Dataset(ox.parse(quads, format=ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return "".join(sorted(f"{quad} .\n" for quad in dataset))


def base58(raw: bytes) -> str:
    number, digits = int.from_bytes(raw, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    return "z" + "1" * zeros + digits


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Loaded:
    """What the loader made of some files."""

    def __init__(
        self, path: Path, people: dict[tuple[str, str], URIRef] | None = None, **options: Any
    ) -> None:
        self.people = {} if people is None else people
        self.items: list[Item] = list(read(path, self._mint, **options))

    def _mint(self, kind: str, identifier: str) -> URIRef:
        return self.people.setdefault((kind, identifier), person_iri(kind, uuid4()))

    @property
    def problems(self) -> list[Problem]:
        return [one for one in self.items if isinstance(one, Problem)]

    @property
    def records(self) -> list[Record]:
        return [one for one in self.items if isinstance(one, Record)]

    @property
    def rules(self) -> list[str]:
        return [one.rule for one in self.problems]

    @property
    def learners(self) -> list[str]:
        return [identifier for _, identifier in self.people]

    def values(self, predicate: URIRef) -> list[str]:
        found = [one for record in self.records for one in record.graph.objects(None, predicate)]
        return sorted(map(str, found))


def load(folder: Path, *documents: Any, **options: Any) -> Loaded:
    """Return what the loader makes of *documents*, each in a file of its own (text as it is)."""
    inside = folder / "credentials"
    inside.mkdir(exist_ok=True)
    for index, document in enumerate(documents):
        text = document if isinstance(document, str) else json.dumps(document)
        (inside / f"{index}.json").write_text(text, encoding="utf-8")
    return Loaded(inside, **options)
