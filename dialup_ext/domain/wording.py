"""What states and kinds are called on every screen: portal, terminal, notebook, dashboards.

The API says `active`; people read “Live”. This is the one place for Python; for the panel it is
`labextension/src/words.ts`, and a test holds the two together.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Said(NamedTuple):
    """A tone (`good`, `busy`, `bad`, `quiet`) and a word."""

    tone: str
    word: str


SITES = {
    "new": Said("quiet", "Not deployed yet"),
    "active": Said("good", "Live"),
    "editing": Said("good", "Live, editing"),
    "building": Said("busy", "Deploying"),
    "failed": Said("bad", "Failed"),
    "stopped": Said("quiet", "Stopped"),
    "sleeping": Said("quiet", "Asleep"),
}
"""A site's status."""

EDITING = Said("busy", "Editing")
"""`editing`, while nothing is live."""

DEPLOYMENTS = {
    "queued": Said("busy", "Waiting"),
    "building": Said("busy", "Building"),
    "starting": Said("busy", "Starting"),
    "checking": Said("busy", "Checking"),
    "switching": Said("busy", "Going live"),
    "live": Said("good", "Live"),
    "superseded": Said("quiet", "Replaced"),
    "failed": Said("bad", "Failed"),
    "cancelled": Said("quiet", "Cancelled"),
}
"""A deployment's status."""

INSTANCES = {
    "running": Said("good", "Running"),
    "starting": Said("busy", "Starting"),
    "stopped": Said("quiet", "Stopped"),
    "failed": Said("bad", "Failed"),
    "exited": Said("quiet", "Ended"),
}
"""How a lab, a preview or whatever else runs is."""

PREVIEWS = {**INSTANCES, "stopped": Said("quiet", "Asleep")}
"""How a preview is. One that nobody looks at falls asleep; looking starts it."""

STORAGE = {"releases": "releases", "volumes": "data folders", "home": "files in your lab", "logs": "logs",
           "caches": "caches"}
"""The parts of an account's storage."""

KINDS = {"static": "Static", "nodejs": "Node", "astro": "Astro", "vite": "Vite", "next": "Next",
         "python": "Python", "notebook": "Notebook"}
"""A site's kind."""


def site_said(status: str, live: Any) -> Said:
    """A site's status in words; `live` is its live release, or nothing."""
    if status == "editing" and not live:
        return EDITING
    return SITES.get(status, _unknown(status))


def deployment_said(status: str) -> Said:
    return DEPLOYMENTS.get(status, _unknown(status))


def instance_said(state: str) -> Said:
    return INSTANCES.get(state, _unknown(state))


def preview_said(state: str) -> Said:
    return PREVIEWS.get(state, _unknown(state))


def kind_said(kind: str) -> str:
    return KINDS.get(kind, kind.capitalize())


def _unknown(status: str) -> Said:
    """Of a newer server, perhaps."""
    return Said("quiet", status.capitalize())
