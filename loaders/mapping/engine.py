"""Morph-KGC in a process of its own: no network, limits on time and memory, nothing logged."""

import json
import os
import selectors
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["Engine", "Failed", "is_installed"]

_SECONDS = 300.0  # for one file of at most `chunks.ROWS` rows
_MORPH = Path(__file__).with_name("morph.py")


class Failed(Exception):
    """The engine could not do it: in its words, with the line of the mapping where it knows it.

    Where it *has_ended*, for want of time or memory, a smaller job will do no better.
    """

    def __init__(self, words: str, line: int | None = None, *, has_ended: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.line = line
        self.has_ended = has_ended


def is_installed() -> bool:
    """Return whether Morph-KGC, which is an optional dependency, is there."""
    return find_spec("morph_kgc") is not None


class Engine:
    """A child process that answers one job after another; after a job that Failed, a new one.

    The child has no environment, so no proxy and no token; see `morph` for its jobs.
    """

    def __init__(self, folder: Path, seconds: float = _SECONDS) -> None:
        self._folder = folder
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def ask(self, **job: str) -> dict[str, Any]:
        """Return the answer to *job*. Raises Failed."""
        child = self._child or self._start()
        assert child.stdin is not None  # noqa: S101  (pipes were asked for)
        with suppress(BrokenPipeError):  # a child that has died gives no answer below
            child.stdin.write(json.dumps(job).encode() + b"\n")
            child.stdin.flush()
        answer: dict[str, Any] = json.loads(self._line(child))
        if "error" in answer:
            raise Failed(answer["error"], answer["line"])
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        self._child = subprocess.Popen(  # noqa: S603  (our own program, no shell)
            [sys.executable, "-I", str(_MORPH)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            env={"PATH": os.defpath, "HOME": str(self._folder), "OPENBLAS_NUM_THREADS": "1"},
        )
        return self._child

    def _line(self, child: subprocess.Popen[bytes]) -> bytes:
        assert child.stdout is not None  # noqa: S101
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            is_ready = bool(selector.select(self._seconds))
        line = child.stdout.readline() if is_ready else b""
        if not line:
            self._stop()
            raise Failed(
                "the process that runs the mapping ended: it wants more memory than it may have"
                if is_ready
                else f"the mapping takes more than {self._seconds:g} s; make it simpler",
                has_ended=True,
            )
        return line

    def _stop(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None
