"""Turn the settings into Caddy's whole configuration. Pure: nothing here touches disk or network.

It is structure only: the portal and the bare domain that leads to it, one wildcard for labs, one
for previews and public sites, and a last block that hangs up on every other name. Where a host leads is read by Caddy from
`ingress/live/<host>` at each request, so sites come and go without a new configuration. It holds
no secret: a lab's is in the door's answer, request by request.
"""

from __future__ import annotations

from dialup_ext.ingress import certificates, cookies, guarded, upstreams
from dialup_ext.ingress.answers import errors
from dialup_ext.ingress.blocks import Lines, block, text
from dialup_ext.ingress.places import Places
from dialup_ext.ingress.public_sites import public_site, public_site_errors
from dialup_ext.settings import Settings

SECRETS = r"(?i)([?&;](?:code|token|key|link|state|next)=)[^&;]*|dlp(?:_|%5f)[\w%-]+"
"""In addresses: one-time codes, where a person was going, and keys pasted anywhere at all."""

HEADER = "# Written by dialup from its settings. It does not change when sites do. Do not edit.\n"


def render(settings: Settings) -> str:
    """The Caddyfile for `settings`. Raises `BadInput` for places Caddy could not be told of."""
    places = Places(settings)
    blocks = [
        _options(places),
        upstreams.strip(),
        cookies.read_cookies(),
        guarded.door(places),
        upstreams.upstream(),
        _portal(places),
        _bare_domain(places),
        _labs(places),
        _sites(places),
        *certificates.plain_http(places),
        block(f"{places.scheme}://:{places.port}", places.bind_line, "abort"),
    ]
    return HEADER + "\n".join(text(part) for part in blocks)


def _options(places: Places) -> Lines:
    return block(
        "",
        f'admin "{places.socket("caddy")}|0200"',
        "persist_config off",
        f'storage file_system "{places.storage}"',
        certificates.options(places),
        "grace_period 30s",
        _log("default", f"{places.logs}/caddy.log"),
        # 1 MB of headers: a sibling site can plant cookies on the whole domain, and the portal has
        # to survive them long enough to drop them (a "cookie bomb").
        block("servers", "max_header_size 1MB", block("timeouts", "read_header 10s", "idle 2m")),
    )


def _portal(places: Places) -> Lines:
    return block(places.addresses("admin", "editor"), places.bind_line,
                 _log("", f"{places.logs}/access-portal.log"), guarded.portal(places))


def _bare_domain(places: Places) -> Lines:
    """Whoever leaves the first label out wants the portal; nothing is served here."""
    return block(", ".join(f"{places.scheme}://{host}:{places.port}" for host in places.bare_hosts),
                 places.bind_line, certificates.on_demand(places), "header Cache-Control no-store",
                 f"redir {places.portal}{{uri}} 302")


def _labs(places: Places) -> Lines:
    return block(places.addresses("*.editor"), _wildcard(places, "labs"), guarded.labs(places))


def _sites(places: Places) -> Lines:
    """Previews end in `-dev`, which no site's name can; both live under the one wildcard."""
    return block(
        places.addresses("*"), _wildcard(places, "sites"),
        f"@preview vars_regexp {places.site_label} -dev$",
        block("route", upstreams.only_names(places.site_label), "import strip",
              block("handle @preview", block("route", guarded.preview(places))),
              block("handle", block("route", public_site(places)))),
        errors(block("handle @preview", guarded.preview_errors(places)),
               block("handle", public_site_errors(places))),
    )


def _wildcard(places: Places, log: str) -> Lines:
    return [*places.bind_line, *certificates.on_demand(places),
            *_log("", f"{places.logs}/access-{log}.log"), "encode zstd gzip",
            *upstreams.map_upstream()]


def _log(name: str, path: str) -> Lines:
    """JSON lines without headers (cookies, pages people came from), one-time codes and keys."""
    output = block(f'output file "{path}"', "mode 0600", "roll_size 10MiB", "roll_keep 5",
                   "roll_keep_for 720h")
    fields = block("format filter", "wrap json", "request>headers delete", "resp_headers delete",
                   "request>tls delete", f'request>uri regexp "{SECRETS}" "${{1}}hidden"')
    return block(f"log {name}".rstrip(), output, fields)
