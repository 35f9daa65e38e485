"""Every number of the samples against the real files, and what they promise."""

from __future__ import annotations

import re
from importlib import resources

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table

from skyexplorer import samples
from skyexplorer.core import healpix
from skyexplorer.errors import NotFoundError
from skyexplorer.io import files, tables
from skyexplorer.model.opening import read
from skyexplorer.samples import galaxy

TABLES = sorted(p.name for p in resources.files("skyexplorer.samples").joinpath("tables").iterdir())


def table(name: str) -> Table:
    return Table.read(
        resources.files("skyexplorer.samples").joinpath("tables", name).read_text("utf-8"),
        format="ascii.ecsv",
    )


@pytest.mark.parametrize("name", TABLES)
def test_small_and_with_a_reference(name) -> None:
    sample = table(name)
    assert len(sample) <= 60
    assert {"title", "reference", "licence", "note"} <= set(sample.meta)
    assert re.search(r"\d{4}", sample.meta["reference"])


def close(ours, theirs, digits: float) -> None:
    ours, theirs = (np.ma.filled(np.ma.asarray(np.ma.asarray(v), float), np.nan) for v in (ours, theirs))
    assert np.allclose(ours, theirs, rtol=digits, atol=1e-12, equal_nan=True)


def rows_of(real: Table, column: str, names: list[str]) -> Table:
    have = {str(value).strip(): i for i, value in enumerate(real[column])}
    return real[[have[name] for name in names]]


