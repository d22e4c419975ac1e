"""The service as it runs for people: ``backpack serve``, a process over a store on disk."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Lock
from time import monotonic, sleep

from databackpack.loaders import oneroster, sample
from databackpack.ontology.codes import local_name
from databackpack.service.app import open_context
from databackpack.service.config import Config
from databackpack.service.demo import PERSONAS
from databackpack.service.gate.credentials import issue
from databackpack.service.intake import take_in
from databackpack.service.records.identity import Identities
from databackpack.service.web.context import Context
from tests.web.asking import Headers, Response

__all__ = ["NotServing", "Served", "build", "opened", "until"]

_PATIENCE = 60.0
_NO_RATES = {"ASKER_RATE": "none", "ADDRESS_RATE": "none", "ASKER_REQUESTS": "64"}
_BACKPACK = str(Path(sys.executable).with_name("backpack"))


class NotServing(Exception):
    """Nobody answered: the connection was refused, or ended before the answer did."""


def until(is_so: Callable[[], object], seconds: float = _PATIENCE) -> bool:
    """Tell whether *is_so* becomes true while we wait."""
    end = monotonic() + seconds
    while not (found := is_so()) and monotonic() < end:
        sleep(0.01)
    return bool(found)


def build(folder: Path, learners: int, *others: str) -> None:
    """Make a store of the sample in *folder*, and a token for each persona, and for *others*.

    The others are names such as ``guardian sample:G00002``, as in ``service.demo.PERSONAS``.
    """
    today = datetime.now(UTC).date()
    sample.write(folder / "sample", learners=learners, today=today)
    (folder / "tokens").mkdir()
    with opened(folder, create=True) as context:
        identities = Identities(context.truth)
        report = take_in(context.truth, oneroster.read(folder / "sample", identities.mint))
        assert report.is_clean, report.problems[:5]
        for persona, name in {**PERSONAS, **{other: other for other in others}}.items():
            kind, _, key = name.partition(" ")
            if key:
                person = identities.find(kind, key)
                assert person is not None, name
                name = f"{kind}-{local_name(person)}"
            audience = context.views.audience(name)
            (purpose,) = audience.purposes
            moment, lifetime = context.truth.clock(), timedelta(days=2)
            token = issue(context.key, persona, audience, purpose, moment, lifetime)
            (folder / "tokens" / persona).write_text(f"{local_name(audience.iri)} {token}")


@contextmanager
def opened(folder: Path, *, create: bool = False) -> Iterator[Context]:
    """Give what is in the store in *folder*, which nobody else has open, and close it again."""
    context = open_context(Config.of_folder(folder / "store", {}), create=create)
    try:
        yield context
    finally:
        context.views.close()
        context.truth.flush()
        vars(context.truth).clear()  # the engine closes a store that nobody holds


@dataclass
class Served:
    """A service over a copy of the store in *source*, in *folder*, with *settings*.

    *answered* counts for each persona the queries that were answered.
    """

    source: Path
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)
    _child: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        shutil.copytree(self.source, self.folder, ignore=shutil.ignore_patterns("sample"))
        self.port = _free_port()

    @property
    def pid(self) -> int:
        """The number of the service's own process."""
        assert self._child is not None
        return self._child.pid

    def start(self, *, wait: bool = True) -> None:
        """Start the service; with *wait* it then answers."""
        with (self.folder / "log").open("ab") as log:
            self._child = subprocess.Popen(  # noqa: S603
                [_BACKPACK, "serve", "--store", str(self.folder / "store")],
                env={
                    **os.environ,
                    "HOST": "127.0.0.1",
                    **_NO_RATES,
                    "PORT": str(self.port),
                    **self.settings,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        if wait:
            assert until(self._is_ready), f"the service does not start:\n{self.log()}"

    def kill(self) -> None:
        """Kill the service as a power cut would, and nothing but its own process."""
        assert self._child is not None
        self._child.kill()
        self._child.wait()

    def stop(self) -> int:
        """Return the exit code of the service, which was told to stop."""
        assert self._child is not None
        self._child.send_signal(signal.SIGTERM)
        return self._child.wait(_PATIENCE)

    def close(self) -> None:
        """End the service, whatever state it is in."""
        if self._child is not None and self._child.poll() is None:
            self.kill()

    def log(self) -> str:
        """Return the last of what the service wrote to its standard streams."""
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def audience(self, persona: str) -> str:
        """Return the name of the audience of *persona*."""
        return self._token(persona)[0]

    def headers(self, persona: str, accept: str = "application/json") -> Headers:
        """Return the headers with which *persona* asks."""
        return {"Authorization": f"Bearer {self._token(persona)[1]}", "Accept": accept}

    def send(
        self,
        method: str,
        path: str,
        headers: Headers | None = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Return the answer; raises NotServing."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, found, answer.read())
        except (OSError, HTTPException) as error:
            raise NotServing(repr(error)) from error
        finally:
            connection.close()

    def query(
        self, persona: str, text: str, accept: str = "application/json", **more: str
    ) -> Response:
        """Return the answer to a query of *persona*; raises NotServing."""
        headers = self.headers(persona, accept) | {"Content-Type": "application/sparql-query"}
        answer = self.send("POST", "/sparql", headers | more, text)
        if answer.status == 200:
            with self._lock:
                self.answered[persona] += 1
        return answer

    def processes(self) -> list[list[int]]:
        """Return the numbers of all processes by generation.

        The service, its template, the template's hosts, the hosts' workers.
        """
        parents: dict[int, list[int]] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            found = status(int(folder.name))
            if found is not None:
                parents.setdefault(found[1], []).append(int(folder.name))
        generations = [[self.pid]]
        while generations[-1]:
            children = [parents.get(pid, []) for pid in generations[-1]]
            generations.append([pid for some in children for pid in some])
        return [*generations[:-1], *[[]] * (5 - len(generations))]

    def survivors(self) -> list[int]:
        """Return the numbers of all processes that this service ever began and that still run.

        They are known by what they inherited, whoever their parent is by now.
        """
        mark = f"PORT={self.port}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
        return found

    def memory(self) -> int:
        """Return the bytes that all processes take, what they share counted once."""
        total = 0
        for pid in [pid for generation in self.processes() for pid in generation]:
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        return total

    def _is_ready(self) -> bool:
        assert self._child is not None
        assert self._child.poll() is None, f"the service has ended:\n{self.log()}"
        try:
            return self.send("GET", "/readyz").status == 200
        except NotServing:
            return False

    def _token(self, persona: str) -> tuple[str, str]:
        audience, token = (self.folder / "tokens" / persona).read_text().split()
        return audience, token


def status(pid: int) -> tuple[str, int] | None:
    """Return the state of a process (proc(5): Z for one that nobody buried) and its parent."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[:2]
    except OSError:
        return None
    return state, int(parent)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
