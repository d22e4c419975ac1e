"""The service that has a store open, as the commands of operators ask it: at HOST and PORT."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import click

from databackpack.service.config import BadSetting, Config
from databackpack.service.gate.credentials import (
    BrokenKey,
    NoKey,
    issue_to_operator,
    signing_key,
)

__all__ = ["RunningService", "Told"]

_CONNECT = 5.0
_SILENCE = 60.0
"""Seconds without a word, from a service that tells several times a second how far it is."""

Told = dict[str, Any]


class RunningService:
    """The service of *store*, at HOST and PORT; what it does not answer is told as a mistake."""

    def __init__(self, store: Path) -> None:
        self._store = store
        try:
            self._config = Config.of_folder(store)
            self._key = signing_key(self._config.keys, create=False)
        except (BadSetting, BrokenKey) as error:
            raise click.ClickException(str(error)) from None
        except NoKey:
            raise self._absent() from None

    def views(self) -> tuple[list[Told], list[Told]]:
        """Return the live views, those asked for last first, and those that are being built."""
        with self._asked("GET", "/views") as answer:
            found = json.load(answer)
            return found["views"], found["building"]

    def audiences(self) -> list[Told]:
        """Return who may ask."""
        with self._asked("GET", "/audiences") as answer:
            return list(json.load(answer)["audiences"])

    def operate(
        self, operation: str, audience: str, purpose: str, choices: Iterable[tuple[str, str]] = ()
    ) -> Iterator[Told]:
        """Yield how far *operation* with its *choices* is, and at last what came of it."""
        names = "/".join(quote(name, safe="") for name in (audience, purpose))
        query = urlencode(list(choices))
        with self._asked("POST", f"/views/{names}/{operation}?{query}") as answer:
            told: Told = {}
            for line in answer:
                told = dict(json.loads(line))
                yield told
            if not told or "done" in told:
                raise HTTPException

    @property
    def _address(self) -> str:
        host = self._config.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._config.port}"

    @contextmanager
    def _asked(self, method: str, path: str) -> Iterator[HTTPResponse]:
        token = issue_to_operator(self._key, "command line", self._config.clock())
        connection = self._connected()
        try:
            connection.request(method, path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise self._refused(answer)
            yield answer
        except (OSError, HTTPException):
            raise click.ClickException(
                f"the service at {self._address} stopped answering before it was done"
            ) from None
        except (ValueError, LookupError, TypeError):
            raise self._strange() from None
        finally:
            connection.close()

    def _connected(self) -> HTTPConnection:
        try:
            connection = HTTPConnection(self._config.host, self._config.port, timeout=_CONNECT)
            connection.connect()
        except (OSError, HTTPException, UnicodeError):
            raise self._absent() from None
        connection.sock.settimeout(_SILENCE)
        return connection

    def _refused(self, answer: HTTPResponse) -> click.ClickException:
        if answer.getheader("Content-Type") != "application/problem+json":
            return self._strange()
        told = json.load(answer)
        if answer.status == 401:
            return click.ClickException(
                f"the service at {self._address} is not that of {self._store}: it does not hold "
                "this store's tokens. HOST and PORT say where the right one is"
            )
        return click.ClickException(f"{told['title']}. {told.get('detail', '')}".strip())

    def _absent(self) -> click.ClickException:
        return click.ClickException(
            f"no service answers at {self._address}; start it: backpack serve --store {self._store}"
        )

    def _strange(self) -> click.ClickException:
        return click.ClickException(
            f"what answers at {self._address} is no backpack service, or one of another version. "
            "HOST and PORT say where the right one is"
        )
