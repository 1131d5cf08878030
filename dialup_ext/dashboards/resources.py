"""My resources: what my sites use of what I may use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dialup_ext.client.transport import Transport
from dialup_ext.dashboards import figures, look
from dialup_ext.dashboards.board import Board
from dialup_ext.domain.wording import STORAGE, kind_said, site_said

PARTS = ("header", "figures", "sites")
ADVICE = {
    "sites": "Remove a site you no longer need, or ask your admin for more.",
    "memory_mb": "Let a site sleep or stop one you do not use, or ask your admin for more.",
    "cpu_cores": "Let a site sleep or stop one you do not use, or ask your admin for more.",
    "storage_mb": "Remove large files or a site you no longer need, or ask your admin for more.",
}


def board(**options: Any) -> Board:
    """The whole dashboard; show its `view` and `await` its `start()`."""
    return Board(PARTS, fetch, draw, **options)


def fetch(hub: Transport) -> dict[str, Any]:
    return {**hub.get("/usage"), "portal": hub.portal}


def draw(data: dict[str, Any], now: datetime) -> Mapping[str, str]:
    """Every part as HTML."""
    return {"header": _header(data, now), "figures": _figures(data), "sites": _sites(data)}


def _header(data: dict[str, Any], now: datetime) -> str:
    words = {"sites": "sites", "memory_mb": "memory", "cpu_cores": "CPU", "storage_mb": "storage"}
    uses = {name: data["quota"][name] for name in words}
    levels = {name: figures.level(figures.share(use["used"], use["limit"])) for name, use in uses.items()}
    tight = [words[name] for name, level in levels.items() if level != "fine"]
    if tight:
        tone = "bad" if "full" in levels.values() else "near"
        verdict = f"You are close to your limit of {' and '.join(tight)}."
    else:
        tone, verdict = "good", "You have room for more."
    sites = look.link(f"{data['portal']}/sites", "Your sites on the portal")
    return look.header("My resources", tone, verdict, f"{sites}<br>Updated {look.clock(now)}")


def _figures(data: dict[str, Any]) -> str:
    quota = data["quota"]
    return look.cards([
        _card("Sites", quota["sites"], "sites", lambda number: f"{number:.0f}"),
        _card("Memory", quota["memory_mb"], "memory_mb", figures.size, _lab(data)),
        _card("CPU", quota["cpu_cores"], "cpu_cores", lambda cores: f"{cores:.2g} cores"),
        _card("Storage", quota["storage_mb"], "storage_mb", figures.size, _parts(quota["storage_parts"])),
    ])


def _card(label: str, use: dict[str, float], name: str, shown: Any, more: str = "") -> str:
    used, limit = use["used"], use["limit"]
    left = max(0.0, limit - used)
    note = f"of {shown(limit)}, {shown(left)} left"
    if figures.level(figures.share(used, limit)) != "fine":
        note += f". {ADVICE[name]}"
    return look.card(label, shown(used), look.text(note) + more,
                     look.meter(used, limit, f"{label}: {shown(used)} of {shown(limit)}"))


def _parts(parts: dict[str, float]) -> str:
    """Where the storage is, the most first."""
    shown = [f"{STORAGE.get(name, name)} {figures.size(used)}"
             for name, used in sorted(parts.items(), key=lambda part: -part[1]) if used >= 1]
    return f"<br>{look.text(' · '.join(shown))}" if shown else ""


def _lab(data: dict[str, Any]) -> str:
    lab = data.get("lab_memory_mb")
    return f"<br>Your lab uses another {look.text(figures.size(lab))}" if lab else ""


def _sites(data: dict[str, Any]) -> str:
    sites, quota = data["sites"], data["quota"]
    rows = [[
        look.link(site["address"], site["name"]),
        look.text(kind_said(site["kind"])),
        look.state(site_said(site["status"], site.get("live_release"))),
        look.amount(site["memory_mb"], quota["memory_mb"]["limit"], figures.size(site["memory_mb"])),
        look.amount(site["storage_mb"], quota["storage_mb"]["limit"], figures.size(site["storage_mb"])),
    ] for site in sorted(sites, key=lambda site: (-(site["memory_mb"] or 0), site["name"]))]
    shown = look.table(("Site", "Kind", "State", "Memory", "Storage"), rows,
                       "No sites yet. Create one in the dialup panel on the left of your lab.")
    return look.panel("Your sites", shown, "Bars show the part of your own limit")
