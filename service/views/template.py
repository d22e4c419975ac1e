"""The template: a process that holds what is public, of which every view's host is a fork.

So a guardian's small view costs little more than its own triples and is there in milliseconds.
Run as a program, which the service starts before it has anything to hide: it inherits no
descriptor but its pipe, and leaves the network before it reads anything.

There is no library for this: those that supervise processes hand each task a fresh one, while a
view's processes are forks of one that holds data, and have to follow its changes.
"""

import gc
import os
import resource
import signal
import sys
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import Any

from databackpack.service.views import host
from databackpack.service.views.confinement import die_with_parent, leave_network
from databackpack.service.views.engine import Engine
from databackpack.service.views.message import receive, send

__all__: list[str] = []


def main(pipe: "Connection[Any, Any]") -> None:
    """Fill the template from *pipe*, then fork a host for each descriptor that comes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries all children
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold records
    has_left = leave_network()
    engine = Engine()
    _, bodies = receive(pipe)
    engine.load(bodies[0])
    gc.collect()
    gc.freeze()
    send(pipe, {"has_left_network": has_left})
    while True:
        try:
            receive(pipe)
        except EOFError:
            return
        send(pipe, {"pid": _fork(pipe, engine)})


def _fork(pipe: "Connection[Any, Any]", engine: Engine) -> int:
    descriptor, parent = recv_handle(pipe), os.getpid()
    child = os.fork()
    if child == 0:
        die_with_parent(parent)
        pipe.close()
        try:
            host.serve(Connection(descriptor), engine)
        finally:
            os._exit(0)
    os.close(descriptor)
    return child


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])))
