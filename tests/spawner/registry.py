"""A registry of one image on loopback: the few questions of the distribution API a pull asks."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@contextmanager
def registry_of(image: str) -> Iterator[str]:
    """`127.0.0.1:<port>/dialup-test`, where the engine gets what `docker save` says of `image`."""
    blobs, manifest = _saved(image)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, _, reference = self.path.removeprefix("/v2/dialup-test/").partition("/")
            if self.path == "/v2/":
                self.answer(b"{}", "application/json")
            elif kind == "manifests":
                self.answer(manifest, MANIFEST)
            elif kind == "blobs" and reference in blobs:
                self.answer(blobs[reference], "application/octet-stream")
            else:
                self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Docker-Content-Digest", _digest(body))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}/dialup-test"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _saved(image: str) -> tuple[dict[str, bytes], bytes]:
    saved = subprocess.run(["docker", "save", image], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(saved)) as tar:
        def read(name: str) -> bytes:
            found = tar.extractfile(name)
            assert found is not None
            return found.read()

        listed = json.loads(read("manifest.json"))[0]
        config, layers = read(listed["Config"]), [read(name) for name in listed["Layers"]]
    described = {"schemaVersion": 2, "mediaType": MANIFEST,
                 "config": _part(config, "application/vnd.docker.container.image.v1+json"),
                 "layers": [_part(one, "application/vnd.docker.image.rootfs.diff.tar.gzip") for one in layers]}
    return {_digest(one): one for one in (config, *layers)}, json.dumps(described).encode()


def _part(data: bytes, kind: str) -> dict[str, object]:
    return {"mediaType": kind, "size": len(data), "digest": _digest(data)}


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
