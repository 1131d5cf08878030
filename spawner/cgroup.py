"""What the kernel's control groups say of a container: memory, processor time, processes.

Both generations of the kernel's files are read; which one it is shows in /proc/<pid>/cgroup.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dialup_ext.domain.instance import Usage

ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Group:
    """The folders of one container's group: one for each thing in version 1, the same in version 2."""

    memory: Path
    cpu: Path
    pids: Path
    version: int

    def usage(self) -> Usage | None:
        """Present use, without files the kernel only keeps in memory as long as nobody needs it;
        None when the group is gone. The engine's own first process is not counted.
        """
        try:
            memory, processes = self._memory(), len((self.memory / "cgroup.procs").read_bytes().split())
            return Usage(memory, self._seconds(), max(0, processes - 1), *self._refused())
        except (FileNotFoundError, OSError):
            return None

    def _memory(self) -> int:
        names = ("memory.usage_in_bytes", "total_inactive_file") if self.version == 1 else (
            "memory.current", "inactive_file")
        used = int((self.memory / names[0]).read_text())
        for line in (self.memory / "memory.stat").read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == names[1]:
                return max(0, used - int(value))
        return used

    def _refused(self) -> tuple[int, int | None]:
        """How often there was no further process or thread to be had, and how many there may be."""
        try:
            events, most = (self.pids / "pids.events").read_text().split(), (self.pids / "pids.max").read_text().strip()
        except OSError:  # a kernel without this controller
            return 0, None
        return int(events[1]) if events[:1] == ["max"] else 0, int(most) if most.isdigit() else None

    def _seconds(self) -> float:
        if self.version == 1:
            return int((self.cpu / "cpuacct.usage").read_text()) / 1e9
        for line in (self.cpu / "cpu.stat").read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == "usage_usec":
                return int(value) / 1e6
        return 0.0


def group_of(pid: int) -> Group | None:
    """The group of a container, by the process id of its first process; None when it has ended."""
    try:
        text = Path(f"/proc/{pid}/cgroup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return group_in(text, ROOT)


def group_in(text: str, root: Path) -> Group | None:
    """The same from the text of that file. Pure but for a look at which folders are there."""
    lines = [line.split(":", 2) for line in text.splitlines()]
    named = {name: path.lstrip("/") for _number, names, path in lines for name in names.split(",")}
    if "memory" in named:
        cpu = next((root / folder for folder in ("cpuacct", "cpu,cpuacct") if (root / folder).is_dir()), root)
        return Group(root / "memory" / named["memory"], cpu / named.get("cpuacct", named["memory"]),
                     root / "pids" / named.get("pids", named["memory"]), 1)
    if "" in named:
        return Group(root / named[""], root / named[""], root / named[""], 2)
    return None
