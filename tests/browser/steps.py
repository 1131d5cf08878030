"""What tests of the panel do before they begin, and what they read off the screen."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def open_panel(page: Page, workspace: str = "auto-1") -> None:
    """A lab with nothing open but the panel."""
    page.goto(f"/lab/workspaces/{workspace}?reset")
    wait_for_lab(page)
    page.wait_for_selector(".jp-LauncherCard")  # it takes the focus when it comes
    page.evaluate("jupyterapp.commands.execute('dialup:show-panel')")
    expect(page.get_by_test_id("dialup-panel")).to_be_visible()
    page.wait_for_selector(".dialup-Header, .dialup-Card, .dialup-Empty")


def next_steps(page: Page) -> dict[str, str]:
    buttons = page.locator("[data-testid^=dialup-next-]")
    return {(button.get_attribute("data-testid") or "")[12:]: (button.text_content() or "").rsplit(" ", 1)[0]
            for button in buttons.all()}


def wait_for_lab(page: Page) -> None:
    page.wait_for_function("window.jupyterapp")
    page.evaluate("jupyterapp.restored")


def columns(page: Page) -> list[list[str]]:
    """The tabs of the main area, column by column from the left, without the launcher."""
    found: list[list[str]] = page.evaluate("""
        [...document.querySelectorAll('#jp-main-dock-panel > .lm-DockPanel-tabBar:not(.lm-mod-hidden)')]
            .sort((a, b) => a.getBoundingClientRect().left - b.getBoundingClientRect().left)
            .map(bar => [...bar.querySelectorAll('.lm-TabBar-tabLabel')].map(tab => tab.textContent))""")
    return [[tab for tab in column if tab != "Launcher"] for column in found]


def command(page: Page, name: str, /, **args: str) -> None:
    """As from the command palette."""
    page.evaluate("([name, args]) => jupyterapp.commands.execute(name, args).then(() => null)", [name, args])
