"""The keys a person has stored on this computer, one per server, readable by them alone.

`~/.config/dialup/credentials.json` (mode 0600) holds them; `DIALUP_SERVER` and `DIALUP_KEY` win
over it, for scripts and CI. A key's text never appears in a `repr`.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dialup_ext.client.address import portal_url
from dialup_ext.errors import BadInput, NotLoggedIn

NOT_LOGGED_IN_HINT = "Run: deploy login --server yourdomain.com"


@dataclass(frozen=True, slots=True)
class Login:
    """A server's portal, a key for it, and what it said about itself when the key was stored."""

    portal: str
    key: str = field(repr=False)
    account: str = ""
    domain: str = ""


class Credentials:
    """The file of logins. Reading a missing file gives no logins; writing replaces it whole."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or config_folder() / "credentials.json"

    def logins(self) -> list[Login]:
        """Every stored login, the current one first. Raises `BadInput` when the file is broken."""
        data = self._read()
        servers: dict[str, dict[str, str]] = data.get("servers", {})
        current = data.get("current")
        ordered = sorted(servers, key=lambda portal: (portal != current, portal))
        return [Login(portal, str(servers[portal].get("key", "")), str(servers[portal].get("account", "")),
                      str(servers[portal].get("domain", ""))) for portal in ordered]

    def save(self, login: Login) -> None:
        """Keep `login` and make its server the current one; an older key of that server is forgotten."""
        data = self._read()
        data.setdefault("servers", {})[login.portal] = {
            "key": login.key, "account": login.account, "domain": login.domain}
        data["current"] = login.portal
        self._write(data)

    def forget(self, portal: str) -> bool:
        """Drop the login of `portal`; False when there was none. The key itself stays valid."""
        data = self._read()
        found = data.get("servers", {}).pop(portal, None) is not None
        if data.get("current") == portal:
            data["current"] = next(iter(data.get("servers", {})), None)
        if found:
            self._write(data)
        return found

    def _read(self) -> dict[str, Any]:
        try:
            data = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self._broken() from error
        if not isinstance(data, dict) or not all(isinstance(row, dict) for row in data.get("servers", {}).values()):
            raise self._broken()
        return data

    def _write(self, data: dict[str, Any]) -> None:
        """Write beside and rename, so that a crash leaves the old file or the new one."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".credentials-")  # made 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(data, file, indent=2)
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _broken(self) -> BadInput:
        return BadInput(f"The file with your logins cannot be read: {self.path}", code="bad_credentials_file",
                        hint="Delete it and log in again with: deploy login --server yourdomain.com")


def find_login(server: str | None = None, *, domain_of: str | None = None,
               credentials: Credentials | None = None) -> Login:
    """The login to use: for `server`, or the one whose domain `domain_of` is under, or the current one.

    `DIALUP_SERVER` stands in for `server`, `DIALUP_KEY` for the stored key. Raises `NotLoggedIn`
    when nothing fits.
    """
    server = server or os.environ.get("DIALUP_SERVER") or None
    key = os.environ.get("DIALUP_KEY", "").strip()
    portal = portal_url(server) if server else None
    if portal and key:
        return Login(portal, key)
    login = _choose((credentials or Credentials()).logins(), portal, domain_of)
    if login is None:
        where = f" at {portal}" if portal else ""
        raise NotLoggedIn(f"You are not logged in{where}.", hint=NOT_LOGGED_IN_HINT)
    return Login(login.portal, key) if key else login


def config_folder() -> Path:
    """Where settings of this person live (`XDG_CONFIG_HOME` is honoured)."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "dialup"


def _choose(logins: list[Login], portal: str | None, domain_of: str | None) -> Login | None:
    if portal:
        return next((login for login in logins if login.portal == portal), None)
    if domain_of:
        fitting = (login for login in logins if login.domain and domain_of.endswith("." + login.domain))
        return next(fitting, None) or next(iter(logins), None)
    return next(iter(logins), None)
