"""Turn the settings into Caddy's whole configuration. Pure: nothing here touches disk or network.

It is structure only: the portal, one wildcard for labs, one for previews and public sites, and a
last block that hangs up on every other name. Where a host leads is read by Caddy from
`ingress/live/<host>` at each request, so sites come and go without a new configuration. It holds
no secret: the door's answer carries a lab's, per request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from dialup_ext.errors import BadInput
from dialup_ext.ingress import pages
from dialup_ext.ingress.pages import POLICY, Page
from dialup_ext.settings import Settings

HEADER = "# Written by dialup from its settings. It does not change when sites do. Do not edit.\n"

SPOOFABLE = ("*dialup*", "Remote-*", "Remote_*", "X-Forwarded-*", "X_Forwarded_*", "Forwarded",
             "X-Real-Ip", "X_Real_Ip")
"""Request headers by which a visitor could claim to be somebody or somewhere else (R1).

Caddy adds its own `X-Forwarded-For`, `-Host` and `-Proto` afterwards.
"""

PAGES = "text/html"
HASHED_FOLDERS = ("/_astro/*", "/_next/static/*", "/_app/immutable/*")
LONG_DIGEST = r"[.-][0-9a-f]{16,64}\.[a-z0-9]+$"


def render(settings: Settings) -> str:
    """The Caddyfile for `settings`. Raises `BadInput` for places Caddy could not be told of."""
    places = _Places(settings)
    blocks = [
        _options(settings, places),
        _strip(),
        _door(places),
        _upstream(),
        _portal(settings, places),
        _labs(settings, places),
        _sites(settings, places),
        *_everything_else(settings),
    ]
    return HEADER + "\n".join(_text(block) for block in blocks)


def listen_addresses(settings: Settings) -> list[str]:
    """What the setting `bind` holds: one address or several; none means every address there is."""
    return str(settings.bind).replace(",", " ").split()


class _Places:
    """Paths and sockets as Caddy has to be given them, and which label of a host is its name."""

    def __init__(self, settings: Settings) -> None:
        self.logs = _plain(settings.home / "logs")
        self.storage = _plain(settings.home / "ingress" / "caddy")
        self.live = _plain(settings.home / "ingress" / "live")
        run = _plain(settings.run)
        self.admin, self.hub, self.edge, self.gate = (
            f"unix/{run}/{name}.sock" for name in ("caddy", "hub", "edge", "gate"))
        self.domain = _domain(settings.domain)
        labels = self.domain.count(".") + 1
        self.site_label = f"{{http.request.host.labels.{labels}}}"
        self.lab_label = f"{{http.request.host.labels.{labels + 1}}}"
        # Labels are lower-cased, {http.request.host} is not: Blog.example.org is blog.example.org.
        self.site = f"{self.live}/{self.site_label}.{self.domain}"
        self.lab = f"{self.live}/{self.lab_label}.editor.{self.domain}"


Lines = list[str]


def _block(head: str, *body: str | Lines) -> Lines:
    inside = [line for part in body for line in ([part] if isinstance(part, str) else part)]
    return [f"{head} {{".lstrip(), *("\t" + line for line in inside), "}"]


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _options(settings: Settings, places: _Places) -> Lines:
    on_demand = [] if settings.scheme == "http" else _block(
        "on_demand_tls", "ask http://127.0.0.1/certificate")
    return _block(
        "",
        f'admin "{places.admin}|0200"',
        "persist_config off",
        f'storage file_system "{places.storage}"',
        "auto_https off" if settings.scheme == "http" else "auto_https disable_redirects",
        *on_demand,
        "grace_period 30s",
        _log("default", f"{places.logs}/caddy.log"),
        # 1 MB of headers: a sibling site can plant cookies on the whole domain, and the portal has
        # to survive them long enough to drop them (a "cookie bomb").
        _block("servers", "max_header_size 1MB", _block("timeouts", "read_header 10s", "idle 2m")),
    )


def _log(name: str, path: str) -> Lines:
    """JSON lines without headers (cookies, addresses of pages people came from) and without codes."""
    output = _block(f'output file "{path}"', "mode 0600", "roll_size 10MiB", "roll_keep 5",
                    "roll_keep_for 720h")
    hidden = _block("request>uri query", "replace code hidden", "replace token hidden",
                    "replace key hidden")
    fields = _block("format filter", "wrap json", "request>headers delete", "resp_headers delete",
                    "request>tls delete", hidden)
    return _block(f"log {name}".rstrip(), output, fields)


def _strip() -> Lines:
    return _block("(strip)", *(f"request_header -{header}" for header in SPOOFABLE))


def _door(places: _Places) -> Lines:
    """Who is there, asked of the hub for every request; nothing is remembered, so logging out is at once."""
    session = "__Host-dialup={http.request.cookie.__Host-dialup}"
    state = "__Host-dialup-state={http.request.cookie.__Host-dialup-state}"
    enter = _block(f'reverse_proxy "{places.edge}"', f'header_up Cookie "{session}; {state}"')
    ask = _block(
        f'forward_auth "{places.edge}"', "uri /_auth",
        _block("transport http", "response_header_timeout 3s"),
        f'header_up Cookie "{session}"',
        "copy_headers X-Dialup-User X-Dialup-Lab X-Dialup-Frame",
    )
    return _block(
        "(door)", "vars place hub", "request_header -Authorization",
        _block("handle /_dialup/*", enter), ask,
        r'request_header Cookie "(^|;\s*)__Host-dialup[^;]*" ""',
    )


def _upstream() -> Lines:
    """Towards anything a person wrote: cookies for the whole domain, or named like ours, stay out."""
    return _block(
        "(upstream)",
        # Node closes idle connections after 5 s, others after 2: a POST sent just then would fail.
        _block("transport http", "keepalive 1s"),
        r'header_down Set-Cookie "(?i);\s*domain\s*=[^;]*" ""',
        'header_down Set-Cookie "(?i)^[^a-z0-9]*__Host-dialup.*" "x=; Max-Age=0"',
        "stream_close_delay 5m",
        "stream_timeout 12h",
    )


def _portal(settings: Settings, places: _Places) -> Lines:
    """The cookie header is rebuilt from the two cookies that are ours: siblings cannot add any (R4)."""
    cookies = ("__Host-dialup={http.request.cookie.__Host-dialup}; "
               "_xsrf={http.request.cookie._xsrf}")
    hosts = [f"admin.{places.domain}", f"editor.{places.domain}"]
    return _block(
        _addresses(settings, hosts), *_common(settings, places, "portal"),
        _block("route", "import strip", f'request_header Cookie "{cookies}"',
               _block(f'reverse_proxy "{places.hub}"', "stream_close_delay 5m")),
        _errors(_answer(pages.HUB_AWAY, 503, framed="'none'", programs=True)),
    )


def _labs(settings: Settings, places: _Places) -> Lines:
    portal = settings.origin(settings.portal_host)
    return _block(
        _addresses(settings, [f"*.editor.{places.domain}"]), *_common(settings, places, "labs"),
        "encode zstd gzip", _map_upstream(),
        _block("route", _only_names(places.lab_label), "import strip", "import door",
               _to_upstream(places, places.lab, "lab"), "error 404"),
        _errors(
            _block("handle @hub", _answer(pages.HUB_AWAY, 503, framed="'none'", programs=True)),
            _block("handle @silent",
                   _answer(pages.lab_silent(portal), 503, framed="'none'", programs=True)),
            _block("handle", _answer(pages.lab_asleep(portal), 404, framed="'none'", programs=True)),
        ),
    )


def _sites(settings: Settings, places: _Places) -> Lines:
    """Previews end in `-dev`, which no site's name can; both live under the one wildcard."""
    return _block(
        _addresses(settings, [f"*.{places.domain}"]), *_common(settings, places, "sites"),
        "encode zstd gzip", _map_upstream(),
        f"@preview vars_regexp {places.site_label} -dev$",
        _block("route", _only_names(places.site_label), "import strip",
               _block("handle @preview", _block("route", _preview(places))),
               _block("handle", _block("route", _public(places)))),
        _errors(_block("handle @preview", _preview_errors(settings, places)),
                _block("handle", _site_errors(places))),
    )


