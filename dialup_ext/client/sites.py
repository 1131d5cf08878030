"""The sites of an account: a collection to look things up in, and a table in a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dialup_ext.client.site import Site
from dialup_ext.client.table import sites_html, sites_text
from dialup_ext.client.transport import Json, Transport


class Sites:
    """Your sites. Each look asks the server, so that a cell run again shows the present."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> Sequence[Site]:
        """All of them, each with its facts of this moment."""
        return [Site(self._transport, facts) for facts in self.facts()]

    def facts(self) -> Sequence[Json]:
        """The API's own values."""
        found: Sequence[Json] = self._transport.get("/sites")["sites"]
        return found

    def create(self, name: str, template: str | None = None, kind: str | None = None) -> Site:
        """Make a site. Raises `BadInput` with a better name, `Conflict` when it is taken, or
        `TooMany` with the numbers when your quota is used up."""
        wanted = {"name": name, "template": template, "kind": kind}
        body = {field: value for field, value in wanted.items() if value is not None}
        return Site(self._transport, self._transport.post("/sites", body, once=True))

    def __getitem__(self, name: str) -> Site:
        """The site called `name`. Raises `NotFound` when you have none of that name."""
        return Site(self._transport, self._transport.get(f"/sites/{name}"))

    def __contains__(self, name: object) -> bool:
        return any(facts["name"] == name for facts in self.facts())

    def __iter__(self) -> Iterator[Site]:
        return iter(self.list())

    def __len__(self) -> int:
        return len(self.facts())

    def __repr__(self) -> str:
        return sites_text(self.facts())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """A table; with ipywidgets, one with buttons."""
        facts = self.facts()
        bundle: dict[str, Any] = {"text/plain": sites_text(facts), "text/html": sites_html(facts)}
        from dialup_ext.client.widgets import sites_widget

        return bundle | sites_widget(self, facts)

    def _ipython_key_completions_(self) -> Sequence[str]:
        return [str(facts["name"]) for facts in self.facts()]
