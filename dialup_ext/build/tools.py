"""The tools that make a site of a folder: what each is called, and where it puts its work. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialup_ext.build.package import Package, Read
from dialup_ext.domain.manifest import Manifest

_OUT = re.compile(r"""\b(?:outDir|dist_?dir|distDir)\s*:\s*(["'`])([^"'`$]+)\1""")
_OUT_FLAG = re.compile(r"""--(?:outDir|outdir|out-dir|output|dist-dir)[= ]["']?([^\s"'&;|]+)""")
_DOCS = re.compile(r"\bvitepress build\s+([\w./-]+)")
_ENDINGS = ("mjs", "js", "ts", "mts", "cjs", "cts")
_MOST = 256 << 10
STANDALONE = "standalone"
"""The folder, inside its own, that Next puts a program into which needs nothing else."""

_MIDDLEWARE = re.compile(r"""\bmode\s*:\s*["'`]middleware["'`]""")


@dataclass(frozen=True, slots=True)
class Tool:
    """One builder, by its npm package. `output` is the folder it writes when nothing is said, “” for
    one that depends. `program` and `words` build a project without a build script; none: it needs one.
    `config` is its configuration file without the ending. `sign` must be in there, or its package
    among the dependencies, for the result to be files; “” means it always is.
    """

    package: str
    output: str
    words: tuple[str, ...] = ()
    config: str = ""
    sign: str = ""
    server: str = ""
    """A pattern in the configuration that says: this is to run, it is not files."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that a build makes: what starts it, and the folder it is written to."""

    start: tuple[str, ...]
    root: str


TOOLS = (
    Tool("astro", "dist", ("astro", "build"), "astro.config",
         server=r"\badapter\s*:|\boutput\s*:\s*[\"'`]server[\"'`]"),
    Tool("vitepress", ".vitepress/dist", ("vitepress", "build"), ".vitepress/config"),
    Tool("@11ty/eleventy", "_site", ("eleventy",)),
    Tool("@docusaurus/core", "build", ("docusaurus", "build")),
    Tool("@sveltejs/kit", "build", config="svelte.config", sign="@sveltejs/adapter-static"),
    Tool("next", "out", ("next", "build"), config="next.config", sign=r"\boutput\s*:\s*[\"'`]export[\"'`]"),
    Tool("gatsby", "public", ("gatsby", "build")),
    Tool("react-scripts", "build", ("react-scripts", "build")),
    Tool("@angular/cli", ""),
    Tool("nuxt", ".output/public", sign=r"\bssr\s*:\s*false"),
    Tool("parcel", "dist"),
    Tool("vite", "dist", ("vite", "build"), "vite.config"),
    Tool("webpack", "dist"),
)
"""What is built on another comes before it: a SvelteKit project has Vite among its dependencies too."""


def tool_of(package: Package) -> Tool | None:
    """The tool of a project, or None when it names none we know."""
    known = wanted(package)
    return next((tool for tool in TOOLS if tool.package in known), None)


def find_tool(name: str) -> Tool:
    """The tool of that package; a stranger builds with its build script, wherever to."""
    return next((tool for tool in TOOLS if tool.package == name), Tool(name, ""))


def wanted(package: Package) -> dict[str, str]:
    """Everything a build may use: what the site needs, and what it is developed with."""
    return package.table("dependencies") | package.table("devDependencies")


def makes_files(tool: Tool, manifest: Manifest, read: Read, package: Package) -> bool:
    """True when its work is files to be served; False when it makes a program that has to run."""
    text = _configuration(tool, manifest, read)
    if tool.server and re.search(tool.server, text):
        return False
    return not tool.sign or tool.sign in wanted(package) or re.search(tool.sign, text) is not None


def program_of(tool: Tool, manifest: Manifest, read: Read, package: Package) -> Program | None:
    """The program its build makes when it makes no files; None when that is none we can run."""
    if tool.package == "next":
        folder = _OUT.search(_configuration(tool, manifest, read))
        return Program(("node", "server.js"), f"{(folder and _inside(folder[2])) or '.next'}/{STANDALONE}")
    if tool.package == "astro" and "@astrojs/node" in wanted(package):
        if _MIDDLEWARE.search(_configuration(tool, manifest, read)):
            return None
        output = output_of(tool, manifest, read, package)
        return Program(("node", f"./{output}/server/entry.mjs"), output)
    return None


def output_of(tool: Tool, manifest: Manifest, read: Read, package: Package) -> str:
    """The folder it will write: as its configuration or script says simply, else its habit; “” unknown."""
    script = package.script("build")
    if found := _OUT_FLAG.search(script):
        return _inside(found[1]) or tool.output
    if tool.package == "vitepress" and (docs := _DOCS.search(script)):
        return _inside(f"{docs[1]}/{tool.output}")
    if found := _OUT.search(_configuration(tool, manifest, read)):
        return _inside(found[2]) or tool.output
    return tool.output


def _configuration(tool: Tool, manifest: Manifest, read: Read) -> str:
    for ending in _ENDINGS if tool.config else ():
        entry = manifest.get(f"{tool.config}.{ending}")
        if entry is not None and entry.size <= _MOST:
            return _without_comments(read(entry.path).decode("utf-8", "replace"))
    return ""


def _without_comments(text: str) -> str:
    end = text.rfind("*/") + 2 if "*/" in text else 0  # what opens after it is none, and would be sought for long
    whole = re.sub(r"/\*[\s\S]*?\*/", "", text[:end]) + text[end:]
    return re.sub(r"^[ \t]*//.*$", "", whole, flags=re.MULTILINE)


def _inside(folder: str) -> str:
    """A clean relative folder, or “” for one that is none, or leads out."""
    parts = [part for part in folder.split("/") if part not in ("", ".")]
    return "" if folder.startswith("/") or ".." in parts else "/".join(parts)
