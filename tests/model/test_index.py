"""CatalogIndex: the same answers as crossmatch, kept and opened again, at every radius and in every crowd."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import CatalogIndex, SkyRegion, SourceCatalog, crossmatch
from skyexplorer.errors import FormatError, InputError


def sky(dice, count, clustered=False):
    ra, dec = dice.uniform(0, 360, count), np.degrees(np.arcsin(dice.uniform(-1, 1, count)))
    if clustered:
        ra[: count // 2] = (266.4 + dice.normal(0, 0.05, count // 2)) % 360
        dec[: count // 2] = -29 + dice.normal(0, 0.05, count // 2)
    return SkyCoord(ra * u.deg, dec * u.deg)


@pytest.fixture(scope="module", params=[False, True], ids=["uniform", "clustered"])
def lists(request):
    dice = np.random.default_rng(8)
    return sky(dice, 20_000, request.param), sky(dice, 500, request.param)


@pytest.mark.parametrize("mode", ["nearest", "all", "mutual"])
@pytest.mark.parametrize("radius", [1e-4, 0.02, 1.5, 20.0])
def test_it_answers_as_crossmatch_does(lists, mode, radius, tmp_path):
    stars, asked = lists
    if mode != "nearest" and radius > 10:
        return  # 500 × 20 000 × 3 % of the sky is a list too long to compare
    index = CatalogIndex(stars)
    want = crossmatch(asked, stars, radius * u.deg, mode=mode)
    for this in (index, CatalogIndex.open(index.save(tmp_path / "kept"))):
        found = this.match(asked, radius * u.deg, mode)
        assert np.array_equal(found["left"], want["left"])
        assert np.array_equal(found["right"], want["right"])
        assert np.allclose(found["separation"], want["separation"], rtol=0, atol=1e-6)
        assert np.allclose(found["position_angle"], want["position_angle"], rtol=0, atol=1e-4)


def test_k_nearest_and_one_radius_a_row(lists):
    stars, asked = lists
    index = CatalogIndex(stars)
    radius = np.linspace(0, 2, len(asked)) * u.deg
    found, want = index.match(asked, radius, k=3), crossmatch(asked, stars, radius, k=3)
    assert (found["left"].tolist(), found["right"].tolist()) == (
        want["left"].tolist(),
        want["right"].tolist(),
    )


@pytest.mark.parametrize(
    "region",
    [
        SkyRegion.circle(SkyCoord(266.4 * u.deg, -29 * u.deg), 3 * u.deg),
        SkyRegion.circle(SkyCoord(0 * u.deg, 90 * u.deg), 10 * u.deg),
        SkyRegion.box(SkyCoord(0.1 * u.deg, 5 * u.deg), (12, 15) * u.deg, (3, 9) * u.deg),
        SkyRegion.polygon(SkyCoord([350, 20, 5] * u.deg, [-40, -35, 10] * u.deg)),
        SkyRegion.circle(SkyCoord(77 * u.deg, 5 * u.deg), 180 * u.deg),
    ],
)
def test_inside_a_region(lists, region):
    stars, _ = lists
    assert CatalogIndex(stars).inside(region).tolist() == np.flatnonzero(region.contains(stars)).tolist()


def test_a_real_catalogue(data_dir):
    """1540 of 3561 5BZCAT lie within 0.1 deg of a 4FGL source."""
    index = CatalogIndex(SourceCatalog.read(data_dir / "gamma/gll_psc_v18_4FGL_early.fit"))
    assert len(index) == 5099
    assert len(index.match(SourceCatalog.read(data_dir / "sky/5BZCAT.csv"), 0.1 * u.deg)) == 1540


def test_crowded_cells_are_made_smaller():
    dice = np.random.default_rng(2)
    crowd = SkyCoord(
        (150 + dice.uniform(0, 0.01, 50_000)) * u.deg, (2 + dice.uniform(0, 0.01, 50_000)) * u.deg
    )
    index = CatalogIndex(crowd)
    _, full = np.unique(index._held.whole[:, 0], return_counts=True)
    assert np.sum(full.astype(float) ** 2) / full.sum() < 40


def test_rows_without_a_place_answer_nothing():
    index = CatalogIndex(SkyCoord([10, np.nan, 10] * u.deg, [0, 0, np.nan] * u.deg))
    assert index.match(SkyCoord([10, np.nan] * u.deg, [0, 0] * u.deg), 180 * u.deg, "all")[
        "right"
    ].tolist() == [0]


def test_what_is_no_index(tmp_path):
    with pytest.raises(FormatError, match="no kept index"):
        CatalogIndex.open(tmp_path)
    index = CatalogIndex(SkyCoord([10.0] * u.deg, [0.0] * u.deg))
    kept = index.save(tmp_path / "kept")
    (kept / "index.json").write_text('{"form": 99, "rows": 1, "size": 1.0, "shift": 63}')
    with pytest.raises(FormatError, match="another form"):
        CatalogIndex.open(kept)
    with pytest.raises(InputError, match="cannot be written"):
        index.save("/proc/none")
    with pytest.raises(InputError, match="angle"):
        index.match(SkyCoord(10 * u.deg, 0 * u.deg), 3 * u.kg)
