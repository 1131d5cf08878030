"""The base of the lab's own handlers: Jupyter's checks, our errors.

Everything here runs as the account itself, in its own lab. Blocking work goes to a thread.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from dialup_ext.errors import BadInput, DialupError, Forbidden, NotFound
from dialup_ext.handlers.headers import say_if_closing

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call blocking `call` in a thread."""
    bound = functools.partial(call, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(None, bound)


class OurErrors(JupyterHandler):
    """Mix in first: every error leaves with `message`, `reason`, `code` and `hint`, and little noise."""

    def answer(self, data: dict[str, Any], status: int = 200) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(data, ensure_ascii=False))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = as_error(status_code, kwargs.get("exc_info", (None, None))[1])
        say_if_closing(self)
        self.answer(error.as_dict(), error.status)

    def log_exception(self, typ: type[BaseException] | None, value: BaseException | None,
                      tb: TracebackType | None) -> None:
        """A refusal is no news; only our own mistakes are logged with where they happened."""
        if isinstance(value, StreamClosedError | HTTPError):
            return
        if isinstance(value, DialupError):
            self.log.info("%s %s: %s", self.request.method, self.request.path, value.message)
            return
        super().log_exception(typ, value, tb)


class LabHandler(OurErrors, APIHandler):
    """Subclasses write verbs of a few lines, each with `@web.authenticated`."""

    @property
    def root(self) -> Path:
        """The folder that holds the account's workspaces."""
        return Path(self.settings["server_root_dir"]).expanduser()

    def fields(self, **wanted: type) -> dict[str, Any]:
        """The JSON body's fields; `BadInput` names the one that is missing or of another type."""
        try:
            body = json.loads(self.request.body or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise BadInput("What was sent is not valid JSON.", hint="Send one JSON object.")
        for name, kind in wanted.items():
            if not isinstance(body.get(name), kind):
                raise BadInput(f"“{name}” is missing.", hint=f"Send “{name}” too.")
        return body


def as_error(status: int, cause: BaseException | None) -> DialupError:
    """Whatever went wrong, in our words and without a trace of the inside."""
    if isinstance(cause, DialupError):
        return cause
    if isinstance(cause, HTTPError) and status == 403:
        return Forbidden("You may not do this here.", hint="Open your lab from the portal again.")
    if isinstance(cause, HTTPError) and status == 404:
        return NotFound("There is nothing at this address.", hint="Check the address.")
    if isinstance(cause, HTTPError) and status < 500:
        error = DialupError("This address cannot be used that way.", hint="Check what was sent.",
                            code="bad_request")
        error.status = status
        return error
    return DialupError("Something went wrong in your lab.", hint="Try again, or restart your lab.")
