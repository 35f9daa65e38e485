"""``make sheet``: the participants' page as one sheet of A4, dist/participants.pdf.

The page of the docs is the source. Chromium prints it; what does not fit on one page is an error, so that hosts who add a
line see it before the printer does.
"""

from __future__ import annotations

import base64
import re
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt
from playwright.sync_api import sync_playwright

from tests.browser import chromium

HERE = Path(__file__).parent
PAGES = re.compile(rb"/Type\s*/Page\b(?!s)")
STYLE = """
@page { size: A4; margin: 11mm 13mm }
body { font: 9.4pt/1.32 "Liberation Sans", "DejaVu Sans", Arial, sans-serif; color: #111; margin: 0 }
h1 { font-size: 17pt; margin: 0 0 1mm }
h2 { font-size: 11.5pt; margin: 3mm 0 1mm; border-bottom: .6pt solid #888 }
p, ol, table, pre { margin: 0 0 1.5mm }
ol { padding-left: 6mm }
img { display: block; max-width: 100%; max-height: 74mm; margin: 1mm auto; border: .5pt solid #999 }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .6mm 2mm .6mm 0; border-bottom: .3pt solid #ccc }
code, pre { font: 8.6pt/1.3 "Liberation Mono", "DejaVu Sans Mono", monospace }
code { background: #f1f1f1; padding: 0 .8mm }
pre { background: #f1f1f1; padding: 1.5mm 2mm } pre code { padding: 0 }
"""


def html() -> str:
    """The page as HTML that needs no other file."""
    text = (HERE / "participants.md").read_text(encoding="utf-8")
    text = text.replace(" This page is for the table in front of you; `make sheet` prints it.", "")
    body = MarkdownIt("commonmark").enable("table").render(text)
    body = re.sub(r'src="([^"]+\.png)"', lambda found: f'src="{_inline(HERE / found[1])}"', body)
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><style>{STYLE}</style><body>{body}</body></html>'


def _inline(picture: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode()


def print_sheet(to: Path) -> None:
    """Write the PDF.

    Raises
    ------
    ValueError
        Where it is not exactly one page.
    """
    with tempfile.TemporaryDirectory() as place, sync_playwright() as play:
        page_file = Path(place) / "participants.html"
        page_file.write_text(html(), encoding="utf-8")
        browser = play.chromium.launch(executable_path=chromium.find(), args=list(chromium.ARGS))
        page = browser.new_page()
        page.goto(page_file.as_uri())
        made = page.pdf(prefer_css_page_size=True, print_background=True, tagged=True)
        browser.close()
    if (count := len(PAGES.findall(made))) != 1:
        raise ValueError(
            f"The participants' page takes {count} pages: shorten docs/workshop/participants.md."
        )
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(made)


if __name__ == "__main__":
    print_sheet(HERE.parents[1] / "dist" / "participants.pdf")
    sys.exit(0)
