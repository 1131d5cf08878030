"""The environment an instance of the process driver starts with: made new, never inherited."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from dialup_ext.domain.instance import InstanceKind, InstanceSpec, Runtime
from dialup_ext.spawner.family import MARK

SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")

TRUST = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "PIP_CERT",
         "CURL_CA_BUNDLE")
"""Names of files with certificates: they belong to the machine, not to the hub, and are no secret."""

HEAP_SHARE = 0.75
"""Of its memory, what Node may fill before it collects in earnest; the rest is its native memory."""


def scrubbed(spec: InstanceSpec, *, mark: str, folder: Path, path: Sequence[Path], address: str | None,
             outer: Mapping[str, str] = os.environ) -> dict[str, str]:
    """PATH, HOME, LANG, TMPDIR, the address, and what `spec` asks for. Nothing else of `outer`."""
    result = {
        "PATH": os.pathsep.join([*map(str, path), *SYSTEM_PATH]),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "LANG": "C.UTF-8",
    }
    result |= {name: outer[name] for name in TRUST if outer.get(name)}
    if spec.runtime is Runtime.NODE and spec.kind is InstanceKind.SITE:
        # In a container Node sees its limit by itself; a bare process sees the whole machine.
        result["NODE_OPTIONS"] = f"--max-old-space-size={int(spec.memory_mb * HEAP_SHARE)}"
    result |= dict(spec.environment)
    if spec.variables:
        result["SECRETS_DIR"] = str(spec.variables)
    if spec.data:
        result["DATA_DIR"] = str(spec.data)
    if address is not None:
        host, port = address.rsplit(":", 1)
        result = {name: host if value == "{host}" else value for name, value in result.items()}
        result |= {"HOST": host, "PORT": port}
    return result | {MARK: mark}
