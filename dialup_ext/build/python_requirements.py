"""What a folder of Python wants installed, from whichever file says it; checked line by line. Pure.

Read, the most exact first: `pylock.toml`, `uv.lock` (with its `pyproject.toml`), `requirements.lock`,
`requirements.txt`, and the `dependencies` of a `pyproject.toml`. pip is given nothing but the lines
that passed here, so what lies beside them cannot lead it anywhere. Not read: `poetry.lock`,
`Pipfile.lock`, `environment.yml`; their tools export a `requirements.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import dirname, join, normpath

from dialup_ext.build.package import Read
from dialup_ext.build.python_lock import of_project, of_pylock, of_uv
from dialup_ext.domain.manifest import Manifest
from dialup_ext.errors import BadInput

PYLOCK, UV, LOCK, REQUIREMENTS, PROJECT = ("pylock.toml", "uv.lock", "requirements.lock", "requirements.txt",
                                           "pyproject.toml")
SOURCES = (PYLOCK, UV, LOCK, REQUIREMENTS, PROJECT)
MAX_BYTES = 4 << 20
MOST_FILES = 20

_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:\s+|=)?(\S+)")
_HARMLESS = ("--require-hashes", "--prefer-binary", "--pre", "--only-binary", "--use-feature")
_OWN = re.compile(r"(?:-e|--editable)[\s=]+(?:file:)?\.?/?")
_ELSEWHERE = re.compile(r"(?:-i|--index-url|--extra-index-url|-f|--find-links|--no-index|--trusted-host)\b")
_REPOSITORY = re.compile(r"(?:^|@\s*|\s)(?:git|hg|svn|bzr)\+", re.IGNORECASE)
_PATH = re.compile(r"^(?:\.|/|~|file:|[A-Za-z]:\\)|@\s*(?:file:|\.|/)|^[\w./-]+\.(?:whl|zip|tar\.gz)$", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:^|@\s*)[A-Za-z][A-Za-z0-9+.-]*://", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
"""pip puts in what its environment says: the password of a proxy, into an address of somebody's choice."""

_OPTION = re.compile(r"\s(--?[A-Za-z][\w-]*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Requirements:
    """Lines for pip, where they came from (“” for nowhere), and whether each carries its hashes."""

    lines: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    source: str = ""

    @property
    def hashed(self) -> bool:
        """True when pip will want hashes for everything, because one line has one."""
        return any("--hash" in line for line in self.lines)

    def names(self) -> set[str]:
        """The packages asked for, as the index spells them."""
        return {normal(found[0]) for line in self.lines if (found := _NAME.match(line))}


def read_requirements(manifest: Manifest, read: Read) -> Requirements:
    """What is wanted. Raises `BadInput` with the file and the line: `bad_requirements`, `local_dependency`,
    `git_dependency`, `own_index`.
    """
    source = next((name for name in SOURCES if name in manifest and (name != UV or PROJECT in manifest)), "")
    if source in (LOCK, REQUIREMENTS):
        return _Reading(manifest, read).all_of(source)
    if not source:
        return Requirements()
    convert = {PYLOCK: of_pylock, UV: of_uv, PROJECT: of_project}[source]
    try:
        lines = tuple(convert(_text(manifest, read, source)))
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # a text where a table belongs, and the like
        raise BadInput(f"{source} is not made as such files are.", code="bad_requirements",
                       hint="Make it anew with the tool that wrote it.") from error
    for line in lines:
        check_line(line, source)
    return Requirements(lines, (), source)


def normal(name: str) -> str:
    """A package's name as the index spells it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def check_line(line: str, where: str) -> None:
    """Refuse a requirement a build could not fetch, or that would lead it out of its folder."""
    if _REPOSITORY.search(line):
        raise BadInput(f"{where} wants a package straight from a repository: {line[:80]}", code="git_dependency",
                       hint="Builds fetch published packages only: name a version of it, or copy its files into "
                            "your site.")
    if _PATH.search(line):
        raise BadInput(f"{where} points at a folder or file: {line[:80]}", code="local_dependency",
                       hint="Copy its files into your site; what lies beside your app can be imported.")
    if _ADDRESS.search(line):
        raise BadInput(f"{where} wants a package from an address of its own: {line[:80]}", code="own_index",
                       hint="Packages come from the index this server uses: name a version of it, or copy its files "
                            "into your site.")
    odd = next((option for option in _OPTION.findall(f" {line}") if not option.startswith("--hash")), "")
    if odd or not _NAME.match(line) or not line.isprintable() or _VARIABLE.search(line):
        raise BadInput(f"{where} has a line that is not understood here: {line[:80]}", code="bad_requirements",
                       hint="One package to a line, such as “flask==3.1.0”.")


class _Reading:
    """Follows `-r` and `-c` from one file, inside the folder."""

    def __init__(self, manifest: Manifest, read: Read) -> None:
        self._manifest, self._read = manifest, read
        self._seen: set[tuple[str, bool]] = set()
        self._lines: list[str] = []
        self._constraints: list[str] = []

    def all_of(self, path: str) -> Requirements:
        self._file(path, self._lines)
        return Requirements(tuple(self._lines), tuple(self._constraints), path)

    def _file(self, path: str, into: list[str]) -> None:
        seen = (path, into is self._lines)  # a list of limits may be one of packages as well
        if seen in self._seen:
            return
        self._seen.add(seen)
        if len(self._seen) > MOST_FILES:
            raise BadInput(f"{path} is one file too many: the most is {MOST_FILES}.", code="bad_requirements",
                           hint="Put all packages into one requirements.txt.")
        for line in logical_lines(_text(self._manifest, self._read, path)):
            self._line(line, path, into)

    def _line(self, line: str, path: str, into: list[str]) -> None:
        if found := _INCLUDE.fullmatch(line):
            wanted = normpath(join(dirname(path), found[1]))
            if wanted not in self._manifest:
                raise BadInput(f"{path} includes {found[1][:80]}, which is not in the folder.",
                               code="bad_requirements", hint="Check its spelling, or take the line out.")
            self._file(wanted, self._constraints if line.startswith(("-c", "--constraint")) else into)
        elif _ELSEWHERE.match(line):
            raise BadInput(f"{path} names a package index of its own: {line[:80]}", code="own_index",
                           hint="Packages come from the index this server uses; take the line out. Your admin can "
                                "set another for everybody (pypi_index).")
        elif not (line.startswith(_HARMLESS) or _OWN.fullmatch(line)):
            check_line(line, path)
            into.append(line)


def logical_lines(text: str) -> Iterator[str]:
    """Lines as pip reads them: continued ones joined, comments and empty ones left out."""
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        kept = re.sub(r"(?:^|\s)#.*$", "", line).strip()
        if kept:
            yield re.sub(r"\s+", " ", kept)


def _text(manifest: Manifest, read: Read, path: str) -> str:
    entry = manifest.get(path)
    if entry is not None and entry.size > MAX_BYTES:
        raise BadInput(f"{path} is larger than {MAX_BYTES >> 20} MiB.", code="bad_requirements",
                       hint="It should hold a list of packages and nothing else.")
    return read(path).decode("utf-8-sig", "replace")
