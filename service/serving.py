"""The production server process: Waitress, stopped in order by SIGINT or SIGTERM.

The first signal lets the requests that are under way end, within a grace; a new one is told to ask
again later. The second ends the process at once: nothing that was acknowledged is lost.
"""

import errno
import logging
import math
import signal
import socket
import sys
import threading
import time
from types import FrameType

import waitress
from flask import Flask
from waitress.channel import HTTPChannel

from databackpack.service import log, memory
from databackpack.service.config import Config
from databackpack.service.records import disclosures
from databackpack.service.web.context import Context

__all__ = ["CannotListen", "bind", "serve"]

_THREADS = 16
_CONNECTIONS = 600
_SILENCE = 20
"""Seconds after which a connection is closed that neither asks nor takes its answer."""

_PATIENCE = 10.0
"""Seconds that a question waits for a view that is being built, before it is told to ask again."""

_TENDING = 10.0
"""Seconds between two looks at what the views take."""

_LOOK = 0.05
"""Seconds between two looks at whether all requests have ended, while stopping."""

_FAREWELL = 2.0
"""Seconds beyond the grace for telling those whose queries were ended."""

_TURN = 0.0005
"""Seconds after which a thread that computes lets others go on: each read of the store waits."""

_LEAST_BODY = 1024 * 1024
"""Bytes of a request that reach the surfaces, which tell in their own words what is too large."""

# The parser of the guard recurses, and the default stack is whatever ``ulimit -s`` says.
_STACK = 32 * 1024 * 1024
_NO_SUCH_ADDRESS_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_LOG = logging.getLogger(__name__)


class CannotListen(OSError):
    """The host and port cannot be listened on; the message says why."""


def bind(config: Config) -> list[socket.socket]:
    """Return sockets that have the host and port of *config*, not yet listening.

    Raises CannotListen: better now than after minutes of loading.
    """
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise CannotListen(f"HOST is {config.host[:60]!r}, which is no address here") from None
    sockets: list[socket.socket] = []
    for family, kind, protocol, _, address in dict.fromkeys(found):
        try:
            made = socket.socket(family, kind, protocol)
            sockets.append(made)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
        except OSError as error:
            if error.errno not in _NO_SUCH_ADDRESS_HERE:
                raise _cannot_listen(config, error) from None
    return sockets


def serve(app: Flask, sockets: list[socket.socket], config: Config, context: Context) -> None:
    """Answer on *sockets* until told to stop; then close the store. Raises CannotListen."""
    log.configure()
    threading.stack_size(_STACK)
    sys.setswitchinterval(_TURN)
    memory.give_large_back()
    channels: dict[int, object] = {}
    try:
        _stop_on_signals(channels, context, config.grace)
        server = waitress.create_server(
            app,
            map=channels,
            sockets=sockets,
            threads=_THREADS,
            connection_limit=_CONNECTIONS,
            channel_timeout=_SILENCE,
            cleanup_interval=_SILENCE // 2,
            asyncore_use_poll=True,  # select cannot have so many
            max_request_body_size=max(config.sizes.sent, _LEAST_BODY) + 1,
            clear_untrusted_proxy_headers=False,  # nothing trusts them, and /metrics must see them
            ident=None,
        )
        context.views.patience = _PATIENCE
        threading.Thread(target=_tend, args=(context,), daemon=True).start()
        _LOG.info("Serving on %s", ", ".join(_address(bound) for bound in sockets))
        server.run()
    except KeyboardInterrupt:
        pass  # told to stop before the server ran
    except OSError as error:
        raise _cannot_listen(config, error) from None
    finally:
        context.turn.acquire(timeout=config.grace)  # a load stops between two commits
        context.views.close()
        context.truth.flush()
        _LOG.info("Stopped")


def _tend(context: Context) -> None:
    """Build ahead the views that were asked most, then look after all of them for ever."""
    try:
        context.views.build_ahead(disclosures.audiences(context.truth))
    except Exception:
        _LOG.exception("the views could not be built ahead")
    while True:
        time.sleep(_TENDING)
        try:
            context.views.tend()
        except Exception:
            _LOG.exception("the views could not be looked after")


def _stop_on_signals(channels: dict[int, object], context: Context, grace: float) -> None:
    """Let the first SIGINT or SIGTERM stop the server in order; another one ends its grace.

    When the grace is over the views end, and with them the queries; those who asked are told.
    """
    end, is_over = math.inf, False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal end
        end = time.monotonic() + (0 if context.stopping.is_set() else grace)
        context.stopping.set()
        signal.setitimer(signal.ITIMER_REAL, _LOOK, _LOOK)

    def look(_signal: int, _frame: FrameType | None) -> None:
        nonlocal is_over
        late = time.monotonic() - end
        if not _is_busy(channels) or late > _FAREWELL:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)  # none cuts the end short
            raise KeyboardInterrupt
        if late > 0 and not is_over:
            is_over = True
            context.views.close()

    signal.signal(signal.SIGALRM, look)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _is_busy(channels: dict[int, object]) -> bool:
    """Tell whether a request is under way, or an answer not out."""
    return any(
        isinstance(channel, HTTPChannel) and (channel.requests or channel.total_outbufs_len)
        for channel in list(channels.values())
    )


def _address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _cannot_listen(config: Config, error: OSError) -> CannotListen:
    reason = (error.strerror or str(error)).lower()
    return CannotListen(
        f"cannot listen on HOST {config.host} and PORT {config.port}: {reason}; "
        "set PORT to a free port or HOST to an address of this machine"
    )
