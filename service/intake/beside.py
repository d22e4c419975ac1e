"""One thing at a time, done in a thread beside the caller, who goes on with what is next."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

__all__ = ["Beside"]


class Beside:
    """Does what it is given in a thread of its own; it takes the next when that is done.

    INVARIANT: at the end of the ``with`` all is done; what went wrong is raised, unless something
    else is being raised already.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="beside")
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def start(self, do: Callable[[], None]) -> None:
        """Begin to *do* it, once all before it is done; raises what went wrong with that."""
        self.wait()
        self._under_way = self._pool.submit(do)

    def wait(self) -> None:
        """Return when nothing is under way; raises what went wrong with it."""
        future, self._under_way = self._under_way, None
        if future is not None:
            future.result()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()
        if error is None:
            self.wait()
