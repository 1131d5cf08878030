"""What may be a host, a target's name and an upstream's address. All become names of files."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path

from dialup_ext.domain.ports import GATE, Target
from dialup_ext.errors import BadInput

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_host(host: str) -> str:
    """`host` if it is a lower-case host name without a port or a dot at the end; else `BadInput`."""
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise _bad(f"{host!r} is not a host name.", "bad_host")
    return host


def check_target(target: Target) -> Target:
    """`target` if name, folder and upstream can be used as they are; else `BadInput`."""
    if not _NAME.fullmatch(target.name):
        raise _bad(f"{target.name!r} cannot name a target.", "bad_target")
    if target.public is not None and (not target.public.is_absolute() or ".." in target.public.parts):
        raise _bad(f"{target.public} is not an absolute path.", "bad_target")
    if target.upstream not in (None, GATE):
        check_address(str(target.upstream))
    return target


def check_address(address: str) -> str:
    """`address` if it is one `<ip>:<port>` in its usual spelling; else `BadInput`.

    Names are refused (they could change their meaning later), and so are addresses nothing of
    ours ever has: none, everybody's, and the link's own, where cloud machines keep credentials.
    """
    text, _, port = address.rpartition(":")
    try:
        ip = ipaddress.ip_address(text[1:-1] if text.startswith("[") and text.endswith("]") else text)
    except ValueError:
        raise _bad(f"{address!r} is not <ip>:<port>.", "bad_address") from None
    usual = f"[{ip}]" if ip.version == 6 else str(ip)
    if text != usual or not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65535:
        raise _bad(f"{address!r} is not <ip>:<port>.", "bad_address")
    if ip.is_unspecified or ip.is_multicast or ip.is_link_local or "%" in text:
        raise _bad(f"{address!r} cannot be the address of a running site.", "bad_address")
    return address


def check_folder(path: Path) -> Path:
    """`path` if it is a real folder, not a link to one; else `BadInput`."""
    if path.is_symlink() or not path.is_dir():
        raise _bad(f"There is no folder {path}.", "bad_target")
    return path


def _bad(message: str, code: str) -> BadInput:
    return BadInput(message, code=code, hint="Nothing was changed.")
