"""Panels in Chromium without a Jupyter server: the page has their models, this process their Python side.

What the page tells goes to the panel as a message of the browser would; the traits that have changed since go back. For
what needs no kernel, no sky and no layout this is a twentieth of the time of a JupyterLab.
"""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import BrowserContext, Page

from skyexplorer.views.canvas import bundle
from skyexplorer.views.panel import Panel

OWN = ("_panel", "_texts")
WIDGET = ("layout", "tooltip", "tabbable")  # traits of any widget
PAGE = """async ([code, states, widths]) => {
  const module = (await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })))).default;
  const models = (window.models = {});
  window.apply = (changes) => {
    for (const [name, traits] of Object.entries(changes)) {
      Object.assign(models[name].data, traits);
      for (const trait of Object.keys(traits)) (models[name].heard[`change:${trait}`] ?? []).forEach((fn) => fn());
    }
  };
  for (const [name, data] of Object.entries(states)) {
    const heard = {};
    const model = (models[name] = {
      data,
      heard,
      get: (trait) => data[trait],
      on: (event, fn) => (heard[event] ??= []).push(fn),
      off: () => {},
      send: async (content) => window.apply(await window.told(name, content)),
    });
    const el = Object.assign(document.createElement("div"), { id: name });
    el.style.cssText = widths[name] ?? "";
    document.getElementById("root").append(el);
    module.render({ model, el });
  }
}"""


class PanelPage:
    """Some panels of an explorer in a page.

    Parameters
    ----------
    context : BrowserContext
    styles : dict of str to str
        CSS of the place of each panel, by its name.
    **panels : Panel
    """

    def __init__(self, context: BrowserContext, styles: dict[str, str], **panels: Panel) -> None:
        self.panels, self._seen = panels, dict[tuple[str, str], str]()
        self.troubles: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.expose_function("told", self._told)
        self.page.set_content('<body style="margin:0"><div class="skx-root" id="root"></div></body>')
        for sheet in ("sky.css", "panels.css"):  # legends are of both
            self.page.add_style_tag(content=bundle(sheet))
        self.page.evaluate(PAGE, [bundle("panels.js"), self._changed(), styles])

    def _told(self, name: str, content: dict[str, Any]) -> dict[str, dict[str, Any]]:
        self.panels[name]._told(self.panels[name], content, [])
        return self._changed()

    def push(self) -> None:
        """What Python has changed since reaches the page."""
        self.page.evaluate("changes => window.apply(changes)", self._changed())

    def _changed(self) -> dict[str, dict[str, Any]]:
        changes: dict[str, dict[str, Any]] = {}
        for name, panel in self.panels.items():
            for pace in panel._paces:
                pace.flush()  # in a kernel it would be told a tenth of a second later
            own = (trait for trait in panel.traits(sync=True) if trait[0] != "_" and trait not in WIDGET)
            for trait in (*OWN, *own):
                value = getattr(panel, trait)
                text = json.dumps(value)
                if self._seen.get((name, trait)) != text:
                    self._seen[name, trait] = text
                    changes.setdefault(name, {})[trait] = value
        return changes
