"""A text of 100 kB over TLS, compressed: made once at the deployment, or at every request.

Brotli and gzip are what our releases hold; Debian's nginx packs with gzip, on the fly or from a
file somebody put there. Bytes are shown too: fewer of them are what compressing is for.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from benchmarks.content import static_site
from benchmarks.load import requests_per_second
from benchmarks.rounds import Bench, Case
from benchmarks.servers import nginx
from benchmarks.standing import installation, owner
from benchmarks.stopwatch import until
from dialup_ext.testing.installation import Installation, free_port

PAGE = "/text.html"


@contextmanager
def compressed(bench: Bench) -> Iterator[Sequence[Case]]:
    """Deployed over plain HTTP, then the same home answers HTTPS with Caddy's own certificates."""
    folder = static_site(bench.folder / "text", files=4)
    with installation(bench, "tls-home") as plain:
        owner(plain).deploy("text", folder)
        packed = plain.get("text", PAGE, **{"Accept-Encoding": "gzip"}).body
        sizes = {coding: float(len(plain.get("text", PAGE, **{"Accept-Encoding": coding}).body))
                 for coding in ("identity", "gzip", "br")}
    with ExitStack() as stack:
        ours = stack.enter_context(installation(bench, "tls-home", scheme="https"))
        urls = {"br": _url(ours.port), "gzip": _url(ours.port)}
        until(lambda: _certified(ours))
        if bench.programs.nginx:
            urls |= _nginx(stack, bench, folder, packed)
        cases: list[Case] = [partial(_load, bench, name, url) for name, url in urls.items()]
        yield [*cases, lambda: {f"tls.bytes.{coding}": size for coding, size in sizes.items()}]


def _url(port: int) -> str:
    return f"https://text.dialup.localhost:{port}{PAGE}"


def _nginx(stack: ExitStack, bench: Bench, folder: Path, packed: bytes) -> dict[str, str]:
    _certificate(bench.folder)
    ready = bench.folder / "packed"
    ready.mkdir()
    (ready / "text.html").write_bytes((folder / "text.html").read_bytes())
    (ready / "text.html.gz").write_bytes(packed)
    urls = {}
    for name, root, how in (("fly", folder, "gzip on;"), ("static", ready, "gzip_static on;")):
        body = (f"listen PORT ssl; root {root}; {how} ssl_certificate {bench.folder}/tls.crt; "
                f"ssl_certificate_key {bench.folder}/tls.key;")
        urls[f"nginx.{name}"] = _url(stack.enter_context(nginx(bench.programs, bench.folder, body, port=free_port())))
    return urls


def _certificate(folder: Path) -> None:
    """On the same curve as Caddy's own."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=text.dialup.localhost", "-keyout", folder / "tls.key",
                    "-out", folder / "tls.crt"], check=True, capture_output=True)


def _certified(ours: Installation) -> bool:
    """Caddy makes its certificates after it has begun to listen."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{ours.port}",
                           "-servername", "text.dialup.localhost", "-brief"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return "CONNECTION ESTABLISHED" in done.stderr


def _load(bench: Bench, name: str, url: str) -> Mapping[str, float]:
    coding = "br" if name == "br" else "gzip"
    return {f"tls.{name}": requests_per_second(bench.programs, url, Accept_Encoding=coding)}
