"""Find in what a build printed what is wrong, and where: file, line, and one thing to try. Pure.

Each sign is the wording of a tool: Vite and Rolldown, Astro, esbuild, TypeScript, PostCSS, Eleventy,
Node and the shell. The first that is there wins, so the exact ones stand before the general ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PLACE = r"(?P<file>[^\s:()'\"\[\]]+):(?P<line>\d+)(?::\d+)?"


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong, as a code, a sentence and one thing to try."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Sign:
    pattern: re.Pattern[str]
    meaning: Callable[[re.Match[str]], Complaint]


def plain(text: str) -> str:
    """`text` without the colours some tools print whatever they are told."""
    return _COLOUR.sub("", text)


def find_complaint(text: str) -> Complaint | None:
    """What the output of a build complains about; None when it says nothing we understand."""
    for sign in _SIGNS:
        if found := sign.pattern.search(text):
            return sign.meaning(found)
    return None


def _not_found(found: re.Match[str]) -> Complaint:
    """An import that leads nowhere: a file of one's own, or a package."""
    wanted, importer = found["wanted"], found["file"] or ""
    here = "" if not importer or "node_modules" in importer else importer
    if wanted.startswith((".", "/", "~", "@/", "#")):
        return Complaint("file_not_found", f"{here or 'A file'} imports “{wanted}”, and there is no such file.",
                         "Check its spelling; upper and lower case count on the server.")
    package = "/".join(wanted.split("/")[: 2 if wanted.startswith("@") else 1])
    return Complaint("dependency_missing", f"{here or 'The site'} uses the package “{package}”, which is not "
                     "installed.", f"Run `npm install {package}` in the folder, which adds it to package.json, and "
                     "deploy again.")


def _at_place(code: str, hint: str) -> Callable[[re.Match[str]], Complaint]:
    def meaning(found: re.Match[str]) -> Complaint:
        said = _sentence(found["said"])
        line = int(found["line"] or 0)
        where = found["file"].removeprefix("./") + (f", line {line}" if line else "")
        return Complaint(code, f"{where}: {said}" if "node_modules/" not in where else said, hint)

    return meaning


def _words(code: str, message: str, hint: str) -> Callable[[re.Match[str]], Complaint]:
    return lambda found: Complaint(code, message.format(*(_sentence(group or "") for group in found.groups())),
                                   hint)


def _sentence(said: str) -> str:
    said = re.sub(r"\s+", " ", said.replace("**", "")).strip()[:300]
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _sign(pattern: str, meaning: Callable[[re.Match[str]], Complaint]) -> _Sign:
    return _Sign(re.compile(pattern, re.MULTILINE), meaning)


_MEND = "Mend it there; `npm run build` in the folder shows the same."

