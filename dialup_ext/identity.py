"""Identity: who has an account, and everything that proves it. One object, thread-safe.

The plain calls take and give values of `domain/`; secrets leave once, when they are made.
Passwords take about 40 ms to check: call `log_in` and `set_password` in the pool `hash`.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from dialup_ext.actions.identity_keys import new_key, parse_key
from dialup_ext.actions.identity_limits import LoginLimits
from dialup_ext.actions.identity_passwords import check_password, hash_password, rehashed
from dialup_ext.actions.identity_sessions import Sessions, digest, new_token
from dialup_ext.domain.access import SCOPES, Principal, Via, check_scopes
from dialup_ext.domain.account import Account, Quota, Role
from dialup_ext.domain.login import ApiKey, Handover, LoginSession, NewSession, Origin
from dialup_ext.domain.names import check_name
from dialup_ext.domain.ports import Clock
from dialup_ext.errors import BadInput, Conflict, Forbidden, NotFound, NotLoggedIn
from dialup_ext.settings import Settings
from dialup_ext.store.accounts import AccountRecords
from dialup_ext.store.codes import CodeRecords
from dialup_ext.store.engine import Store, new_id
from dialup_ext.store.keys import KeyRecords
from dialup_ext.store.links import LinkRecords
from dialup_ext.store.sessions import SessionRecords

KEYS_PER_ACCOUNT = 10
LONGEST_KEY_LIFE = 366
"""Days."""
_LOGIN = "login"
_TOUCH = timedelta(seconds=60)


class Identity:
    """Accounts, passwords, sessions, one-time links, keys and hand-overs of one installation."""

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self._accounts = AccountRecords(store)
        self._keys = KeyRecords(store)
        self._links = LinkRecords(store)
        self._codes = CodeRecords(store)
        self._session_records = SessionRecords(store)
        self._sessions = Sessions(self._session_records, self._codes, self._accounts, settings, clock)
        self._limits = LoginLimits(clock)

    # -- accounts -------------------------------------------------------------------------------
    def add_account(self, name: str, *, role: Role = Role.USER, email: str | None = None,
                    quota: Quota | None = None) -> Account:
        """Create an account without a password. Raises `BadInput` or `Conflict` (`name_taken`)."""
        return self._accounts.create(check_name(name, "account"), role=role, email=email,
                                     quota=quota or Quota(), at=self.clock.now())

    def accounts(self) -> list[Account]:
        """All accounts by name, inactive ones too."""
        return self._accounts.list()

    def find_account(self, ref: str) -> Account | None:
        """The account of that name or id, active or not."""
        return self._accounts.find(ref)

    def account(self, ref: str) -> Account:
        """The same, or `NotFound`."""
        found = self._accounts.find(ref)
        if found is None:
            raise NotFound(f"There is no account “{ref[:60]}”.", code="account_not_found",
                           hint="Check the name.")
        return found

    def change_account(self, ref: str, **values: Any) -> Account:
        """Set columns (`email`, `role`, `max_sites`, `can_use_editor`, …). A new role ends all logins."""
        account = self.account(ref)
        self._accounts.change(account.id, **values)
        if values.get("role", account.role) != account.role:
            self.end_sessions(account)
        return self.account(account.id)

    def disable_account(self, ref: str) -> Account:
        """Shut an account out: its sessions, keys, links and codes end at once. Idempotent.

        The last active admin cannot be disabled (`Conflict`).
        """
        account = self.account(ref)
        others = [a for a in self.accounts() if a.is_admin and a.is_active and a.id != account.id]
        if account.is_admin and not others:
            raise Conflict(f"“{account.name}” is the only admin.", code="last_admin",
                           hint="Make somebody else an admin first.")
        self._accounts.change(account.id, is_active=False)
        self.end_sessions(account)
        self._keys.remove_all(account.id)
        self._links.remove_all(account.id)
        return self.account(account.id)

    def enable_account(self, ref: str) -> Account:
        """Let an account in again, with the password it had. Idempotent."""
        account = self.account(ref)
        self._accounts.change(account.id, is_active=True)
        return self.account(account.id)

    # -- passwords and sessions -----------------------------------------------------------------
    def set_password(self, account: Account, password: str) -> None:
        """Set a new password and end every session. Raises `BadInput` (`bad_password`)."""
        self._accounts.change(account.id, password_hash=hash_password(password, account.name))
        self.end_sessions(account)

    def change_password(self, principal: Principal, old: str, new: str, origin: Origin) -> NewSession:
        """Set a new password for oneself; the old one must be right, where there is one.

        Every session ends, this one too: the answer is the new one to go on with.
        """
        account = self.account(principal.account.id)
        stored = self._accounts.password_hash(account.id)
        if stored is not None:
            self._limits.begin(account.name, origin.address)
            if not check_password(stored, old):
                raise Forbidden("The present password is not right.", code="wrong_password",
                                hint="Type it again, or ask your admin for a login link.")
            self._limits.succeed(account.name, origin.address)
        self.set_password(account, new)
        return self._sessions.open(account, self.settings.portal_host, origin)

    def log_in(self, name: str, password: str, origin: Origin, *, replaces: str | None = None) -> NewSession:
        """Open a portal session. Raises `NotLoggedIn` (`wrong_login`) or `TooMany`.

        Unknown, disabled and password-less accounts take as long and are told the same. `replaces`
        is the token the browser had: it ends, so that nobody can plant one.
        """
        name = name.strip().lower()[:64]
        self._limits.begin(name, origin.address)
        account = self._accounts.find(name)
        stored = self._accounts.password_hash(account.id) if account else None
        right = check_password(stored, password)
        if account is None or stored is None or not right or not account.is_active or account.name != name:
            raise NotLoggedIn("The name or the password is not right.", code="wrong_login",
                              hint="Type both again. Your admin can send you a login link.")
        self._limits.succeed(name, origin.address)
        if stronger := rehashed(stored, password):
            self._accounts.change(account.id, password_hash=stronger)
        return self._enter(account, origin, replaces)

    def session_principal(self, token: str, host: str) -> Principal | None:
        """Who a session token proves at `host`; None for nobody. Tokens of other hosts prove nothing."""
        return self._sessions.principal(token, host)

    def sessions(self, account: Account) -> list[LoginSession]:
        """Where this account is logged in now, the latest used first."""
        return self._sessions.list(account)

    def end_session(self, account: Account, session_id: str) -> bool:
        """Log out one of the account's sessions and the labs opened from it; False when it was gone."""
        return self._session_records.end(account.id, session_id)

    def end_sessions(self, account: Account, *, but: str | None = None) -> int:
        """Log out everywhere (`but` one session); open hand-over codes die too. Returns how many."""
        self._codes.remove_all(account.id)
        return self._session_records.end_all(account.id, but=but)

    def _enter(self, account: Account, origin: Origin, replaces: str | None) -> NewSession:
        before = self.session_principal(replaces, self.settings.portal_host) if replaces else None
        if before is not None and before.session_id is not None:
            self.end_session(before.account, before.session_id)
        return self._sessions.open(account, self.settings.portal_host, origin)

    # -- one-time links -------------------------------------------------------------------------
    def make_login_link(self, ref: str, *, hours: float = 24.0) -> str:
        """A URL that logs in once, within `hours`: for a first admin, a new friend, a lost password."""
        account, token, now = self.account(ref), new_token(), self.clock.now()
        if not account.is_active:
            raise Conflict(f"The account “{account.name}” is disabled.", code="account_disabled",
                           hint="Enable it first.")
        self._links.create(digest(token), account.id, _LOGIN, at=now, expires_at=now + timedelta(hours=hours))
        return f"{self.settings.origin(self.settings.portal_host)}/login?link={token}"

    def peek_link(self, token: str) -> Account | None:
        """Whose login link this is, while it is good. Uses nothing up."""
        return self._links.peek(digest(token), _LOGIN, self.clock.now())

    def use_link(self, token: str, origin: Origin, *, replaces: str | None = None) -> NewSession:
        """Use a login link up: of many at once, one gets a session, the others `Forbidden`."""
        account_id = self._links.use(digest(token), _LOGIN, self.clock.now())
        account = self._accounts.get(account_id) if account_id else None
        if account is None or not account.is_active:
            raise Forbidden("This link was used already or is too old.", code="bad_link",
                            hint="Ask your admin for a new one.")
        return self._enter(account, origin, replaces)

    # -- keys -----------------------------------------------------------------------------------
    def create_key(self, account: Account, name: str, scopes: Iterable[str] | None = None, *,
                   days: int | None = None, sites: Iterable[str] | None = None) -> tuple[ApiKey, str]:
        """A key and its text, which is never shown again. Without `scopes` it gets all of them.

        Only for a person in a browser: handlers that call this have the policy `PORTAL`.
        """
        label, now = name.strip(), self.clock.now()
        days = self.settings.key_lifetime_days if days is None else days
        if not 1 <= len(label) <= 80:
            raise BadInput("A key needs a name of 1 to 80 characters.", hint="Say what it is for.")
        if not 1 <= days <= LONGEST_KEY_LIFE:
            raise BadInput(f"A key is good for 1 to {LONGEST_KEY_LIFE} days, not {days}.",
                           hint="Make a new one in time.")
        public_id, secret, text = new_key()
        key = ApiKey(id=new_id(), public_id=public_id, account_id=account.id, name=label,
                     scopes=check_scopes(SCOPES if scopes is None else scopes),
                     sites=None if sites is None else tuple(sites),
                     created_at=now, expires_at=now + timedelta(days=days))
        self._keys.create(key, digest(secret), limit=KEYS_PER_ACCOUNT, at=now)
        return key, text

    def keys(self, account_id: str) -> list[ApiKey]:
        """An account's keys, the newest first."""
        return self._keys.list(account_id)

    def revoke_key(self, account_id: str, key_id: str) -> None:
        """Make a key worthless at once. Raises `NotFound` for anybody else's."""
        self._keys.remove(account_id, key_id)

    def key_principal(self, text: str, address: str) -> Principal:
        """Who a key proves. Raises `NotLoggedIn` (`bad_key`): unknown, expired, revoked or shut out."""
        parts, now = parse_key(text), self.clock.now()
        found = self._keys.find(parts[0]) if parts else None
        if parts is None or found is None or not hmac.compare_digest(found[1], digest(parts[1])):
            raise _bad_key()
        key, _, account = found
        if key.is_expired(now) or not account.is_active:
            raise _bad_key()
        if key.used_at is None or now - key.used_at > _TOUCH or key.used_from != address[:64]:
            self._keys.touch(key.id, now, address)
        return Principal(account, Via.KEY, frozenset(key.scopes),
                         None if key.sites is None else frozenset(key.sites), key_id=key.id)

    # -- labs and hand-overs --------------------------------------------------------------------
    def lab_principal(self, name: str) -> Principal:
        """The account a lab's own socket stands for. Raises `NotLoggedIn` when it is not active."""
        account = self._accounts.find(name)
        if account is None or not account.is_active or account.name != name:
            raise NotLoggedIn("This lab's account is disabled.", code="account_disabled",
                              hint="Ask your admin.")
        return Principal(account, Via.LAB)

    def issue_code(self, principal: Principal, host: str, state: str, next_path: str) -> str:
        """A hand-over code for the browser that holds `state`."""
        return self._sessions.issue_code(principal.account, host, state=state, next_path=next_path,
                                         session_id=principal.session_id)

    def issue_ticket(self, account: Account, host: str) -> str:
        """A code without a state, for a frame: good once, for a minute."""
        return self._sessions.issue_code(account, host, state=None, next_path="/", session_id=None)

    def redeem(self, code: str, host: str, state: str | None, origin: Origin) -> tuple[NewSession, Handover]:
        """Turn a code into a session at `host`. Raises `Forbidden` (`bad_handover`)."""
        return self._sessions.redeem(code, host, state, origin)


def _bad_key() -> NotLoggedIn:
    return NotLoggedIn("This key is unknown, expired or revoked.", code="bad_key",
                       hint="Make a new one at the portal.")