def _preview(places: _Places) -> Lines:
    """For its owner only, and only the owner's lab may put it into a frame."""
    frame = _block("header", '+Content-Security-Policy "frame-ancestors '
                             '{http.request.header.X-Dialup-Frame}"', "defer")
    inside = ("header_up -X-Dialup-*", "header_down -X-Frame-Options",
              'header_down Content-Security-Policy "(?i)frame-ancestors[^;]*;?" ""')
    return [*frame, "import door", *_to_upstream(places, places.site, "preview", *inside), "error 404"]


def _public(places: _Places) -> Lines:
    """Files first, then the running site, then `/about` for `about.html`."""
    return [
        *_block("@hidden", "path */.*", r"not path_regexp ^/\.well-known(/[^./][^/]*)*/?$"),
        "error @hidden 404",
        *_caching(),
        *_block("file_server", f'root "{places.site}/www"', "index index.html",
                "precompressed br gzip", "pass_thru"),
        *_to_upstream(places, places.site, "site"),
        *_block("@page file", f'root "{places.site}/www"', "try_files {path}.html"),
        *_block("handle @page", "rewrite * {http.matchers.file.relative}",
                _block("file_server", f'root "{places.site}/www"', "precompressed br gzip")),
        "error 404",
    ]


def _caching() -> Lines:
    """Keep for ever what has its digest in its name; ask again for everything else.

    Only for files Caddy serves itself (an answer from an upstream carries `Via`): what a running
    site says about its own pages is its own business.
    """
    ours = _block("match", "status 200 206 304", "header !Via")
    return [
        *_block("@hashed", "path " + " ".join(HASHED_FOLDERS)),
        f"@digest path_regexp {LONG_DIGEST}",
        *(line for name in ("@hashed", "@digest") for line in _block(
            f"header {name}", 'Cache-Control "public, max-age=31536000, immutable"', ours)),
        # The last one speaks first, those above may overrule it.
        *_block("header", "Cache-Control no-cache", ours),
    ]


