"""Every setting: its name, what it may be, where it comes from. docs/operations.md lists them.

A setting is in the settings file (TOML) under its name in small letters; the environment has it
under its name, and comes first.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from databackpack.service.gate import rate
from databackpack.service.intake.package import Sizes
from databackpack.service.views.registry import Budget
from databackpack.service.views.view import Limits

__all__ = ["FILE", "SETTINGS", "BadSetting", "Setting", "read"]

FILE = "BACKPACK_CONFIG"
"""The variable that names the settings file."""

_DAY = 24 * 60 * 60


class BadSetting(ValueError):
    """A setting cannot be used; the message says which, where, and what it may be."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. *parse* makes its value of a text, and raises ValueError for a wrong one."""

    name: str
    default: str
    allowed: str
    about: str
    parse: Callable[[str], Any]


def _number(name: str, default: float, most: int, about: str, least: int = 1) -> Setting:
    def parse(text: str) -> int:
        if re.fullmatch(r"[0-9]{1,15}", text) is None or not least <= int(text) <= most:
            raise ValueError
        return int(text)

    return Setting(name, str(int(default)), f"a number from {least} to {most}", about, parse)


def _flag(name: str, default: str, about: str) -> Setting:
    def parse(text: str) -> bool:
        if text not in ("true", "false"):
            raise ValueError
        return text == "true"

    return Setting(name, default, "true or false", about, parse)


def _origins(text: str) -> tuple[str, ...]:
    """Return the origins of *text* (RFC 6454, 6.2): no pattern is one, and neither is ``null``."""
    found = tuple(text.replace(",", " ").split())
    if not all(re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", origin) for origin in found):
        raise ValueError
    return found


def _file(text: str) -> Path | None:
    return Path(text) if text else None


SETTINGS = (
    Setting("HOST", "127.0.0.1", "a name or address of this machine", "where to listen", str),
    _number("PORT", 8080, 65535, "where to listen"),
    Setting(
        "REDO",
        "",
        "a path",
        "the redo log, by default `<store>.redo`; better on another disk",
        _file,
    ),
    _number("ANSWER_SECONDS", Limits().seconds, _DAY, "until an answer is complete"),
    _number("ANSWER_BYTES", Limits().most_bytes, 2**40, "of an answer in its format"),
    _number(
        "ANSWER_MEMORY", Limits().memory, 2**42, "bytes that one query may take beyond its view"
    ),
    _number(
        "VIEW_WORKERS", Budget().workers, 64, "queries of one audience that run at the same time"
    ),
    _number(
        "VIEWS_MEMORY",
        Budget().memory,
        2**42,
        "bytes of all views together; beyond it, those not asked for longest are given back",
    ),
    _number(
        "VIEWS_IDLE_SECONDS",
        Budget().idle.total_seconds(),
        _DAY,
        "after which a view that nobody asks is given back",
    ),
    Setting(
        "ASKER_RATE",
        "600/minute; 60/5 seconds",
        "rates such as 600/minute; 60/5 seconds, or none",
        "requests of one subject as one audience, beyond which it is told 429",
        rate.parse,
    ),
    Setting(
        "ADDRESS_RATE",
        "120/minute",
        "rates such as 120/minute, or none",
        "requests of one client address whose token does not hold, beyond which it is told 429",
        rate.parse,
    ),
    _number(
        "ASKER_REQUESTS",
        6,
        64,
        "requests of one subject as one audience that are under way at the same time",
    ),
    _number("LOAD_BYTES", Sizes().sent, 2**40, "of files that are sent to `/loads` at once"),
    _number("LOAD_UNPACKED_BYTES", Sizes().unpacked, 2**42, "that they may become when unpacked"),
    _number("STOP_SECONDS", 30, 60 * 60, "that requests under way have to end when told to stop"),
    Setting(
        "CORS_ORIGINS",
        "",
        "origins such as https://tools.example.org, without a path, a pattern or null",
        "whose pages may ask `/sparql`, `/graphs` and `/questions` from a browser",
        _origins,
    ),
    _flag(
        "HTTPS",
        "false",
        "whether people reach the service by https, through a proxy: answers then say so (HSTS)",
    ),
    Setting("ISSUER", "", "the `iss` of its tokens", "who else may sign tokens", str),
    Setting("ISSUER_AUDIENCE", "", "a text", "the `aud` that its tokens must have", str),
    Setting(
        "ISSUER_KEYS", "", "a path or an https URL", "where its keys are: a JWKS file or URL", str
    ),
)


def read(environment: Mapping[str, str], file: Path | None = None) -> dict[str, Any]:
    """Return the value of each setting by its name; raises BadSetting.

    Without *file* the environment may name one. A variable that is empty is as one that is not
    there; names of others in the environment are nobody's business, in the file they are mistakes.
    """
    if file is None and environment.get(FILE):
        file = Path(environment[FILE])
    written = {} if file is None else _written(file)
    found = {}
    for setting in SETTINGS:
        text, place = written.get(setting.name, setting.default), f"{file}: "
        if environment.get(setting.name):
            text, place = environment[setting.name], ""
        try:
            found[setting.name] = setting.parse(text)
        except ValueError:
            name = setting.name.lower() if place else setting.name
            raise BadSetting(
                f"{place}{name} is {text[:80]!r}; set it to {setting.allowed}"
            ) from None
    return found


def _written(file: Path) -> dict[str, str]:
    """Return what *file* says, as the environment would; raises BadSetting."""
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSetting(f"cannot read the settings file {file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadSetting(f"the settings file {file} is no TOML: {error}") from None
    names = {setting.name.lower(): setting.name for setting in SETTINGS}
    for name in told:
        if name not in names:
            known = ", ".join(sorted(names))
            raise BadSetting(f"{file}: there is no setting {name[:60]!r}; there are {known}")
    return {names[name]: _text(value) for name, value in told.items()}


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return " ".join(map(_text, value))
        case _:
            return str(value)
