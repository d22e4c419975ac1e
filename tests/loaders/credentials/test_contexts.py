"""Our contexts say what the official ones say, and nothing is fetched."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from pyld import jsonld

from databackpack.loaders.jsonld import Contexts
from databackpack.loaders.jsonld.node import RELATIVE
from databackpack.loaders.table import Refused
from tests.loaders.credentials.making import badge

OFFICIAL = {
    "https://www.w3.org/2018/credentials/v1": "context_2018-credentials-v1.jsonld",
    "https://www.w3.org/ns/credentials/v2": "context_credentials-v2.jsonld",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": "context_ob-v3p0-3.0.3.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context.json": "context_ob-v3p0-3.0.3.json",
    "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json": "context_clr-v2p0-2.0.1.json",
    "https://purl.imsglobal.org/spec/clr/v2p0/context.json": "context_clr-v2p0-2.0.1.json",
    "https://dc.imsglobal.org/draft/clr/v2p0/context": "context_clr-v2p0-2.0.1.json",
}
SAMPLES = [
    ("clr20_complex.json", 306),
    ("clr20_simple-noproof.json", 48),
    ("clr20_simple.json", 61),
    ("ob30_complete.json", 363),
    ("ob30_simple-err-credential-subject-result-type.json", 48),
    ("ob30_simple-err-evidence-type.json", 33),
    ("ob30_simple-noproof.json", 9),
    ("ob30_simple.json", 22),
]


@pytest.fixture
def folder(shared_data: Path) -> Path:
    return shared_data / "ob3_clr"


def official(folder: Path, document: dict[str, Any]) -> list[str]:
    """Return the quads of *document* by the official contexts, where these are at hand."""

    def loader(address: str, options: object) -> dict[str, Any]:
        if address in OFFICIAL:
            found = json.loads((folder / OFFICIAL[address]).read_text(encoding="utf-8"))
        else:
            found = Contexts()._load(address)["document"]
        return {"contextUrl": None, "documentUrl": address, "document": found}

    options = {"base": RELATIVE, "documentLoader": loader, "algorithm": "URDNA2015"}
    text = jsonld.normalize(document, {**options, "format": "application/n-quads"})
    return sorted(line for line in text.splitlines() if f"<{RELATIVE}" not in line)


@pytest.mark.parametrize(("name", "count"), SAMPLES)
def test_a_sample_means_the_same_by_our_contexts_and_by_the_official_ones(
    folder: Path, name: str, count: int
) -> None:
    document = json.loads((folder / name).read_text(encoding="utf-8"))
    ours = Contexts().canonical(document).splitlines()
    assert ours == official(folder, document)
    assert len(ours) > 0.9 * count


@pytest.mark.parametrize("address", OFFICIAL)
def test_every_term_of_an_official_context_has_the_same_definition_in_ours(
    folder: Path, address: str
) -> None:
    official = json.loads((folder / OFFICIAL[address]).read_text(encoding="utf-8"))["@context"]
    ours = Contexts()._load(address)["document"]["@context"]
    assert plain(ours) == plain(official)


def plain(context: Any, inherited: dict[str, str] | None = None) -> Any:
    """Return the definitions of a context in one spelling: compact IRIs of its own written out."""
    if not isinstance(context, dict):
        return context
    prefixes = {**(inherited or {})}
    prefixes |= {k: v for k, v in context.items() if isinstance(v, str) and v.endswith(("#", "/"))}
    found: dict[str, Any] = {}
    for term, said in context.items():
        if term == "@version":
            continue
        if not isinstance(said, (str, dict)) or term in ("@protected",):
            found[term] = said
            continue
        definition = {"@id": said} if isinstance(said, str) else dict(said)
        for key in ("@id", "@type"):
            prefix, colon, name = str(definition.get(key, "")).partition(":")
            if colon and prefix in prefixes:
                definition[key] = prefixes[prefix] + name
        if "@context" in definition:
            definition["@context"] = plain(definition["@context"], prefixes)
        found[term] = definition
    return found


def test_an_unknown_context_is_refused_by_name_and_nothing_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    document = badge()
    document["@context"].append("https://evil.example/context.json")
    with pytest.raises(Refused, match=r"https://evil\.example/context\.json is not here.*network"):
        Contexts().expand(document)


def test_a_context_of_the_users_folder_is_used(tmp_path: Path) -> None:
    text = json.dumps({"@context": {"shoe": "https://school.example/terms#shoe"}})
    (tmp_path / "shoe_context.json").write_text(text, encoding="utf-8")
    document = badge(shoe="red")
    document["@context"].append("https://school.example/ld/context-shoe.jsonld")
    node = Contexts([tmp_path]).expand(document)
    assert node.text("https://school.example/terms#shoe") == "red"


def test_a_protected_term_cannot_be_given_another_meaning() -> None:
    document = badge()
    document["@context"].append({"name": "https://evil.example/name"})
    with pytest.raises(Refused, match="protected"):
        Contexts().expand(document)
