"""Every refusal dialup can give, each with a message, a hint, a stable code and an HTTP status.

    DialupError
    ├─ BadInput      400  what was sent cannot be used
    ├─ NotLoggedIn   401  we do not know who is asking
    ├─ Forbidden     403  we know, and the answer is no
    ├─ NotFound      404  there is no such thing, or it belongs to somebody else
    ├─ Conflict      409  it cannot be done in the present state
    ├─ TooLarge      413  over a limit on size or number
    ├─ TooMany       429  over a limit on rate or a quota
    ├─ Unavailable   503  something dialup needs is missing or not answering
    └─ NoSpace       507  the disk is full

`message` says what happened and to what, `hint` what to do, `code` is for programs and never
changes. A class is raised as it is, with its own code: `raise NotFound("There is no site
“blog”.", code="site_not_found", hint="…")`.
"""

from __future__ import annotations


class DialupError(Exception):
    """The root: one sentence for the person, one suggestion, one code, one status."""

    status = 500
    code = "internal"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None,
                 retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or type(self).code
        self.retry_after = retry_after
        """Seconds after which trying again makes sense (`Retry-After`), or None."""

    def as_dict(self) -> dict[str, str]:
        """The one shape of an error on the wire: Jupyter's `message` and `reason`, and ours."""
        return {
            "message": self.message,
            "reason": self.code,
            "code": self.code,
            "hint": self.hint,
        }

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows below the cell in place of a stack trace (IPython asks for it)."""
        text = str(self)
        return [f"✗ {text}", *([f"  {self.hint}"] if self.hint and self.hint not in text else [])]


class BadInput(DialupError):
    """What was sent cannot be used; nothing was changed."""

    status = 400
    code = "bad_input"


class NotLoggedIn(DialupError):
    """Nobody is logged in, or the key is unknown, expired or revoked."""

    status = 401
    code = "not_logged_in"


class Forbidden(DialupError):
    """The account is known and may not do this."""

    status = 403
    code = "forbidden"


class NotFound(DialupError):
    """No such thing, or somebody else's: the two answers are the same on purpose (R20)."""

    status = 404
    code = "not_found"


class Conflict(DialupError):
    """It would be fine at another time, or under another name."""

    status = 409
    code = "conflict"


class TooLarge(DialupError):
    """Over a limit on size or number of files."""

    status = 413
    code = "too_large"


class TooMany(DialupError):
    """Over a quota or a rate; the message carries the numbers."""

    status = 429
    code = "too_many"


class Unavailable(DialupError):
    """Something dialup needs (Caddy, Node, the driver, the network) is missing or silent."""

    status = 503
    code = "unavailable"


class NoSpace(DialupError):
    """The disk is full; what is live stays live."""

    status = 507
    code = "no_space"


def from_wire(status: int, body: object) -> DialupError:
    """Turn an error answer back into the exception it came from, for clients."""
    fields = body if isinstance(body, dict) else {}
    kinds = {kind.status: kind for kind in DialupError.__subclasses__()}
    kind = kinds.get(status, DialupError)
    message = str(fields.get("message") or f"The server answered {status}.")
    error = kind(message, hint=str(fields.get("hint", "")), code=str(fields.get("code") or kind.code))
    error.status = status
    return error
