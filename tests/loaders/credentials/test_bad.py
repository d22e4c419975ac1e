"""Bad files: each is told with place and rule, nothing crashes, the file beside it is loaded."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from databackpack.loaders.record import person_iri
from databackpack.ontology.namespaces import BP
from tests.loaders.credentials.making import LEARNER, Loaded, Signer, badge, record

GOOD = json.dumps(badge())
OTHER = "https://purl.imsglobal.org/spec/ob/v3p0/context-9.9.9.json"


def text(document: Any) -> bytes:
    return json.dumps(document).encode()


def subject(**changes: Any) -> bytes:
    return text(badge(subject=changes))


def without(*path: str) -> bytes:
    document: Any = badge()
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return text(document)


def tampered() -> bytes:
    signed = Signer().sign(badge())
    signed["credentialSubject"]["id"] = "did:example:another"
    return text(signed)


def with_context(*contexts: Any) -> bytes:
    document = badge()
    document["@context"] += contexts
    return text(document)


def nested(levels: int) -> bytes:
    return GOOD[:-1].encode() + b', "x": ' + b"[" * levels + b"]" * levels + b"}"


CASES: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "truncated": (lambda: GOOD[:300].encode(), "well-formed JSON", "breaks off"),
    "empty": (lambda: b"", "well-formed JSON", "breaks off"),
    "only spaces": (lambda: b"  \n ", "well-formed JSON", "breaks off"),
    "not JSON": (lambda: b"<html>Sign in</html>", "well-formed JSON", "no JSON from here on"),
    "comma too many": (lambda: GOOD[:-1].encode() + b",}", "well-formed JSON", "no JSON"),
    "NaN": (lambda: subject(creditsEarned=float("nan")), "well-formed JSON", "no JSON"),
    "Infinity": (lambda: subject(creditsEarned=float("inf")), "well-formed JSON", "no JSON"),
    "Latin-1": (lambda: GOOD.replace("North", "Nörd").encode("latin-1"), "readable file", "UTF-8"),
    "UTF-16": (lambda: GOOD.encode("utf-16"), "well-formed JSON", "no JSON"),
    "a number alone": (lambda: b"12", "JSON object", "$: an object or an array"),
    "an array of texts": (lambda: b'["a"]', "JSON object", "$[0]: an object is needed"),
    "duplicate key": (
        lambda: GOOD.replace('"name": "Badge"', '"name": "Badge", "name": "Other"').encode(),
        "duplicate key",
        "$.name is there twice",
    ),
    "duplicate subject": (
        lambda: GOOD[:-1].encode() + b', "credentialSubject": {"id": "did:example:x"}}',
        "duplicate key",
        "$.credentialSubject is there twice",
    ),
    "key of a megabyte": (
        lambda: GOOD[:-1].encode() + b', "' + b"k" * 2**20 + b'": 1}',
        "long key",
        "1048576 characters",
    ),
    "ten thousand levels": (lambda: nested(10_000), "nesting", "more than 64 levels"),
    "text of 17 MB": (
        lambda: text(badge(achievement={"name": "a" * 17 * 2**20})),
        "too large",
        "$.credentialSubject.achievement.name: the item is larger than 16 MB",
    ),
    "name of 10 MB": (
        lambda: text(badge(achievement={"name": "a" * 10 * 2**20})),
        "long text",
        "$.credentialSubject.achievement.name: 10485760 characters",
    ),
    "NUL in a text": (
        lambda: text(badge(achievement={"name": "a\x00b"})),
        "text",
        "$.credentialSubject.achievement.name: the text holds a NUL",
    ),
    "half a character": (
        lambda: GOOD.replace("Fractions", "a\\udfff").encode(),
        "text",
        "half a character, such as \\ud800 alone",
    ),
    "NUL in an identifier": (lambda: subject(id="did:example:\x00"), "text", "NUL"),
    "no context": (lambda: without("@context"), "JSON-LD", "$: no term"),
    "remote context": (
        lambda: with_context("https://evil.example/c.json"),
        "unknown context",
        "https://evil.example/c.json is not here, and nothing is fetched",
    ),
    "context of this machine": (
        lambda: with_context("file:///etc/passwd"),
        "unknown context",
        "file:///etc/passwd is not here",
    ),
    "context by import": (
        lambda: with_context({"@import": "https://evil.example/c.json"}),
        "unknown context",
        "https://evil.example/c.json",
    ),
    "context within a term": (
        lambda: with_context({"x": {"@id": "https://a.example/x", "@context": OTHER}}),
        "unknown context",
        OTHER,
    ),
    "another version of a context": (lambda: with_context(OTHER), "unknown context", OTHER),
    "protected term": (
        lambda: with_context({"name": "https://evil.example/name"}),
        "JSON-LD",
        "protected",
    ),
    "another kind": (
        lambda: text({**badge(), "type": ["VerifiableCredential"]}),
        "unknown kind",
        "$.type: neither an Open Badge",
    ),
    "no issuer": (lambda: without("issuer"), "missing issuer", "$.issuer"),
    "issuer without an id": (
        lambda: text(badge(issuer={"type": ["Profile"], "name": "North"})),
        "missing issuer",
        "$.issuer: name the issuer by an IRI",
    ),
    "issuer that is the learner": (
        lambda: text(badge(issuer=LEARNER)),
        "issuer",
        "the issuer is a person",
    ),
    "issuer with a family name": (
        lambda: text(
            badge(issuer={"id": "https://a.example", "type": ["Profile"], "familyName": "B"})
        ),
        "issuer",
        "the issuer is a person",
    ),
    "no subject": (lambda: without("credentialSubject"), "missing subject", "$.credentialSubject"),
    "subject without a name": (
        lambda: without("credentialSubject", "id"),
        "missing subject",
        "$.credentialSubject: neither an id nor an identifier",
    ),
    "two subjects": (
        lambda: text({**badge(), "credentialSubject": [badge()["credentialSubject"]] * 2}),
        "wrong type",
        "$.credentialSubject[1]: only one",
    ),
    "a learner of ours as subject": (
        lambda: subject(id=str(person_iri("learner", UUID(int=4)))),
        "subject",
        "$.credentialSubject.id: an identifier of this system",
    ),
    "another learner within a record": (
        lambda: text(record(badge(subject={"id": "did:example:another"}))),
        "another learner",
        "$.credentialSubject.verifiableCredential[0].credentialSubject.id",
    ),
    "record of nothing": (lambda: text(record()), "missing credential", "verifiableCredential"),
    "record of a number": (
        lambda: text(record(7)),
        "JSON object",
        "$.credentialSubject.verifiableCredential[0]: a credential is an object",
    ),
    "no achievement": (
        lambda: without("credentialSubject", "achievement"),
        "missing achievement",
        "$.credentialSubject: it names no achievement",
    ),
    "achievement as a text": (
        lambda: subject(achievement="Fractions"),
        "wrong type",
        "$.credentialSubject.achievement: an object is needed",
    ),
    "achievement without a name": (
        lambda: without("credentialSubject", "achievement", "name"),
        "missing value",
        "$.credentialSubject.achievement.name is missing",
    ),
    "name as an object": (
        lambda: text(badge(achievement={"name": {"id": "https://a.example/x"}})),
        "wrong type",
        "$.credentialSubject.achievement.name: a text",
    ),
    "no date": (lambda: without("validFrom"), "missing value", "$: validFrom or issuanceDate"),
    "date in words": (lambda: text(badge(validFrom="last spring")), "bad date", "'last spring'"),
    "credits in words": (
        lambda: text(
            badge(achievement={"achievementType": "Course"}, subject={"creditsEarned": "many"})
        ),
        "bad number",
        "$.credentialSubject.creditsEarned: 'many'",
    ),
    "result of another type": (
        lambda: subject(result=[{"type": ["Achievement"], "value": "A"}]),
        "wrong type",
        "$.credentialSubject.result.type: a result is of the type Result",
    ),
    "evidence of an unknown type": (
        lambda: text(badge(evidence=[{"type": "Proof of work", "name": "Essay"}])),
        "unknown term",
        "$.evidence.type: 'Proof of work' is no term",
    ),
    "alignment without an address": (
        lambda: text(badge(achievement={"alignment": [{"type": "Alignment", "targetName": "A"}]})),
        "missing value",
        "$.credentialSubject.achievement.alignment.targetUrl is missing",
    ),
    "tampered": (tampered, "proof", "$.proof.proofValue: the signature is wrong"),
    "proof as a text": (lambda: text({**badge(), "proof": "yes"}), "wrong type", "$.proof"),
    "proof without a value": (
        lambda: text({**badge(), "proof": {**Signer().sign(badge())["proof"], "proofValue": 7}}),
        "proof",
        "$.proof.proofValue: not in base58-btc",
    ),
    "token that is none": (lambda: b"eyJ.eyJ.x", "JWT", "$: no signed token"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_file_is_told_and_the_file_beside_it_is_loaded(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    make, rule, told = CASES[name]
    (tmp_path / "bad.json").write_bytes(make())
    (tmp_path / "good.json").write_text(
        json.dumps(badge(subject={"id": "did:example:good"})), encoding="utf-8"
    )
    monkeypatch.setattr(socket.socket, "connect", ask)
    monkeypatch.setattr(socket, "getaddrinfo", ask)
    loaded = Loaded(tmp_path)
    (problem,) = loaded.problems
    assert (problem.source.file, problem.rule, problem.severity) == ("bad.json", rule, "Violation")
    assert told in problem.message
    assert len(problem.message) < 1000
    assert loaded.learners == ["did:example:good"]
    assert loaded.values(BP.dateIssued) == ["2026-03-01"]


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "bom.json").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    loaded = Loaded(tmp_path)
    assert (loaded.rules, len(loaded.records)) == ([], 1)


def test_what_follows_a_credential_is_told_and_the_credential_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "two.json").write_text(GOOD + GOOD, encoding="utf-8")
    loaded = Loaded(tmp_path)
    assert (loaded.rules, len(loaded.records)) == (["well-formed JSON"], 1)


def test_what_stands_before_the_break_of_a_long_file_is_loaded(tmp_path: Path) -> None:
    many = [
        badge(id=f"https://a.example/{n}", subject={"id": f"did:example:{n}"}) for n in range(9)
    ]
    (tmp_path / "many.json").write_text(json.dumps(many)[:-500], encoding="utf-8")
    loaded = Loaded(tmp_path)
    assert loaded.rules == ["well-formed JSON"]
    assert loaded.problems[0].source.line == 9
    assert len(loaded.learners) == 8


def test_a_wrong_credential_keeps_out_itself_alone(tmp_path: Path) -> None:
    wrong = badge(id="https://a.example/2", achievement={"name": 7}, validFrom="never")
    (tmp_path / "record.json").write_text(json.dumps(record(badge(), wrong)), encoding="utf-8")
    loaded = Loaded(tmp_path)
    assert loaded.rules == ["bad date"]
    assert "verifiableCredential[1]" in loaded.problems[0].message
    assert len(loaded.values(BP.dateIssued)) == 1


def test_a_folder_without_credentials_says_so(tmp_path: Path) -> None:
    loaded = Loaded(tmp_path)
    assert [str(one) for one in loaded.problems] == [
        f"{tmp_path.name}:1: readable file: no .json, .jsonld or .jwt file is in it; check the path"
    ]


def test_an_import_of_a_context_by_itself_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "contexts"
    folder.mkdir()
    again = {"@context": ["https://a.example/context-loop.json", {"x": "https://a.example/x"}]}
    (folder / "context-loop.json").write_text(json.dumps(again), encoding="utf-8")
    (tmp_path / "bad.json").write_bytes(with_context("https://a.example/context-loop.json"))
    loaded = Loaded(tmp_path / "bad.json", contexts=folder)
    assert loaded.rules == ["JSON-LD"]
    assert "its contexts include each other without end" in loaded.problems[0].message


def test_a_context_beside_the_credentials_is_no_credential(tmp_path: Path) -> None:
    (tmp_path / "context.json").write_text('{"@context": {"a": "https://a.example/a"}}')
    (tmp_path / "badge.json").write_text(GOOD, encoding="utf-8")
    loaded = Loaded(tmp_path)
    assert (loaded.rules, len(loaded.records)) == ([], 1)
