"""Files to a running service, by its ``/loads``, with progress shown and the report fetched."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from tempfile import TemporaryFile
from time import sleep
from typing import IO, Any
from urllib.parse import quote, urlsplit
from zipfile import ZIP_DEFLATED, ZipFile, is_zipfile

import click
from rich.console import Console

from databackpack.service.loading import progress

__all__ = ["send"]

_SILENCE = 600.0
"""Seconds without a word: the service unpacks what it was sent before it answers."""

_BEAT = 0.5
_TYPES = {".ttl": "text/turtle", ".html": "text/html"}
_Told = dict[str, Any]


def send(
    address: str,
    token: Path,
    form: str,
    paths: list[Path],
    report: IO[str] | None,
    console: Console,
) -> bool:
    """Send *paths* to the service at *address*, wait, and tell whether everything was loaded.

    *token* is the file that an operator's token is in; it is read anew for each request, so it may
    be renewed meanwhile. *report* gets all that was not loaded, in the form of its name's ending.
    Raises ClickException for whatever the service refuses.
    """
    service = _Service(address, token)
    with _packed(paths) as (body, name):
        place = service.begin(form, name, body)
    console.print(f"Sent; {address}{place} tells how far it is.", markup=False, highlight=False)
    told = _watched(service, form, place, console)
    if told["state"] != "done":
        raise click.ClickException(f"the load {told['state']}: {told.get('problem', '')}")
    _describe(told["report"], console)
    if report is not None:
        suffix = Path(report.name).suffix.lower()
        report.write(service.text(f"{place}/report", _TYPES.get(suffix, "text/plain")))
    return bool(told["report"]["problems"] == 0)


class _Service:
    """The service at *address*; what it refuses is told as a mistake."""

    def __init__(self, address: str, token: Path) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise click.UsageError("--service is an address: https://backpack.example.org")
        self._parts, self._address, self._token = parts, address.rstrip("/"), token

    def begin(self, form: str, name: str, body: IO[bytes]) -> str:
        """Return the path of a load of *body* that has begun."""
        size = body.seek(0, 2)
        body.seek(0)
        query = f"format={quote(form)}&name={quote(name)}"
        with self._asked("POST", f"/loads?{query}", body, size) as answer:
            return f"/loads/{json.load(answer)['id']}"

    def told(self, place: str) -> _Told:
        """Return how far the load is."""
        with self._asked("GET", place) as answer:
            return dict(json.load(answer))

    def text(self, place: str, media_type: str) -> str:
        with self._asked("GET", place, accept=media_type) as answer:
            return answer.read().decode()

    @contextmanager
    def _asked(
        self,
        method: str,
        path: str,
        body: IO[bytes] | None = None,
        size: int = 0,
        accept: str = "application/json",
    ) -> Iterator[HTTPResponse]:
        parts = self._parts
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=_SILENCE)
        headers = {"Authorization": f"Bearer {self._read_token()}", "Accept": accept}
        if body is not None:
            headers |= {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        try:
            connection.request(method, f"{parts.path.rstrip('/')}{path}", body, headers)
            answer = connection.getresponse()
            if answer.status not in (200, 202):
                raise self._refused(answer)
            yield answer
        except (OSError, HTTPException) as error:
            raise click.ClickException(
                f"the service at {self._address} does not answer ({error}); what it was sent in "
                "full it goes on loading, and sending it again changes nothing that is there"
            ) from None
        except (ValueError, LookupError, TypeError):
            raise click.ClickException(
                f"what answers at {self._address} is no backpack service, or of another version"
            ) from None
        finally:
            connection.close()

    def _read_token(self) -> str:
        try:
            return self._token.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise click.ClickException(f"cannot read the token in {self._token}") from None

    def _refused(self, answer: HTTPResponse) -> click.ClickException:
        if answer.status == 401:
            return click.ClickException(
                f"the service at {self._address} does not hold the token in {self._token}; make "
                "one there: backpack operator-token"
            )
        told = json.load(answer)
        return click.ClickException(f"{told['title']}. {told.get('detail', '')}".strip())


@contextmanager
def _packed(paths: list[Path]) -> Iterator[tuple[IO[bytes], str]]:
    """Give one body of all *paths* and its name: a zip as it is, or one made of them here.

    Several folders stay apart, each in a folder of the zip.
    """
    if len(paths) == 1 and paths[0].is_file():
        with paths[0].open("rb") as file:
            if is_zipfile(file):
                yield file, paths[0].name
                return
    with TemporaryFile() as body:
        with ZipFile(body, "w", ZIP_DEFLATED) as package:
            for number, path in enumerate(paths, 1):
                top = f"{number}/" if len(paths) > 1 else ""
                for file_path in sorted(path.rglob("*")) if path.is_dir() else [path]:
                    if file_path.is_file():
                        within = file_path.relative_to(path) if path.is_dir() else path.name
                        package.write(file_path, f"{top}{within}")
        yield body, "files.zip"


def _watched(service: _Service, form: str, place: str, console: Console) -> _Told:
    """Return what is told of the load when it is over, having shown meanwhile how far it is."""
    with progress(f"Loading {form}", console) as bar:
        while True:
            told = service.told(place)
            bar.show(told["learners"], told["total"])
            if told["state"] != "loading":
                return told
            sleep(_BEAT)


def _describe(report: _Told, console: Console) -> None:
    lines = [
        f"{report['learners']} learners, {sum(report['records'].values())} records, of which "
        f"{report['changed']} are new or differ from what was held"
    ]
    if report["held"]:
        lines.append(f"{report['held']} held back now: nobody sees anything of these learners")
    for rule in report["rules"]:
        lines.append(f"{rule['count']} x {rule['rule']}")
        lines += [f"  {example}" for example in rule["examples"]]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
