"""Which host is whose, what it may be framed by, and why a public one has nothing to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialup_ext.actions.context import Context
from dialup_ext.actions.diagnosis import last_words, tail
from dialup_ext.actions.wake import wake_for_visitors
from dialup_ext.domain.ports import GATE
from dialup_ext.domain.site import Site
from dialup_ext.errors import NotFound

if TYPE_CHECKING:
    from dialup_ext.identity import Identity


HELD = ("hold-", "asleep-")
"""Targets named so are about to change: a site whose release is exchanged, or that is going to sleep."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate does with a request: `open` lets it in; with `waits` it is held; else the reason is shown.

    Reasons: `open`, `held`, `asleep`, `slow`, `changing`, `full`, `new`, `stopped`, `failed`, `gone`, `unknown`.
    """

    reason: str
    site_id: str = ""
    waits: bool = False


class Hosts:
    """For the edge and the gate. Reads only; a host is given without its port, in lower case."""

    def __init__(self, context: Context, identity: Identity) -> None:
        self._context = context
        self._settings = context.settings
        self._identity = identity
        self.standalone_framers = ""
        """Where a person's own Jupyter server shows previews: its addresses on loopback."""

    def touch_preview(self, site_name: str) -> None:
        """Somebody asked for this site's preview: it is not idle."""
        self._context.touched[site_name] = self._context.clock.monotonic()

    def owner(self, host: str) -> tuple[str, str, str] | None:
        """`(kind, name, account)` of a lab's or preview's host; None for any other."""
        domain = self._settings.domain
        if host.endswith(f".editor.{domain}"):
            name = host.removesuffix(f".editor.{domain}")
            return ("lab", name, name) if self._identity.find_account(name) else None
        label = host.removesuffix(f".{domain}")
        if label == host or not label.endswith("-dev") or "." in label:
            return None
        site = self._site(label.removesuffix("-dev"))
        return ("preview", site.name, site.owner) if site else None

    def preview_runs(self, site_name: str) -> bool:
        """True while this site's preview is there to be looked at."""
        site = self._site(site_name)
        session = self._context.editing.find(site.owner_id, "preview", site.id) if site else None
        return session is not None and session.state == "running"

    def lab_secret(self, account_name: str) -> str | None:
        """The secret that proves to this account's lab that the edge let a request in."""
        account = self._identity.find_account(account_name)
        session = account and self._context.editing.find(account.id, "lab")
        return session.secret if session else None

    def framers(self, owner: str) -> str:
        """The origins that may show `owner`'s previews in a frame, for `frame-ancestors`."""
        lab = self._settings.origin(self._settings.lab_host(owner))
        portal = self._settings.origin(self._settings.portal_host)
        return " ".join(filter(None, (lab, portal, self.standalone_framers)))

    def gate(self, host: str) -> Gate:
        """How it stands with a public host whose request is at the gate; one that sleeps is woken by the question."""
        name = host.removesuffix(f".{self._settings.domain}")
        site = self._site(name)
        if site is None:
            return Gate("gone" if self._context.sites.is_retired(name) else "unknown")
        if site.stopped or site.live_deployment_id is None:
            return Gate("stopped" if site.stopped else "new")
        if site.halted:
            return Gate("failed")
        target = self._context.ingress.target(host)
        if target is not None and target.upstream != GATE:
            self._context.visited[site.id] = self._context.clock.monotonic()  # who is let in now is not inside yet
            return Gate("open", site.id)
        if site.asleep:
            return self._woken(site)
        held = target is not None and target.name.startswith(HELD)
        return Gate("held" if held else "failed", site.id, waits=held)

    def _woken(self, site: Site) -> Gate:
        if self._context.no_room.get(site.id, 0.0) > self._context.clock.monotonic():
            return Gate("full", site.id)
        wake_for_visitors(self._context, site.id)
        return Gate("asleep", site.id, waits=True)

    def silence(self, host: str) -> tuple[str, str, tuple[str, ...]] | None:
        """Of a preview that does not answer: its owner, what it died of as far as its log says, its last lines.

        None for any other host.
        """
        found = self.owner(host)
        site = self._site(found[1]) if found and found[0] == "preview" else None
        session = self._context.editing.find(site.owner_id, "preview", site.id) if site else None
        if site is None or session is None:
            return None
        lines = tail(self._context, session.instance_key)
        return site.owner, last_words(lines), lines

    def _site(self, name: str) -> Site | None:
        """By its name alone: an id is no host."""
        try:
            site = self._context.sites.load(name, None)
        except NotFound:
            return None
        return site if site.name == name else None
