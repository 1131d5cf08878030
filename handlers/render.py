"""Templates and static files of the portal, read once from the package."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dialup_ext.domain import wording
from dialup_ext.domain.access import SCOPES
from dialup_ext.handlers import words

_HERE = Path(__file__).parent / "portal"
STATIC_URL = "/portal/static/"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
          ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file's bytes, type and the digest its URL carries."""

    content: bytes
    content_type: str
    digest: str


def render(template: str, **values: Any) -> str:
    """The page `template`. A value the template misses is an error, not a blank."""
    return _environment().get_template(template).render(**values)


@lru_cache(maxsize=64)
def static_file(name: str) -> StaticFile | None:
    """The file of that plain name, or None. Nothing outside the folder has one."""
    path = _HERE / "static" / name
    if "/" in name or path.suffix not in _TYPES or not path.is_file():
        return None
    content = path.read_bytes()
    return StaticFile(content, _TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:16])


def static_url(name: str) -> str:
    """The URL of a static file; it changes with the content, so browsers may keep it for ever."""
    file = static_file(name)
    if file is None:
        raise LookupError(name)
    return f"{STATIC_URL}{name}?v={file.digest}"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True,
                              undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "ago": words.ago, "until": words.until, "took": words.took, "stamp": words.stamp,
        "number": words.number, "size": words.size, "browser": words.browser,
    }
    environment.globals |= {"static": static_url, "site_said": wording.site_said,
                            "deployment_said": wording.deployment_said, "instance_said": wording.instance_said,
                            "kind_said": wording.kind_said, "preview_said": wording.preview_said, "STORAGE": wording.STORAGE, "SCOPES": SCOPES}
    return environment