def test_icecube_alerts_are_those_of_icecat(data_dir) -> None:
    sample = table("icecube_alerts.ecsv")
    real = tables.read(files.load(data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv"))
    real = rows_of(real, "NAME", list(sample["name"]))
    pairs = {"mjd": "EVENTMJD", "ra": "RA", "dec": "DEC", "ra_plus": "RA_ERR_PLUS", "ra_minus": "RA_ERR_MINUS",
             "dec_plus": "DEC_ERR_PLUS", "dec_minus": "DEC_ERR_MINUS", "energy": "ENERGY",
             "far": "FAR", "signalness": "SIGNAL"}  # fmt: skip
    for ours, theirs in pairs.items():
        close(sample[ours], [float(v) for v in real[theirs]], 1e-9)


def test_fermi_sources_and_their_histories_are_those_of_4fgl_dr2(data_dir) -> None:
    sample, history = table("fermi_sources.ecsv"), table("fermi_history.ecsv")
    catalog = read(data_dir / "gamma/4FGL_DR2_gll_psc_v23_from_rdata.csv.gz")
    rows = [catalog.names.index(name) for name in sample["Source_Name"]]
    real = catalog.table[rows]
    for column in ("RAJ2000", "DEJ2000", "Conf_95_SemiMajor", "Conf_95_SemiMinor", "Conf_95_PosAng"):
        close(sample[column], real[column], 1e-6)
    close(sample["Signif_Avg"], real["Signif_Avg"], 1e-4)
    close(sample["Energy_Flux100"], real["Energy_Flux100"], 1e-3)
    assert [str(v).strip() for v in real["ASSOC1"]] == list(np.ma.filled(sample["ASSOC1"], ""))
    assert list(history["Source_Name"]) == list(sample["Source_Name"])
    for column in history.colnames[1:]:
        close(history[column], real[column], 1e-3)


def test_tev_sources_are_those_of_hgps_and_vtscat(data_dir) -> None:
    sample = table("tev_sources.ecsv")
    hess = sample[sample["Reference"] == "2018A&A...612A...1H"]
    real = rows_of(
        read(data_dir / "vhe/hgps_catalog_v1.fits.gz").table, "Source_Name", list(hess["Source_Name"])
    )
    for column in ("RAJ2000", "DEJ2000", "Pos_Err_95", "Size", "RSpec"):
        ours, theirs = (
            np.ma.filled(np.ma.asarray(np.ma.asarray(t[column]), float), np.nan) for t in (hess, real)
        )
        assert np.allclose(ours, theirs, atol=6e-5, equal_nan=True)
    (veritas,) = sample[sample["Source_Name"] == "VER J0509+057"]
    text = (data_dir / "lightcurves/vtscat/2018ApJ...861L..20A__VER-000168.yaml").read_text()
    at = SkyCoord(
        re.search(r"ra: \{val: (\S+),", text).group(1), re.search(r"dec: \{val: (\S+),", text).group(1)
    )
    assert [veritas["RAJ2000"], veritas["DEJ2000"]] == pytest.approx([at.ra.deg, at.dec.deg], abs=6e-5)
    assert f"significance: {veritas['Sqrt_TS']}" in text


def test_galaxies_are_those_of_the_50_mpc_catalogue(data_dir) -> None:
    sample = table("gw170817_galaxies.ecsv")
    real = read(data_dir / "sky/50MGC_catalog_short.fits").table
    for row in sample:
        near = np.argmin(
            np.hypot(np.asarray(real["ra"], float) - row["ra"], np.asarray(real["dec"], float) - row["dec"])
        )
        assert [row["ra"], row["dec"], row["bestdist"], row["logmass"]] == pytest.approx(
            [float(real[c][near]) for c in ("ra", "dec", "bestdist", "logmass")], abs=6e-3
        )
    assert "NGC 4993" in sample["objname"]


def test_at2017gfo_points_are_those_of_the_compilation(data_dir) -> None:
    real = Table.read(data_dir / "lightcurves/AT2017gfo_optical.csv", format="csv")
    points = {(str(r["filter"]), round(float(r["mjd"]), 3)): r for r in real}
    for row in table("at2017gfo.ecsv"):
        theirs = points[str(row["filter"]), float(row["mjd"])]
        assert row["flux"] == pytest.approx(float(theirs["flux"]), rel=1e-3)
        assert row["fluxerr"] == pytest.approx(float(theirs["fluxerr"]), rel=1e-2)
        assert row["zp"] == theirs["zp"]


def test_yearly_light_curves_of_at_least_thirty_sources() -> None:
    catalog = samples.open("fermi-sources")
    curves = [catalog.light_curve(row) for row in range(len(catalog))]
    assert sum(len(curve) == 10 for curve in curves) >= 30
    assert len(samples.light_curve("TXS 0506+056")) == 10
    assert samples.light_curve("4FGL J0509.4+0542").name == "4FGL J0509.4+0542"
    assert samples.light_curve("NGC 4993").name == "AT2017gfo"
    assert samples.light_curve("no such source") is None


def test_dozens_of_each() -> None:
    for name in ("icecube-alerts", "fermi-sources", "tev-sources", "gw170817-galaxies"):
        assert len(samples.open(name)) >= 36


def test_the_drawn_map_of_gw170817(data_dir) -> None:
    """SCIENCE.md G26: 28 deg² at 90 %, 40 Mpc, the host inside; and it says that it is drawn."""
    event = samples.open("GW170817")
    skymap = event.localization
    assert skymap.credible_area(0.9).to_value(u.deg**2) == pytest.approx(28, rel=0.02)
    mean, std = skymap.distance
    assert mean.value == pytest.approx(40, abs=0.5)
    assert std.value == pytest.approx(8, abs=0.01)
    assert event.credible_level(SkyCoord(197.4503 * u.deg, -23.3815 * u.deg)) < 0.9
    assert event.time.gps == pytest.approx(1187008882.443, abs=1e-3)
    for told in (event.origin.lines(), skymap.origin.lines(), event.notes):
        assert any("not the LVK sky map" in line for line in told)
    assert "drawn" in skymap.origin.title
    # It resembles the published map: the overlap integral is far above that of unrelated maps (1).
    real = read(data_dir / "gw/GW170817_skymap.fits.gz")
    lon, lat = healpix.centers(real._order, real._ipix)
    drawn = skymap.probability_density(SkyCoord(lon * u.deg, lat * u.deg)).value
    assert 4 * np.pi * np.sum(drawn * real.density * real._area) > 300


def test_names_are_forgiving_and_wrong_ones_are_told() -> None:
    assert samples.open("ic170922a") is samples.open("IC-170922A")
    assert samples.resolve("txs0506+056").ra.deg == pytest.approx(77.3593, abs=1e-3)
    assert samples.resolve("IceCube-170922A").dec.deg == 5.79
    with pytest.raises(NotFoundError, match="fermi-sources"):
        samples.open("GW999999")


def test_the_milky_way_is_a_model_without_seams() -> None:
    import io

    from PIL import Image

    tiles = samples.milky_way()
    assert "model" in tiles.title
    assert "model" in tiles.note.lower()
    assert set(tiles.tiles) == {(k, n) for k in (0, 1) for n in range(12 * 4**k)}
    pixels = {n: np.asarray(Image.open(io.BytesIO(tiles.tiles[1, n])), float) for n in (0, 1)}
    # Tiles 0 and 1 of a base cell share an edge: the last row of nested x of 0, the first of 1.
    step = np.abs(pixels[0][-1] - pixels[1][0]).mean()
    assert step < np.abs(np.diff(pixels[0], axis=0)).mean() * 2 + 1


def test_a_tile_of_the_milky_way_is_made_again() -> None:
    """What ships is what the code computes: one row of one tile, to the loss of JPEG."""
    import io

    from PIL import Image

    noise, light = galaxy._Noise(np.random.default_rng(galaxy.SEED)), galaxy._column_table()
    shipped = np.asarray(Image.open(io.BytesIO(samples.milky_way().tiles[1, 20])), float)
    from skyexplorer.model.tiles import tile_pixels

    row = tile_pixels()[100]
    ra, dec = healpix.centers(10, (20 << 18) + row)
    assert np.abs(galaxy.picture(ra, dec, light, noise) - shipped[100]).mean() < 3
