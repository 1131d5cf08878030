"""Who may use a handler: declared on the class, enforced in `prepare`, checked at start (R19).

    class SitesHandler(DialupHandler):
        policy = Policy.ACCOUNT
        scope = {"GET": "sites:read", "POST": "sites:write"}

Both attributes are one value for all verbs or a mapping by verb. HEAD follows GET. A handler
without a policy stops the server from starting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from dialup_ext.domain.access import SCOPES, Principal
from dialup_ext.errors import Forbidden, NotLoggedIn


class Policy(StrEnum):
    """From open to closed."""

    PUBLIC = "public"
    """Anybody, logged in or not."""
    ACCOUNT = "account"
    """An account by session, key (with the handler's scope) or from its lab."""
    PORTAL = "portal"
    """An account by session only: what a stolen key or lab must not do."""
    ADMIN_READ = "admin_read"
    """An admin by session or from the admin's own lab; never by key."""
    ADMIN = "admin"
    """An admin by session only."""


PolicyRule = Policy | Mapping[str, Policy]
ScopeRule = str | None | Mapping[str, str]
_ADMIN_RIGHT: Mapping[Policy, Callable[[Principal], bool]] = {
    Policy.ADMIN_READ: lambda principal: principal.may_read_everything,
    Policy.ADMIN: lambda principal: principal.may_administer,
}
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def check_policies(rules: Iterable[Any]) -> None:
    """Raise `RuntimeError` naming every handler that declares no policy for a verb it answers.

    `rules` are tornado rules, `(pattern, handler, ...)` tuples, or routers of such.
    """
    problems = [problem for handler in _handlers(rules) for problem in _problems(handler)]
    if problems:
        raise RuntimeError("handlers without a policy: " + "; ".join(sorted(set(problems))))


def policy_for(handler: type[RequestHandler], verb: str) -> Policy | None:
    """The policy `handler` declares for `verb`, or None."""
    declared = getattr(handler, "policy", None)
    return declared.get(_base(verb)) if isinstance(declared, Mapping) else declared


def scope_for(handler: type[RequestHandler], verb: str) -> str | None:
    """The scope a key needs for `verb`; None when keys may not use it."""
    declared = getattr(handler, "scope", None)
    return declared.get(_base(verb)) if isinstance(declared, Mapping) else declared


def enforce(policy: Policy, scope: str | None, principal: Principal | None) -> None:
    """Let `principal` pass or raise `NotLoggedIn` or `Forbidden`."""
    if policy is Policy.PUBLIC:
        return
    if principal is None:
        raise NotLoggedIn("You are not logged in.", hint="Log in and try again.")
    if policy is Policy.ACCOUNT:
        principal.check_scope(scope)
    elif policy is Policy.PORTAL and not principal.is_browser:
        raise Forbidden("This can only be done at the portal.", code="portal_only",
                        hint="Log in there with a browser.")
    elif policy in _ADMIN_RIGHT and not _ADMIN_RIGHT[policy](principal):
        raise _admins_only(principal)


def verbs_of(handler: type[RequestHandler]) -> tuple[str, ...]:
    """The verbs a handler class answers."""
    return tuple(v for v in VERBS
                 if getattr(handler, v.lower()) is not getattr(RequestHandler, v.lower()))


def _admins_only(principal: Principal) -> Forbidden:
    if principal.account.is_admin:
        return Forbidden("This can only be done at the portal.", code="portal_only",
                         hint="Log in there with a browser.")
    return Forbidden("Only an admin may do this.", code="admin_only", hint="Ask your admin.")


def _handlers(rules: Iterable[Any]) -> Iterator[type[RequestHandler]]:
    for rule in rules:
        target = rule[1] if isinstance(rule, tuple) else getattr(rule, "target", rule)
        nested = getattr(target, "rules", None)
        if nested is not None:
            yield from _handlers(nested)
        elif isinstance(target, list):
            yield from _handlers(target)
        elif isinstance(target, type) and issubclass(target, RequestHandler):
            yield target


def _problems(handler: type[RequestHandler]) -> Iterator[str]:
    name = f"{handler.__module__}.{handler.__qualname__}"
    if not getattr(handler, "enforces_policy", False):
        yield f"{name} does not enforce policies"
        return
    verbs = verbs_of(handler)
    if issubclass(handler, WebSocketHandler) and "GET" not in verbs:
        verbs = ("GET", *verbs)
    if not verbs and policy_for(handler, "GET") is None:
        yield f"{name} declares none"
    for verb in verbs:
        if not isinstance(policy_for(handler, verb), Policy):
            yield f"{name} declares none for {verb}"
        scope = scope_for(handler, verb)
        if scope is not None and scope not in SCOPES:
            yield f"{name} asks for the unknown scope {scope}"


def _base(verb: str) -> str:
    return "GET" if verb == "HEAD" else verb
