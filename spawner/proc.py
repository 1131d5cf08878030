"""What the kernel's files under /proc tell about processes. Reads only; keeps nothing.

A process is named by pid *and* start time: a pid alone is given to somebody else later.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
_LISTEN = "0A"
_ESTABLISHED = "01"


@dataclass(frozen=True, slots=True)
class Process:
    """One line of the process table. `ticks` is the start time, in clock ticks after boot."""

    pid: int
    parent: int
    session: int
    ticks: int
    dead: bool
    """A zombie: it has ended and only its exit code is left."""
    cpu_seconds: float
    """Its own and that of the children it waited for."""
    rss_bytes: int

    @property
    def identity(self) -> tuple[int, int]:
        return self.pid, self.ticks


def process(pid: int) -> Process | None:
    """The process with this pid now, or None."""
    try:
        # Read hundreds of times a second: no Path, no buffer.
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:  # noqa: PTH123
            text = file.read(2048)
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in brackets may hold anything, brackets and spaces too.
    fields = text[text.rindex(b")") + 2 :].split()
    return Process(
        pid=pid,
        parent=int(fields[1]),
        session=int(fields[3]),
        ticks=int(fields[19]),
        dead=fields[0] in (b"Z", b"X"),
        cpu_seconds=sum(int(field) for field in fields[11:15]) / TICKS,
        rss_bytes=int(fields[21]) * PAGE,
    )


def processes() -> list[Process]:
    """Every process we can see."""
    found = (process(int(name)) for name in os.listdir("/proc") if name.isdecimal())  # noqa: PTH208
    return [one for one in found if one is not None]


def variable(pid: int, name: str) -> str | None:
    """An environment variable as the process was started with; None when unset or not ours to read."""
    try:
        block = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    start = f"{name}=".encode()
    for item in block.split(b"\0"):
        if item.startswith(start):
            return item[len(start) :].decode("utf-8", "replace")
    return None


def own_memory(pid: int) -> int | None:
    """Bytes this process costs (PSS: shared pages counted by share); None when not readable."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_bytes()
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return None


def sockets(pid: int) -> set[int]:
    """The inodes of the sockets this process holds open."""
    found = set()
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            target = _link(entry)
            if target.startswith("socket:["):
                found.add(int(target[8:-1]))
    except OSError:
        return found
    return found


def listeners(pid: int | str = "self") -> dict[int, str]:
    """Socket inode → `<ip>:<port>` of every TCP socket that listens in our network, or in `pid`'s."""
    found = {}
    for name in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]
        except (FileNotFoundError, ProcessLookupError, OSError):
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN:
                found[int(fields[9])] = _address(fields[1])
    return found


def established(address: str, pid: int | str = "self") -> int:
    """How many TCP connections to the port of `address` are open in our network, or in `pid`'s."""
    port, count = f":{int(address.rpartition(':')[2]):04X}", 0
    for name in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]
        except OSError:
            continue
        count += sum(fields[3] == _ESTABLISHED and fields[1].endswith(port) for fields in map(str.split, lines))
    return count


def boot() -> str:
    """The name of this boot of the machine: pids and ticks mean nothing in another."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def age(ticks: int) -> float:
    """Seconds since a process with this start time began; no clock change touches it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / TICKS


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def _address(text: str) -> str:
    """`0100007F:1F90` → `127.0.0.1:8080`: the kernel prints words of four bytes, little end first."""
    import ipaddress
    import sys

    host, port = text.split(":")
    raw = bytes.fromhex(host)
    if sys.byteorder == "little":
        raw = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
    address = ipaddress.ip_address(raw)
    shown = f"[{address}]" if address.version == 6 else str(address)
    return f"{shown}:{int(port, 16)}"
