"""Say in words why installing Python packages failed, from pip's last lines. Pure.

The first sign that is there wins, so the exact ones stand before the general ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dialup_ext.build.failure import TAIL
from dialup_ext.domain.deployment import Failure


@dataclass(frozen=True, slots=True)
class _Case:
    """A sign in the log, and what it means. `{0}` is what the pattern's group found, `{where}` the file."""

    sign: re.Pattern[str]
    code: str
    message: str
    hint: str


def _case(sign: str, code: str, message: str, hint: str) -> _Case:
    return _Case(re.compile(sign, re.IGNORECASE | re.MULTILINE), code, message, hint)


_MEMORY = _case(r"\bMemoryError\b|Cannot allocate memory|\bENOMEM\b", "out_of_memory",
                "Installing the packages needed more memory than a build may have.",
                "Use fewer or smaller packages, or ask your admin to raise build_memory_mb.")

_CASES = (
    _case(r"No space left on device|\bENOSPC\b|\bEDQUOT\b", "no_space", "There is no room left on the disk.",
          "Remove what you do not need if your storage is full, else ask your admin to make room. "
          "What was live still is."),
    _MEMORY,
    _case(r"In --require-hashes mode, all requirements must have|Hashes are required in --require-hashes mode",
          "hashes_missing", "Some lines of {where} have hashes and others have none.",
          "Give all of them hashes (`pip-compile --generate-hashes`), or none."),
    _case(r"THESE PACKAGES DO NOT MATCH THE HASHES", "damaged_package",
          "A package did not have the content that {where} promises.",
          "Make the hashes anew with the tool that wrote them, and deploy again."),
    _case(r"No matching distribution found for ([A-Za-z0-9][\w.\-]*)[^\n]*", "", "", ""),
    _case(r"ResolutionImpossible|conflicting dependencies|Cannot install ([^\n]{1,200}?) because these package versions",
          "dependencies_conflict", "Two packages want different versions of the same third one.",
          "The log names them. Loosen one of the versions in {where}."),
    _case(r"requires a different Python: ([\d.]+) not in '([^']+)'", "wrong_python",
          "A package does not run on the Python of this server ({0}): it wants {1}.",
          "Use an older version of it, or ask your admin for another Python (python_image)."),
    _case(r"Invalid requirement: ['\"]?([^\n'\"]+)|Expected (?:end or semicolon|matching [A-Z_]+)", "bad_requirements",
          "{where} has a line that pip does not understand: {0}", "One package to a line, such as “flask==3.1.0”."),
    _case(r"(?:Failed building wheel for|Failed to build) ([\w.-]+)|(?:metadata-generation-failed|subprocess-exited-with-error)",
          "package_not_built", "A package could not be built from its source: {0}",
          "Builds have no compiler. Use a version with a wheel for this Python, or another package."),
    _case(r"\b(?:401|403) (?:Client )?(?:Error|Unauthorized|Forbidden)", "package_private",
          "The package index did not let the server in.", "Ask your admin: the setting pypi_index names it."),
    _case(r"No module named pip\b", "pip_missing", "The server's Python has no pip to install packages with.",
          "Ask your admin to use an image with pip (`dialup images build`)."),
    _case(r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError", "no_network",
          "The server does not trust the certificate of the package index.",
          "Ask your admin: behind a proxy the setting ca_bundle names its certificates."),
    _case(r"NewConnectionError|Max retries exceeded|Temporary failure in name resolution|Connection (?:refused|reset|aborted)|"
          r"Read timed out|ConnectTimeout|ProtocolError|\b50[0-4] Server Error", "no_network",
          "The packages could not be fetched: the package index did not answer.",
          "Try again in a few minutes. If it stays, ask your admin whether the server reaches the network."),
)

_VERSIONS = re.compile(r"Could not find a version that satisfies the requirement (\S+)[^\n]*\(from versions: ([^)\n]*)(\)?)")
_UNREACHED = re.compile(r"NewConnectionError|Max retries exceeded|name resolution|SSLError|CERTIFICATE_VERIFY|Connection (?:refused|reset)")


def explain_pip(log_tail: Sequence[str], exit_code: int | None, reason: str = "", where: str = "") -> Failure:
    """Why pip ended without success: cause, one thing to try, the last 40 lines.

    `reason` is the driver's word when it ended the build itself: `deadline` or `memory`. `where` is the
    file with the requirements.
    """
    tail = tuple(line.rstrip() for line in log_tail[-TAIL:])
    text, where = "\n".join(log_tail), where or "requirements.txt"
    code, message, hint = _by_reason(reason) or _by_log(text, where) or _by_exit(exit_code)
    return Failure(code, message, hint, "build", tail)


def _by_reason(reason: str) -> tuple[str, str, str] | None:
    if reason == "deadline":
        return ("timeout", "Installing the packages took too long and was stopped.",
                "Try again: what was fetched is kept. If it stays, use fewer packages.")
    return (_MEMORY.code, _MEMORY.message, _MEMORY.hint) if reason == "memory" else None


def _by_log(text: str, where: str) -> tuple[str, str, str] | None:
    for case in _CASES:
        if found := case.sign.search(text):
            if not case.code:
                return _not_found(text, found[1], where)
            groups = [group or "" for group in found.groups()] or [""]
            return case.code, _ended(case.message.format(*groups, where=where)), case.hint.format(where=where)
    return None


def _not_found(text: str, name: str, where: str) -> tuple[str, str, str]:
    """pip says the same of a name nobody has, a version there is not, and a package without a wheel."""
    if _UNREACHED.search(text):
        return _by_log(re.sub(r"No matching distribution found[^\n]*", "", text), where) or _by_exit(None)
    found = _VERSIONS.search(text)
    versions = [one.strip() for one in (found[2] if found else "none").split(",")]
    if found and versions != ["none"]:
        newest = f"; the newest there is for this server is {versions[-1]}" if found[3] else ""  # long lines are cut
        return "version_not_found", f"There is no such version: {found[1]}.", f"Change it in {where}{newest}."
    return ("package_not_found", f"There is no package “{name}” to install: the index does not have it, or only as "
            "source.", f"Check its spelling in {where}. If it exists and has no wheel, allow what its build runs: "
            "`scripts = true` in dialup.toml.")


def _by_exit(exit_code: int | None) -> tuple[str, str, str]:
    if exit_code in (137, -9):
        return _MEMORY.code, _MEMORY.message, _MEMORY.hint
    ended = "was interrupted" if exit_code is None else f"failed with code {exit_code}"
    return ("build_failed", f"Installing the packages {ended}.",
            "The last lines of the log usually say why; `pip install -r requirements.txt` shows the same.")


def _ended(message: str) -> str:
    message = message.strip().rstrip(":").rstrip()
    return message if message.endswith((".", "!", "?")) else f"{message}."
