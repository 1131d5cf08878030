"""Pictures of what a browser test saw, for people to look at."""

from __future__ import annotations

import os

from playwright.sync_api import Page, expect


def shoot(page: Page, name: str, themes: tuple[str, ...] = ("Light", "Dark")) -> None:
    """Leave a picture per theme in `DIALUP_SHOTS`, when somebody wants to look."""
    folder = os.environ.get("DIALUP_SHOTS")
    for theme in themes if folder else ():
        page.evaluate("t => jupyterapp.commands.execute('apputils:change-theme', {theme: t})", f"JupyterLab {theme}")
        page.wait_for_function("t => document.body.dataset.jpThemeLight === t", arg=str(theme == "Light").lower())
        expect(page.locator("#jupyterlab-splash")).to_have_count(0)
        page.screenshot(path=f"{folder}/panel-{name}-{theme.lower()}.png")
    if folder and themes[-1] == "Dark":
        page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")
