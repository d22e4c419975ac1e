"""A view's host: the process that holds one view's triples and forks its query workers.

It is single-threaded, has no network, never opens the truth store and never sees a query.
"""

import os
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import Any

from databackpack.service.views.confinement import die_with_parent
from databackpack.service.views.engine import Engine
from databackpack.service.views.message import receive, send
from databackpack.service.views.worker import work

__all__ = ["serve"]


def serve(pipe: "Connection[Any, Any]", engine: Engine) -> None:
    """Do what *pipe* says until it is closed, each thing whole before the next.

    INVARIANT: a worker is forked between two changes, so it begins with all that came before.
    """
    while True:
        try:
            header, bodies = receive(pipe)
        except EOFError:
            return
        match header["do"]:
            case "fill":
                engine.load(bodies[0])
            case "replace":
                changes = [
                    engine.difference(learners, wanted)
                    for learners, wanted in zip(header["slices"], bodies, strict=True)
                ]
                removed, added = (b"".join(parts) for parts in zip(*changes, strict=True))
                send(pipe, {"more": engine.apply(removed, added)}, removed, added)
            case "fork":
                send(pipe, {"pid": _fork(pipe, engine)})
            case "count":
                send(pipe, {"size": len(engine)})


def _fork(pipe: "Connection[Any, Any]", engine: Engine) -> int:
    """Return the process id of a new worker at the other end of the descriptor that follows."""
    descriptor, parent = recv_handle(pipe), os.getpid()
    child = os.fork()
    if child == 0:
        die_with_parent(parent)
        work(descriptor, engine)
    os.close(descriptor)
    return child
