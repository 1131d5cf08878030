"""Opening, checking and ending logins; handing one over to a lab's or preview's own host."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from dialup_ext.domain.access import Principal, Via
from dialup_ext.domain.account import Account
from dialup_ext.domain.login import Handover, LoginSession, NewSession, Origin
from dialup_ext.domain.ports import Clock
from dialup_ext.errors import Forbidden
from dialup_ext.settings import Settings

if TYPE_CHECKING:
    from dialup_ext.store.accounts import AccountRecords
    from dialup_ext.store.codes import CodeRecords
    from dialup_ext.store.sessions import SessionRecords

CODE_LIFETIME = timedelta(seconds=60)
_TOUCH = timedelta(seconds=60)
"""A session's last use is written down at most once in this time."""


def digest(secret: str) -> str:
    """How secrets are stored. They are 256 random bits, so a plain SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_token() -> str:
    """256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Sessions:
    """Logins of people in browsers. Every check reads the database: revoking works at once."""

    records: SessionRecords
    codes: CodeRecords
    accounts: AccountRecords
    settings: Settings
    clock: Clock

    @property
    def idle(self) -> timedelta:
        return timedelta(seconds=self.settings.session_idle)

    def open(self, account: Account, host: str, origin: Origin, *, parent_id: str | None = None) -> NewSession:
        """A new session with a new token; admins' end sooner."""
        now, token = self.clock.now(), new_token()
        lifetime = (self.settings.admin_session_lifetime if account.is_admin
                    else self.settings.session_lifetime)
        session = self.records.open(digest(token), account.id, host, at=now, origin=origin,
                                    expires_at=now + timedelta(seconds=lifetime), parent_id=parent_id)
        return NewSession(token, session, int(lifetime))

    def principal(self, token: str, host: str) -> Principal | None:
        """Who this token proves at this host, now; None for nobody."""
        now = self.clock.now()
        found = self.records.find(digest(token), host, at=now, idle=self.idle)
        if found is None:
            return None
        session, account = found
        if now - session.used_at > _TOUCH:
            self.records.touch(session.id, now)
        return Principal(account, Via.SESSION, session_id=session.id)

    def list(self, account: Account) -> list[LoginSession]:
        return self.records.list(account.id, at=self.clock.now(), idle=self.idle)

    def issue_code(self, account: Account, host: str, *, state: str | None, next_path: str,
                   session_id: str | None) -> str:
        """A code that opens `host` for `account` once, within a minute; with `state`, in one browser."""
        code, now = new_token(), self.clock.now()
        self.codes.create(digest(code), account.id, host, state_hash=None if state is None else digest(state),
                          next_path=next_path, session_id=session_id, at=now,
                          expires_at=now + CODE_LIFETIME)
        return code

    def redeem(self, code: str, host: str, state: str | None, origin: Origin) -> tuple[NewSession, Handover]:
        """Use a code up and open the session it stands for, or raise `Forbidden`."""
        found = self.codes.redeem(digest(code), host, at=self.clock.now(),
                                  state_hash=None if state is None else digest(state))
        account = self.accounts.find(found.account_id) if found else None
        if found is None or account is None or not account.is_active:
            raise Forbidden("This way in was used already, is too old, or is not for this place.",
                            code="bad_handover", hint="Open the page again from the portal.")
        return self.open(account, host, origin, parent_id=found.session_id), found
