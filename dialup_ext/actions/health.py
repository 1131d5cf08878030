"""Wait until a new instance answers like a site that works."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from dialup_ext.actions.context import Context
from dialup_ext.actions.diagnosis import LOOP, ended, never_well, tail
from dialup_ext.domain.deployment import StepCancelled, StepFailed
from dialup_ext.domain.instance import Instance, InstanceState
from dialup_ext.domain.release import Release
from dialup_ext.domain.site import Kind

GOOD_ANSWERS = 2
"""So many good answers in a row: one may come from a program about to fall over."""

FIRST_PAUSE, PAUSE = 0.02, 0.1
"""Seconds between two questions, at first and after half a second: a visitor may be waiting for the first answer."""

HOPS = 8
"""So many redirects within the site are followed to see whether they end; browsers give up after 20."""


def wait_until_healthy(context: Context, instance: Instance, host: str, *, step: str = "check",
                       timeout: float | None = None, path: str | None = None,
                       any_answer: bool = False, cancelled: Callable[[], bool] = lambda: False) -> None:
    """Return when `instance` answered well, with the site's own Host header.

    Raises `StepFailed` that names the cause (it ended, it listens elsewhere, it never listened,
    it answers with an error or not at all), `StepCancelled` when `cancelled()` or the hub stops.
    `any_answer` is for previews: a dev server that shows an error is up, and so is one that waits
    for its files to be corrected.
    """
    timeout = timeout or context.settings.health_timeout
    path = path or context.settings.health_path
    deadline = context.clock.monotonic() + timeout
    good, telling, pause = 0, "", FIRST_PAUSE
    while True:
        last = _ask(instance, host, path, min(5.0, timeout))
        telling = last if last != "ConnectionRefusedError" else telling
        fine = (last.isdigit() and 200 <= int(last) < 400) or (any_answer and (last.isdigit() or last == LOOP))
        good = good + 1 if fine else 0
        if good >= GOOD_ANSWERS and _answers_itself(context, instance):
            return
        if any_answer and _waits_for_changes(context, instance):
            return
        now = context.driver.inspect(instance.key)
        if now is None or now.state is InstanceState.EXITED:
            raise StepFailed(ended(context, instance, now, step))
        if cancelled():
            raise StepCancelled
        if context.clock.monotonic() > deadline:
            raise StepFailed(never_well(context, instance, telling, timeout, step))
        if context.workers.closed.wait(pause):
            raise StepCancelled
        pause = min(PAUSE, pause * 1.1)


def patience(context: Context, release: Release) -> float:
    """Seconds a release may take to answer: a notebook is run to its end before it does."""
    settings = context.settings
    return float(settings.notebook_timeout if release.kind is Kind.NOTEBOOK else settings.health_timeout)


def _ask(instance: Instance, host: str, path: str, timeout: float) -> str:
    """The status as text, `LOOP`, or the name of what went wrong."""
    first, seen = "", 0
    while path and seen <= HOPS:
        last, path = _get(instance, host, path, timeout)
        first, seen = first or last, seen + 1
    return LOOP if path else first


def _get(instance: Instance, host: str, path: str, timeout: float) -> tuple[str, str]:
    """One answer, and where on the same site it leads on to, if it does."""
    assert instance.address is not None
    connection = http.client.HTTPConnection(instance.address, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Host": host, "User-Agent": "dialup-health"})
        answer = connection.getresponse()  # the body, however long, is not read
        return str(answer.status), _leads_on(answer, host, path)
    except OSError as error:
        return type(error).__name__, ""
    except (http.client.HTTPException, ValueError) as error:
        return f"HTTP: {type(error).__name__}", ""
    finally:
        connection.close()


def _leads_on(answer: http.client.HTTPResponse, host: str, path: str) -> str:
    """Empty when it leads nowhere, or elsewhere, or sets a cookie that may change the next answer."""
    location = answer.getheader("Location")
    if not 300 <= answer.status < 400 or not location or answer.getheader("Set-Cookie"):
        return ""
    parts = urlsplit(urljoin(f"http://{host}{path}", location))
    if parts.scheme != "http" or parts.hostname != host:
        return ""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _answers_itself(context: Context, instance: Instance) -> bool:
    """True when the port is held by the instance's own processes, not by a bystander."""
    port = (instance.address or "").rpartition(":")[2]
    return any(address.rpartition(":")[2] == port for address in context.driver.listening(instance.key))


def _waits_for_changes(context: Context, instance: Instance) -> bool:
    """True when `node --watch` says that its program fell over and the next save starts it again."""
    lines = tail(context, instance.key, 2)
    return bool(lines) and lines[-1].startswith("Failed running ")