def _map_upstream() -> Lines:
    """The name of the one file in `up/` is the address; nothing else can become one."""
    return _block("map {http.matchers.file.relative} {upstream}",
                  r'~^/?([0-9.]+:[0-9]+)$ "${1}"', r'~^/?(\[[0-9a-f:]+\]:[0-9]+)$ "${1}"')


def _to_upstream(places: _Places, serving: str, place: str, *more: str) -> Lines:
    gate = _block("handle @gate", "vars place hub", f'reverse_proxy "{places.gate}"')
    app = _block("handle", f"vars place {place}",
                 _block("reverse_proxy {upstream}", "import upstream", *more))
    return [
        *_block("@up file", f'root "{serving}/up"', "try_files /*"),
        *_block("handle @up", "@gate vars {http.matchers.file.relative} gate /gate", gate, app),
    ]


def _only_names(label: str) -> Lines:
    """A label is part of a path below, where `*` or `[` would mean more than themselves (R3)."""
    return [f"@strange not vars_regexp {label} ^[a-z0-9-]{{1,63}}$", "abort @strange"]


def _errors(*body: Lines) -> Lines:
    usual = ["@hub vars {http.vars.place} hub", "@silent expression `{err.status_code} >= 500`",
             f"@program not header Accept *{PAGES}*"]
    return _block("handle_errors", _block("route", usual, *body))


def _preview_errors(settings: Settings, places: _Places) -> Lines:
    portal = settings.origin(settings.portal_host)
    framed = "{http.request.header.X-Dialup-Frame}"
    return [
        *_block("handle @hub", _answer(pages.HUB_AWAY, 503, framed=framed)),
        *_block("handle @silent", _answer(pages.preview_silent(portal), 503, framed=framed)),
        *_block("handle", _answer(pages.preview_asleep(portal), 404, framed=framed)),
    ]


def _site_errors(places: _Places) -> Lines:
    """A site's own `404.html` before ours."""
    return [
        "@missing expression `{err.status_code} == 404`",
        *_block("@own", "method GET HEAD", _block(
            "file", f'root "{places.site}/www"', "try_files /404.html")),
        *_block("@exists file", f'root "{places.site}"', "try_files www/"),
        *_block("handle @hub", _answer(pages.HUB_AWAY, 503)),
        *_block("handle @silent", _answer(pages.SITE_SILENT, "{err.status_code}")),
        *_block("handle @missing", _block("route",
                _block("handle @own", "rewrite * /404.html", "header Cache-Control no-cache", _block(
                       "file_server", f'root "{places.site}/www"', "status 404")),
                _block("handle @exists", _answer(pages.NO_PAGE, 404)),
                _block("handle", _answer(pages.NO_SITE, 404)))),
        *_block("handle", _answer(pages.REFUSED, "{err.status_code}")),
    ]


def _answer(page: Page, status: int | str, framed: str = "", programs: bool = False) -> Lines:
    """The page, or with `programs` the same as JSON for whoever does not ask for a page."""
    policy = POLICY + (f"; frame-ancestors {framed}" if framed else "")
    headers = _block("header", "Content-Type \"text/html; charset=utf-8\"",
                     f'Content-Security-Policy "{policy}"', "Cache-Control no-store",
                     "X-Content-Type-Options nosniff",
                     *([f"Retry-After {page.retry}"] if page.retry else []))
    lines = [*headers, f"respond `{page.html()}` {status}"]
    if not programs:
        return _block("route", lines)
    for_program = _block("handle @program", "header Content-Type application/json",
                         "header Cache-Control no-store", f"respond `{page.json()}` {status}")
    return _block("route", for_program, *lines)


def _everything_else(settings: Settings) -> list[Lines]:
    return [_block(f"{settings.scheme}://:{settings.port}", _bind(settings), "abort")]


def _common(settings: Settings, places: _Places, log: str) -> list[Lines]:
    return [_bind(settings), _log("", f"{places.logs}/access-{log}.log")]


def _bind(settings: Settings) -> Lines:
    addresses = listen_addresses(settings)
    return [f"bind {' '.join(addresses)}"] if addresses else []


def _addresses(settings: Settings, hosts: list[str]) -> str:
    return ", ".join(f"{settings.scheme}://{host}:{settings.port}" for host in hosts)


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
