"""``/loads``: operators send files, which go the way that ``backpack load`` takes them.

One load at a time, beside the requests. Live views follow each commit. What was sent lies in a
folder that is the service's alone, and is gone when the load is over.
"""

import logging
import shutil
import traceback
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Lock, Thread
from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, g, jsonify, request, url_for

from databackpack.loaders.formats import FORMATS, OF_FOLDERS
from databackpack.service.gate.faults import Conflict, MalformedRequest, NotFound, TooLarge
from databackpack.service.intake.load import load
from databackpack.service.intake.package import BadPackage, is_package, unpack
from databackpack.service.intake.report import Report
from databackpack.service.intake.summary import of_load, write
from databackpack.service.records.truth import NotKept, NotLoaded
from databackpack.service.web.context import Context

__all__ = ["blueprint"]

_REMEMBERED = 5
"""Loads whose reports may still be asked for."""

_NAME = "sent"
_PIECE = 1024 * 1024
_BY_MAPPING = "csv"
_REPORTS = {"text/plain": ".txt", "text/turtle": ".ttl", "text/html": ".html"}
_LOG = logging.getLogger(__name__)


class _Stopping(Exception):
    """The service is told to stop: what is committed is kept, and the next load goes on."""


@dataclass(slots=True)
class _Load:
    """A load and how far it is: *total* learners as far as is known, *problem* why it failed."""

    name: str
    operator: str
    form: str
    state: str = "loading"
    learners: int = 0
    total: int | None = None
    problem: str | None = None
    report: Report | None = None

    def told(self) -> dict[str, Any]:
        """Return what a client is told of it."""
        return {
            "id": self.name,
            "format": self.form,
            "state": self.state,
            "learners": self.learners,
            "total": self.total,
            **({"problem": self.problem} if self.problem else {}),
            **({"report": _told(self.report)} if self.report else {}),
        }


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("loads", __name__)
    known: deque[_Load] = deque(maxlen=_REMEMBERED)
    reading = Lock()

    @surface.before_request
    def admit() -> None:
        if request.method != "OPTIONS":  # which verbs there are is no secret
            g.operator = context.operator()

    @surface.post("/loads")
    def begin() -> tuple[Response, int, dict[str, str]]:
        form = _form()
        if not context.turn.acquire(blocking=False):
            raise Conflict("Another load is under way. Send this one when that is done.")
        folder = TemporaryDirectory(prefix="backpack-load-")  # its owner's alone
        try:
            paths = _received(context, Path(folder.name), form)
        except BaseException:
            folder.cleanup()
            context.turn.release()
            raise
        one = _Load(str(uuid4()), g.operator, form)
        known.append(one)
        _LOG.info("%s sent a load %s of %s", g.operator, one.name, form)
        Thread(target=_carry_out, args=(context, one, folder, paths), daemon=True).start()
        place = url_for("loads.show", name=one.name)
        return jsonify(one.told()), 202, {"Location": place}

    @surface.get("/loads/<uuid:name>")
    def show(name: object) -> Response:
        return jsonify(own(str(name)).told())

    @surface.get("/loads/<uuid:name>/report")
    def report(name: object) -> Response:
        found = own(str(name)).report
        if found is None:
            raise NotFound("There is no report before a load is done.")
        media_type = request.accept_mimetypes.best_match(_REPORTS, "text/plain")
        return Response(_written(found, _REPORTS[media_type]), mimetype=media_type)

    def own(name: str) -> _Load:
        """Return the asker's own load called *name*; raises NotFound: reports name learners."""
        for one in known:
            if (one.name, one.operator) == (name, g.operator):
                return one
        raise NotFound("There is no such load of yours; those of before a restart are forgotten.")

    def _written(found: Report, suffix: str) -> Iterator[bytes]:
        with reading, TemporaryFile() as file:
            text = TextIOWrapper(file, encoding="utf-8", write_through=True)
            write(of_load(found), Path(f"report{suffix}"), text, context.truth.clock())
            file.seek(0)
            while piece := file.read(_PIECE):
                yield piece

    return surface


