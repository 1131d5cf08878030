"""The settings as Caddy has to be told them: paths, sockets, addresses, and which label is a name."""

from __future__ import annotations

import re
from pathlib import Path

from dialup_ext.errors import BadInput
from dialup_ext.settings import Settings

LOCAL = ("localhost", "test", "internal", "local")
"""Top-level domains no authority gives certificates for; Caddy makes its own."""


class Places:
    """Everything of the settings that appears in the configuration.

    Raises `BadInput` for a home or a domain that would mean something else to Caddy.
    """

    def __init__(self, settings: Settings) -> None:
        self.scheme, self.port = str(settings.scheme), int(settings.port)
        self.bind = listen_addresses(settings)
        self.domain = _domain(str(settings.domain))
        self.portal = settings.origin(settings.portal_host)
        self.logs = _plain(settings.home / "logs")
        self.storage = _plain(settings.home / "ingress" / "caddy")
        self.live = _plain(settings.home / "ingress" / "live")
        self._run = _plain(settings.run)
        self.wake_seconds = float(settings.wake_timeout)
        labels = self.domain.count(".") + 1
        self.site_label = f"{{http.request.host.labels.{labels}}}"
        self.lab_label = f"{{http.request.host.labels.{labels + 1}}}"

    def socket(self, name: str) -> str:
        """The socket `name` as an upstream."""
        return f"unix/{self._run}/{name}.sock"

    @property
    def site(self) -> str:
        """The serving directory of the site or preview that is asked for.

        From labels, which Caddy lower-cases; `{http.request.host}` keeps capital letters.
        """
        return f"{self.live}/{self.site_label}.{self.domain}"

    @property
    def lab(self) -> str:
        """The serving directory of the lab that is asked for."""
        return f"{self.live}/{self.lab_label}.editor.{self.domain}"

    def addresses(self, *names: str) -> str:
        """`scheme://name.domain:port` for each of `names`, as the head of a block."""
        return ", ".join(f"{self.scheme}://{name}.{self.domain}:{self.port}" for name in names)

    @property
    def bare_hosts(self) -> list[str]:
        """The domain itself, and in a trial under `*.localhost` plain `localhost` too."""
        return [self.domain, *(["localhost"] if self.domain.endswith(".localhost") else [])]

    @property
    def bind_line(self) -> list[str]:
        """Where to listen, as lines of a block: none for everywhere."""
        return [f"bind {' '.join(self.bind)}"] if self.bind else []

    @property
    def public_certificates(self) -> bool:
        """True when certificates come from an authority, on demand."""
        return self.scheme == "https" and self.domain.rpartition(".")[2] not in LOCAL


def listen_addresses(settings: Settings) -> list[str]:
    """What the setting `bind` holds: one address or several; none means every address there is."""
    return str(settings.bind).replace(",", " ").split()


def listen_ports(settings: Settings) -> list[int]:
    """The setting `port`; with certificates from an authority, 80 as well."""
    return [settings.port, *([80] if Places(settings).public_certificates else [])]


def _plain(path: Path) -> str:
    """`path` as text, when it holds nothing that means something to Caddy (quotes, globs, variables)."""
    text = str(path)
    if not re.fullmatch(r"[^\x00-\x1f\x7f\"'`{}\[\]*?\\$|]+", text):
        raise BadInput(f"dialup cannot keep its data in {text!r}.", code="bad_home",
                       hint="Choose a folder without quotes, braces or wildcards in its path.")
    return text


def _domain(domain: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", domain):
        raise BadInput(f"“{domain}” cannot be the domain.", code="bad_domain",
                       hint="Use lower-case labels with dots between them: sites.example.org.")
    return domain
