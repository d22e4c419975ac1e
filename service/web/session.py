"""The cookie by which a browser stays signed in.

It holds the bearer token that its owner signed in with, so it opens what the token opens and ends
when the token does. Scripts cannot read it and other sites cannot send it; what it writes also
needs the CSRF token of the same session. Flask signs it, Flask-WTF makes and checks the CSRF token.
"""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from flask import Flask, g, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import generate_csrf, validate_csrf  # type: ignore[import-untyped]
from joserfc.jwk import OKPKey

from databackpack.service.gate.faults import Forbidden, MalformedRequest
from databackpack.service.gate.issuer import is_loopback

__all__ = ["CSRF_HEADER", "begin", "check_origin", "csrf_token", "end", "keep", "presented"]

CSRF_HEADER = "X-CSRF-Token"

_SAFE = {"GET", "HEAD", "OPTIONS"}
_OWN = {"", "same-origin", "none"}
"""``Sec-Fetch-Site`` of our own pages, of an address that was typed, and of what is no browser."""

_LONGEST_TOKEN = 3000
"""Of a token in a cookie: browsers drop a cookie of more than 4096 bytes."""


class _Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie, with attributes that depend on how the page was reached."""

    digest_method = staticmethod(sha256)

    def __init__(self, is_https: bool) -> None:
        self._is_https = is_https

    def get_cookie_name(self, app: Flask) -> str:
        return "__Host-session" if self.get_cookie_secure(app) else "session"

    def get_cookie_secure(self, app: Flask) -> bool:
        return self._is_https or request.scheme == "https" or not _is_loopback_host()

    def get_cookie_domain(self, app: Flask) -> None:
        return None

    def get_cookie_path(self, app: Flask) -> str:
        return "/"

    def get_cookie_httponly(self, app: Flask) -> bool:
        return True

    def get_cookie_samesite(self, app: Flask) -> str:
        return "Strict"

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        """Relative to the browser's time of day, not to the clock that tokens are checked by."""
        left: timedelta | None = g.get("session_left")
        return (
            None if left is None else datetime.now(UTC) + min(left, app.permanent_session_lifetime)
        )


def keep(app: Flask, key: OKPKey, *, is_https: bool) -> None:
    """Let *app* keep sessions in cookies, signed by what only whoever has *key* can compute.

    They never go out without TLS, but where a person is at this machine and *is_https* is False.
    """
    secret = str(key.as_dict(private=True)["d"]).encode()
    app.secret_key = hmac.digest(secret, b"databackpack session cookie", "sha256")
    app.session_interface = _Sessions(is_https)
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # it ends with its session


def presented() -> list[str]:
    """Return the values of the Authorization header, or the cookie's token as if it were there.

    Raises MalformedRequest when both are sent and differ (RFC 6750, section 2), Forbidden when the
    cookie alone would write without the CSRF token.
    """
    sent, token = request.headers.getlist("Authorization"), session.get("token")
    if not token or not _is_own():
        return sent
    if not sent:
        check_csrf()
        return [f"Bearer {token}"]
    if any(value.partition(" ")[2].strip() != token for value in sent):
        raise MalformedRequest(
            "The Authorization header and the cookie are of two tokens; send one, or sign out."
        )
    return sent


def begin(token: str, left: timedelta) -> None:
    """Sign the browser in with *token*, for as long as it has *left*.

    Nothing of an earlier session stays. Raises MalformedRequest for a token no cookie can hold.
    """
    if len(token) > _LONGEST_TOKEN:
        raise MalformedRequest(
            f"The token is longer than the {_LONGEST_TOKEN} characters that a cookie can hold; "
            "send it in the Authorization header of each request."
        )
    session.clear()
    session["token"] = token
    g.session_left = left


def end() -> None:
    """Sign the browser out: it drops the cookie; the token goes on until its end."""
    session.clear()


def csrf_token() -> str | None:
    """Return the CSRF token of the present session, None where the browser is not signed in."""
    return str(generate_csrf()) if session.get("token") else None


def check_csrf() -> None:
    """Raise Forbidden when the request writes without the CSRF token of its session."""
    if request.method in _SAFE:
        return
    try:
        validate_csrf(request.headers.get(CSRF_HEADER))
    except ValueError:
        raise Forbidden(
            f"Send the CSRF token of your session in {CSRF_HEADER}: the page has it, and "
            "GET /session tells it. A program does without by sending a bearer token."
        ) from None


def check_origin() -> None:
    """Raise Forbidden when a page of somebody else sent the request."""
    if not _is_own():
        raise Forbidden("Only a page of this service may do this.")


def _is_own() -> bool:
    return request.headers.get("Sec-Fetch-Site", "") in _OWN


def _is_loopback_host() -> bool:
    try:
        return is_loopback(urlsplit(f"//{request.host}").hostname)
    except ValueError:
        return False
