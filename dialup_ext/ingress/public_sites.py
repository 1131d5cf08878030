"""Public sites: files first, then what runs; what is missing is said kindly."""

from __future__ import annotations

from dialup_ext.ingress import pages
from dialup_ext.ingress.answers import answer
from dialup_ext.ingress.blocks import Lines, block
from dialup_ext.ingress.cookies import sites_cookies
from dialup_ext.ingress.places import Places
from dialup_ext.ingress.upstreams import to_upstream

HASHED_FOLDERS = ("/_astro/*", "/_next/static/*", "/_app/immutable/*")
"""Folders in which a bundler puts nothing but files named by their content."""

LONG_DIGEST = r"[.-][0-9a-f]{16,64}\.[a-z0-9]+$"
"""Sixteen hexadecimal digits: no word and no date looks like that."""

FOR_EVER = '"public, max-age=31536000, immutable"'


def public_site(places: Places) -> Lines:
    """A file, then the running site, then `about.html` for `/about`. No hidden files."""
    www = f'root "{places.site}/www"'
    return [
        *block("@hidden", "path */.*", r"not path_regexp ^/\.well-known(/[^./][^/]*)*/?$"),
        "error @hidden 404",
        *_caching(),
        *block("file_server", www, "index index.html", "precompressed br gzip", "pass_thru"),
        *sites_cookies(),
        *to_upstream(places, places.site),
        *block("@page file", www, "try_files {path}.html"),
        *block("handle @page", "rewrite * {http.matchers.file.relative}",
               block("file_server", www, "precompressed br gzip")),
        "error 404",
    ]


def public_site_errors(places: Places) -> Lines:
    """A site's own `404.html` before ours."""
    www = f'root "{places.site}/www"'
    own = block("handle @own", "rewrite * /404.html", "header Cache-Control no-cache",
                block("file_server", www, "status 404"))
    return [
        "@missing expression `{err.status_code} == 404`",
        *block("@own", "method GET HEAD", block("file", www, "try_files /404.html")),
        *block("@exists file", f'root "{places.site}"', "try_files www/"),
        *block("handle @hub", answer(pages.HUB_AWAY, 503)),
        *block("handle @silent", answer(pages.SITE_SILENT, "{err.status_code}")),
        *block("handle @missing", block("route", own,
               block("handle @exists", answer(pages.NO_PAGE, 404)),
               block("handle", answer(pages.NO_SITE, 404)))),
        *block("handle", answer(pages.REFUSED, "{err.status_code}")),
    ]


def _caching() -> Lines:
    """Keep for ever what has its digest in its name; ask again for everything else.

    Only for files Caddy serves itself (an answer from an upstream carries `Via`): what a running
    site says about its own pages is its own business.
    """
    ours = block("match", "status 200 206 304", "header !Via")
    return [
        *block("@hashed", "path " + " ".join(HASHED_FOLDERS)),
        f"@digest path_regexp {LONG_DIGEST}",
        *block("header @hashed", f"Cache-Control {FOR_EVER}", ours),
        *block("header @digest", f"Cache-Control {FOR_EVER}", ours),
        # The last one speaks first, those above may overrule it.
        *block("header", "Cache-Control no-cache", ours),
    ]
