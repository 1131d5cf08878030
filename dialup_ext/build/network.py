"""Of the hub's own environment, what leads a build to the network: proxies, and whom to trust."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dialup_ext.domain.instance import Mount

CERTIFICATES = "NODE_EXTRA_CA_CERTS"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


def way_out(environment: Mapping[str, str], *, secrets: bool) -> dict[str, str]:
    """Proxies and the file with certificates, if it is there.

    Without `secrets` a proxy whose address holds a password is left out: somebody's own code runs there.
    """
    found = {name: value for name in _PROXIES if (value := environment.get(name, ""))
             and (secrets or "@" not in value)}
    certificates = environment.get(CERTIFICATES, "")
    if certificates and Path(certificates).is_file():
        found[CERTIFICATES] = certificates
    return found


def trusted(around: Mapping[str, str]) -> tuple[Mount, ...]:
    """The file with certificates as the instance has to see it."""
    return (Mount(Path(around[CERTIFICATES])),) if CERTIFICATES in around else ()
