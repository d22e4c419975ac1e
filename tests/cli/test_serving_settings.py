"""Settings: from a file, from the environment before it, and what is told of a wrong one."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from databackpack.service.config import Config
from databackpack.service.settings import SETTINGS, BadSetting, read

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"
EXAMPLE = Path(__file__).parents[2] / "deploy" / "backpack.toml"
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$", re.MULTILINE)


def written(folder: Path, text: str) -> Path:
    file = folder / "backpack.toml"
    file.write_text(text, encoding="utf-8")
    return file


def config(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> Config:
    return Config.of_folder(folder / "store", environment or {}, written(folder, text))


def test_without_a_file_and_an_environment_all_is_as_the_code_has_it_but_that_rates_bound() -> None:
    found = Config.of_folder(Path("x/store"), {})
    assert found.asker_rate
    assert found.address_rate
    bounds = {name: getattr(found, name) for name in ("asker_rate", "address_rate", "concurrency")}
    assert found == Config(Path("x/store"), Path("x/store.keys"), **bounds)


def test_a_file_sets_what_the_environment_does_not(tmp_path: Path) -> None:
    text = 'host = "::1"\nport = 81\nhttps = true\ncors_origins = ["https://a.org", "http://b:8"]'
    found = config(tmp_path, text, {"PORT": "82", "HOST": ""})
    assert (found.host, found.port, found.https) == ("::1", 82, True)
    assert found.origins == ("https://a.org", "http://b:8")


def test_the_environment_may_name_the_file_and_an_argument_comes_first(tmp_path: Path) -> None:
    named = written(tmp_path, "port = 83")
    assert read({"BACKPACK_CONFIG": str(named)})["PORT"] == 83
    other = tmp_path / "other.toml"
    other.write_text("port = 84")
    assert read({"BACKPACK_CONFIG": str(named)}, other)["PORT"] == 84


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_each_setting_can_be_set_in_the_file_and_in_the_environment(
    tmp_path: Path, setting: Any
) -> None:
    text = {
        **{"HOST": "::1", "REDO": "/x/redo", "HTTPS": "true", "CORS_ORIGINS": "https://a.org"},
        **{"ASKER_RATE": "7/minute", "ADDRESS_RATE": "8/minute"},
        **{"ISSUER": "https://a.org", "ISSUER_AUDIENCE": "us", "ISSUER_KEYS": "/x/keys"},
    }.get(setting.name, "5")
    by_file = read({}, written(tmp_path, f'{setting.name.lower()} = "{text}"'))
    assert by_file == read({setting.name: text})
    assert by_file[setting.name] != read({})[setting.name]


WRONG = [
    ("port = 0", r"backpack\.toml: port is '0'; set it to a number from 1 to 65535"),
    ("port = 1.5", "port is '1.5'"),
    ("port = true", "port is 'true'"),
    ("port = []", "port is ''"),
    ("port = 2026-11-23", "port is '2026-11-23'"),
    ("https = 1", "https is '1'; set it to true or false"),
    ('https = "yes"', "https is 'yes'; set it to true or false"),
    ('cors_origins = "*"', r"cors_origins is '\*'; set it to origins such as"),
    ('cors_origins = ["https://a.org", "null"]', "cors_origins is 'https://a.org null'"),
    ('cors_origins = "https://*.a.org"', "cors_origins is"),
    ('cors_origins = "https://a.org/"', "cors_origins is"),
    ('cors_origins = "a.org"', "cors_origins is"),
    ('asker_rate = "many"', "asker_rate is 'many'; set it to rates such as"),
    ("prot = 8080", "there is no setting 'prot'; there are .*port"),
    ("PORT = 8080", "there is no setting 'PORT'; there are .*port"),
    ("[server]\nport = 1", "there is no setting 'server'"),
    ("port", "is no TOML"),
]


@pytest.mark.parametrize(("text", "told"), WRONG, ids=[text for text, _ in WRONG])
def test_a_mistake_in_the_file_is_told_with_its_name_value_and_what_is_allowed(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(BadSetting, match=told):
        config(tmp_path, text)


def test_a_mistake_in_the_environment_is_told_under_the_name_of_the_variable() -> None:
    with pytest.raises(BadSetting, match=r"^HTTPS is 'on'; set it to true or false$"):
        read({"HTTPS": "on"})


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for file in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(BadSetting, match="cannot read the settings file"):
            read({}, file)
    (tmp_path / "latin").write_bytes(b'host = "\xe9"')
    with pytest.raises(BadSetting, match="is no TOML"):
        read({}, tmp_path / "latin")


def test_the_table_of_the_docs_has_each_setting_with_its_default() -> None:
    rows = {name: (default, about) for name, default, about in ROW.findall(DOCS.read_text())}
    assert rows == {one.name: (one.default, f"{one.about}; {one.allowed}") for one in SETTINGS}


def test_the_example_file_holds_the_defaults_but_for_what_an_installation_must_say() -> None:
    text = EXAMPLE.read_text()
    read({}, EXAMPLE)
    shown = tomllib.loads(re.sub(r"^# ([a-z_]+ = )", r"\1", text, flags=re.MULTILINE))
    assert set(shown) == {one.name.lower() for one in SETTINGS}
