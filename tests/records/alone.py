"""Scripts that are run in a process of their own, for what they change there stays."""

import subprocess
import sys

__all__ = ["told"]


def told(script: str, *arguments: object) -> str:
    """Return what *script* prints, given *arguments*; it must end well."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=True
    ).stdout
