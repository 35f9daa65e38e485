"""Steps: what is recorded can be run; what cannot be written says so, and only when asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st
from mocpy import MOC

from skyexplorer import SkyExplorer, SkyRegion
from skyexplorer.errors import RecordingError
from skyexplorer.model.ledger import Ledger
from skyexplorer.model.record import Record, Records
from skyexplorer.session.layers import CatalogLayer, EventLayer, SkyMapLayer
from skyexplorer.session.session import Session
from tests.session.fakes import FakeCatalog, FakeEvent


class Recorder:
    """Stands for SkyExplorer when a script runs."""

    calls: list

    def __init__(self):
        type(self).calls = []

    def __getattr__(self, verb):
        return lambda *args, **kwargs: self.calls.append((verb, args, kwargs))


def replay(steps) -> list:
    source = steps.to_source().replace("from skyexplorer import SkyExplorer", "")
    exec(compile(source, "steps", "exec"), {"SkyExplorer": Recorder})
    return Recorder.calls


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        -0.1,
        1e-300,
        float("inf"),
        'it\'s "so"\n',
        Path("a b/c'.fits"),
        (1, "two"),
        (1,),
        [1, (2, 3)],
        np.float64(0.1),
        np.int64(3),
        Time("2017-09-22T20:54:30.43"),
        Time(58018.87, format="mjd", scale="tt"),
        Time(2451545.0, 1e-14, format="jd"),
        500 * u.s,
        [1, 2] * u.Mpc,
        3 * u.dimensionless_unscaled,
    ],
)
def test_values_come_back(value):
    steps = Session().steps
    steps.record("brush", (value,), {"by": value})
    ((verb, (back,), kwargs),) = replay(steps)
    assert verb == "brush"
    assert np.all(back == value)
    assert type(back) is type(value) or isinstance(value, np.generic)
    assert np.all(kwargs["by"] == value)


@given(st.floats(0, 360, exclude_max=True), st.floats(-90, 90))
def test_positions_come_back_exactly(ra, dec):
    steps = Session().steps
    steps.record("goto", (SkyCoord(ra * u.deg, dec * u.deg),))
    ((_, (back,), _),) = replay(steps)
    assert (back.ra.deg, back.dec.deg) == (ra, dec)


@pytest.mark.parametrize("value", [b"bytes", object(), {1: 2}, SkyCoord(np.nan * u.deg, 0 * u.deg)])
def test_what_cannot_be_written_is_refused_only_when_asked(value):
    steps = Session().steps
    steps.record("goto", ("1 2",))
    steps.record("open", (value,))
    with pytest.raises(RecordingError, match="Step 2, open"):
        steps.to_source()


def test_results_become_variables_and_rows_are_named_by_layer():
    session = Session()
    steps, catalog, event = session.steps, FakeCatalog("a", "b"), FakeEvent()
    session.layers.add(CatalogLayer("gamma", catalog))
    session.layers.add(EventLayer("alerts", [FakeEvent(), event]))
    opened, ranked = FakeEvent(), FakeCatalog("b", "a")
    steps.record("open", ("GW170817",), result=opened)
    steps.record("open", ("other",), result=None)
    steps.record("rank", (catalog,), {"by": opened}, result=ranked)
    steps.record("select", ((ranked[0], catalog[1], event),))
    assert steps.to_source().splitlines()[3:] == [
        "gw170817 = sky.open('GW170817')",
        "sky.open('other')",
        "ranked = sky.rank(sky.layers['gamma'].data, by=gw170817)",
        "sky.select((ranked[0], sky.layers['gamma'][1], sky.layers['alerts'][1]))",
    ]


def test_a_source_of_no_layer_is_refused():
    steps = Session().steps
    steps.record("select", (FakeCatalog("a")[0],))
    with pytest.raises(RecordingError, match="in no layer"):
        steps.to_source()


def test_rows_in_a_row_are_one_step():
    steps = Session().steps
    for value in ("1 1", "2 2"):
        steps.record("goto", (value,), key="here")
    steps.record("goto", ("3 3",), key="there")
    steps.record("goto", ("4 4",))
    steps.record("goto", ("5 5",))
    assert [step.args[0] for step in steps.items] == ["2 2", "3 3", "4 4", "5 5"]


CIRCLE = SkyRegion.circle(SkyCoord(10 * u.deg, 20 * u.deg), 1 * u.deg)
CIRCLE_OF_IT = SkyRegion.circle(SkyCoord(197.4 * u.deg, -23.4 * u.deg), 3 * u.deg)
SQUARE = SkyRegion.box(SkyCoord(10.8 * u.deg, 20.5 * u.deg), (0.5, 0.7) * u.deg, (0.6, 0.8) * u.deg)


@pytest.mark.parametrize(
    "region",
    [
        SkyRegion.circle(SkyCoord(197.4 * u.deg, -23.4 * u.deg), 3.25 * u.deg),
        SkyRegion.polygon(
            SkyCoord([190.0, 205.0, 205.0, 190.0] * u.deg, [-30.0, -30.0, -15.0, -15.0] * u.deg)
        ),
        SkyRegion.ellipse(SkyCoord(10 * u.deg, 20 * u.deg), 3 * u.deg, 1 * u.deg, 30 * u.deg),
        SkyRegion.annulus(SkyCoord(10 * u.deg, 20 * u.deg), 1 * u.deg, 2 * u.deg),
        SkyRegion.box(SkyCoord(10 * u.deg, 20 * u.deg), (1, 2) * u.deg, (3, 4) * u.deg),
        SkyRegion.quarter_ellipse(SkyCoord(10 * u.deg, 20 * u.deg), (1, 2) * u.deg, (3, 4) * u.deg),
        SkyRegion.read(b"icrs\ncircle(10,20,1)\n-circle(10,20,0.5)\n"),
        CIRCLE | SQUARE,
        CIRCLE - SQUARE,
        (CIRCLE | SQUARE) & SkyRegion.circle(SkyCoord(11 * u.deg, 21 * u.deg), 1.5 * u.deg),
        SkyRegion.circle(SkyCoord(11 * u.deg, 21 * u.deg), 1.5 * u.deg) - (SQUARE - CIRCLE),
        SkyRegion.union([CIRCLE - SQUARE, SQUARE - CIRCLE]),
    ],
)
def test_a_drawn_region_comes_back(region: SkyRegion) -> None:
    steps = Session().steps
    steps.record("query_region", (region,), {"service": "fermi-4fgl"})
    source = steps.to_source()
    call = source.splitlines()[-1].removeprefix("sky.query_region(").removesuffix(", service='fermi-4fgl')")
    space: dict = {}
    exec("\n".join(line for line in source.splitlines() if line.startswith("from")), space)
    again = eval(call, space)
    assert again.kind == region.kind
    assert again.area.value == pytest.approx(region.area.value, rel=1e-12)
    grid = SkyCoord(*np.meshgrid(np.linspace(8.5, 12, 40), np.linspace(18.5, 22, 40)), unit="deg")
    assert (again.contains(grid) == region.contains(grid)).all()


def test_rows_by_hand_are_written_by_number() -> None:
    steps = Session().steps
    steps.record("mark", ("x", np.array([False, True, False, True])))
    assert steps.to_source().splitlines()[-1] == "sky.mark('x', [1, 3])"
    steps.record("mark", ("x", np.ones(101, bool)))
    with pytest.raises(RecordingError, match="101 rows"):
        steps.to_source()


def test_a_region_of_cells_is_refused() -> None:
    steps = Session().steps
    steps.record("query_region", (SkyRegion.from_moc(MOC.from_str("3/10-12")),))
    with pytest.raises(RecordingError, match="SkyRegion"):
        steps.to_source()


def _mask() -> SkyRegion:
    holes = "".join(f"-circle({10 + 0.03 * (i % 20)},{20 + 0.03 * (i // 20)},0.005)\n" for i in range(40))
    return SkyRegion.read(f"icrs\ncircle(10,20,1)\n{holes}".encode())


def _chain(many: int, twice: bool = False) -> SkyRegion:
    region = CIRCLE - SQUARE
    for _ in range(many):
        region = replace(region, _sides=("|", (region, region if twice else SQUARE)))
    return region


@pytest.mark.parametrize(
    "region",
    [_mask(), _chain(20), _chain(3000), _chain(200, twice=True)],
    ids=["mask", "few", "many", "twice"],
)
def test_a_region_of_very_many_parts_is_refused(region: SkyRegion) -> None:
    steps = Session().steps
    steps.record("select_region", (region,))
    with pytest.raises(RecordingError, match="more than 20 parts"):
        steps.to_source()


def test_an_item_of_what_was_listed_is_named_by_its_number() -> None:
    records = Records([Record("a", "image", ""), Record("b", "image", "")], Ledger())
    steps = Session().steps
    steps.record("images", (), result=records)
    steps.record("cutout", (records[1],))
    assert steps.to_source().splitlines()[-2:] == ["images = sky.images()", "sky.cutout(images[1])"]


def test_a_credible_region_is_written_by_its_map() -> None:
    sky = SkyExplorer(samples=False)
    merger = sky.open("GW170817")
    steps = sky.steps
    steps.record("query_region", (merger.credible_region(0.9),))
    assert steps.to_source().splitlines()[-2:] == [
        "gw170817 = sky.open('GW170817')",
        "sky.query_region(gw170817.credible_region(0.9))",
    ]
    steps.record("query_region", (merger.credible_region(0.9) & CIRCLE_OF_IT,))
    assert (
        steps.to_source()
        .splitlines()[-1]
        .startswith("sky.query_region(gw170817.credible_region(0.9) & SkyRegion.circle(")
    )
    other = SkyExplorer(samples=False)
    other.session.layers.add(SkyMapLayer("map", merger.localization))
    other.steps.record("query_region", (merger.localization.credible_region(0.5),))
    call = "sky.query_region(sky.layers['map'].skymap.credible_region(0.5))"
    assert other.steps.to_source().splitlines()[-1] == call
