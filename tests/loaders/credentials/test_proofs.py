"""Proofs: right ones say who signed, wrong ones keep the credential out, others are told."""

from pathlib import Path

import pytest

from databackpack.ontology.namespaces import BP
from tests.loaders.credentials.making import OB, SCHOOL, Signer, badge, load, record


@pytest.fixture
def signer() -> Signer:
    return Signer()


def test_a_right_proof_says_which_key_signed(tmp_path: Path, signer: Signer) -> None:
    loaded = load(tmp_path, signer.sign(badge()))
    assert loaded.rules == []
    assert loaded.values(BP.signedBy) == [signer.did]


@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "Ed25519Signature2020"])
def test_both_suites_and_both_versions_are_checked(
    tmp_path: Path, signer: Signer, suite: str
) -> None:
    document = badge(issuanceDate="2026-03-01T00:00:00Z")
    del document["validFrom"]
    suites = {
        "Ed25519Signature2020": "https://w3id.org/security/suites/ed25519-2020/v1",
        "eddsa-rdfc-2022": "https://w3id.org/security/data-integrity/v2",
    }
    document["@context"] = ["https://www.w3.org/2018/credentials/v1", OB, suites[suite]]
    options = {"type": suite, "cryptosuite": ""} if suite.startswith("Ed") else {}
    signed = signer.sign(document, **options)
    assert load(tmp_path, signed).values(BP.signedBy) == [signer.did]
    signed["credentialSubject"]["achievement"]["name"] = "Everything"
    assert load(tmp_path, signed).rules == ["proof"]


def test_a_credential_that_was_changed_is_refused(tmp_path: Path, signer: Signer) -> None:
    signed = signer.sign(badge())
    signed["credentialSubject"]["achievement"]["name"] = "Everything"
    loaded = load(tmp_path, signed)
    assert loaded.rules == ["proof"]
    assert "$.proof.proofValue: the signature is wrong" in loaded.problems[0].message
    assert loaded.records == []


def test_a_proof_by_another_key_than_it_names_is_refused(tmp_path: Path, signer: Signer) -> None:
    other = Signer()
    signed = signer.sign(badge(), verificationMethod=f"{other.did}#{other.multikey}")
    assert load(tmp_path, signed).rules == ["proof"]


def test_of_several_proofs_a_single_wrong_one_is_enough_to_refuse(
    tmp_path: Path, signer: Signer
) -> None:
    right = signer.sign(badge())
    wrong = {
        **right["proof"],
        "proofValue": signer.sign(badge(name="Other"))["proof"]["proofValue"],
    }
    assert load(tmp_path, {**right, "proof": [right["proof"]]}).rules == []
    loaded = load(tmp_path, {**right, "proof": [right["proof"], wrong]})
    assert loaded.rules == ["proof"]
    assert "$.proof[1].proofValue" in loaded.problems[0].message


def test_a_proof_that_makes_no_claim_is_refused(tmp_path: Path, signer: Signer) -> None:
    signed = signer.sign(badge(), proofPurpose="authentication")
    assert load(tmp_path, signed).rules == ["proof"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cryptosuite": "bbs-2023"}, "bbs-2023"),
        ({"verificationMethod": "https://school.example/keys/1"}, "https://school.example/keys/1"),
        ({"verificationMethod": "did:web:school.example#key-1"}, "did:web:school.example#key-1"),
    ],
)
def test_what_cannot_be_checked_is_loaded_unsigned_with_a_warning_or_refused_on_request(
    tmp_path: Path, signer: Signer, changes: dict[str, str], told: str
) -> None:
    signed = signer.sign(badge())
    signed["proof"] |= changes
    loaded = load(tmp_path, signed)
    (problem,) = loaded.problems
    assert (problem.rule, problem.severity) == ("unchecked proof", "Warning")
    assert told in problem.message
    assert len(loaded.records) == 1
    assert loaded.values(BP.signedBy) == []
    strict = load(tmp_path, signed, requires_proof=True)
    assert strict.rules == ["proof"]
    assert strict.records == []


def test_a_key_of_the_users_file_is_found_by_its_identifier(tmp_path: Path, signer: Signer) -> None:
    method = f"{SCHOOL}#key-1"
    signed = signer.sign(badge(), verificationMethod=method)
    keys = signer.keys(tmp_path, method)
    loaded = load(tmp_path, signed, keys=keys, requires_proof=True)
    assert loaded.rules == []
    assert loaded.values(BP.signedBy)[0].startswith("urn:ietf:params:oauth:jwk-thumbprint:sha-256:")
    assert load(tmp_path, Signer().sign(badge(), verificationMethod=method), keys=keys).rules == [
        "proof"
    ]


def test_a_key_that_the_file_carries_itself_does_not_vouch_for_the_issuer(
    tmp_path: Path, signer: Signer
) -> None:
    """Anybody can make a key, and put it behind the address of a school."""
    signed = signer.sign(badge(), verificationMethod=f"{SCHOOL}#{signer.multikey}")
    loaded = load(tmp_path, signed, requires_proof=True)
    assert loaded.rules == ["proof"]
    assert "nobody vouches for the key" in loaded.problems[0].message


