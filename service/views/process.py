"""Processes as the service sees them: a pipe to talk through, and a handle to end them by."""

import atexit
import logging
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from pathlib import Path
from threading import Lock
from typing import Any

import pyoxigraph as ox

from databackpack.service.views.engine import to_n_quads
from databackpack.service.views.message import Header, pack, receive

__all__ = ["Process", "ProcessLost", "Template"]

_LOG = logging.getLogger(__name__)


class ProcessLost(Exception):
    """The process at the other end of a pipe is gone."""


class Process:
    """A process that was forked for us, at the other end of *pipe*.

    It is ended by its descriptor, not by its number: a number may be somebody else's by then.
    """

    def __init__(self, pid: int, pipe: "Connection[Any, Any]") -> None:
        self.pid = pid
        self._pipe = pipe
        self._poll = select.poll()
        self._poll.register(pipe.fileno(), select.POLLIN)
        try:
            self._handle: int | None = os.pidfd_open(pid)
        except OSError:
            self._handle = None  # it is gone already, which the pipe will tell

    def send(self, message: bytes) -> None:
        """Write a message that was packed; raises ProcessLost."""
        with _lost():
            self._pipe.send_bytes(message)

    def receive(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the header and the bodies of the next message; raises ProcessLost."""
        with _lost():
            return receive(self._pipe)

    def has_something(self, seconds: float = 0) -> bool:
        """Tell whether a message, or the end of the process, is there to be read in *seconds*."""
        with _lost():
            self._pipe.fileno()  # which tells when it was closed
            return bool(self._poll.poll(seconds * 1000))

    def ask(self, header: Header, *bodies: bytes) -> tuple[dict[str, Any], list[bytes]]:
        """Return what the process answers; raises ProcessLost."""
        self.send(pack(header, *bodies))
        return self.receive()

    def fork(self) -> "Process":
        """Return the process that this one forks when told so; raises ProcessLost."""
        ours, theirs = Pipe()
        try:
            with theirs, _lost():
                self._pipe.send_bytes(pack({"do": "fork"}))
                send_handle(self._pipe, theirs.fileno(), self.pid)
                answer, _ = receive(self._pipe)
        except ProcessLost:
            ours.close()
            raise
        return Process(answer["pid"], ours)

    def memory(self) -> int:
        """Return its bytes in memory, shared ones in proportion (proc(5), Pss); 0 without it."""
        try:
            lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            return 0
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024

    def kill(self) -> None:
        """End the process at once. What it was writing can still be read up to its end."""
        if self._handle is not None:
            with suppress(OSError):  # it is gone
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            os.close(self._handle)
            self._handle = None

    def close(self) -> None:
        """End the process and give up the pipe to it."""
        self.kill()
        self._pipe.close()


class Template:
    """The process that holds *public* and of which all hosts are forks; started when first needed.

    Whoever ends it ends all its hosts with it; the next host then starts another one.
    """

    def __init__(self, public: Iterable[ox.Triple | ox.Quad]) -> None:
        self._public = public
        self._lock = Lock()
        self._process: Process | None = None
        self._child: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    def host(self) -> Process:
        """Return a new host, which holds what is public; raises ProcessLost."""
        with self._lock:
            try:
                return self._running().fork()
            except ProcessLost:
                self._end()
                return self._running().fork()

    def start(self) -> None:
        """Have the process running, so that views can be built; raises ProcessLost or OSError."""
        with self._lock:
            if self._child is not None and self._child.poll() is not None:
                self._end()
            try:
                self._running()
            except ProcessLost:
                self._end()
                raise

    def close(self) -> None:
        """End the template and all its hosts."""
        with self._lock:
            self._end()

    def _running(self) -> Process:
        if self._process is None:
            ours, theirs = Pipe()
            with theirs:
                number = theirs.fileno()
                self._child = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-m", "databackpack.service.views.template", str(number)],
                    stdin=subprocess.DEVNULL,
                    pass_fds=[number],
                    start_new_session=True,  # a key on our terminal stops us, and we stop them
                )
            self._process = Process(self._child.pid, ours)
            told, _ = self._process.ask({"do": "fill"}, to_n_quads(self._public))
            if not told["has_left_network"]:
                _LOG.warning(
                    "query workers could not be put into a network namespace of their own; "
                    "that they can open no descriptor is what keeps them from the network"
                )
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None
        if self._child is not None:
            self._child.wait()
            self._child = None


@contextmanager
def _lost() -> Iterator[None]:
    """Let the end of a pipe be told as what it is: no other fault of the system looks like it."""
    try:
        yield
    except (EOFError, OSError):
        raise ProcessLost from None
