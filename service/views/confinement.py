"""What a process that holds children's records, or runs strangers' queries, cannot do.

Three fences, each of which works where another does not: a network namespace without a network
(needs root or user namespaces), no new file descriptors (stops sockets and files everywhere), and
limits on time, memory and size.
"""

import ctypes
import fcntl
import os
import resource
import signal
from math import ceil

from databackpack.service import memory
from databackpack.service.views.view import Limits

__all__ = ["Confinement", "die_with_parent", "leave_network"]

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_PAGE = resource.getpagesize()
_STACK = 64 * 1024 * 1024
_KEPT = 64 * 1024 * 1024
"""How many bytes more than at first a worker may keep at rest; else another takes its place."""

_KEPT_BETWEEN = 256 * 1024 * 1024
"""How many it may keep from one query to the next, which then need not be fetched page by page."""

_HIGH = 64
_MOST_DESCRIPTORS = 1 << 20
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int) -> None:
    """Let the kernel end this process when *parent*, which forked it, ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel was told
        os._exit(1)


def leave_network() -> bool:
    """Tell whether this process, and all that it forks, now are where no network is."""
    return any(
        _libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET)
    )


class Confinement:
    """This process with the pipe *kept* as descriptor 3 and no other to be had.

    It can open no file and no socket, write to no file, gain no privilege and leave no core dump.
    What the engine writes to the standard streams as it breaks down is not kept: it may hold data.
    """

    PIPE = 3
    _STATM = 4

    def __init__(self, kept: int) -> None:
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        null = os.open(os.devnull, os.O_RDWR)
        statm = os.open("/proc/self/statm", os.O_RDONLY)
        for stream in range(self.PIPE):
            os.dup2(null, stream)
        high = [fcntl.fcntl(number, fcntl.F_DUPFD, _HIGH) for number in (kept, statm)]
        for low, number in zip((self.PIPE, self._STATM), high, strict=True):
            os.dup2(number, low)
        os.closerange(self._STATM + 1, _HIGH + _MOST_DESCRIPTORS)
        resource.setrlimit(resource.RLIMIT_NOFILE, (self._STATM + 1, self._STATM + 1))
        for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
            resource.setrlimit(limit, (0, 0))
        _limit(resource.RLIMIT_STACK, _STACK)
        self._resident = self._sizes()[1]
        self.keeps = False

    def begin(self, limits: Limits) -> None:
        """Let what follows take the time and the memory of *limits*, or be killed."""
        size, _ = self._sizes()
        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, ceil(used.ru_utime + used.ru_stime + limits.seconds) + 1)
        _limit(resource.RLIMIT_AS, size + limits.memory)

    def end(self) -> bool:
        """Lift the limits; tell whether as little memory is kept as may be until the next query."""
        for limit in (resource.RLIMIT_CPU, resource.RLIMIT_AS):
            _limit(limit, resource.RLIM_INFINITY)
        more = self._more()
        self.keeps = more > _KEPT
        return more <= _KEPT_BETWEEN or self.give_back()

    def give_back(self) -> bool:
        """Give free memory back to the system; tell whether as little is kept as may be at rest."""
        memory.give_back()
        self.keeps = self._more() > _KEPT
        return not self.keeps

    def _more(self) -> int:
        return self._sizes()[1] - self._resident

    def _sizes(self) -> tuple[int, int]:
        """Return the bytes of the address space, and of what is in memory (proc(5), statm)."""
        size, resident = os.pread(self._STATM, 128, 0).split()[:2]
        return int(size) * _PAGE, int(resident) * _PAGE


def _limit(kind: int, wanted: int) -> None:
    """Set the soft limit, as far as the hard one allows."""
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY and not 0 <= wanted <= hard:
        wanted = hard
    resource.setrlimit(kind, (wanted, hard))
