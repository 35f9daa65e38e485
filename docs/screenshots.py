"""The pictures in the README: both stories, dark and light. ``make screenshots`` runs it."""

from __future__ import annotations

from pathlib import Path

from tests.browser.lab import Lab, Notebook, browser

OUT = Path(__file__).parent / "pictures"
CELL = "from skyexplorer import SkyExplorer\nsky = SkyExplorer(height=760)\nsky"
STORIES = {
    "txs": "sky.goto('TXS 0506+056', fov=11)",
    "gw170817": "sky.goto('GW170817'); sky.select('NGC 4993')",
}


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with Lab() as lab:
        for dark, theme in ((True, "JupyterLab Dark"), (False, "JupyterLab Light")):
            with browser(width=1560, height=1000, dark=dark) as context:
                name = f"{'dark' if dark else 'light'}.ipynb"
                lab.write(name, [CELL])
                notebook = Notebook(context, lab, name, theme=theme)
                notebook.only_outputs()
                notebook.run_all()
                notebook.wait_sky()
                notebook.page.wait_for_timeout(3000)
                for story, code in STORIES.items():
                    notebook.run(code)
                    notebook.page.mouse.move(5, 5)
                    notebook.page.wait_for_timeout(3500)
                    path = OUT / f"{story}-{'dark' if dark else 'light'}.png"
                    notebook.page.locator(".skx-grid").screenshot(path=path)
                    print(path)


if __name__ == "__main__":
    main()
