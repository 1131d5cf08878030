"""Every round of a run, kept as JSON: the table is rendered from this and from nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = Path(__file__).with_name("results.json")


@dataclass
class Results:
    """A run. `figures` holds, by name, one value per round; units are those of `rows.py`."""

    made: str
    """The day, as ISO has it."""
    rounds: int
    machine: dict[str, str]
    figures: dict[str, list[float]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    """What could not be measured here, and why, in sentences."""

    @classmethod
    def read(cls, file: Path = FILE) -> Results:
        """What `write` left. Raises `FileNotFoundError`, or `TypeError` for another shape."""
        return cls(**json.loads(file.read_text()))

    def write(self, file: Path = FILE) -> None:
        """Replace the file, whole or not at all."""
        figures = {name: [_short(value) for value in values] for name, values in sorted(self.figures.items())}
        fresh = file.with_name(file.name + ".new")
        text = json.dumps({**asdict(self), "figures": {}}, indent=1, ensure_ascii=False)
        lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(values)}" for name, values in figures.items())
        fresh.write_text(text.replace('"figures": {}', f'"figures": {{\n{lines}\n }}') + "\n")
        fresh.rename(file)

    def add(self, name: str, value: float) -> None:
        """One more round of `name`."""
        self.figures.setdefault(name, []).append(value)

    def keep(self, before: Results) -> None:
        """Take from an earlier run what this one did not measure; nothing from another machine's."""
        if (before.machine, before.rounds) == (self.machine, self.rounds):
            self.figures = {**before.figures, **self.figures}
            self.left_out = list(dict.fromkeys([*before.left_out, *self.left_out]))


def _short(value: float) -> float:
    """Six digits: more is noise."""
    return float(f"{value:.6g}")
