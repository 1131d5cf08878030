"""HTTPS: certificates on demand, only for hosts that lead somewhere, even while the hub is away.

Caddy asks before it orders one. The answer comes from the same links that say where a host
leads, so a stranger cannot use up the authority's weekly limit with invented names.
"""

from __future__ import annotations

from dialup_ext.ingress.blocks import Lines, block
from dialup_ext.ingress.places import Places

ASK = "/certificate"


def options(places: Places) -> Lines:
    """The global options."""
    if places.scheme == "http":
        return ["auto_https off"]
    if not places.public_certificates:
        return ["auto_https disable_redirects", "local_certs", "skip_install_trust"]
    return ["auto_https disable_redirects", *block("on_demand_tls", f"ask http://127.0.0.1{ASK}")]


def on_demand(places: Places) -> Lines:
    """What a wildcard block needs: one certificate per host, when it is first asked for."""
    return block("tls", "on_demand") if places.public_certificates else []


def plain_http(places: Places) -> list[Lines]:
    """Port 80 of a server on the Internet: the question above, redirects, and nothing else."""
    if not places.public_certificates:
        return []
    hosts = [f"http://{name}.{places.domain}:80" for name in ("admin", "editor", "*.editor", "*")]
    hosts.append(f"http://{places.domain}:80")
    redirect = f"redir {places.scheme}://{{http.request.host}}" + (
        "" if places.port == 443 else f":{places.port}") + "{uri} 308"
    return [_question(places), block(", ".join(hosts), redirect), block("http://:80", "abort")]


def _question(places: Places) -> Lines:
    wanted = "{http.request.uri.query.domain}"
    return block(
        "http://127.0.0.1:80",
        "@here remote_ip 127.0.0.0/8",
        f"@name vars_regexp {wanted} ^[a-z0-9.-]{{1,253}}$",
        *block("@leads file", f'root "{places.live}/{wanted}"', "try_files up/"),
        f'@bare vars {wanted} "{places.domain}"',
        block("handle @here", "respond @bare 200", block("handle @name", "respond @leads 200")),
        "respond 404",
    )
