"""The one base of every HTTP and websocket handler: who asks, may they, and how errors look.

`prepare` finds the principal and enforces the class's policy before any verb runs; `write_error`
is the only door errors leave by. A verb therefore parses, calls the hub and answers.

The application's settings must hold `dialup_hub` (the façade), `dialup_settings`, `dialup_pools`
(of `dialup_ext.workers`) and `dialup_authenticate` (see `authenticate.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import secrets
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, ClassVar, ParamSpec, TypeVar

from jupyter_server.auth import User
from jupyter_server.base.call_context import CallContext
from jupyter_server.base.handlers import JupyterHandler
from pydantic import BaseModel, ValidationError
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from dialup_ext.domain.access import Principal, Via
from dialup_ext.domain.account import Account
from dialup_ext.errors import BadInput, DialupError, Forbidden, NotFound, NotLoggedIn, TooLarge
from dialup_ext.handlers.cookies import CLEAR_ALL, ConfusingCookies
from dialup_ext.handlers.headers import API_CSP, PAGE_CSP, say_if_closing, security_headers
from dialup_ext.handlers.policy import Policy, PolicyRule, ScopeRule, enforce, policy_for, scope_for
from dialup_ext.handlers.render import render
from dialup_ext.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)
BODY_LIMIT = 64 * 1024
"""Bytes of JSON a request may carry unless its handler says otherwise."""


class DialupHandler(JupyterHandler):
    """Subclasses declare `policy` (and `scope`, what a key needs) and write verbs of a few lines."""

    enforces_policy: ClassVar[bool] = True
    policy: ClassVar[PolicyRule]
    scope: ClassVar[ScopeRule] = None
    csp: ClassVar[str] = API_CSP
    pages: ClassVar[bool] = False
    """True for handlers people see: their errors are pages when a person is looking."""
    principal: Principal | None = None
    _reference: str = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Tell Jupyter's start-up check that its own login does not decide here: the policy does."""
        super().__init_subclass__(**kwargs)
        for verb in ("get", "head", "post", "put", "patch", "delete"):
            if verb in cls.__dict__:
                setattr(cls.__dict__[verb], "__allow_unauthenticated", True)

    async def prepare(self) -> None:  # type: ignore[override]
        """Find out who asks and refuse what the policy does not allow."""
        CallContext.set(CallContext.JUPYTER_HANDLER, self)
        self.current_user = self._jupyter_current_user = None
        self.principal = await self.settings["dialup_authenticate"](self)
        if self.principal is not None:
            self.current_user = self._jupyter_current_user = User(username=self.principal.account.name)
        verb = self.request.method or ""
        policy = policy_for(type(self), verb)
        if policy is None:
            raise HTTPError(405)
        enforce(policy, scope_for(type(self), verb), self.principal)

    # -- for the verbs --------------------------------------------------------------------------
    @property
    def hub(self) -> Any:
        """The façade."""
        return self.settings["dialup_hub"]

    @property
    def dialup_settings(self) -> Settings:
        settings: Settings = self.settings["dialup_settings"]
        return settings

    @property
    def me(self) -> Principal:
        """The principal, where the policy guarantees one."""
        if self.principal is None:
            raise NotLoggedIn("You are not logged in.", hint="Log in and try again.")
        return self.principal

    @property
    def account(self) -> Account:
        return self.me.account

    async def run(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call blocking `fn` in the pool `quick`."""
        return await self.run_in("quick", fn, *args, **kwargs)

    async def run_in(self, pool: str, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call blocking `fn` in `pool`; `Unavailable` (`busy`) when its queue is full."""
        executor: Executor = self.settings["dialup_pools"][pool]
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(executor, functools.partial(fn, *args, **kwargs))

    def body(self, model: type[Model], *, limit: int = BODY_LIMIT) -> Model:
        """The JSON body as `model`. Raises `BadInput` naming the field, or `TooLarge`."""
        if len(self.request.body) > limit:
            raise TooLarge(f"The request is larger than {limit // 1024} KiB.",
                           hint="Send less at once.")
        return self.body_of(model, self.request.body)

    def body_of(self, model: type[Model], raw: bytes) -> Model:
        """`raw` JSON as `model`. Raises `BadInput` naming the field."""
        try:
            return model.model_validate_json(raw or b"{}")
        except ValidationError as error:
            raise _bad_input(error) from None

    def answer(self, data: Any = None, status: int = 200) -> None:
        """Finish with `data` (a model, dict or list) as JSON; None sends no body."""
        self.set_status(status)
        if data is None:
            self.finish()
            return
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(data, default=_plain, ensure_ascii=False, separators=(",", ":")))

    @property
    def client_address(self) -> str:
        """The visitor's address as Caddy saw it; Caddy replaces what a client claims, a lab does not."""
        if self.principal is not None and self.principal.via is Via.LAB:
            return f"lab of {self.principal.account.name}"
        forwarded = self.request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
        return (forwarded or self.request.remote_ip or "")[:64]

    # -- answers and errors ---------------------------------------------------------------------
    def set_default_headers(self) -> None:
        settings = self.settings.get("dialup_settings")
        https = settings is not None and settings.scheme == "https"
        for name, value in security_headers(csp=self.csp, https=https).items():
            self.set_header(name, value)
        self.clear_header("Server")

    def check_xsrf_cookie(self) -> None:
        """Jupyter's check where Jupyter's login is used; the exact-Origin rule replaces it."""
        if not self.settings["dialup_authenticate"].checks_origin:
            super().check_xsrf_cookie()

    def log_exception(self, typ: type[BaseException] | None, value: BaseException | None,
                      tb: TracebackType | None) -> None:
        """A refusal is one line; only our own mistakes get a traceback, with a reference."""
        if isinstance(value, StreamClosedError):
            return
        if isinstance(value, DialupError) and value.status < 500:
            self.log.debug("%s %s refused: %s", self.request.method, self.request.path, value.code)
        elif isinstance(value, DialupError):
            self.log.warning("%s %s: %s", self.request.method, self.request.path, value.message)
        elif isinstance(value, HTTPError) and value.status_code < 500:
            self.log.debug("%s %s: %s", self.request.method, self.request.path, value.status_code)
        else:
            self._reference = secrets.token_hex(4)
            self.log.error("reference %s: %s %s", self._reference, self.request.method,
                           self.request.path, exc_info=(typ, value, tb) if typ and value else None)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """The one door out: status, `Retry-After`, and the error in the shape of the handler."""
        cause = kwargs.get("exc_info", (None, None, None))[1]
        error = cause if isinstance(cause, DialupError) else _as_error(status_code, cause, self._reference)
        self.set_status(error.status)
        say_if_closing(self)
        if error.retry_after is not None:
            self.set_header("Retry-After", str(error.retry_after))
        if isinstance(error, ConfusingCookies):
            self.set_header("Clear-Site-Data", CLEAR_ALL)
        self.show_error(error)

    def show_error(self, error: DialupError) -> None:
        """Finish with `error`, status and headers being set: a page for people, else JSON."""
        if not self.pages or "text/html" not in self.request.headers.get("Accept", ""):
            self.answer(error.as_dict(), error.status)
            return
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", PAGE_CSP)
        me = self.principal.account if self.principal else None
        self.finish(render("error.html", me=me, error=error, here="", done=""))


