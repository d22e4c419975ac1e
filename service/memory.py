"""Free memory goes back to the system, which C libraries do of their own accord by halves only."""

import ctypes

__all__ = ["give_back", "give_large_back"]

_LARGE = 256 * 1024
_M_MMAP_THRESHOLD = -3
_libc = ctypes.CDLL(None)


def give_back() -> None:
    """What was freed is the system's again (malloc_trim(3)); nothing changes outside glibc."""
    trim = getattr(_libc, "malloc_trim", None)
    if trim is not None:
        trim(0)


def give_large_back() -> None:
    """From now on large pieces go back to the system when they are freed (mallopt(3)).

    Else glibc keeps, for each thread, as much as its largest answers took.
    """
    mallopt = getattr(_libc, "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
