"""Get into a lab or a preview as a browser is led: log in, be handed over, keep the host's cookie."""

from __future__ import annotations

import re

from dialup_ext.domain.login import Origin
from dialup_ext.testing.installation import Person

NAVIGATE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def enter(person: Person, host: str) -> str:
    """The `Cookie` header that opens `host` for its owner."""
    installation = person.installation
    session = installation.identity._enter(installation.identity.account(person.name), Origin("127.0.0.1"), None)
    asked = installation.get(host, "/", **NAVIGATE)
    state = _found(r"__Host-dialup-state=([^;]+)", asked.headers.get("set-cookie", ""))
    portal = asked.headers["location"].partition(str(installation.port))[2]
    led = installation.get("admin", portal, Cookie=f"__Host-dialup={session.token}")
    code = _found(r"(/_dialup/enter\?[^\"' ]+)", led.headers.get("location", "") + led.text)
    entered = installation.get(host, code.replace("&amp;", "&"), Cookie=f"__Host-dialup-state={state}")
    return "__Host-dialup=" + _found(r"__Host-dialup=([\w-]{43})", entered.headers.get("set-cookie", ""))


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"the login was not handed over: {text[:200]}")
    return found[1]
