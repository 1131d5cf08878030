"""The log of a deployment: lines in a file, news for whoever follows it."""

from __future__ import annotations

import logging
from pathlib import Path

from dialup_ext.actions.context import Context

log = logging.getLogger("dialup")

MAX_BYTES = 1 << 20
"""A log stops growing here (R44); the end of a build's own log stays in its failure."""


def log_path(context: Context, deployment_id: str) -> Path:
    return context.settings.home / "logs" / "deployments" / f"{deployment_id}.log"


def say(context: Context, deployment_id: str, text: str) -> None:
    """Append lines, one write per call. Never raises: a log that cannot be written stops nothing."""
    path = log_path(context, deployment_id)
    lines = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            if file.tell() < MAX_BYTES:
                file.write(lines)
    except OSError as error:
        log.warning("the log of deployment %s cannot be written: %s", deployment_id, error)
    context.feed.publish(f"log:{deployment_id}", "log")


def read_log(context: Context, deployment_id: str, start: int = 0) -> list[str]:
    """Whole lines from line number `start` on; empty before the first one is written."""
    try:
        text = log_path(context, deployment_id).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    lines = text.split("\n")
    return lines[start:-1]
