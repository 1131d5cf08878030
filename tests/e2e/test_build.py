"""Sites that are built: from their source to files, by real tools, on both drivers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dialup_ext.testing.installation import Installation, Person, wait_until


def test_an_astro_project_is_built_and_served_as_files(dialup: Installation, ana: Person, name: str,
                                                       astro_site: Callable[[str], Path]) -> None:
    ana.deploy(name, astro_site("first"))
    assert "<h1>first</h1>" in dialup.get(name).text
    assert ana.call("GET", f"/sites/{name}").json["kind"] == "astro"
    ana.deploy(name, astro_site("second"))
    assert "<h1>second</h1>" in dialup.get(name).text
    ana.call("POST", f"/sites/{name}/rollback", {})
    wait_until(lambda: "<h1>first</h1>" in dialup.get(name).text)
