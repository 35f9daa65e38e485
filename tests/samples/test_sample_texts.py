"""What the sample tables say in words, against the real files: names, classes, and the claims of their notes."""

from __future__ import annotations

import subprocess
import sys
from importlib import resources

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table

from skyexplorer import samples
from skyexplorer.io import files, tables
from skyexplorer.model.opening import read

HOST = SkyCoord(197.4503, -23.3815, unit="deg")  # SCIENCE.md G26


def table(name: str) -> Table:
    text = resources.files("skyexplorer.samples").joinpath("tables", name).read_text("utf-8")
    return Table.read(text, format="ascii.ecsv")


def words(column) -> list[str]:
    return [str(value).strip() for value in np.ma.filled(np.ma.asarray(column), "")]


def numbers(column) -> np.ndarray:
    return np.ma.filled(np.ma.asarray(np.ma.asarray(column), float), np.nan)


def rows(real: Table, column: str, names: list[str]) -> Table:
    have = {name.replace(" ", ""): row for row, name in enumerate(words(real[column]))}
    return real[[have[name.replace(" ", "")] for name in names]]


def test_streams_of_the_alerts(data_dir) -> None:
    sample = table("icecube_alerts.ecsv")
    real = tables.read(files.load(data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv"))
    assert words(sample["stream"]) == words(rows(real, "NAME", words(sample["name"]))["I3TYPE"])
    assert {name[2:4] for name in words(sample["name"])} >= {f"{year}" for year in range(11, 24)}


def test_classes_of_the_fermi_sources(data_dir) -> None:
    sample = table("fermi_sources.ecsv")
    real = read(data_dir / "gamma/4FGL_DR2_gll_psc_v23_from_rdata.csv.gz")
    chosen = real.table[[real.names.index(name) for name in words(sample["Source_Name"])]]
    assert words(sample["CLASS1"]) == words(chosen["CLASS1"])


def test_a_limit_of_the_histories_is_a_missing_lower_error() -> None:
    history, catalog = table("fermi_history.ecsv"), samples.open("fermi-sources")
    missing = np.array([np.isnan(numbers(history[f"Unc_Flux_History.{2 * k - 1}"])) for k in range(1, 11)])
    limits = np.array([catalog.light_curve(row).upper_limit for row in range(len(catalog))]).T
    assert missing.sum() > 0
    assert np.array_equal(missing, limits)


def test_classes_significances_and_sizes_of_the_tev_sources(data_dir) -> None:
    sample = table("tev_sources.ecsv")
    hess = sample[sample["Reference"] == "2018A&A...612A...1H"]
    catalog = read(data_dir / "vhe/hgps_catalog_v1.fits.gz").table
    real = rows(catalog, "Source_Name", words(hess["Source_Name"]))
    for column in ("Spatial_Model", "Source_Class", "Identified_Object"):
        assert words(hess[column]) == words(real[column])
    assert np.allclose(numbers(hess["Sqrt_TS"]), numbers(real["Sqrt_TS"]), atol=6e-3, equal_nan=True)
    # Without a size is what is point-like, by its model or by a limit.
    point = (np.array(words(real["Spatial_Model"])) == "Point-Like") | np.isfinite(numbers(real["Size_UL"]))
    assert np.array_equal(np.isnan(numbers(hess["Size"])), point)
    assert "of a shell the outer radius" in sample.meta["note"]
    assert len(sample) == len(hess) + 1


def test_galaxies_are_the_most_massive_ones_as_their_note_says(data_dir) -> None:
    sample = table("gw170817_galaxies.ecsv")
    real = read(data_dir / "sky/50MGC_catalog_short.fits").table
    away = SkyCoord(numbers(real["ra"]), numbers(real["dec"]), unit="deg").separation(HOST).deg
    distance, mass = numbers(real["bestdist"]), numbers(real["logmass"])
    near = real[(away < 16) & (distance >= 20) & (distance <= 50) & np.isfinite(mass)]
    near.sort("logmass", reverse=True)
    expected = {name.replace(" ", "") for name in words(near["objname"][: len(sample)])}
    assert {name.replace(" ", "") for name in words(sample["objname"])} == expected

    chosen = rows(real, "objname", words(sample["objname"]))
    assert words(sample["best_type"]) == words(chosen["best_type"])
    for column, rounding in (("ra", 6e-6), ("dec", 6e-6), ("bestdist", 6e-3), ("logmass", 6e-3)):
        assert np.allclose(numbers(sample[column]), numbers(chosen[column]), atol=rounding, rtol=0)


def test_points_of_the_kilonova_are_one_a_band_and_half_day() -> None:
    sample = table("at2017gfo.ecsv")
    assert len({(band, int(2 * mjd)) for band, mjd in sample["filter", "mjd"]}) == len(sample)
    curve = samples.open("AT2017gfo")
    assert len(curve) == len(sample)
    assert set(curve.bands) == set(words(sample["filter"]))
    assert not curve.upper_limit.any()


def test_the_transient_stands_at_its_host() -> None:
    transients = samples.open("transients")
    assert transients.names == ["AT2017gfo"]
    assert transients.coords[0].separation(HOST).arcsec < 0.1


@pytest.mark.parametrize("name", samples.names())
def test_each_sample_says_that_it_is_one(name) -> None:
    data = samples.open(name)
    origin = (data[0] if isinstance(data, list) else data).origin
    assert origin.service == "sample"
    assert origin.reference
    assert any("note: " in line for line in origin.lines())


def test_importing_the_samples_loads_nothing_heavy() -> None:
    code = (
        "import sys, skyexplorer.samples;"
        "print(sorted({'astropy', 'PIL', 'mocpy', 'pandas', 'bokeh'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
