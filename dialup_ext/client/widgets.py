"""Live widgets for notebooks, with ipywidgets. Where there is no notebook or no ipywidgets, nothing happens.

Everything that comes from people is escaped before it becomes HTML.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from dialup_ext.client import events
from dialup_ext.client.table import ago, dot, link, live_text, sites_html
from dialup_ext.client.words import megabytes, plain
from dialup_ext.domain.deployment import STEPS
from dialup_ext.domain.wording import deployment_said
from dialup_ext.errors import DialupError

if TYPE_CHECKING:
    from dialup_ext.client.site import Site
    from dialup_ext.client.sites import Sites

TAIL = 12


def widgets_work_here() -> bool:
    """True inside a notebook's kernel with ipywidgets installed."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or getattr(shell, "kernel", None) is None:
        return False
    try:
        import ipywidgets  # noqa: F401
    except ImportError:
        return False
    return True


class DeployWidget:
    """Title, bar, the five steps and the last lines of the log; shown as soon as it is made."""

    def __init__(self, title: str) -> None:
        import ipywidgets
        from IPython.display import display

        self._title = title
        self._lines: deque[str] = deque(maxlen=TAIL)
        self.head = ipywidgets.HTML(f"<strong>{escape(title)}</strong>")
        self.bar = ipywidgets.IntProgress(min=0, max=100, layout={"width": "100%"})
        self.steps = ipywidgets.HTML()
        self.log = ipywidgets.HTML()
        self.box = ipywidgets.VBox([self.head, self.bar, self.steps, self.log])
        self._draw_steps("upload", "")
        display(self.box)  # type: ignore[no-untyped-call]

    def tell(self, event: events.Event) -> None:
        if isinstance(event, events.Sent):
            self.bar.value = round(100 * event.sent / event.total) if event.total else 100
            self._say(f"{megabytes(event.sent)} of {megabytes(event.total)} sent")
        elif isinstance(event, events.Reading):
            self._say(f"{event.done:,} of {event.total:,} files read")
        elif isinstance(event, events.Recognised):
            self._say(event.why)
        elif isinstance(event, events.Line):
            self._lines.append(plain(event.text))
            self.log.value = f'<pre style="margin:0;max-height:14em;overflow:auto">{escape(chr(10).join(self._lines))}</pre>'
        elif isinstance(event, events.Moved):
            self._moved(event.deployment)

    def failed(self, error: DialupError) -> None:
        self.bar.bar_style = "danger"
        self.head.value = f"<strong>{escape(self._title)}</strong> · did not work: {escape(error.message)}"

    def _moved(self, deployment: dict[str, Any]) -> None:
        status = str(deployment.get("status", ""))
        self._draw_steps(str(deployment.get("step", "build")), status)
        self._say(deployment_said(status).word)
        if status in ("live", "superseded"):
            self.bar.value, self.bar.bar_style = 100, "success"
            self.log.value = ""

    def _say(self, text: str) -> None:
        self.head.value = f"<strong>{escape(self._title)}</strong> · {escape(text)}"

    def _draw_steps(self, step: str, status: str) -> None:
        now = STEPS.index(step) if step in STEPS else 0
        done = len(STEPS) if status in ("live", "superseded") else now
        marks = ["✓" if place < done else "✗" if place == now and status == "failed" else "●" if place == now else "○"
                 for place in range(len(STEPS))]
        self.steps.value = " &nbsp; ".join(f"{mark} {name.capitalize()}" for mark, name in zip(marks, STEPS, strict=True))


def sites_widget(sites: Sites, facts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The table with buttons, as a mime bundle; empty where widgets do not work."""
    if not widgets_work_here() or not facts:
        return {}
    return dict(SitesTable(sites).box._repr_mimebundle_() or {}) | {"text/html": sites_html(facts)}


class SitesTable:
    """One row for each site, with the buttons that make sense in its state."""

    def __init__(self, sites: Sites) -> None:
        import ipywidgets

        self._sites = sites
        self.message = ipywidgets.HTML()
        self.box = ipywidgets.VBox()
        self.draw()

    def draw(self) -> None:
        """Ask anew and redraw."""
        rows = [self._row(site) for site in self._sites.list()]
        self.box.children = (*rows, self._button("Refresh", "Ask the server again", self.draw), self.message)

    def _row(self, site: Site) -> Any:
        import ipywidgets

        verbs: list[tuple[str, str, Callable[[], object]]] = []
        if site.status == "stopped":
            verbs = [("Start", f"Put {site.name} back on the web", site.start)]
        elif site.release is not None:
            verbs = [("Stop", f"Take {site.name} off the web", site.stop),
                     ("Roll back", f"Make the release before live again on {site.name}",
                      lambda: site.rollback(quiet=True))]
        buttons = [self._button(*verb) for verb in verbs]
        return ipywidgets.HBox([ipywidgets.HTML(_row_html(site), layout={"min_width": "34em"}), *buttons])

    def _button(self, text: str, tooltip: str, act: Callable[[], object]) -> Any:
        import ipywidgets

        button = ipywidgets.Button(description=text, tooltip=tooltip, layout={"width": "auto"})
        button.on_click(lambda _: self._act(act))
        return button

    def _act(self, act: Callable[[], object]) -> None:
        try:
            act()
        except DialupError as error:
            self.message.value = escape(f"{error.message} {error.hint}")
        else:
            self.message.value = ""
        if act != self.draw:
            self.draw()


def _row_html(site: Site) -> str:
    facts = site.facts
    return (f"<strong>{escape(site.name)}</strong> &nbsp; {dot(facts)} &nbsp; {link(site.address)} &nbsp; "
            f"{escape(live_text(facts))} {escape(ago(facts.get('last_deployed')))}")
