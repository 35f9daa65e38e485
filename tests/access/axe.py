"""axe-core, over what is ours of a page.

Left out is what others draw inside our elements: Bokeh's figures (a canvas and its tool buttons; what they show is in the
table beside them), and Aladin's menus. Aladin's buttons, boxes and selects stand on our sky, and are looked at.
"""

from __future__ import annotations

from importlib import resources

from playwright.sync_api import Page

BAD = ("serious", "critical")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
OTHERS = (
    ".bk-Figure",
    ".bk-GridBox",
    ".bk-Column",
    ".skx-plot .jp-OutputArea-output",
    ".aladin-context-menu",
)
RUN = """async ([within, others, tags]) => {
  const found = await axe.run(
    { include: [[within]], exclude: others.filter((s) => document.querySelector(s)).map((s) => [s]) },
    { resultTypes: ["violations"], runOnly: { type: "tag", values: tags } },
  );
  return found.violations.flatMap(({ id, impact, nodes }) =>
    nodes.map((node) => {
      const why = node.failureSummary;
      return { id, impact, at: node.target.join(" "), html: node.html.slice(0, 160), why };
    }));
}"""


def load(page: Page) -> None:
    """Put axe into the page."""
    folder = resources.files("axe_playwright_python")
    page.evaluate(f"() => {{ {folder.joinpath('axe.min.js').read_text('utf-8')} }}")


def findings(page: Page, within: str = ".skx-root", impacts: tuple[str, ...] = BAD) -> list[dict[str, str]]:
    """What axe finds wrong inside the first such element, of these impacts."""
    found = page.evaluate(RUN, [within, list(OTHERS), list(TAGS)])
    return [one for one in found if one["impact"] in impacts]
