"""Say why a program did not come up: what it died of, or how it answers instead of well."""

from __future__ import annotations

import re

from dialup_ext.actions.context import Context
from dialup_ext.actions.output import LONG, SHORT, read_end, shown
from dialup_ext.domain.deployment import Failure
from dialup_ext.domain.instance import Instance
from dialup_ext.errors import DialupError

LOOP = "redirects without end"
"""An answer of ours beside statuses and names of exceptions."""

ENDED_BY_US = (137, 143)
"""Exit codes of what was ended from outside: a server that went down, somebody's `docker kill`."""

_ERROR = re.compile(r"(?:Uncaught )?\w*(?:Error|Exception): \S")
_PLACE = re.compile(r"[\w./-]+\.(?:[cm]?[jt]sx?|py):\d+")
_SIGNS = (
    (re.compile(r"heap out of memory|Cannot allocate memory|\bENOMEM\b|\bMemoryError\b"), "out_of_memory"),
    (re.compile(r"\bENOSPC\b|\bEDQUOT\b|No space left on device"), "no_space"),
    (re.compile(r"\bEROFS\b|Read-only file system"), "read_only"),
    (re.compile(r"spawn\w* \S+ EAGAIN|ERR_WORKER_INIT_FAILED|[Ff]ork\w*: .*Resource temporarily unavailable|can't start new thread"
                r"|[Cc]annot fork|BlockingIOError: \[Errno 11\]"), "too_many_processes"),
    (re.compile(r"\bEMFILE\b|[Tt]oo many open files"), "too_many_files"),
)
_CLOSES = ("RemoteDisconnected", "ConnectionResetError", "BrokenPipeError", "ConnectionAbortedError")
_HINT_PORT = "Listen on process.env.PORT: it is different at every start."


def ended(context: Context, instance: Instance, now: Instance | None, step: str) -> Failure:
    """It is over; `now` is what the driver knows of its end."""
    lines = tail(context, instance.key)
    reason, code = (now.reason, now.exit_code) if now else ("", None)
    sign = "out_of_memory" if reason == "memory" else _sign(lines)
    if sign:
        return _of_sign(sign, instance, step, lines)
    how = "ended" if code is None else f"ended with exit code {code}"
    cause = last_words(lines)
    if cause:
        return Failure("exited", f"The program {how} before it answered: {cause}.",
                       "Mend that and deploy again.", step, lines)
    return Failure("exited", f"The program {how} before it answered.",
                   "The last lines of its log usually name the line to mend.", step, lines)


def never_well(context: Context, instance: Instance, last: str, timeout: float, step: str) -> Failure:
    """It runs, and did not answer well in `timeout` seconds; `last` is the last answer that told something."""
    lines, usage = tail(context, instance.key), context.driver.usage(instance.key)
    if usage is not None and usage.refused:
        return _of_sign("too_many_processes", instance, step, lines, usage.most)
    code, message, hint = _answering(context, instance, last) or _silent(context, instance, timeout)
    sign = _sign(lines) if code in ("never_listened", "no_answer", "unhealthy", "closes_connection") else ""
    if sign and sign != "read_only":  # it met a limit, and has been of no use since
        return _of_sign(sign, instance, step, lines)
    return Failure(code, message, hint, step, lines)


def in_life(context: Context, instance: Instance) -> str:
    """Why a program that had gone live is over, in a sentence; empty when nothing says so."""
    lines = tail(context, instance.key)
    sign = "out_of_memory" if instance.reason == "memory" else _sign(lines)
    if sign:
        return _of_sign(sign, instance, "run", lines).message
    cause, code = last_words(lines), instance.exit_code
    how = f"The program ended with exit code {code}" if code else "The program ended"
    if cause:
        return f"{how}: {cause}."
    return "" if code in (None, 0, *ENDED_BY_US) else f"{how}."


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


def _of_sign(code: str, instance: Instance, step: str, lines: tuple[str, ...], most: int | None = None) -> Failure:
    limit = instance.memory_mb
    more = f"more than the {limit} MiB of memory" if limit else "more memory than"
    many = f"more than the {most} processes and threads" if most else "more processes and threads than"
    message, hint = {
        "out_of_memory": (f"It needed {more} it may have and was ended.",
                          "Make it use less, or ask your admin for a higher limit."),
        "no_space": ("It filled its disk: there was no space left for what it wrote.",
                     "A running site has little room in its temporary folder and none elsewhere. "
                     "Write less, or delete what is no longer needed."),
        "read_only": ("It tried to write among its own files, which are read-only.",
                      "Write to the temporary folder (os.tmpdir()); it is emptied at every start."),
        "too_many_processes": (f"It wanted {many} it may have, and got no further ones.",
                               "Look for what starts others again and again, and end those that are done."),
        "too_many_files": ("It had more files and connections open than it may have.",
                           "Close each file and connection when you are done with it."),
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
