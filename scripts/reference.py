"""Write the reference pages that follow from the code: settings and routes."""

from __future__ import annotations

from pathlib import Path

from dialup_ext.handlers.api import PREFIX, ROUTES
from dialup_ext.handlers.api.openapi import template
from dialup_ext.handlers.policy import Policy, policy_for, scope_for
from dialup_ext.settings import TABLE

DOCS = Path(__file__).resolve().parents[1] / "docs"

SETTINGS = """# Settings

Every setting of dialup. A value comes from the command line, else the environment
(`DIALUP_<NAME>` in capitals; `PORT` and `DIALUP_HOME` as they are), else `config/settings.json`
under the home, else its default. `dialup settings` shows what is in force.

| setting | default | unit | what it does |
|---|---|---|---|
"""

API = f"""# The REST API

Under `{PREFIX}` on the portal's address, on a lab's socket, and in a lab's browser at the same
path. `GET {PREFIX}/openapi.json` is the whole contract (OpenAPI 3.1), generated from the code.

- **Who asks**: a key in `Authorization: Bearer dlp_…`, a portal session, or a lab.
- **Errors** have one shape: `{{"message", "reason", "code", "hint"}}` and the HTTP status.
- **Other people's things are 404.** Sites are addressed by name or id.
- **Creating twice**: send an `Idempotency-Key`; the same request gives the same answer for a day.
- **Event streams** carry ids; send `Last-Event-ID` to go on where you were. A comment line comes
  every 15 seconds on a silent one.

| route | who | key's scope | what it does |
|---|---|---|---|
"""


def settings_page() -> str:
    rows = (f"| `{s.name}` | {str(s.default) or 'empty'} | {s.unit} | {s.help} |" for s in TABLE)
    return SETTINGS + "\n".join(rows) + "\n"


def api_page() -> str:
    rows = []
    for pattern, handler in ROUTES:
        for verb in handler.contract:
            policy = policy_for(handler, verb) or Policy.PUBLIC
            scope = scope_for(handler, verb)
            text = (getattr(handler, verb.lower()).__doc__ or "").strip().split("\n")[0]
            rows.append(f"| `{verb} {template(pattern)}` | {policy.value} | {scope or '–'} | {text} |")
    return API + "\n".join(rows) + "\n"


if __name__ == "__main__":
    (DOCS / "operators" / "settings.md").write_text(settings_page())
    (DOCS / "developers" / "rest-api.md").write_text(api_page())
