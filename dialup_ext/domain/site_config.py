"""What a site may say about itself in a `dialup.toml`, where detection cannot know it.

The file is optional and small. This is its whole schema; `build/dialup_toml.py` reads and checks it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

FILE = "dialup.toml"


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """The fields of a `dialup.toml`; what it does not say is empty.

    `metadata` holds, for the documentation and for refusals, the shape of a value and what it is for.
    """

    kind: str = field(default="", metadata={
        "shape": "kind", "help": "What the site is, when detection chooses something else: `static`, `nodejs`, "
                                 "`astro`, `next`, `python` or `notebook`."})
    build: tuple[str, ...] = field(default=(), metadata={
        "shape": "words", "help": "What builds it, instead of the build script of package.json."})
    output: str = field(default="", metadata={
        "shape": "folder", "help": "The folder the build writes the site to; without a build, the folder to serve."})
    start: tuple[str, ...] = field(default=(), metadata={
        "shape": "words", "help": "What runs it. It listens on the port in `PORT`; `{port}` and `{host}` are "
                                  "replaced. A site that would be files then runs: `start = \"astro preview\"`."})
    health: str = field(default="", metadata={
        "shape": "path", "help": "The path asked before a new release goes live; it must answer with 2xx or 3xx. "
                                 "Without it, the server's own setting: `/`."})
    scripts: bool | tuple[str, ...] = field(default=(), metadata={
        "shape": "scripts", "help": "The packages whose own install scripts may run, or `true` for all of them. "
                                    "Without it none runs. For Python, `true` allows packages that have to be built."})
    app: str = field(default="", metadata={
        "shape": "text", "help": "Python: the module and the name of the app, such as `main:app`."})
    notebook: str = field(default="", metadata={
        "shape": "file", "help": "The notebook that is the site, when there are several."})

    def as_dict(self) -> dict[str, Any]:
        """Only what was said, as JSON has it: tuples are lists. Empty when the file says nothing."""
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value}
