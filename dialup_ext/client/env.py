"""A site's variables, as a mapping: `site.env["GREETING"] = "hello"`; secrets go in and never come out."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from urllib.parse import quote

from dialup_ext.client.transport import Json, Transport
from dialup_ext.domain.variables import HIDDEN
from dialup_ext.errors import DialupError


class Hidden:
    """In place of a value the server does not tell: a secret's, or any to a key that may only look."""

    def __repr__(self) -> str:
        return HIDDEN


class Env(MutableMapping[str, "str | Hidden"]):
    """The variables of one site, asked for anew at each look.

    A running site is given them at its next start: `site.restart()`, while `needs_restart` says so.
    """

    def __init__(self, transport: Transport, site: str) -> None:
        self._transport = transport
        self._path = f"/sites/{site}/env"

    @property
    def needs_restart(self) -> bool:
        """True while what runs was given others."""
        return bool(self.facts()["needs_restart"])

    def facts(self) -> Json:
        """The API's own value."""
        return self._transport.get(self._path)

    def secret(self, name: str, value: str) -> None:
        """Set one that is never shown again, here or anywhere. The same again changes nothing."""
        self._put(name, value, secret=True)

    def __getitem__(self, name: str) -> str | Hidden:
        return self._values()[name]

    def __setitem__(self, name: str, value: str | Hidden) -> None:
        """A plain one. What was secret stays secret: its new value is hidden too."""
        if isinstance(value, Hidden):
            raise TypeError("A hidden value says nothing; give the new one as text.")
        found = {one["name"]: one["secret"] for one in self.facts()["variables"]}
        self._put(name, value, secret=bool(found.get(name)))

    def __delitem__(self, name: str) -> None:
        try:
            self._transport.delete(f"{self._path}/{quote(name, safe='')}")
        except DialupError as error:
            if error.code == "variable_not_found":
                raise KeyError(name) from None
            raise

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def __repr__(self) -> str:
        return repr(self._values())

    def _values(self) -> dict[str, str | Hidden]:
        return {one["name"]: Hidden() if one["value"] is None else one["value"] for one in self.facts()["variables"]}

    def _put(self, name: str, value: str, *, secret: bool) -> Json:
        return self._transport.put(f"{self._path}/{quote(name, safe='')}", {"value": value, "secret": secret})
