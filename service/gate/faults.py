"""Client faults, named as the SPARQL Protocol names them; each knows its HTTP status.

ServiceError
├── Unauthenticated (401)       no token, or one that does not hold
├── Forbidden (403)             not for this asker; says nothing of what is behind it
├── NotFound (404)              not there, or not for this asker: the two look alike
├── MalformedRequest (400)      the HTTP request or a value in it is not as it must be
├── MalformedQuery (400)        the query text is no SPARQL 1.1 query
├── QueryRequestRefused (400)   a query that this service does not run
├── Conflict (409)              it was said before, or something newer was
├── PreconditionFailed (412)    written without knowing what was said last
├── NotAcceptable (406)         no format that the client accepts
├── UnsupportedMediaType (415)  the body is of a type that the operation does not take
├── TooLarge (413)              the query text is longer than the limit
├── TooManyRequests (429)       the asker asks too often, or too much at once; says no more
└── Unavailable (503)           the view cannot answer at its epoch now; ask again
"""

__all__ = [
    "Conflict",
    "Forbidden",
    "MalformedQuery",
    "MalformedRequest",
    "NotAcceptable",
    "NotFound",
    "PreconditionFailed",
    "QueryRequestRefused",
    "ServiceError",
    "TooLarge",
    "TooManyRequests",
    "Unauthenticated",
    "Unavailable",
    "UnsupportedMediaType",
]


class ServiceError(Exception):
    """A fault to be told to the client in its own words."""

    status = 500
    title = "The service failed"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class Unauthenticated(ServiceError):
    """The request carries no token that holds."""

    status = 401
    title = "A valid bearer token is needed"


class Forbidden(ServiceError):
    """The asker may not do this."""

    status = 403
    title = "Not permitted"


class NotFound(ServiceError):
    """There is nothing here for this asker."""

    status = 404
    title = "Not found"


class MalformedRequest(ServiceError):
    """The request is not as it must be."""

    status = 400
    title = "Malformed request"


class MalformedQuery(ServiceError):
    """The query text is no SPARQL 1.1 query."""

    status = 400
    title = "Malformed query"


class QueryRequestRefused(ServiceError):
    """The query asks for something that this service does not do."""

    status = 400
    title = "Query refused"


class Conflict(ServiceError):
    """What is on record already stands against the request."""

    status = 409
    title = "In conflict with what is on record"


class PreconditionFailed(ServiceError):
    """What is on record has changed since the client read it."""

    status = 412
    title = "Precondition failed"


class NotAcceptable(ServiceError):
    """The answer has no form that the client accepts."""

    status = 406
    title = "Not acceptable"


class UnsupportedMediaType(ServiceError):
    """The request body is of another type than those the operation takes."""

    status = 415
    title = "Unsupported media type"


class TooLarge(ServiceError):
    """The request is larger than the limit."""

    status = 413
    title = "Too large"


class TooManyRequests(ServiceError):
    """More was asked than one may; it says no more than when to ask again (RFC 6585, 4)."""

    status = 429
    title = "Too many requests"

    def __init__(self, detail: str = "", retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(ServiceError):
    """The asker's view cannot answer now; a client does well to ask again after a moment."""

    status = 503
    title = "Not available now"

    def __init__(self, detail: str = "", retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
