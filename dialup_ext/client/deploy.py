"""Puts a folder on the web: walk, upload, deploy, follow until it is live or has failed.

The one way to deploy, used by the command line, notebooks and the lab alike. Draws nothing: what
happens is told to `on_event`.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from dialup_ext.client.events import Created, Found, Line, Moved, OnEvent, Reading, Released, ignore
from dialup_ext.client.transport import Json, Transport
from dialup_ext.client.upload import upload
from dialup_ext.client.walk import walk
from dialup_ext.errors import DialupError, NotFound, Unavailable

SUCCESS = ("live", "superseded")
FINAL = (*SUCCESS, "failed", "cancelled")


class DeployFailed(Unavailable):
    """A deployment that did not become live; what was live still is.

    `deployment` is the API's own value, `log_tail` the last lines, `still_live` the number of
    the release that serves on, or None.
    """

    code = "deploy_failed"

    def __init__(self, deployment: Json) -> None:
        failure = deployment.get("failure") or {}
        cancelled = deployment.get("status") == "cancelled"
        message = failure.get("message") or ("The deployment was cancelled." if cancelled
                                             else "The deployment failed.")
        super().__init__(str(message), hint=str(failure.get("hint") or ""),
                         code=str(failure.get("code") or ("cancelled" if cancelled else self.code)))
        self.deployment = deployment
        self.site = str(deployment.get("site", ""))
        self.step = str(failure.get("step") or deployment.get("step") or "")
        self.log_tail: tuple[str, ...] = tuple(str(line) for line in failure.get("log_tail") or ())
        self.still_live: int | None = deployment.get("still_live")

    def __str__(self) -> str:
        """All of it, as it appears below a notebook's cell."""
        parts = [self.message, *(f"  {line}" for line in self.log_tail[-20:]), self.hint, self.consolation]
        return "\n".join(part for part in parts if part)

    @property
    def consolation(self) -> str:
        return f"Your site still runs release {self.still_live}." if self.still_live else ""


def deploy_folder(transport: Transport, site: str, path: Path, on_event: OnEvent = ignore, *,
                  create: bool = False) -> Json:
    """Deploy the folder at `path` to the site named `site`; return its deployment, live.

    With `create`, a site that does not exist is made; when its folder is then refused, the empty
    site is taken away again. Raises `DeployFailed`, or the `DialupError` of the step that was
    refused. Interrupted after the upload, the deployment goes on by itself on the server.
    """
    deployment = begin_deploy(transport, site, path, on_event, create=create)
    return follow(transport, deployment, on_event)


def begin_deploy(transport: Transport, site: str, path: Path, on_event: OnEvent = ignore, *,
                 create: bool = False) -> Json:
    """The same, but return as soon as the server has everything and works on its own."""
    walked = walk(path, lambda done, total: on_event(Reading(done, total)))
    on_event(Found(len(walked.manifest), walked.manifest.total_bytes, walked.skipped))
    made = _make_if_new(transport, site, on_event) if create else False
    try:
        release = upload(transport, site, walked, on_event)
    except DialupError as error:
        if made and not isinstance(error, Unavailable):  # a broken connection may be tried again
            with suppress(DialupError):  # the refusal matters more than the empty site left behind
                transport.delete(f"/sites/{site}")
        raise
    on_event(Released(release))
    return transport.post(f"/sites/{site}/deployments", {"release": release["id"]}, once=True)


def follow(transport: Transport, deployment: Json, on_event: OnEvent = ignore) -> Json:
    """Wait until `deployment` is live and return it. Raises `DeployFailed`.

    Survives broken connections: the stream is taken up where it broke.
    """
    on_event(Moved(deployment))
    latest = deployment
    if latest.get("status") not in FINAL:
        for event in transport.events(f"/deployments/{deployment['id']}/events"):
            if event.name == "log" and isinstance(event.data, dict):
                on_event(Line(str(event.data.get("line", ""))))
            elif event.name in ("status", "done") and isinstance(event.data, dict):
                latest = event.data
                on_event(Moved(latest))
    if latest.get("status") not in SUCCESS:
        raise DeployFailed(latest)
    return latest


def rollback(transport: Transport, site: str, release: int | str | None = None,
             on_event: OnEvent = ignore) -> Json:
    """Make `release` (number or id; default: the one before the live one) live again, and wait."""
    body = {} if release is None else {"release": release}
    return follow(transport, transport.post(f"/sites/{site}/rollback", body, once=True), on_event)


def _make_if_new(transport: Transport, site: str, on_event: OnEvent) -> bool:
    try:
        transport.get(f"/sites/{site}")
    except NotFound:
        on_event(Created(transport.post("/sites", {"name": site}, once=True)))
        return True
    return False
