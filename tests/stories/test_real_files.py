"""Real files, opened by their path: each becomes what it is, and can be looked at."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from skyexplorer import SkyExplorer


@pytest.fixture
def sky():
    return SkyExplorer(samples=False)


@pytest.mark.parametrize(
    ("file", "area", "mode"),
    [
        ("gw/S190425z_bayestar.multiorder.fits", 10183.15, (242.578, 22.831)),
        ("gw/S190425z_bayestar.fits.gz", 10182.63, (242.578, 22.831)),
        ("gw/GW190814_PublicationSamples.multiorder.fits", 18.84, (12.700, -24.871)),
        ("gw/S190814bv_bayestar.multiorder.fits,1", 37.61, (12.744, -24.727)),
        ("gw/GW150914_bayestar_gstlal_C01.fits.gz", 398.10, (129.427, -69.979)),
        ("gamma/glg_healpix_all_bn180116026.fit", 571.98, (213.398, 25.944)),
    ],
)
def test_sky_maps(sky, data_dir, file, area, mode):
    skymap = sky.open(data_dir / file)
    assert skymap.credible_region(0.9).area.to_value("deg2") == pytest.approx(area, rel=1e-3)
    (layer,) = sky.layers.values()
    assert layer.kind == "skymap"
    assert layer.skymap is skymap
    assert layer.origin.checksum.startswith("sha256:")
    at = sky.viewport.target
    assert (at.ra.deg, at.dec.deg) == pytest.approx(mode, abs=0.2)
    assert 0.2 <= sky.viewport.fov <= 180


def test_neutrino_alerts(sky, data_dir):
    alerts = sky.open(str(data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv"))
    (layer,) = sky.layers.values()
    assert layer.kind == "events"
    assert layer.rows == len(alerts) == 364
    sky.brush("2017-01-01", "2018-01-01")
    years = [event.time.utc.iso[:4] for event in alerts]
    assert layer.shown.sum() == years.count("2017")
    sky.goto("IC170922A")
    assert sky.selection.sources[0].signalness is not None
    assert "its time" in sky.session.curves.message


def test_3fgl_click_by_click(sky, data_dir):
    path = data_dir / "gamma/gll_psc_v16_3FGL.fit.gz"
    catalog = sky.open(path)
    layer = sky.layers[next(iter(sky.layers))]
    assert layer.rows == 3034
    with fits.open(path) as hdus:
        histories = np.array(hdus[1].data["Flux_History"], float)
        names = [str(name).strip() for name in hdus[1].data["Source_Name"]]
    for row in np.random.default_rng(0).choice(3034, 100, replace=False):
        sky.select(catalog[int(row)], by="sky")
        (curve,) = sky.session.curves.shown
        assert curve.name == names[row]
        measured = ~curve.upper_limit
        assert len(curve) == 48
        assert np.allclose(curve.value.value[measured], histories[row][measured], rtol=1e-6)
    sky.goto("TXS 0506+056")
    assert sky.selection.sources[0].name == "3FGL J0509.4+0541"
    assert not sky.session.notices.items
    again: dict = {}
    exec(sky.steps.to_source(), again)
    assert again["sky"].session.curves.title == "3FGL J0509.4+0541"


def test_4fgl_and_a_light_curve_of_one_of_its_sources(sky, data_dir):
    sky.open(data_dir / "gamma/gll_psc_v18_4FGL_early.fit")
    assert next(iter(sky.layers.values())).rows == 5099
    curve = sky.open(data_dir / "lightcurves/lcr/4FGL_J1104.4+3812_monthly_2_20_2025.csv")
    assert len(curve) == 201
    assert sky.session.curves.shown == (curve,)
    sky.select(None)
    sky.goto("Mkn 421")
    assert sky.session.curves.shown == (curve,)
    assert sky.session.curves.title.startswith("4FGL J1104.4+3812")
    assert len(sky.layers) == 1


def test_a_light_curve_alone(sky, data_dir):
    curve = sky.open(data_dir / "lightcurves/lcr/4FGL_J1256.1-0547_weekly_2_20_2025.csv")
    assert curve.upper_limit.sum() == 20
    assert sky.session.curves.title == "4FGL J1256.1-0547"
    assert len(sky.layers) == 0


def test_a_file_by_its_bytes(sky, data_dir):
    raw = (data_dir / "gw/GW170817_galaxies.csv").read_bytes()
    catalog = sky.open(raw, name="galaxies")
    assert list(sky.layers) == ["galaxies"]
    assert len(catalog) == 390


def test_the_galaxy_of_the_merger_in_the_published_map(sky, data_dir):
    merger = sky.open(data_dir / "gw/GW170817_skymap.fits.gz")
    ranked = sky.rank(sky.open(data_dir / "gw/GW170817_galaxies.csv"), by=merger)
    first = ranked.coords[0]
    assert abs(first.ra.deg - 197.448776) * u.deg < 1 * u.arcsec
    assert ranked.table["credible_level"][0] <= 0.9 < ranked.table["credible_level"][1]
    sky.select(ranked[0])
    assert sky.steps.to_source().splitlines()[-2:] == [
        "ranked = sky.rank(gw170817_galaxies, by=gw170817_skymap)",
        "sky.select(ranked[0])",
    ]


@pytest.mark.parametrize(
    "file", ["README.md", "sky/d3-celestial/starnames.json", "gw/AT_GW190425_ztf_pointings.csv"]
)
def test_what_is_none_of_these_leaves_the_session_untouched(sky, data_dir, file):
    from skyexplorer.errors import FormatError

    with pytest.raises(FormatError):
        sky.open(data_dir / file)
    assert len(sky.layers) == len(sky.session.steps) == 0
