"""The story that all of this is for: a gravitational wave, what lies in its region, ranked, clicked, and its light curve.

In a script here, and in JupyterLab and Chromium, with clicks that are real ones. Everything is asked of the loopback VO.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from skyexplorer import SkyExplorer
from tests.vo import truth
from tests.vo.fixtures import Vo


def test_in_a_script(loopback: Vo, data_dir: Path) -> None:
    sky = SkyExplorer(samples=False)
    gw = sky.open(data_dir / "gw" / "GW170817_skymap.fits.gz")
    region = gw.credible_region(0.9)

    gamma = sky.query_region(region, service="fermi-4fgl")
    galaxies = sky.query_region(region, service="glade")
    assert set(gamma.names) == truth.names("fermilpsc", region, "name")
    assert gamma.origin.service == "fermi-4fgl"
    assert gamma.origin.rows == len(gamma) >= 3
    assert gamma.ledger.complete

    ranked = sky.rank(gamma, by=gw)
    density = np.asarray(ranked.table["probability_density"], float)
    assert (np.diff(density) <= 0).all()
    host = sky.rank(galaxies, by=gw)[0]
    assert host.coord.separation(truth.places("gladep")).deg.min() < 1e-9

    sky.select(ranked[0])
    assert sky.selection.sources[0].name == ranked.names[0]
    found = sky.live_curves(ranked[0], providers=["loopback-observations"], radius=5)
    assert len(found) == 1, found.ledger
    curve = found[0]
    assert len(curve.time) == 10
    assert curve.time.scale == "tt"
    assert [answer.state for answer in found.ledger] == ["ok"]

    # The session is a script that runs again, and asks nobody twice: the answers are kept.
    source = sky.steps.to_source()
    assert "query_region" in source
    asked = len(loopback.proxy.seen("/tap"))
    again: dict[str, object] = {}
    exec(compile(source, "story.py", "exec"), again)
    assert len(loopback.proxy.seen("/tap")) == asked
    assert list(again["sky"].layers) == list(sky.layers)  # type: ignore[attr-defined]


CELL = """
from skyexplorer import SkyExplorer
sky = SkyExplorer(samples=False)
gw = sky.open({path!r})
gamma = sky.query_region(gw.credible_region(0.9), service="fermi-4fgl")
galaxies = sky.query_region(gw.credible_region(0.9), service="glade")
ranked = sky.rank(gamma, by=gw)
sky.goto(ranked[0], fov=4)
sky.select(None)
sky
"""


@pytest.mark.browser
def test_in_chromium(loopback: Vo, data_dir: Path) -> None:
    from tests.browser import chromium
    from tests.browser.lab import Lab, Notebook, browser

    if chromium.find() is None:
        pytest.skip("no Chromium; `make test` installs it")
    with Lab(**loopback.environ()) as lab, browser() as context:
        name = lab.write("story.ipynb", [CELL.format(path=str(data_dir / "gw" / "GW170817_skymap.fits.gz"))])
        notebook = Notebook(context, lab, name)
        notebook.run_all()
        notebook.wait_sky(120)
        assert not notebook.errors()
        rows = notebook.python("len(gamma)")
        region = notebook.python("sorted(gamma.names)")
        assert rows == len(region) >= 3
        place = notebook.page.evaluate(
            """() => {
                const el = document.querySelector('.skx-sky');
                const [x, y] = el.aladin.world2pix(...el.aladin.getRaDec());
                const box = el.aladin.view.catalogCanvas.getBoundingClientRect();
                return [x + box.left, y + box.top];
            }"""
        )
        notebook.page.mouse.click(*place)
        first = notebook.python("ranked.names[0]")
        notebook.until("[source.name for source in sky.selection.sources]", [first])
        notebook.run(
            "job = sky.submit(sky.live_curves, sky.selection.sources[0], providers=['loopback-observations'], radius=5)"
        )
        notebook.until("job.ended")
        assert notebook.python("[answer.state for answer in job.ledger]") == ["ok"]
        assert notebook.python("len(sky.session.curves.shown)") >= 1
        assert not notebook.foreign_requests()
