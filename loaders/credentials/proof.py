"""Proofs: whether a credential is as its issuer signed it.

Data Integrity with ``eddsa-rdfc-2022`` and ``Ed25519Signature2020``; signed tokens are in `token`.
Data Integrity EdDSA Cryptosuites v1.0, section 3.2.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature

from databackpack.loaders.credentials.key import Keys, multibase
from databackpack.loaders.credentials.vocabulary import VC
from databackpack.loaders.jsonld import Contexts, Node
from databackpack.loaders.table import Refused

__all__ = ["PROOF", "Proof", "check"]

PROOF = "https://w3id.org/security#proof"


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a credential's signature.

    *signer* names the key whose signature is right, None where there is none or it could not be
    checked; *reason* says why not. *is_vouched_for* where the key is the issuer's for certain: the
    user's file has it, or the issuer's own identifier is the key.
    """

    signer: str | None = None
    is_vouched_for: bool = False
    reason: str = "it has no proof"


def check(document: dict[str, Any], credential: Node, keys: Keys, contexts: Contexts) -> Proof:
    """Return what the proofs within *document* show; raises Refused where one is wrong.

    *credential* is the same expanded: what is checked is what is read, whatever else the document
    says. Several proofs must all be right. Where one cannot be checked, none counts.
    """
    told = document.get("proof", [])
    proofs = told if isinstance(told, list) else [told]
    found = Proof()
    for index, proof in enumerate(proofs):
        at = f"{credential.path}.proof" + (f"[{index}]" if isinstance(told, list) else "")
        if not isinstance(proof, dict):
            raise Refused("wrong type", f"{at}: an object is needed here")
        found = _checked(document, credential, proof, keys, contexts, at)
        if found.signer is None:
            return found
    issuer = credential.node(VC.issuer)
    if found.signer is not None and issuer is not None and found.signer == issuer.iri:
        return Proof(found.signer, is_vouched_for=True)
    return found


def _checked(
    document: dict[str, Any],
    credential: Node,
    proof: dict[str, Any],
    keys: Keys,
    contexts: Contexts,
    path: str,
) -> Proof:
    suite = proof.get("cryptosuite") or proof.get("type")
    if (proof.get("type"), suite) not in (
        ("DataIntegrityProof", "eddsa-rdfc-2022"),
        ("Ed25519Signature2020", "Ed25519Signature2020"),
    ):
        return Proof(reason=f"its suite {str(suite)[:100]!r} is none that is known here")
    if proof.get("proofPurpose") != "assertionMethod":
        raise Refused("proof", f"{path}.proofPurpose: only assertionMethod makes a claim")
    method = proof.get("verificationMethod")
    key = keys.find(method) if isinstance(method, str) else None
    if key is None or key.ed25519 is None:
        return Proof(
            reason=f"the key {str(method)[:200]!r} is not known; add it to the file of keys"
        )
    try:
        signature = multibase(str(proof.get("proofValue")))
    except ValueError as error:
        raise Refused("proof", f"{path}.proofValue: {error}") from None
    options = {k: v for k, v in proof.items() if k != "proofValue"}
    options["@context"] = document.get("@context")
    signed = {term: part for term, part in credential.value.items() if term != PROOF}
    hashes = b"".join(
        hashlib.sha256(contexts.canonical(one, path).encode()).digest() for one in (options, signed)
    )
    try:
        key.ed25519.verify(signature, hashes)
    except InvalidSignature:
        if not contexts.is_exact(document):
            return Proof(reason="a context that it names has changed since, or may have")
        raise Refused(
            "proof",
            f"{path}.proofValue: the signature is wrong: the credential was changed after it was "
            "signed, or another key signed it; get it from its issuer again",
        ) from None
    return Proof(key.name, key.is_vouched_for)
