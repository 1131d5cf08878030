"""Who is asking, by which door they came, and what that door lets them do.

The door matters as much as the person: a key in a script may do less than its owner at the
portal, and code in an admin's lab must never hold admin power.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from dialup_ext.domain.account import Account
from dialup_ext.errors import BadInput, Forbidden, NotFound

SCOPES: dict[str, str] = {
    "account:read": "See your quota and what you use",
    "sites:read": "See your sites, their deployments and logs",
    "sites:write": "Create, stop, start and remove sites; read and set their variables",
    "deploy": "Upload releases, deploy and roll back",
    "preview": "Start, stop and share previews",
    "lab": "Start and stop your lab",
}
"""What a key may be allowed, in the words the portal shows."""


class Via(StrEnum):
    """The door a request came through."""

    SESSION = "session"
    """Logged in at the portal, in a browser."""
    KEY = "key"
    """An API key in the `Authorization` header."""
    LAB = "lab"
    """The socket that belongs to one account's lab."""
    STANDALONE = "standalone"
    """The single owner of a plain Jupyter server."""


@dataclass(frozen=True, slots=True)
class Principal:
    """An active account together with its door. `scopes` and `sites` limit keys only."""

    account: Account
    via: Via
    scopes: frozenset[str] = field(default_factory=frozenset)
    sites: frozenset[str] | None = None
    """Ids of the sites a key is good for; None: all of its account."""
    key_id: str | None = None
    session_id: str | None = None

    def has(self, scope: str) -> bool:
        """True when this door may use `scope`; only keys are limited to some."""
        return self.via is not Via.KEY or scope in self.scopes

    @property
    def is_browser(self) -> bool:
        """True where a person sits in front: sessions and the standalone owner."""
        return self.via in (Via.SESSION, Via.STANDALONE)

    @property
    def may_read_everything(self) -> bool:
        """True when the server as a whole may be shown: an admin, but never through a key."""
        return self.account.is_admin and self.via is not Via.KEY

    @property
    def may_administer(self) -> bool:
        """True when people and settings may be changed: an admin at the portal only."""
        return self.account.is_admin and self.is_browser

    @property
    def owner_filter(self) -> str:
        """The account whose things this principal may load (R20)."""
        return self.account.id

    def check_site(self, site_id: str) -> None:
        """Raise `NotFound` when a key limited to certain sites asks for another one."""
        if self.sites is not None and site_id not in self.sites:
            raise NotFound("This key is not for that site.", code="site_not_found",
                           hint="Use a key that covers the site.")

    def check_scope(self, scope: str | None) -> None:
        """Raise `Forbidden` when a key lacks `scope`; None means that keys may not do this."""
        if self.via is not Via.KEY:
            return
        if scope is None:
            raise Forbidden("This cannot be done with a key.", code="not_with_a_key",
                            hint="Log in at the portal and do it there.")
        if scope not in self.scopes:
            raise Forbidden(f"This key may not do that: it lacks the scope “{scope}”.",
                            code="scope_missing", hint="Make a key with this scope at the portal.")


def check_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """`scopes` in the table's order without repeats, or `BadInput` for one that does not exist."""
    wanted = set(scopes)
    unknown = sorted(wanted - set(SCOPES))
    if unknown:
        raise BadInput(f"There is no scope “{unknown[0][:40]}”.", code="unknown_scope",
                       hint=f"The scopes are {', '.join(SCOPES)}.")
    if not wanted:
        raise BadInput("A key needs at least one scope.", code="no_scope",
                       hint=f"The scopes are {', '.join(SCOPES)}.")
    return tuple(scope for scope in SCOPES if scope in wanted)
