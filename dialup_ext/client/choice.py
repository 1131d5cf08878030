"""Which site a folder belongs to: what was said, else what was said last time, else the folder's name."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from dialup_ext.client.ignore import CHOICE_FILE
from dialup_ext.domain.names import check_name, suggest_name
from dialup_ext.errors import BadInput


def site_for(folder: Path, wanted: str | None, *, portal: str, domain: str = "") -> str:
    """The name of the site for `folder`.

    `wanted` is a name or an address below `domain` (empty: anything after the first dot is
    believed). Raises `BadInput` for another server's address, and when the folder's name gives none.
    """
    if wanted:
        return _name_in(wanted, domain)
    remembered = _read(folder).get(portal)
    if remembered:
        return check_name(remembered)
    proposal = suggest_name(folder.expanduser().resolve().name)
    if proposal is None:
        raise BadInput("The folder's name cannot become the name of a site.", code="no_name",
                       hint="Say which site: --domain mysite.yourdomain.com")
    return proposal


def remember(folder: Path, site: str, *, portal: str) -> None:
    """Keep the choice in the folder (`.dialup-site.json`; never uploaded, holds no secret).

    A folder that cannot be written to is left alone.
    """
    choices = _read(folder)
    if (choices.get(portal) or suggest_name(folder.resolve().name)) == site:
        return
    choices[portal] = site
    with suppress(OSError):
        (folder / CHOICE_FILE).write_text(json.dumps({"sites": choices}, indent=2) + "\n", "utf-8")


def _name_in(wanted: str, domain: str) -> str:
    host = wanted.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/").split(":")[0]
    name, _, parent = host.partition(".")
    if parent and domain and parent != domain:
        raise BadInput(f"“{host}” is not an address of this server.", code="foreign_domain",
                       hint=f"Sites here are called <name>.{domain}, for example {suggest_name(name) or 'mysite'}.{domain}")
    return check_name(name)


def _read(folder: Path) -> dict[str, str]:
    place = folder / CHOICE_FILE
    if place.is_symlink():
        return {}
    try:
        sites = json.loads(place.read_text("utf-8"))["sites"]
        return {str(portal): str(site) for portal, site in sites.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
