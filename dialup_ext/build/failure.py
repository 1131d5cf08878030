"""Say in words why a build failed, from its last lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dialup_ext.build.complaint import Complaint, find_complaint, plain
from dialup_ext.domain.deployment import Failure

TAIL = 40
"""Log lines shown with a failure."""

_FRAME = re.compile(r"\s+at .*\bnode_modules/|\s+at .*\(?node:internal/")
_SEALED = re.compile(r"(?:file://|(?<![\w./@+~-]))/[\w./@+~-]+?/layers/[^/\s]+/node_modules/")
"""Begins only where a path begins: a long line full of slashes must not hold up the hub."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A sign in the log, and what it means. `{0}` is what the pattern's group found."""

    sign: re.Pattern[str]
    code: str
    message: str
    hint: str


def _case(sign: str, code: str, message: str, hint: str) -> _Case:
    return _Case(re.compile(sign, re.IGNORECASE | re.MULTILINE), code, message, hint)


_CASES = (
    _case(r"ENOSPC|EDQUOT|no space left", "no_space", "There is no room left on the disk.",
          "Remove what you do not need if your storage is full, else ask your admin to make room. "
          "What was live still is."),
    _case(r"heap out of memory|Cannot allocate memory|\bENOMEM\b", "out_of_memory",
          "Installing the dependencies needed more memory than a build may have.",
          "Use fewer or smaller dependencies, or ask your admin to raise build_memory_mb."),
    _case(r"\b404\s+(?:The requested resource )?'((?:@[\w.-]+/)?[\w.-]+)@[^\n']*' ", "package_not_found",
          "There is no package “{0}” to install.", "Check its spelling in package.json."),
    _case(r"\b(?:code|error) E404\b", "package_not_found", "A package in package.json does not exist.",
          "Check the spelling of the names under “dependencies”."),
    _case(r"ETARGET[\s\S]*?No matching version found for (\S+?)\.?$", "version_not_found",
          "There is no such version: {0}.", "Change the version in package.json to one that exists."),
    _case(r"can only install packages when your package\.json and package-lock\.json|"
          r"npm ci.{0,40}in sync|EUSAGE", "lock_out_of_date",
          "package-lock.json does not match package.json.",
          "Run `npm install` in the folder and deploy again with the new package-lock.json."),
    _case(r"ERESOLVE", "dependencies_conflict", "Two dependencies want different versions of the same package.",
          "Run `npm install` in the folder; it names the two. Change one of their versions."),
    _case(r"EJSONPARSE|JSON\.parse|Unexpected token .* in JSON", "bad_package_json",
          "package.json or package-lock.json is not valid JSON.",
          "Mend the file; `npm install` in the folder says in which line."),
    _case(r"EINTEGRITY", "damaged_package", "A package did not have the content the lock file promises.",
          "Delete package-lock.json, run `npm install`, and deploy again."),
    _case(r"\b(?:E401|E403|ENEEDAUTH)\b", "package_private", "A package may not be fetched without a login.",
          "Use public packages only, or copy the private one into your site."),
    _case(r"spawn git|ENOENT.*\bgit\b|\bgit\b.*not found|code 128", "git_dependency",
          "A dependency comes straight from a Git repository, which builds cannot fetch.",
          "Use a published version of it in package.json."),
    _case(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|"
          r"UNABLE_TO_(?:GET|VERIFY)|SELF_SIGNED_CERT|\bE50[0-4]\b|network (?:request|timeout)", "no_network",
          "The packages could not be fetched: the package server did not answer.",
          "Try again in a few minutes. If it stays, ask your admin whether the server reaches the network."),
    _case(r"EINVALIDPACKAGENAME|EINVALIDTAGNAME|Invalid (?:package )?name|Invalid tag name|EUNSUPPORTEDPROTOCOL",
          "bad_package_json", "A name or version in package.json cannot be right.",
          "Check the lines under “dependencies” in package.json."),
    _case(r"npm(?:: command)? not found|npm: not found|ENOENT.*npm", "npm_missing",
          "The server has no npm to install dependencies with.", "Ask your admin to add it: pip install 'dialup-ext[node]'."),
)


def explain_failure(log_tail: Sequence[str], exit_code: int | None, reason: str = "") -> Failure:
    """Why a build ended without success: cause, one thing to try, the last 40 lines.

    `reason` is the driver's word when it ended the build itself: `deadline` or `memory`.
    """
    tail = tuple(line.rstrip() for line in log_tail[-TAIL:])
    code, message, hint = _by_reason(reason) or _by_log("\n".join(log_tail)) or _by_exit(exit_code)
    return Failure(code, message, hint, "build", tail)


def explain_build(log_tail: Sequence[str], exit_code: int | None, reason: str, tool: str,
                  folder: Path, seconds: float) -> Failure:
    """Why the build of a site with `tool` ended without success: cause and place, one thing to try.

    `folder` is where it ran, which is nobody's business; `seconds` is what it may take. The last 40
    lines leave out the tools' own stack frames.
    """
    lines = [without_places(line, folder) for line in log_tail]
    lines = [line for line in lines if not _FRAME.match(line)]
    found = _build_reason(reason, seconds) or find_complaint("\n".join(lines)) or _build_exit(exit_code, tool)
    return Failure(found.code, found.message, found.hint, "build", tuple(lines[-TAIL:]))


def without_places(text: str, folder: Path) -> str:
    """What a build in `folder` printed, without saying where on this server that and its packages are."""
    told = plain(text).replace(f"{folder}/", "").replace(str(folder), ".")
    return _SEALED.sub("node_modules/", told).rstrip()


def _build_reason(reason: str, seconds: float) -> Complaint | None:
    if reason == "deadline":
        return Complaint("timeout", f"The build was not over after {seconds:g} seconds, so it was stopped.",
                         "Look at its last lines for what it waits for; a build must end by itself. Or ask your "
                         "admin to raise build_timeout.")
    return find_complaint("heap out of memory") if reason == "memory" else None


def _build_exit(exit_code: int | None, tool: str) -> Complaint:
    if exit_code in (134, 137, -9):
        return find_complaint("heap out of memory") or Complaint("out_of_memory", "", "")
    ended = "was interrupted" if exit_code is None else f"failed with code {exit_code}"
    return Complaint("build_failed", f"The build with {tool} {ended}.",
                     "The last lines of the log usually say why; `npm run build` in the folder shows the same.")


def _by_reason(reason: str) -> tuple[str, str, str] | None:
    if reason == "deadline":
        return ("timeout", "Installing the dependencies took too long and was stopped.",
                "Try again: what was fetched is kept. If it stays, use fewer dependencies.")
    if reason == "memory":
        memory = next(case for case in _CASES if case.code == "out_of_memory")
        return memory.code, memory.message, memory.hint
    return None


def _by_log(text: str) -> tuple[str, str, str] | None:
    for case in _CASES:
        if found := case.sign.search(text):
            groups = [group or "" for group in found.groups()]
            return case.code, case.message.format(*groups), case.hint
    return None


def _by_exit(exit_code: int | None) -> tuple[str, str, str]:
    if exit_code in (137, -9):
        memory = next(case for case in _CASES if case.code == "out_of_memory")
        return memory.code, memory.message, memory.hint
    ended = "was interrupted" if exit_code is None else f"failed with code {exit_code}"
    return ("build_failed", f"Installing the dependencies {ended}.",
            "The last lines of the log usually say why; `npm install` in the folder shows the same.")