_SIGNS = (
    _sign(r"ENOSPC|EDQUOT|[Nn]o space left on device", _words(
        "no_space", "The build found no room to write: the disk, or its own small temporary folder, is full.",
        "Let it write less beside its output, or ask your admin to make room. What was live still is.")),
    _sign(r"heap out of memory|Cannot allocate memory|\bENOMEM\b|memory allocation of \d+ bytes failed", _words(
        "out_of_memory", "Building the site needed more memory than a build may have.",
        "Build less at once (fewer or smaller pictures), or ask your admin to raise build_memory_mb.")),
    _sign(r"spawn\w* \S+ EAGAIN|ERR_WORKER_INIT_FAILED|[Cc]annot fork|[Ff]ork\w*: .*Resource temporarily unavailable|can't start new thread", _words(
        "too_many_processes", "The build wanted more processes and threads than a build may have.",
        "Let it do less at once: most tools have a setting for the number of workers.")),
    _sign(r"^(?:sh: \d+: |sh: |/bin/sh: \d+: )([\w@./-]+): (?:command )?not found$|^dialup: “(?:node_modules/\.bin/)?"
          r"([\w@./-]+)” was not found", lambda found: Complaint(
              "tool_missing", f"The build script runs “{found[1] or found[2]}”, and no package of the site brings it.",
              "Add the package it comes from to package.json (`npm install --save-dev …`) and deploy again.")),
    _sign(r"[Mm]issing script: \"?build", _words(
        "no_build_script", "package.json has no build script.",
        'Add to package.json: "scripts": {{"build": "…"}}.')),
    _sign(r"Could not find the Next\.js package", _words(
        "bad_config", "Next does not find its own package: next.config names a root of its own, and the packages lie beside it.",
        "Take “turbopack.root” and “outputFileTracingRoot” out of next.config.")),
    _sign(r"^\./(?P<file>[^\s:]+):\d+:\d+\n(?:Error: )?Module not found: Can't resolve '(?P<wanted>[^']+)'", _not_found),
    _sign(r"^\./(?P<file>[^\s:]+):(?P<line>\d+):\d+\nType error: (?P<said>[^\n]+)$", _at_place("type_error", _MEND)),
    _sign(r"^\./(?P<file>[^\s:]+):(?P<line>\d+):\d+\n(?:Error: )?(?P<said>[^\n]+)$", _at_place("syntax_error", _MEND)),
    _sign(r"Error occurred prerendering page \"([^\"]+)\"[^\n]*\n(?:Error: )?([^\n]+)$", lambda found: Complaint(
        "page_failed", f"The page {found[1]} cannot be made: {_sentence(found[2])}",
        "Look at that page and at what it imports; the log shows more.")),
    _sign(r"UNRESOLVED_ENTRY\][^\n]*?entry module (\S+?)\.?$", _words(
        "file_not_found", "The build begins with {0} There is no such file.",
        "Put it at the top of the folder, or name another in the configuration of the build.")),
    _sign(r"^(?P<file>[^\s(]+)\((?P<line>\d+),\d+\): error TS\d+: (?P<said>.+)$", _at_place("type_error", _MEND)),
    _sign(rf"^{_PLACE} - error (?:TS|ts)\(?\d+\)?: (?P<said>.+)$", _at_place("type_error", _MEND)),
    _sign(r"failed to resolve import \"(?P<wanted>[^\"]+)\" from \"(?P<file>[^\"]+)\"", _not_found),
    _sign(r"Could not resolve ['\"](?P<wanted>[^'\"]+)['\"] (?:in|from) ['\"]?(?P<file>[^\s'\"]+)", _not_found),
    _sign(r"Could not resolve \"(?P<wanted>[^\"]+)\"\n\s*\n\s+(?P<file>[^\s:]+):\d+", _not_found),
    _sign(r"Cannot find (?:package|module) '(?P<wanted>[^']+)'(?: imported from (?P<file>\S+))?", _not_found),
    _sign(rf"\[postcss\] {_PLACE}: (?P<said>.+)$", _at_place("syntax_error", _MEND)),
    _sign(rf"^(?:\[[\w:-]+\] )?(?P<said>[^\n]+)\n\s+╭─\[ {_PLACE} \]", _at_place("syntax_error", _MEND)),
    _sign(rf"\[ERROR\] (?P<said>[^\n]+)\n\s*\n\s+{_PLACE}:?$", _at_place("syntax_error", _MEND)),
    _sign(r"Unable to load your Astro config[ \t]*\n\s{0,9}(?P<said>[^\n]+)\n(?:[^\n]*\n){0,20}?[ \t]+Location:\n\s+(?P<file>astro\.config"
          r"\.\w+):(?P<line>\d+)", _at_place("bad_config", _MEND)),
    _sign(r"Unable to load your Astro config\s+([^\n]+)$", _words(
        "bad_config", "astro.config cannot be read: {0}", _MEND)),
    _sign(r"failed to load config from (\S+)\nerror during build:\n([^\n]+)$", lambda found: Complaint(
        "bad_config", f"{found[1]} cannot be read: {_sentence(found[2])}", _MEND)),
    _sign(rf"^(?:\[\w*Error\] )(?P<said>[^\n]+\n(?:\s*\n {{2,}}[^\n:]+: [^\n]+)?)(?:(?!\s*Stack)[^\n]*\n){{0,15}}?"
          rf"\s+Location:\n\s+{_PLACE}", _at_place("syntax_error", _MEND)),
    _sign(rf"^(?P<said>[^\s\[][^\n]+)\n\s+Location:\n\s+{_PLACE}", _at_place("syntax_error", _MEND)),
    _sign(r"Caught error rendering (\S+): ([^\n]+)$", lambda found: Complaint(
        "page_failed", f"The page {found[1]} cannot be made: {_sentence(found[2])}",
        "Look at that page and at what it imports; the log shows more.")),
    _sign(r"^\[11ty\] \d+\. (?P<said>[^\n]+?), file:(?P<file>[^\s,]+), line:(?P<line>\d+)",
          _at_place("syntax_error", _MEND)),
    _sign(r"^\[11ty\] (?:\d+\. )([^\n]+?) \(via [^\n]*\)\n\[11ty\] *$", _words(
        "page_failed", "Eleventy cannot make a page: {0}", _MEND)),
    _sign(r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (\S+)|connect (?:ECONNREFUSED|ETIMEDOUT) (\S+)", lambda found: Complaint(
        "no_answer", f"The build asked {found[1] or found[2]} for something and got no answer.",
        "Look whether that address is right; try again later, or keep a copy in the site.")),
    _sign(r"^(?:Uncaught )?(\w*Error(?: \[\w+\])?: [^\n]+)$", _words(
        "build_failed", "The build stopped: {0}", "The lines of the log around it usually say where.")),
)
