"""Deploys on their way from this lab: each runs in a thread, and its news can be read at any time.

A job lives in memory. When the lab restarts its news are gone; what was handed to the hub goes on
there.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dialup_ext.client import events
from dialup_ext.client.deploy import DeployFailed, deploy_folder
from dialup_ext.client.transport import Transport
from dialup_ext.errors import DialupError, NotFound

AT_ONCE = 4
KEPT = 50
NEWS_EVERY = 0.1
"""Seconds between two messages about bytes sent; steps are always told."""

News = tuple[str, dict[str, Any]]


@dataclass(slots=True, eq=False)
class Job:
    """One deploy: what has happened so far, and whether more will come."""

    id: str
    site: str
    loop: asyncio.AbstractEventLoop
    news: list[News] = field(default_factory=list)
    done: bool = False
    _waiting: set[asyncio.Event] = field(default_factory=set)

    def tell(self, name: str, data: dict[str, Any]) -> None:
        """Add news, from any thread."""
        self.loop.call_soon_threadsafe(self._add, name, data)

    async def follow(self, start: int = 0) -> AsyncIterator[tuple[int, News] | None]:
        """Numbered news from number `start` on, until the end; None when 15 s were silent."""
        position, changed = start, asyncio.Event()
        self._waiting.add(changed)
        try:
            while True:
                changed.clear()
                while position < len(self.news):
                    yield position, self.news[position]
                    position += 1
                if self.done:
                    return
                try:
                    await asyncio.wait_for(changed.wait(), 15)
                except TimeoutError:
                    yield None
        finally:
            self._waiting.discard(changed)

    def _add(self, name: str, data: dict[str, Any]) -> None:
        self.news.append((name, data))
        self.done = name == "done"
        for changed in self._waiting:
            changed.set()


class Jobs:
    """All jobs of this lab; the oldest finished ones are forgotten."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="deploy")

    def start(self, site: str, folder: Path, connect: Callable[[], Transport]) -> Job:
        """Begin to deploy `folder`; returns at once. Must be called on the event loop."""
        job = Job(secrets.token_hex(16), site, asyncio.get_running_loop())
        self._forget()
        self._jobs[job.id] = job
        self._pool.submit(_deploy, job, folder, connect)
        return job

    def find(self, job_id: str) -> Job:
        if job_id not in self._jobs:
            raise NotFound("Your lab does not remember this deploy.", code="job_not_found",
                           hint="The site's page shows all deployments.")
        return self._jobs[job_id]

    def _forget(self) -> None:
        finished = [job.id for job in self._jobs.values() if job.done]
        for job_id in finished[: max(0, len(self._jobs) - KEPT + 1)]:
            del self._jobs[job_id]


def _deploy(job: Job, folder: Path, connect: Callable[[], Transport]) -> None:
    try:
        with connect() as hub:
            deploy_folder(hub, job.site, folder, _Teller(job))
    except DeployFailed:
        pass  # the last deployment said so, with its reason
    except DialupError as error:
        job.tell("failed", error.as_dict())
    except Exception:
        unexpected = DialupError("Something went wrong while deploying.", code="internal",
                                 hint="Try again. What was live still is.")
        job.tell("failed", unexpected.as_dict())
        raise
    finally:
        job.tell("done", {"job": job.id})


class _Teller:
    """Turns the client's events into the panel's news."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._files = 0
        self._last = 0.0

    def __call__(self, event: events.Event) -> None:
        if isinstance(event, events.Found):
            self._files = event.files
            self._upload(0, event.total_bytes)
        elif isinstance(event, events.Recognised):
            self._upload(0, event.missing_bytes)
        elif isinstance(event, events.Sent):
            if event.sent >= event.total or time.monotonic() - self._last >= NEWS_EVERY:
                self._upload(event.sent, event.total)
        elif isinstance(event, events.Line):
            self._job.tell("log", {"line": event.text})
        elif isinstance(event, events.Moved):
            self._job.tell("deployment", event.deployment)

    def _upload(self, sent: int, total: int) -> None:
        self._last = time.monotonic()
        self._job.tell("upload", {"sent": sent, "total": total, "files": self._files})
