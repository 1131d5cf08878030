"""The hub's log: one JSON object per line in `logs/hub.log`, without secrets (R17)."""

from __future__ import annotations

import json
import logging
import logging.handlers
import re
from datetime import UTC, datetime
from pathlib import Path

_SECRETS = re.compile(
    r"dlp_[A-Za-z0-9_-]+|\$argon2[^\s\"']+|(?<=__Host-dialup=)[^;\s\"']+|(?i:(?<=bearer ))[^\s\"']+"
    r"|(?<=link=)[^&\s\"']+|(?<=code=)[^&\s\"']+|(?<=token=)[^&\s\"']+"
)


class JsonLines(logging.Formatter):
    """A record as one line; text of people stays inside its JSON string."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage())[:8192],
        }
        if record.exc_info:
            entry["traceback"] = redact(self.formatException(record.exc_info))[-8192:]
        return json.dumps(entry, ensure_ascii=True)


def redact(text: str) -> str:
    """`text` with keys, links, codes, session ids and password hashes replaced by `[hidden]`."""
    return _SECRETS.sub("[hidden]", text)


def log_to(directory: Path, level: int = logging.INFO) -> None:
    """Send all logs to `directory`/hub.log, five files of 5 MiB. Replaces earlier handlers."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = logging.handlers.RotatingFileHandler(directory / "hub.log", maxBytes=5 << 20, backupCount=4)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("dialup").setLevel(level)
