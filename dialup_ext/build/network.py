"""Of the hub's own environment, what leads a build to the network: proxies, and whom to trust."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dialup_ext.domain.instance import Mount

CERTIFICATES = "NODE_EXTRA_CA_CERTS"
_ALONE = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""What pip and other programs read; the file takes the place of their own list."""

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


def way_out(environment: Mapping[str, str], *, secrets: bool, ca_bundle: str = "") -> dict[str, str]:
    """Proxies and the file with certificates, if it is there: the setting's, else the machine's own.

    Node trusts what is in it besides its own list; Python, given the setting, trusts it alone. Without
    `secrets` a proxy whose address holds a password is left out: somebody's own code runs there.
    """
    found = {name: value for name in _PROXIES if (value := environment.get(name, ""))
             and (secrets or "@" not in value)}
    certificates = ca_bundle or environment.get(CERTIFICATES, "")
    if certificates and Path(certificates).is_file():
        found[CERTIFICATES] = certificates
        found |= dict.fromkeys(_ALONE, certificates) if ca_bundle else {}
    return found


def trusted(around: Mapping[str, str]) -> tuple[Mount, ...]:
    """The file with certificates as the instance has to see it."""
    return (Mount(Path(around[CERTIFICATES])),) if CERTIFICATES in around else ()
