"""Files of credentials, one after another, into the rows of learners."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from databackpack.loaders.assembly import Assembly
from databackpack.loaders.credentials.achievement import add_achievement
from databackpack.loaders.credentials.alignment import unknown_standards
from databackpack.loaders.credentials.issuer import Issuers, code_of, issuer_of
from databackpack.loaders.credentials.key import Keys
from databackpack.loaders.credentials.proof import PROOF, Proof, check
from databackpack.loaders.credentials.subject import learner_key
from databackpack.loaders.credentials.token import opened, unwrapped
from databackpack.loaders.credentials.vocabulary import CLR, OB, SCHEMA, VC
from databackpack.loaders.jsonld import Contexts, Node, documents
from databackpack.loaders.jsonld.document import LARGEST
from databackpack.loaders.jsonld.node import RELATIVE
from databackpack.loaders.reading import Group, ungrouped
from databackpack.loaders.record import Item, Mint, Problem, Source
from databackpack.loaders.spool import Spool
from databackpack.loaders.table import Refused

__all__ = ["gather", "read"]

_ENDINGS = (".json", ".jsonld", ".jwt")
_DATA = ("data:application/vc+jwt,", "data:application/vc-ld+jwt,")
_INNER = ".verifiableCredential"
_WITHOUT_PLACE: dict[str, str] = {
    "achievement beside the credentials": CLR.achievement,
    "association": CLR.association,
    "endorsement": OB.endorsement,
    "endorsement token": OB.endorsementJwt,
    "genre of evidence": SCHEMA.genre,
    "licence number": OB.licenseNumber,
    "role": OB.role,
    "source of an achievement": OB.source,
    "term": OB["term"],  # OB.term is a method
}


def read(
    path: Path,
    mint: Mint,
    *,
    keys: Path | None = None,
    contexts: Path | None = None,
    requires_proof: bool = False,
) -> Iterator[Item]:
    """Yield what `gather` yields, with the items of each group in its place."""
    found = gather(path, keys=keys, contexts=contexts, requires_proof=requires_proof)
    return ungrouped(found, mint)


def gather(
    *paths: Path,
    keys: Path | None = None,
    contexts: Path | None = None,
    requires_proof: bool = False,
) -> Iterator[Item | Group]:
    """Return what the credentials in the files and folders *paths* hold, a learner's together.

    *keys* is a JWKS file, *contexts* a folder of further JSON-LD contexts. With *requires_proof*
    only what a key of *keys*, or of the issuer's own ``did:key``, has signed is loaded.
    """
    files: list[Path] = []
    for path in paths:
        found = [path] if path.is_file() else [f for f in path.iterdir() if f.suffix in _ENDINGS]
        files += sorted(found)
        if not found:
            told = "no .json, .jsonld or .jwt file is in it; check the path"
            yield Problem(Source(path.name, 1), "readable file", told)
    try:
        known = Keys(keys)
    except Refused as refused:
        yield Problem(Source(keys.name if keys else "", 1), refused.rule, refused.message)
        return
    with Spool() as spool:
        reading = _Reading(spool, known, Contexts([contexts] if contexts else []), requires_proof)
        for file in files:
            yield from reading.file(file)
        yield from reading.issuers.organizations()
        yield from reading.assembly.groups()


class _Reading:
    """Takes credentials into an assembly, and collects what is wrong and what has no place."""

    def __init__(self, spool: Spool, keys: Keys, contexts: Contexts, requires_proof: bool) -> None:
        self.assembly = Assembly(spool)
        self.issuers = Issuers()
        self._keys = keys
        self._contexts = contexts
        self._requires_proof = requires_proof
        self._unplaced: dict[str, tuple[int, str]] = {}
        self._problems: list[Problem] = []
        self._contents: dict[bytes, bytes] = {}

    def file(self, file: Path) -> Iterator[Problem]:
        """Take the credentials of *file*, and yield what is wrong with them."""
        if _is_token(file):
            self._take(_token(file), "$", Source(file.name, 1), None, Proof())
        else:
            for found in documents(file):
                if isinstance(found, Problem):
                    yield found
                elif set(found.value) != {"@context"}:  # a context beside the credentials
                    self._take(found.value, found.path, found.source, None, Proof())
                    yield from self._told()
        yield from self._told()
        for name, (count, path) in sorted(self._unplaced.items()):
            yield _warning(
                Source(file.name, 1),
                "no place",
                f"{path}: {count} x {name}, the first here, is not loaded: "
                "the vocabulary has no place for it",
            )
        self._unplaced.clear()

    def _told(self) -> list[Problem]:
        found, self._problems = self._problems, []
        return found

    def _take(self, found: Any, path: str, source: Source, owner: str | None, outer: Proof) -> None:
        """Take one credential: a token, an envelope or an object.

        *owner* is the learner whose credential holds it, and *outer* what is known of its proof.
        """
        try:
            proof = None
            if isinstance(found, dict) and str(found.get("id")).startswith(_DATA):
                found = str(found["id"]).partition(",")[2]
            if isinstance(found, str):
                found, proof = opened(found.strip(), self._keys, path, source.file)
                found = unwrapped(found, path)
            if not isinstance(found, dict):
                raise Refused("JSON object", f"{path}: a credential is an object or a signed token")
            self._credential(found, path, source, owner, proof, outer)
        except Refused as refused:
            self._problems.append(Problem(source, refused.rule, refused.message))

    def _credential(
        self,
        document: dict[str, Any],
        path: str,
        source: Source,
        owner: str | None,
        proof: Proof | None,
        outer: Proof,
    ) -> None:
        credential = self._contexts.expand(document, path)
        types = credential.types
        is_clr = str(CLR.ClrCredential) in types
        if str(OB.EndorsementCredential) in types:
            self._no_place("endorsement", path)
            return
        if not is_clr and str(OB.OpenBadgeCredential) not in types:
            raise Refused(
                "unknown kind", f"{path}.type: neither an Open Badge nor a learner record (CLR)"
            )
        issuer = issuer_of(credential)
        _check_types(credential)
        if proof is None:
            proof = check(document, credential, self._keys, self._contexts)
        proof = self._believed(proof, outer, path, source)
        subject = credential.node(VC.credentialSubject)
        if subject is None:
            raise Refused("missing subject", f"{path}.credentialSubject is missing; it is needed")
        learner = self._learner(subject, str(issuer.iri), owner)
        if is_clr:
            if str(CLR.ClrSubject) not in subject.types:  # else what is in it has no signature
                raise Refused("wrong type", f"{subject.path}.type: it is of the type ClrSubject")
            self._inner(document, path, source, learner, proof)
        else:
            holder = code_of(issuer), issuer.text(SCHEMA.name) or str(issuer.iri)
            content = _digest({k: v for k, v in credential.value.items() if k != PROOF})
            key = credential.iri or content.hex()
            place = _digest([learner, holder[0], key])
            if not self._is_new(place, content, path):
                return
            add_achievement(self.assembly, credential, subject, learner, holder, key, proof, source)
            self._contents[place] = content
            self.issuers.add(issuer, source)
        self._note(credential, subject, source)

    def _is_new(self, place: bytes, content: bytes, path: str) -> bool:
        """Tell whether the credential was not read before, as happens alone and within a record.

        Raises Refused where another one was, with the same identifier.
        """
        if place in self._contents and self._contents[place] != content:
            raise Refused(
                "duplicate credential",
                f"{path}.id: another credential of this learner and issuer has the same id and is "
                "the one loaded; give each its own",
            )
        return place not in self._contents

    def _inner(
        self, document: dict[str, Any], path: str, source: Source, owner: str, proof: Proof
    ) -> None:
        """Take the credentials within a CLR; each has contexts of its own, else the CLR's."""
        subject = document.get("credentialSubject")
        at = f"{path}.credentialSubject.verifiableCredential"
        if isinstance(subject, list):
            subject = subject[0]
        found = subject.get("verifiableCredential", []) if isinstance(subject, dict) else []
        if not found:
            raise Refused("missing credential", f"{at} is missing; nothing is in this record")
        for index, one in enumerate(found if isinstance(found, list) else [found]):
            if isinstance(one, dict) and "@context" not in one:
                one = {"@context": document["@context"], **one}
            self._take(one, f"{at}[{index}]", source, owner, proof)

    def _learner(self, subject: Node, issuer: str, owner: str | None) -> str:
        """Return the learner's key; raises Refused where it is another than the CLR's."""
        if owner is not None and subject.iri is None and not subject.nodes(OB.identifier):
            return owner
        learner = learner_key(subject, issuer)
        if owner is not None and learner != owner:
            raise Refused(
                "another learner",
                f"{subject.path}.id: this credential is of another subject than the record "
                "that it is in; load it by itself, or correct the subject",
            )
        return learner

    def _believed(self, proof: Proof, outer: Proof, path: str, source: Source) -> Proof:
        """Return the proof that counts: its own, else that of the record which it is in."""
        is_weaker = proof.signer is None or not proof.is_vouched_for
        if is_weaker and (outer.is_vouched_for or (proof.signer is None and outer.signer)):
            proof = outer
        if self._requires_proof and not proof.is_vouched_for:
            why = proof.reason if proof.signer is None else "nobody vouches for the key"
            raise Refused("proof", f"{path}: a proof is required, but {why}")
        if proof.signer is None and proof.reason != Proof().reason:
            told = f"{path}.proof could not be checked: {proof.reason}; loaded as if unsigned"
            self._problems.append(_warning(source, "unchecked proof", told))
        return proof

    def _note(self, credential: Node, subject: Node, source: Source) -> None:
        """What is not loaded of a credential that is, is named."""
        achievements = subject.nodes(OB.achievement)
        for node in (credential, subject, *achievements, *credential.nodes(VC.evidence)):
            for name, term in _WITHOUT_PLACE.items():
                if node.has(term):
                    self._no_place(name, node.path)
        about = [*achievements, *subject.nodes(OB.result)]
        about += [one for node in achievements for one in node.nodes(OB.resultDescription)]
        for path, address in [found for node in about for found in unknown_standards(node)]:
            told = f"{path}: {address} is no standard that is known; loaded without it"
            self._problems.append(_warning(source, "unknown standard", told))
        if credential.has(VC.credentialStatus):
            told = (
                f"{credential.path}.credentialStatus: whether it was revoked cannot be asked "
                "without the network; loaded as it was issued"
            )
            self._problems.append(_warning(source, "unchecked status", told))

    def _no_place(self, name: str, path: str) -> None:
        count, first = self._unplaced.get(name, (0, path))
        self._unplaced[name] = count + 1, first


def _check_types(credential: Node) -> None:
    """Raises Refused for a type that no context knows, in the parts that are read.

    What is within a record is read, and told, one by one.
    """
    for part in (VC.issuer, VC.credentialSubject, VC.evidence):
        for node in (inner for one in credential.nodes(part) for inner in one.walk()):
            if _INNER in node.path.removeprefix(credential.path):
                continue
            for kind in node.types:
                if kind.startswith(RELATIVE):
                    name = kind.removeprefix(RELATIVE)[:100]
                    raise Refused(
                        "unknown term", f"{node.path}.type: {name!r} is no term of its contexts"
                    )


def _is_token(file: Path) -> bool:
    with file.open("rb") as stream:
        return file.suffix == ".jwt" or stream.read(2) == b"ey"


def _token(file: Path) -> str:
    with file.open("rb") as stream:
        return stream.read(LARGEST).decode("utf-8", "replace")


def _digest(told: object) -> bytes:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).digest()


def _warning(source: Source, rule: str, message: str) -> Problem:
    return Problem(source, rule, message, severity="Warning")
