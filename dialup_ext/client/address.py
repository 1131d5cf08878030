"""Which server: turns what a person types into the address of a hub's portal. Touches no network.

`yourdomain.com` means `https://admin.yourdomain.com`. Names ending in `.localhost` and addresses
of this computer are reached over plain HTTP; nothing else is, since a key would travel readable.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from dialup_ext.errors import BadInput

PORTAL = "admin."


def portal_url(server: str) -> str:
    """The origin of the portal of `server`, without a slash at the end.

    Takes a bare domain, with or without port, or a URL. Raises `BadInput` (`bad_server`,
    `insecure_server`) when it can be neither, or would send a key unencrypted across a network.
    """
    text = server.strip()
    parts = urlsplit(text if "://" in text else f"//{text}")
    try:
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.username or parts.scheme not in ("", "http", "https"):
        raise BadInput(f"“{text[:80]}” is not the address of a server.", code="bad_server",
                       hint="Give its domain, for example: yourdomain.com")
    scheme = parts.scheme or ("http" if is_this_computer(host) else "https")
    if scheme == "http" and not is_this_computer(host):
        raise BadInput(f"“{text[:80]}” would send your key unencrypted.", code="insecure_server",
                       hint=f"Use https, for example: {host.removeprefix(PORTAL)}")
    return f"{scheme}://{_portal_host(host)}" + (f":{port}" if port else "")


def is_this_computer(host: str) -> bool:
    """True for `localhost`, every name below it, and loopback addresses."""
    return host == "localhost" or host.endswith(".localhost") or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)


def keys_page(portal: str) -> str:
    """Where a person makes a key."""
    return f"{portal}/keys"


def _portal_host(host: str) -> str:
    if _is_ip(host):
        return f"[{host}]" if ":" in host else host
    return host if host.startswith(PORTAL) or host == "localhost" else PORTAL + host


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
