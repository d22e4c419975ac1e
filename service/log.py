"""The server's log: lines of JSON on the error stream, with nothing of what was asked in them.

INVARIANT: no line has the text of a query, a token, a value, or what a person is named by. Ours do
not say them, or they are cut; of what libraries say only the words stay; of a traceback the places,
not the values.
"""

import logging
import re
from traceback import extract_tb
from types import TracebackType

from flask import g, has_request_context
from pythonjsonlogger.json import JsonFormatter

__all__ = ["configure"]

_OURS = "databackpack."
_PLACE = re.compile(r"(?:\w+:/)?/\S*")
"""What may be an address: a path or an IRI."""

_PERSON = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What a person is named by, also in the name of an audience of one person."""

_Error = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure() -> None:
    """Let all that is logged from now on be lines of JSON on the error stream."""
    handler = logging.StreamHandler()
    handler.addFilter(_admit)
    handler.setFormatter(
        _Line(
            ["levelname", "name", "message", "request_id"],
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="time",
            defaults={"request_id": None},
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a flood would fill the log


class _Line(JsonFormatter):
    """A record as one line of JSON."""

    def formatException(self, ei: _Error) -> str:  # noqa: N802
        """Return the kind of an exception and where it came from: its message quotes values."""
        told = []
        error = ei[1]
        while error is not None:
            places = [
                f"{at.filename}:{at.lineno} {at.name}" for at in extract_tb(error.__traceback__)
            ]
            told.append("\n  ".join([type(error).__name__, *places]))
            error = error.__cause__ or error.__context__
        return "\nbecause of ".join(told)


def _admit(record: logging.LogRecord) -> bool:
    """Tell whether *record* is for the log; it then has the request's number and no value."""
    if has_request_context() and not hasattr(record, "request_id"):
        record.request_id = g.get("request_id")
    if not record.name.startswith(_OURS):
        record.msg, record.args = _PLACE.sub("/…", str(record.msg)), None
        return record.levelno >= logging.WARNING
    record.msg, record.args = _PERSON.sub("…", record.getMessage()), None
    return True
