"""The admin's dashboard: is the server healthy, and who uses what."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dialup_ext.client.transport import Transport
from dialup_ext.dashboards import figures, look
from dialup_ext.dashboards.board import Board
from dialup_ext.domain.wording import Said, instance_said, site_said

PARTS = ("header", "figures", "checks", "sites", "people", "instances")
REMEMBERED = 100
"""Values in the small lines: five minutes of them."""
ORDER = ("bad", "busy", "good", "quiet")
NAMES = {"database": "Database", "driver": "Runner", "ingress": "Web entrance", "storage": "Disk",
         "memory": "Memory"}


def board(**options: Any) -> Board:
    """The whole dashboard; show its `view` and `await` its `start()`."""
    painter = Painter()
    return Board(PARTS, fetch, painter.draw, **options)


def fetch(hub: Transport) -> dict[str, Any]:
    return {**hub.get("/overview"), "portal": hub.portal}


class Painter:
    """Draws the server's state, and remembers a little for the lines."""

    def __init__(self) -> None:
        self._memory: deque[float] = deque(maxlen=REMEMBERED)
        self._load: deque[float] = deque(maxlen=REMEMBERED)

    def draw(self, data: dict[str, Any], now: datetime) -> Mapping[str, str]:
        """Every part as HTML."""
        memory, cpu = data["memory"], data.get("cpu", {})
        self._memory.append(memory["total"] - memory["available"])
        self._load.append(cpu.get("load", 0.0))
        return {
            "header": _header(data, now),
            "figures": look.cards([
                self._memory_card(memory), _disk_card(data["disk"]), self._load_card(cpu),
                _running_card(data)]),
            "checks": _checks(data["health"]),
            "sites": _sites(data["sites"], now),
            "people": _people(data["accounts"]),
            "instances": _instances(data["instances"], now),
        }

    def _memory_card(self, memory: dict[str, float]) -> str:
        used, total = memory["total"] - memory["available"], memory["total"]
        note = f"of {figures.size(total)}, {figures.size(memory['available'])} free"
        return look.card("Memory", figures.size(used), look.text(note),
                         look.meter(used, total, f"{figures.size(used)} of {figures.size(total)} of memory"),
                         look.trail(self._memory, total, "Memory in the last minutes"))

    def _load_card(self, cpu: dict[str, float]) -> str:
        load, cores = cpu.get("load", 0.0), cpu.get("cores", 1.0)
        part = figures.share(load, cores)
        return look.card("Processor", f"{part * 100:.0f} %", look.text(f"of {figures.count(cores, 'core')}, last minute"),
                         look.meter(load, cores, f"{part * 100:.0f} % of the processor"),
                         look.trail(self._load, max(cores, *self._load), "Processor in the last minutes"))


def _header(data: dict[str, Any], now: datetime) -> str:
    troubles = [check for check in data["health"]["checks"].values() if check != "ok"]
    failed = sum(site["status"] == "failed" for site in data["sites"])
    if troubles:
        tone, verdict = "bad", troubles[0] if len(troubles) == 1 else f"{len(troubles)} things need a look."
    elif failed:
        tone, verdict = "near", f"The server is well. {figures.count(failed, 'site')} failed to start."
    else:
        tone, verdict = "good", "Everything is working."
    portal = look.link(f"{data['portal']}/admin", "Manage people, sites and settings")
    return look.header("Overview", tone, verdict, f"{portal}<br>Updated {look.clock(now)}")


def _disk_card(disk: dict[str, float]) -> str:
    used, total = disk["total"] - disk["free"], disk["total"]
    note = f"of {figures.size(total)}, {figures.size(disk['free'])} free"
    return look.card("Disk", figures.size(used), look.text(note),
                     look.meter(used, total, f"{figures.size(used)} of {figures.size(total)} of disk"))


