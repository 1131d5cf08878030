"""Wait until a new instance answers like a site that works, and explain it when it does not."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable

from dialup_ext.actions.context import Context
from dialup_ext.actions.output import LONG, SHORT, read_end, shown
from dialup_ext.domain.deployment import Failure, StepCancelled, StepFailed
from dialup_ext.domain.instance import Instance, InstanceState
from dialup_ext.errors import DialupError

GOOD_ANSWERS = 2
"""So many good answers in a row: one may come from a program about to fall over."""

PAUSE = 0.1
"""Seconds between two questions."""

_ERROR = re.compile(r"(?:Uncaught )?\w*(?:Error|Exception): \S")
_PLACE = re.compile(r"[\w./-]+\.(?:[cm]?[jt]sx?|py):\d+")


def wait_until_healthy(context: Context, instance: Instance, host: str, *, step: str = "check",
                       timeout: float | None = None, path: str | None = None,
                       any_answer: bool = False, cancelled: Callable[[], bool] = lambda: False) -> None:
    """Return when `instance` answered well, with the site's own Host header.

    Raises `StepFailed` that names the cause (it ended, it listens elsewhere, it never listened,
    it answers with an error), `StepCancelled` when `cancelled()` or the hub stops.
    `any_answer` is for previews: a dev server that shows an error is up, and so is one that waits
    for its files to be corrected.
    """
    timeout = timeout or context.settings.health_timeout
    path = path or context.settings.health_path
    deadline = context.clock.monotonic() + timeout
    good, last = 0, "no answer"
    while True:
        last = _ask(instance, host, path, min(5.0, timeout))
        fine = last.isdigit() and (any_answer or 200 <= int(last) < 400)
        good = good + 1 if fine else 0
        if good >= GOOD_ANSWERS and _answers_itself(context, instance):
            return
        if any_answer and _waits_for_changes(context, instance):
            return
        now = context.driver.inspect(instance.key)
        if now is None or now.state is InstanceState.EXITED:
            raise StepFailed(_ended(context, instance, now, step))
        if cancelled():
            raise StepCancelled
        if context.clock.monotonic() > deadline:
            raise StepFailed(_never_well(context, instance, last, timeout, step))
        if context.workers.closed.wait(PAUSE):
            raise StepCancelled


def tail(context: Context, key: str, lines: int = 40) -> tuple[str, ...]:
    """The last lines of an instance's log; empty when there is none."""
    try:
        data, _ = read_end(context, key, SHORT if lines <= 40 else LONG)
    except (DialupError, OSError):  # a log that cannot be read must not hide why the site failed
        return ()
    return tuple(shown(context, data.removesuffix(b"\n").split(b"\n")[-lines:])) if data else ()


def last_words(lines: tuple[str, ...]) -> str:
    """The error a program of Node or Python died of, and where; empty when its log does not say."""
    errors = [line.strip() for line in lines if _ERROR.match(line)]
    places = [line.strip() for line in lines if _PLACE.fullmatch(line.strip())]
    if not errors:
        return ""
    return errors[-1][:160].rstrip(".") + (f" ({places[-1]})" if places else "")


def _ask(instance: Instance, host: str, path: str, timeout: float) -> str:
    """The status as text, or what went wrong."""
    assert instance.address is not None
    connection = http.client.HTTPConnection(instance.address, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Host": host, "User-Agent": "dialup-health"})
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()


def _answers_itself(context: Context, instance: Instance) -> bool:
    """True when the port is held by the instance's own processes, not by a bystander."""
    port = (instance.address or "").rpartition(":")[2]
    return any(address.rpartition(":")[2] == port for address in context.driver.listening(instance.key))


def _waits_for_changes(context: Context, instance: Instance) -> bool:
    """True when `node --watch` says that its program fell over and the next save starts it again."""
    lines = tail(context, instance.key, 2)
    return bool(lines) and lines[-1].startswith("Failed running ")


def _ended(context: Context, instance: Instance, now: Instance | None, step: str) -> Failure:
    lines = tail(context, instance.key)
    reason = now.reason if now else ""
    if reason == "memory":
        return Failure("out_of_memory", "It needed more memory than it may have and was ended.",
                       "Make it use less, or ask your admin for a higher limit.", step, lines)
    code = now.exit_code if now else None
    how = "ended" if code is None else f"ended with exit code {code}"
    cause = last_words(lines)
    if cause:
        return Failure("exited", f"The program {how} before it answered: {cause}.",
                       "Mend that and deploy again.", step, lines)
    return Failure("exited", f"The program {how} before it answered.",
                   "The last lines of its log usually name the line to mend.", step, lines)


def _never_well(context: Context, instance: Instance, last: str, timeout: float, step: str) -> Failure:
    lines = tail(context, instance.key)
    port = (instance.address or "").rpartition(":")[2]
    others = [address for address in context.driver.listening(instance.key)
              if address.rpartition(":")[2] != port]
    if last.isdigit():
        return Failure("unhealthy", f"It started but answers {last} on “{context.settings.health_path}”.",
                       "Open that page in the preview and mend what it shows.", step, lines)
    if others:
        return Failure("wrong_port", f"It listens on {others[0]}, not on the port it was given.",
                       "Listen on process.env.PORT: it is different at every start.", step, lines)
    return Failure("never_listened", f"It started but did not answer within {timeout:g} seconds.",
                   "Check that it listens on process.env.PORT.", step, lines)