def _form() -> str:
    form = request.args.get("format", "")
    formats = sorted(FORMATS.keys() - {_BY_MAPPING})
    if form not in formats:
        raise MalformedRequest(f"format is {form[:60]!r}; it may be: {', '.join(formats)}.")
    return form


def _received(context: Context, folder: Path, form: str) -> list[Path]:
    """Return the files of *form* that the request sends, which are now in *folder*.

    Raises TooLarge, and MalformedRequest for what is no package or one that nobody should unpack.
    """
    request.max_content_length = context.sizes.sent
    if (request.content_length or 0) > context.sizes.sent:
        raise TooLarge(f"At most {context.sizes.sent} bytes are taken at once; send it in parts.")
    sent, files = folder / _NAME, folder / "files"
    with sent.open("xb") as file:
        shutil.copyfileobj(request.stream, file, _PIECE)
    if not sent.stat().st_size:
        raise MalformedRequest("There is nothing in it. Send a zip of the files, or one file.")
    files.mkdir()
    if not is_package(sent):
        sent.rename(files / _file_name())
        return [files / _file_name()]
    try:
        unpack(sent, files, context.sizes.unpacked)
    except BadPackage as error:
        raise MalformedRequest(f"The package was not taken: {error}.") from None
    sent.unlink()
    return _paths(files, form)


def _file_name() -> str:
    """Return the name by which the one file that was sent appears in reports."""
    name = request.args.get("name", "file")
    if not name.isprintable() or name != Path(name).name or len(name) > 100 or name in ("..", ""):
        raise MalformedRequest(f"name is {name[:60]!r}; it is the name of a file, without folders.")
    return name


def _paths(files: Path, form: str) -> list[Path]:
    """Return what of an unpacked package is loaded one after the other."""
    if form not in OF_FOLDERS:
        return sorted(path for path in files.rglob("*") if path.is_file())
    top = sorted(files.iterdir())
    return top if all(path.is_dir() for path in top) else [files]


def _carry_out(
    context: Context, one: _Load, folder: "TemporaryDirectory[str]", paths: list[Path]
) -> None:
    """Do the load to its end, in a thread of its own; then another one may begin."""

    def advance(learners: int) -> None:
        one.learners += learners
        if context.stopping.is_set():
            raise _Stopping

    def expect(total: int) -> None:
        one.total = total

    try:
        with folder:
            one.report = load(context.truth, one.form, paths, advance=advance, expect=expect)
        one.state = "done"
    except _Stopping:
        one.state, one.problem = "stopped", "The service is stopping; send it again to go on."
    except (NotKept, NotLoaded) as error:
        one.state, one.problem = "failed", str(error)
    except Exception as error:  # its words may be a row's
        places = "; ".join(
            f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        )
        _LOG.error("load %s failed with %s: %s", one.name, type(error).__name__, places)
        one.state, one.problem = "failed", "The service failed; its log says how."
    finally:
        _LOG.info("load %s: %s", one.name, one.state)
        context.turn.release()


def _told(report: Report) -> dict[str, Any]:
    groups = [*report.problems.groups(), *report.notes.groups()]
    return {
        "learners": len(report.learners),
        "records": dict(sorted(report.records.items())),
        "changed": report.changed,
        "organizations": report.organizations,
        "guardianships": report.guardianships,
        "documents": report.documents,
        "settings": report.settings,
        "held": len(report.held),
        "still_held": len(report.still_held),
        "problems": len(report.problems),
        "notes": len(report.notes),
        "rules": [
            {
                "rule": group.rule,
                "file": group.file,
                "severity": group.severity,
                "count": group.count,
                "examples": [str(problem) for problem in group.examples[:5]],
            }
            for group in groups
        ],
    }
