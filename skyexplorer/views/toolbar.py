"""Toolbar: go to a place, choose the background, coordinate lines, light or dark."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets

from skyexplorer.errors import NotFoundError
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.session.viewport import LOCAL_SURVEY, SURVEYS
from skyexplorer.views import keys
from skyexplorer.views.panel import Panel

ME = "toolbar"


class Toolbar(Panel):
    """The bar above the sky."""

    kind = "toolbar"
    doing = _("The toolbar")

    survey = traitlets.Unicode().tag(sync=True)
    surveys = traitlets.List(traitlets.Unicode()).tag(sync=True)
    grid = traitlets.Bool(False).tag(sync=True)
    theme = traitlets.Unicode("auto").tag(sync=True)
    dark = traitlets.Bool(
        True, help="Whether it is dark; where the theme is that of the page, as the browser tells."
    ).tag(sync=True)
    selected = traitlets.Int(0).tag(sync=True)
    offer = traitlets.Unicode(help="A name that nothing here answers to: resolvers may know it.").tag(
        sync=True
    )
    shortcuts = traitlets.List(traitlets.Dict(), help="See `keys.groups`.").tag(sync=True)
    layout_panel = traitlets.Instance(ipywidgets.Widget, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )

    def __init__(self, session: Session, verbs: Any, theme: str, layout: Any = None) -> None:
        view = session.viewport
        super().__init__(
            session,
            verbs,
            layout_panel=layout,
            theme=theme,
            dark=theme != "light",
            survey=view.survey,
            surveys=list(SURVEYS),
            grid=view.grid,
            shortcuts=keys.groups(),
        )
        self.link(view.changed, self._moved)
        self.link(session.selection.sources_changed, self._selected)
        self._selected(session.selection.sources, "")

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        return {
            "label": _("Sky explorer toolbar"),
            "goto": _("Go to a source, an event, or coordinates"),
            "goto_hint": _("Source, event or coordinates…"),
            "resolve": _("Ask SIMBAD, NED and VizieR"),
            "resolve_name": _("Ask SIMBAD, NED and VizieR where {name} is (needs the network)"),
            "survey": _("Background survey"),
            "local": LOCAL_SURVEY,
            "online": _("{name} (needs the network)"),
            "grid": _("Coordinate grid"),
            "theme": _("Light or dark"),
            "clear": _("Clear selection"),
            "keys": _("Keys of the explorer"),
            "close": _("Close"),
        }

    @traitlets.validate("dark")
    def _as_chosen(self, proposal: Any) -> bool:
        """A page whose word comes late does not overrule the choice."""
        return bool(proposal["value"]) if self.theme == "auto" else self.theme == "dark"

    @traitlets.observe("theme")
    def _theme_chosen(self, change: Any) -> None:
        if change["new"] != "auto":
            self.dark = change["new"] == "dark"

    def _moved(self, field: str, by: str) -> None:
        view = self.session.viewport
        self.survey, self.grid = view.survey, view.grid

    def _selected(self, sources: tuple[Any, ...], by: str) -> None:
        self.selected = len(sources)

    def on_goto(self, text: str) -> None:
        """Enter in the go-to box."""
        self.offer = ""
        if not text.strip():
            return
        try:
            self.verbs.goto(text, by=ME)
        except NotFoundError:
            self.offer = text.strip()
            raise

    def on_resolve(self, name: str) -> None:
        """The offer to ask name resolvers is taken."""
        self.offer = ""
        self.verbs.submit(self.verbs.goto, name, by=ME, source="live", replaces="goto")

    def on_survey(self, name: str) -> None:
        """Another background."""
        self.session.viewport.move(survey=name, by=ME)

    def on_grid(self, on: bool) -> None:
        """Coordinate lines on or off."""
        self.session.viewport.move(grid=on, by=ME)

    def on_theme(self, theme: str) -> None:
        """Light, dark, or as the page."""
        self.theme = theme

    def on_clear(self) -> None:
        """Select nothing."""
        self.verbs.select((), by=ME)