def test_an_issuer_that_is_its_own_key_vouches_for_itself(tmp_path: Path, signer: Signer) -> None:
    issuer = {"id": signer.did, "type": ["Profile"], "name": "North"}
    signed = signer.sign(badge(issuer=issuer))
    loaded = load(tmp_path, signed, requires_proof=True)
    assert (loaded.rules, loaded.values(BP.signedBy)) == ([], [signer.did])


def test_without_a_proof_nothing_is_said_unless_one_is_required(tmp_path: Path) -> None:
    assert load(tmp_path, badge()).rules == []
    assert load(tmp_path, badge(), requires_proof=True).rules == ["proof"]


def test_a_record_signs_for_what_is_in_it(tmp_path: Path, signer: Signer) -> None:
    loaded = load(tmp_path, signer.sign(record(badge())))
    assert (loaded.rules, loaded.values(BP.signedBy)) == ([], [signer.did])
    changed = signer.sign(record(badge()))
    inner = changed["credentialSubject"]["verifiableCredential"][0]
    inner["credentialSubject"]["achievement"]["name"] = "Everything"
    assert load(tmp_path, changed).rules == ["proof"]


def test_nothing_can_be_slipped_into_a_signed_record_past_its_signature(
    tmp_path: Path, signer: Signer
) -> None:
    """Where the subject is of no known type, what is in it means nothing and is not signed."""
    bare = record(badge())
    del bare["credentialSubject"]["verifiableCredential"]
    bare["credentialSubject"]["type"] = ["AchievementSubject"]
    signed = signer.sign(bare)
    signed["credentialSubject"]["verifiableCredential"] = [badge()]
    loaded = load(tmp_path, signed)
    assert loaded.rules == ["wrong type"]
    assert loaded.records == []


def test_parts_that_are_too_alike_are_not_put_into_an_order(tmp_path: Path, signer: Signer) -> None:
    """A few hundred bytes could keep a processor busy for years."""
    signed = signer.sign(badge())
    aligned = {"type": "Alignment", "targetUrl": "https://school.example/1", "targetName": "One"}
    alike = [{"type": "Result", "alignment": [aligned] * 12}] * 2
    signed["credentialSubject"]["result"] = alike
    loaded = load(tmp_path, signed)
    assert loaded.rules == ["proof"]
    assert "too alike" in loaded.problems[0].message


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_signed_token_is_opened_and_checked(
    tmp_path: Path, signer: Signer, wrapped: bool
) -> None:
    claims = {"iss": SCHOOL, "sub": "did:example:learner", "jti": "https://school.example/7"}
    payload = {**claims, "vc": badge()} if wrapped else {**claims, **badge()}
    token = signer.token(payload, kid=signer.did)
    assert load(tmp_path, token).values(BP.signedBy) == [signer.did]
    inside = {"type": "EnvelopedVerifiableCredential", "id": f"data:application/vc+jwt,{token}"}
    assert load(tmp_path, record(token)).values(BP.signedBy) == [signer.did]
    assert load(tmp_path, record(inside)).values(BP.signedBy) == [signer.did]


def test_a_token_is_checked_with_the_users_key_before_the_one_that_it_carries(
    tmp_path: Path, signer: Signer
) -> None:
    carried = signer.jwk.as_dict(private=False)
    keys = Signer().keys(tmp_path, "key-1")
    token = signer.token(badge(), kid="key-1", jwk=carried)
    assert load(tmp_path, token, keys=keys).rules == ["proof"]
    assert load(tmp_path, token).rules == []
    assert load(tmp_path, token, requires_proof=True).rules == ["proof"]


def test_a_token_whose_claims_differ_from_what_is_in_it_is_refused(
    tmp_path: Path, signer: Signer
) -> None:
    token = signer.token({"iss": "https://other.example", "vc": badge()}, kid=signer.did)
    loaded = load(tmp_path, token)
    assert loaded.rules == ["JWT"]
    assert "$.iss" in loaded.problems[0].message


def test_a_token_that_was_changed_or_is_not_signed_is_refused(
    tmp_path: Path, signer: Signer
) -> None:
    head, body, signature = signer.token(badge(), kid=signer.did).split(".")
    other = signer.token(badge(name="Other"), kid=signer.did).split(".")[1]
    assert load(tmp_path, f"{head}.{other}.{signature}").rules == ["proof"]
    nothing = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    assert load(tmp_path, f"{nothing}.{body}.").rules == ["proof"]
    assert load(tmp_path, f"{head}.{body}").rules == ["JWT"]


def test_a_file_of_keys_that_is_none_is_told_and_nothing_is_loaded(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text('{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "1"}]}', encoding="utf-8")
    loaded = load(tmp_path, badge(), keys=keys)
    assert loaded.rules == ["keys"]
    assert loaded.records == []
