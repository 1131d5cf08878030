"""Deploy a workspace from the lab, with the command line's own code, and follow it."""

from __future__ import annotations

import functools
import json

from tornado import web
from tornado.iostream import StreamClosedError

from dialup_ext.handlers.lab.base import LabHandler
from dialup_ext.handlers.lab.hub import transport
from dialup_ext.handlers.lab.jobs import Jobs
from dialup_ext.handlers.lab.workspaces import folder_of


class _JobsHandler(LabHandler):
    @property
    def jobs(self) -> Jobs:
        jobs: Jobs = self.settings.setdefault("dialup_jobs", Jobs())
        return jobs


class DeployHandler(_JobsHandler):
    """`POST {site, path?}` -> 202 `{job}`. The folder is the site's own unless `path` says other."""

    @web.authenticated
    async def post(self) -> None:
        """Refuses at once a folder that is not there; everything else is told by the job."""
        wanted = self.fields(site=str)
        folder = folder_of(self.root, str(wanted.get("path") or wanted["site"]))
        job = self.jobs.start(wanted["site"], folder, functools.partial(transport, self.settings))
        self.answer({"job": job.id}, 202)


class DeployEventsHandler(_JobsHandler):
    """`upload {sent,total,files}`, `deployment`, `log {line}`, `failed`, and `done` at the end."""

    _track_activity = False

    @web.authenticated
    async def get(self, job_id: str) -> None:
        """Server-sent events from the beginning, or after `Last-Event-ID`; 204 when all is told."""
        job = self.jobs.find(job_id)
        last = self.request.headers.get("Last-Event-ID", "")
        start = int(last) + 1 if last.isdigit() else 0
        if job.done and start >= len(job.news):
            self.set_status(204)  # a browser's EventSource stops asking
            return
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        try:
            async for told in job.follow(start):
                self.write(": waiting\n\n" if told is None else _frame(*told))
                await self.flush()
        except StreamClosedError:
            return


def _frame(number: int, news: tuple[str, dict[str, object]]) -> str:
    name, data = news
    return f"id: {number}\nevent: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
