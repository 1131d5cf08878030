"""Say why a program did not come up: what it died of, or how it answers instead of well."""

from __future__ import annotations

import re

from dialup_ext.actions.context import Context
from dialup_ext.actions.output import LONG, SHORT, read_end, shown
from dialup_ext.domain.deployment import Failure
from dialup_ext.domain.instance import Instance, InstanceKind
from dialup_ext.errors import DialupError

LOOP = "redirects without end"
"""An answer of ours beside statuses and names of exceptions."""

_ERROR = re.compile(r"(?:Uncaught )?\w*(?:Error|Exception): \S")
_PLACE = re.compile(r"[\w./-]+\.(?:[cm]?[jt]sx?|py):\d+")
_SIGNS = (
    (re.compile(r"heap out of memory|Cannot allocate memory|\bENOMEM\b|\bMemoryError\b"), "out_of_memory"),
    (re.compile(r"\bENOSPC\b|\bEDQUOT\b|No space left on device"), "no_space"),
    (re.compile(r"\bEROFS\b|Read-only file system"), "read_only"),
)
_CLOSES = ("RemoteDisconnected", "ConnectionResetError", "BrokenPipeError", "ConnectionAbortedError")
_HINT_PORT = "Listen on process.env.PORT: it is different at every start."


def ended(context: Context, instance: Instance, now: Instance | None, step: str) -> Failure:
    """It is over; `now` is what the driver knows of its end."""
    lines = tail(context, instance.key)
    reason, code = (now.reason, now.exit_code) if now else ("", None)
    sign = "out_of_memory" if reason == "memory" else _sign(lines)
    if sign:
        return _of_sign(sign, context, instance, step, lines)
    how = "ended" if code is None else f"ended with exit code {code}"
    cause = last_words(lines)
    if cause:
        return Failure("exited", f"The program {how} before it answered: {cause}.",
                       "Mend that and deploy again.", step, lines)
    return Failure("exited", f"The program {how} before it answered.",
                   "The last lines of its log usually name the line to mend.", step, lines)


def never_well(context: Context, instance: Instance, last: str, timeout: float, step: str) -> Failure:
    """It runs, and did not answer well in `timeout` seconds; `last` is the last answer that told something."""
    code, message, hint = _answering(context, instance, last) or _silent(context, instance, timeout)
    return Failure(code, message, hint, step, tail(context, instance.key))


def tail(context: Context, key: str, lines: int = 40) -> tuple[str, ...]:
    """The last lines of an instance's log; empty when there is none."""
    try:
        data, _ = read_end(context, key, SHORT if lines <= 40 else LONG)
        return tuple(shown(context, key, data.removesuffix(b"\n").split(b"\n")[-lines:])) if data else ()
    except (DialupError, OSError):  # a log that cannot be read must not hide why the site failed
        return ()


def last_words(lines: tuple[str, ...]) -> str:
    """The error a program of Node or Python died of, and where; empty when its log does not say."""
    errors = [line.strip() for line in lines if _ERROR.match(line)]
    places = [line.strip() for line in lines if _PLACE.fullmatch(line.strip())]
    if not errors:
        return ""
    return errors[-1][:160].rstrip(".") + (f" ({places[-1]})" if places else "")


def _sign(lines: tuple[str, ...]) -> str:
    text = "\n".join(lines)
    return next((code for pattern, code in _SIGNS if pattern.search(text)), "")


def _of_sign(code: str, context: Context, instance: Instance, step: str, lines: tuple[str, ...]) -> Failure:
    limit = {InstanceKind.SITE: context.settings.nodejs_memory_mb,
             InstanceKind.LAB: context.settings.lab_memory_mb}.get(instance.kind)
    more = f"more than the {limit} MiB of memory" if limit else "more memory than"
    message, hint = {
        "out_of_memory": (f"It needed {more} it may have and was ended.",
                          "Make it use less, or ask your admin for a higher limit."),
        "no_space": ("It filled its disk: there was no space left for what it wrote.",
                     "A running site has little room in its temporary folder and none elsewhere. "
                     "Write less, or delete what is no longer needed."),
        "read_only": ("It tried to write among its own files, which are read-only.",
                      "Write to the temporary folder (os.tmpdir()); it is emptied at every start."),
    }[code]
    return Failure(code, message, hint, step, lines)


def _answering(context: Context, instance: Instance, last: str) -> tuple[str, str, str] | None:
    """Something is at its port; None when nothing is."""
    path = context.settings.health_path
    if last.isdigit():
        return ("unhealthy", f"It started but answers {last} on “{path}”.",
                "Open that page in the preview and mend what it shows.")
    if last == LOOP:
        return ("redirect_loop", f"It answers “{path}” with redirects that never end.",
                "Open the page in the preview; the browser names the addresses that lead to each other.")
    if last in _CLOSES:
        return ("closes_connection", "It takes connections on its port and closes them without an answer.",
                "Something other than a web server listens there, or it breaks off at each request.")
    if last == "TimeoutError" and _on_its_port(context, instance):
        return ("no_answer", f"It listens on its port but does not answer “{path}”.",
                "Each request needs an answer: look for what it waits for, a database for example.")
    if last.startswith("HTTP"):
        return ("not_http", f"What it answers on “{path}” is not proper HTTP.",
                "Its headers may be too long or too many, or it speaks another protocol.")
    return None


def _silent(context: Context, instance: Instance, timeout: float) -> tuple[str, str, str]:
    others = [address for address in context.driver.listening(instance.key) if _port(address) != _port(instance.address)]
    if others:
        return "wrong_port", f"It listens on port {_port(others[0])}, not on PORT.", _HINT_PORT
    if own := _on_its_port(context, instance):
        return ("wrong_address", f"It listens on {own[0].rpartition(':')[0]}, where nobody else can reach it.",
                "Listen on process.env.HOST, or on 0.0.0.0.")
    return ("never_listened", f"It started but did not answer within {timeout:g} seconds.",
            "Check that it listens on process.env.PORT.")


def _on_its_port(context: Context, instance: Instance) -> list[str]:
    return [address for address in context.driver.listening(instance.key) if _port(address) == _port(instance.address)]


def _port(address: str | None) -> str:
    return (address or "").rpartition(":")[2]