class NotFoundHandler(DialupHandler):
    """The last rule of the table: whatever is not ours is 404, for every verb."""

    policy = Policy.PUBLIC
    pages = True

    async def prepare(self) -> None:  # type: ignore[override]
        with contextlib.suppress(DialupError):  # nothing here to refuse; only who looks, for the page
            await super().prepare()
        raise NotFound("There is nothing at this address.", hint="Check the address.")


def _as_error(status: int, cause: BaseException | None, reference: str) -> DialupError:
    """Anything that is not ours, in our words and without a trace of the inside."""
    known = {
        400: BadInput("The request could not be understood.", hint="Check what was sent."),
        401: NotLoggedIn("You are not logged in.", hint="Log in and try again."),
        403: Forbidden("You may not do this.", hint="Log in as somebody who may."),
        404: NotFound("There is nothing at this address.", hint="Check the address."),
        413: TooLarge("The request is too large.", hint="Send less at once."),
    }
    if isinstance(cause, HTTPError) and status in known:
        return known[status]
    if isinstance(cause, HTTPError) and status < 500:
        error = DialupError("This address cannot be used that way.", hint="Check the method.",
                            code="method_not_allowed" if status == 405 else "bad_request")
        error.status = status
        return error
    tell = f" and tell your admin the reference {reference}" if reference else ""
    return DialupError("Something went wrong on our side.", code="internal",
                       hint=f"Try again. If it happens again, wait a little{tell}.")


def _bad_input(error: ValidationError) -> BadInput:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])[:80]
    if first["type"] == "json_invalid":
        return BadInput("What was sent is not valid JSON.", hint="Send one JSON object.")
    if not field:
        return BadInput(f"What was sent cannot be used: {first['msg']}.", hint="Send one JSON object.")
    if first["type"] == "missing":
        return BadInput(f"“{field}” is missing.", hint=f"Send “{field}” too.")
    if first["type"] == "extra_forbidden":
        return BadInput(f"“{field}” is not known here.", hint="Leave it out, or check the spelling.")
    return BadInput(f"“{field}” cannot be used: {first['msg']}.", hint=f"Correct “{field}”.")


def _plain(value: Any) -> Any:
    """What `json` does not know: models and moments."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no JSON form")
