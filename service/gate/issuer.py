"""One other issuer of tokens, and where its keys are: a JWKS file, or a URL."""

import logging
import ssl
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from urllib.parse import urlsplit

from databackpack.service.gate.keys import OWN, PublicKeys, usable

__all__ = ["Issuer", "is_loopback"]

_MOST_BYTES = 256 * 1024
_TIMEOUT = 5.0
_AGE = 600.0
"""Seconds after which the keys are read again: so long one that was taken away may still count."""

_PAUSE = 60.0
_LOG = logging.getLogger(__name__)


class Issuer:
    """One other issuer of tokens, and its keys as it publishes them.

    *name* is the ``iss`` and *receiver* the ``aud`` of its tokens, *source* a JWKS file or URL.
    Raises ValueError, which says what to set, also for a file that cannot be used. A URL is first
    asked when a token needs it, so the service starts without it; when it fails later, the last
    good keys are kept.
    """

    def __init__(
        self, name: str, receiver: str, source: str, clock: Callable[[], float] = monotonic
    ) -> None:
        if not (name and receiver and source):
            raise ValueError("ISSUER, ISSUER_AUDIENCE and ISSUER_KEYS go together: set all or none")
        if name == OWN:
            raise ValueError(f"ISSUER cannot be {OWN}, which is this service")
        self.name, self.receiver, self._source, self._clock = name, receiver, source, clock
        self._is_url = _is_url(source)
        self._lock = Lock()
        self._present = PublicKeys(name)
        self._tried, self._read = float("-inf"), float("inf")
        if not self._is_url:
            try:
                self._take(_file(source))
            except (OSError, ValueError) as error:
                raise ValueError(f"ISSUER_KEYS: {source}: {_reason(error)}") from None

    def keys(self) -> PublicKeys:
        """Return the present keys; nobody waits while old ones are read again."""
        if self._clock() - max(self._read, self._tried) > _AGE:
            Thread(target=self.refresh, daemon=True).start()
        return self._present

    def refresh(self) -> bool:
        """Tell whether there are other keys now, after reading them, at most once a minute.

        Whoever comes while another reads does not wait: bad tokens must not hold all threads.
        """
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if self._clock() - self._tried < _PAUSE:
                return False
            self._tried = self._clock()
            before = self._present
            self._take(_fetched(self._source) if self._is_url else _file(self._source))
            return self._present is not before
        except (OSError, HTTPException, ValueError) as error:
            _LOG.warning("the keys of %s stay as they were: %s", self.name, _reason(error))
            return False
        finally:
            self._lock.release()

    def _take(self, document: bytes) -> None:
        if document != self._present.document:
            self._present = PublicKeys(self.name, usable(document), document)
        self._read = self._clock()


def _is_url(source: str) -> bool:
    """Tell whether *source* is a URL that may be asked, or a file; raises ValueError."""
    if "://" not in source:
        return False
    try:
        parts = urlsplit(source)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        parts, host = urlsplit(""), None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if host and is_safe and parts.username is None:
        return True
    raise ValueError(
        f"ISSUER_KEYS is {source[:100]!r}; name an https URL, or a file "
        "(http is for this machine's own addresses)"
    )


def is_loopback(host: str | None) -> bool:
    """Tell whether *host* is a name or address by which this machine reaches only itself."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def _file(source: str) -> bytes:
    with Path(source).open("rb") as file:
        return _capped(file.read(_MOST_BYTES + 1))


def _fetched(url: str) -> bytes:
    """Return what is at *url*, small and soon; a redirect is not followed.

    Raises OSError, HTTPException or ValueError.
    """
    parts, end = urlsplit(url), monotonic() + _TIMEOUT
    host = parts.hostname or ""
    if parts.scheme == "https":
        secure = ssl.create_default_context()
        connection: HTTPConnection = HTTPSConnection(
            host, parts.port, timeout=_TIMEOUT, context=secure
        )
    else:
        connection = HTTPConnection(host, parts.port, timeout=_TIMEOUT)
    try:
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection.request("GET", path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise ValueError(f"{url} answers {answer.status}")
        found = b""
        while len(found) <= _MOST_BYTES and (more := answer.read1(_MOST_BYTES)):
            found += more
            if monotonic() > end:
                raise TimeoutError(f"{url} takes too long")
        return _capped(found)
    finally:
        connection.close()


def _capped(document: bytes) -> bytes:
    if len(document) > _MOST_BYTES:
        raise ValueError(f"it is longer than {_MOST_BYTES} bytes")
    return document


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
