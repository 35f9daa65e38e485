"""The site: built without a warning, no link that leads nowhere, nothing that another machine must give."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.conftest import DOCS

NOTEBOOKS = DOCS.parent / "notebooks"
LOADED = {("img", "src"), ("script", "src"), ("link", "href"), ("source", "srcset"), ("iframe", "src")}


class Page(HTMLParser):
    """Links and anchors of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []  # (tag, address)
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.no_alt: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := told.get(name))}
        for name in ("href", "src"):
            if address := told.get(name):
                self.links.append((tag, address))
                if (tag, name) in LOADED:
                    self.loaded.append(address)
        if tag == "img" and not told.get("alt"):
            self.no_alt.append(told.get("src") or "")


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text("utf-8")) for path in site.rglob("*.html")}


def test_no_link_leads_nowhere(pages: dict[Path, Page]) -> None:
    dead = []
    for path, page in pages.items():
        for _, address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            target = target / "index.html" if target.is_dir() else target
            known = pages.get(target)
            anchor = unquote(parts.fragment)
            made = anchor.startswith(("furo-", "sidebar")) or anchor in ("", "top")
            if not target.exists() or (known and not made and anchor not in known.anchors):
                dead.append(f"{path.name}: {address}")
    assert not dead


def test_links_of_the_sources_lead_somewhere() -> None:
    """As GitHub shows them: README, and the pages, whose parts it does not fill in."""
    dead = []
    for path in (DOCS.parent / "README.md", *DOCS.rglob("*.md")):
        if "_build" in path.parts:
            continue
        text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text("utf-8"), flags=re.S)
        for address in re.findall(r"\]\(([^)\s]+)\)", text):
            parts = urlsplit(address)
            if parts.scheme or not parts.path:
                continue
            if not (path.parent / unquote(parts.path)).exists():
                dead.append(f"{path.relative_to(DOCS.parent)}: {address}")
    assert not dead


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page], site: Path) -> None:
    addresses = {address for page in pages.values() for address in page.loaded}
    assert not [address for address in addresses if urlsplit(address).netloc]
    styles = "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", styles)


def test_pictures_say_what_they_show_and_are_light(pages: dict[Path, Page]) -> None:
    assert not [src for page in pages.values() for src in page.no_alt]
    assert not [path.name for path in (DOCS / "pictures").iterdir() if path.stat().st_size > 300_000]


def test_each_notebook_is_a_page_with_the_picture_of_its_explorer(site: Path) -> None:
    names = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    assert names == sorted(path.stem for path in (DOCS / "tutorials").glob("[0-9]*.md"))
    for name in names:
        text = (site / "tutorials" / f"{name}.html").read_text("utf-8")
        assert f"{name}-light" in text, f"make screenshots STORY={name}"


def test_each_public_name_is_in_the_reference(site: Path) -> None:
    import skyexplorer

    text = "".join(path.read_text("utf-8") for path in (site / "reference" / "api").glob("*.html"))
    for name in skyexplorer.__all__:
        known = f'id="skyexplorer.{name}"' in text or f'id="module-skyexplorer.{name}"' in text
        assert known or name == "__version__", name
    verbs = [name for name in dir(skyexplorer.SkyExplorer) if not name.startswith("_")]
    assert not [verb for verb in verbs if f'id="skyexplorer.SkyExplorer.{verb}"' not in text]
