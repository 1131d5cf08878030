"""One site, as a Python object: deploy, roll back, look at it.

Its facts are those of the last answer; `refresh()` asks again, and every change does.
"""

from __future__ import annotations

import asyncio
import webbrowser
from datetime import timedelta
from pathlib import Path

from dialup_ext.client.deploy import deploy_folder, rollback
from dialup_ext.client.duration import seconds_of
from dialup_ext.client.env import Env
from dialup_ext.client.events import OnEvent
from dialup_ext.client.logs import Logs
from dialup_ext.client.progress import showing
from dialup_ext.client.table import site_html, site_text
from dialup_ext.client.transport import Json, Transport
from dialup_ext.client.usage import Usage


class Site:
    """A site of yours. `facts` is the API's own value, with everything it says."""

    def __init__(self, transport: Transport, facts: Json) -> None:
        self._transport = transport
        self.facts = facts

    @property
    def name(self) -> str:
        return str(self.facts["name"])

    @property
    def status(self) -> str:
        """`new`, `active`, `stopped`, `sleeping`, `building`, `failed` or `editing`, when last asked."""
        return str(self.facts["status"])

    @property
    def kind(self) -> str:
        return str(self.facts["kind"])

    @property
    def address(self) -> str:
        """Where visitors find it."""
        return str(self.facts["address"])

    @property
    def release(self) -> int | None:
        """The number of the live release; None before the first deploy."""
        live = self.facts.get("live_release")
        return int(live["number"]) if live else None

    @property
    def logs(self) -> Logs:
        return Logs(self._transport, self.name)

    @property
    def env(self) -> Env:
        """What its program is told: `site.env["NAME"] = "value"`, `site.env.secret("NAME", value)`."""
        return Env(self._transport, self.name)

    @property
    def releases(self) -> list[Json]:
        """Its releases, newest first."""
        return list(self._transport.get(f"/sites/{self.name}/releases")["releases"])

    @property
    def deployments(self) -> list[Json]:
        """Its deployments, newest first."""
        return list(self._transport.get(f"/sites/{self.name}/deployments")["deployments"])

    def refresh(self) -> Site:
        """Ask how it is now."""
        self.facts = self._transport.get(f"/sites/{self.name}")
        return self

    def deploy(self, path: str | Path = ".", *, quiet: bool = False, on_event: OnEvent | None = None) -> Site:
        """Deploy the folder at `path` and return when it is live.

        Shows its progress unless `quiet`, or tells it to `on_event`. Raises `DeployFailed` with cause,
        hint and last lines; what was live then still is.
        """
        with showing(f"Deploying {self.name}", quiet=quiet or on_event is not None) as tell:
            deploy_folder(self._transport, self.name, Path(path), on_event or tell)
        return self.refresh()

    async def adeploy(self, path: str | Path = ".", *, quiet: bool = False,
                      on_event: OnEvent | None = None) -> Site:
        """The same, awaitable; other cells and tasks go on meanwhile."""
        with showing(f"Deploying {self.name}", quiet=quiet or on_event is not None) as tell:
            await asyncio.to_thread(deploy_folder, self._transport, self.name, Path(path), on_event or tell)
        return await asyncio.to_thread(self.refresh)

    def rollback(self, release: int | None = None, *, quiet: bool = False) -> Site:
        """Make an older release live again: number `release`, or the one before the live one."""
        with showing(f"Rolling back {self.name}", quiet=quiet) as tell:
            rollback(self._transport, self.name, release, tell)
        return self.refresh()

    async def arollback(self, release: int | None = None) -> Site:
        """The same, awaitable."""
        return await asyncio.to_thread(self.rollback, release, quiet=True)

    def stop(self) -> Site:
        """Take it off the web; visitors see a page that says so. Stopping twice changes nothing."""
        return self._verb("stop")

    def start(self) -> Site:
        return self._verb("start")

    def restart(self) -> Site:
        return self._verb("restart")

    def wake(self) -> Site:
        """Start it if it sleeps, as its next visitor would; returns when it answers."""
        return self._verb("wake")

    @property
    def sleep_after(self) -> int | None:
        """Seconds without a visit after which it sleeps; None: never. Set it to `"15m"`, 900, a timedelta or None."""
        after = self.facts.get("sleep_after")
        return None if after is None else int(after)

    @sleep_after.setter
    def sleep_after(self, after: str | float | timedelta | None) -> None:
        self._change(sleep_after=seconds_of(after))

    @property
    def volume(self) -> bool:
        """Whether it has a folder for data, in `DATA_DIR`, that survives deployments. Setting it restarts the site."""
        return bool(self.facts.get("volume"))

    @volume.setter
    def volume(self, wanted: bool) -> None:
        self._change(volume=wanted)

    def remove(self) -> None:
        """Delete the site with its releases. Its workspace stays. This cannot be undone."""
        self._transport.delete(f"/sites/{self.name}")

    def preview(self) -> Json:
        """Start its preview, if it does not run, and return where it is."""
        return self._transport.post(f"/sites/{self.name}/preview")

    def stop_preview(self) -> Json:
        return self._transport.delete(f"/sites/{self.name}/preview")

    def share_preview(self, hours: int = 24) -> Json:
        """A link that shows its preview, and nothing else, to whoever has it, for 1 to 720 hours.

        The answer's `url` is told this once; `unshare_preview(id)` makes it worthless.
        """
        return self._transport.post(f"/sites/{self.name}/preview/links", {"hours": hours})

    @property
    def preview_links(self) -> list[Json]:
        """The links to its preview that are good now, newest first."""
        return list(self._transport.get(f"/sites/{self.name}/preview/links")["links"])

    def unshare_preview(self, link: str | None = None) -> None:
        """Revoke the link of that id at once; without one, all of them."""
        for one in [link] if link else [str(found["id"]) for found in self.preview_links]:
            self._transport.delete(f"/sites/{self.name}/preview/links/{one}")

    def usage(self) -> Json:
        """What it uses now; memory and storage in MiB."""
        return Usage(self._transport.get("/usage")).of(self.name)

    def open(self) -> str:
        """Show it in a browser, where there is one; return its address in any case."""
        webbrowser.open(self.address)
        return self.address

    def __repr__(self) -> str:
        return site_text(self.facts)

    def _repr_html_(self) -> str:
        return site_html(self.facts)

    def _change(self, **what: object) -> None:
        self.facts = self._transport.patch(f"/sites/{self.name}", what)

    def _verb(self, verb: str) -> Site:
        self.facts = self._transport.post(f"/sites/{self.name}/{verb}")
        return self