def _running_card(data: dict[str, Any]) -> str:
    running = [found for found in data["instances"] if found["state"] == "running"]
    kinds = Counter(found["kind"] for found in running)
    words = ", ".join(figures.count(number, kind) for kind, number in sorted(kinds.items())) or "nothing"
    hub = figures.size(data["memory"].get("hub_mb"))
    note = look.text(f"dialup {data['version']} itself: {hub}")
    used = sum(found["memory_mb"] or 0.0 for found in running)
    return look.card("Running now", words.capitalize() if not kinds else figures.size(used),
                     (look.text(words) + "<br>" if kinds else "") + note,
                     look.meter(used, data["memory"]["total"], f"Running programs use {figures.size(used)}"))


def _checks(health: dict[str, Any]) -> str:
    rows = []
    for name, verdict in health["checks"].items():
        fine = verdict == "ok"
        words = "" if fine else f"<span>{look.text(verdict)}</span>"
        rows.append(f'<li>{look.dot("good" if fine else "bad")}{look.text(NAMES.get(name, name))}{words}</li>')
    return look.panel("Health", f'<ul class="db-checks">{"".join(rows)}</ul>')


def _sites(sites: list[dict[str, Any]], now: datetime) -> str:
    by_state = Counter(_said(site) for site in sites)
    parts = sorted(by_state.items(), key=lambda part: (ORDER.index(part[0].tone), part[0].word))
    most_memory = max((site["memory_mb"] or 0.0 for site in sites), default=0.0)
    most_storage = max((site["storage_bytes"] for site in sites), default=0) / 2**20
    ordered = sorted(sites, key=lambda site: (site["status"] != "failed", -(site["memory_mb"] or 0), site["name"]))
    rows = [[
        look.link(site["address"], site["name"]) + _why(site),
        look.text(site["owner"]),
        look.state(_said(site)),
        look.amount(site["memory_mb"], most_memory, figures.size(site["memory_mb"])),
        look.amount(site["storage_bytes"] / 2**20, most_storage, figures.size(site["storage_bytes"] / 2**20)),
        look.text(figures.age(site["last_deployed"], now)),
    ] for site in ordered]
    shown = look.table(("Site", "Owner", "State", "Memory", "Storage", "Deployed"), rows,
                       "No sites yet. They appear here as soon as somebody creates one.")
    return look.panel("Sites", look.bands(parts) + shown, look.text(figures.count(len(sites), "site")))


def _said(site: dict[str, Any]) -> Said:
    return site_said(site["status"], site.get("live_release"))


def _why(site: dict[str, Any]) -> str:
    return f"<small>{look.text(site['error_message'])}</small>" if site.get("error_message") else ""


def _people(accounts: list[dict[str, Any]]) -> str:
    rows = [[
        look.text(account["name"]) + ("<small>admin</small>" if account["role"] == "admin" else ""),
        look.state(instance_said(account["lab"])),
        *(_quota(account["quota"][name], unit) for name, unit in
          (("sites", ""), ("memory_mb", "MB"), ("storage_mb", "MB"))),
    ] for account in sorted(accounts, key=lambda account: -account["quota"]["memory_mb"]["used"])]
    shown = look.table(("Person", "Lab", "Sites", "Memory", "Storage"), rows, "Nobody has an account yet.")
    return look.panel("People", shown, look.text(figures.count(len(accounts), "person", "people")))


def _quota(use: dict[str, float], unit: str) -> str:
    used, limit = use["used"], use["limit"]
    shown = f"{figures.size(used)} of {figures.size(limit)}" if unit else f"{used:.0f} of {limit:.0f}"
    return f'<span class="db-amount">{look.text(shown)}{look.meter(used, limit, shown)}</span>'


def _instances(instances: list[dict[str, Any]], now: datetime) -> str:
    most = max((found["memory_mb"] or 0.0 for found in instances), default=0.0)
    rows = [[
        look.text(found["site"] or f"Lab of {found['account']}"),
        look.text(found["kind"].capitalize()),
        look.text(found["account"]),
        look.state(instance_said(found["state"])),
        look.amount(found["memory_mb"], most, figures.size(found["memory_mb"])),
        look.text(figures.age(found["started_at"], now)),
    ] for found in sorted(instances, key=lambda found: -(found["memory_mb"] or 0))]
    shown = look.table(("What", "Kind", "Person", "State", "Memory", "Started"), rows,
                       "Nothing is running. Static sites need nothing to run.")
    return look.panel("Running programs", shown)
