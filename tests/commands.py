"""The ``backpack`` command as its users run it: each time in a process of its own, but quickly.

One process begins as all of them do (``tests.commanded``) and forks for each run: that takes a
second, and there are hundreds of runs. ``tests/cli/test_commands.py`` shows that the installed
command, which begins by itself, is this one.
"""

import os
from multiprocessing import get_context
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from tempfile import TemporaryDirectory

from tests.commanded import STREAMS, begin

__all__ = ["run", "told"]

_PATIENCE = 120
_SERVER = get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.commanded"])


def run(*arguments: str | Path, **environment: str) -> CompletedProcess[str]:
    """Return how the command ended; no mistake may end in a traceback."""
    words = [str(argument) for argument in arguments]
    with TemporaryDirectory() as folder:
        command = _SERVER.Process(target=begin, args=(words, os.environ | environment, folder))
        command.start()
        command.join(_PATIENCE)
        if command.exitcode is None:
            command.kill()
            raise TimeoutExpired(words, _PATIENCE)
        streams = [Path(folder, name).read_text() for name in STREAMS.values()]
    done = CompletedProcess(words, command.exitcode, *streams)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def told(done: CompletedProcess[str]) -> str:
    """Return what was told of a mistake: one message, and a code that is not that of success."""
    assert done.returncode in (1, 2), (done.returncode, done.stderr)
    assert done.stdout == ""
    return " ".join(done.stderr.split())
