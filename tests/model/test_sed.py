"""Spectra: each conversion against numbers known by other ways, real catalogues, limits, and what is refused."""

from __future__ import annotations

import math
from importlib import resources

import numpy as np
import pytest
from astropy import constants
from astropy import units as u
from astropy.table import Table

from skyexplorer import SourceCatalog, samples
from skyexplorer.errors import FormatError, InputError
from skyexplorer.model import bands, sed
from skyexplorer.model.sed import SpectralEnergyDistribution
from skyexplorer.model.sed_rows import points_of, points_of_curve


def catalog(**columns) -> SourceCatalog:
    table = Table({"name": ["x"], "ra": [10.0], "dec": [0.0]})
    for name, (value, unit, ucd, words) in columns.items():
        table[name] = [value]
        table[name].unit = unit
        table[name].info.meta = {"ucd": ucd}
        table[name].description = words
    return SourceCatalog(table)


# conversions


def test_constants_are_those_of_astropy() -> None:
    assert pytest.approx((1 * u.eV).to_value(u.Hz, u.spectral()), rel=1e-9) == sed.EV_HZ
    assert pytest.approx((1 * u.eV).to_value(u.erg), rel=1e-9) == sed.EV_ERG
    assert constants.c.value == bands.LIGHT


def test_a_magnitude_is_what_astropy_makes_of_it() -> None:
    band = bands.BANDS["SDSS r"]
    point = sed.of_magnitude(17.0, band, 0.1)
    density = (17.0 * u.ABmag).to(u.Jy)
    expected = (density * band.frequency * u.Hz).to_value(sed.FLUX)
    assert point.flux == pytest.approx(expected, rel=1e-4)
    assert point.flux - point.minus == pytest.approx(sed.of_magnitude(17.1, band).flux)
    assert point.flux + point.plus == pytest.approx(sed.of_magnitude(16.9, band).flux)


def test_gaias_ab_offsets() -> None:
    # AB minus Vega of the three bands (Riello et al. 2021, section 8): the differences of their zero points.
    for name, offset in (("Gaia G", 0.1136), ("Gaia BP", 0.0155), ("Gaia RP", 0.3561)):
        assert -2.5 * math.log10(bands.BANDS[name].zero / bands.AB) == pytest.approx(offset, abs=1e-4)


@pytest.mark.parametrize("index", [0.5, 1.0, 1.5, 2.0, 2.7, 4.0])
def test_a_power_law_integrates_back_to_its_photon_flux(index: float) -> None:
    low, high = 3e8, 1e9
    point = sed.of_photon_flux(1e-8, low, high, index, 1e-9, 2e-9)
    at = math.sqrt(low * high)
    energy = np.geomspace(low, high, 20001)
    dnde = point.flux / sed.EV_ERG / at**2 * (energy / at) ** -index
    assert np.trapezoid(dnde, energy) == pytest.approx(1e-8, rel=1e-6)
    assert [point.minus / point.flux, point.plus / point.flux] == pytest.approx([0.1, 0.2])
    # And its energy flux, as SCIENCE has it, is the mean over the logarithm where nu F_nu is flat.
    energy_flux = np.trapezoid(dnde * energy, energy) * sed.EV_ERG
    mean = sed.of_energy_flux(energy_flux, low, high).flux
    assert mean == pytest.approx(point.flux, rel=1e-6 if index == 2 else 0.3)


def test_a_power_law_above_a_threshold() -> None:
    wide, open_ended = (sed.of_photon_flux(1e-11, 1e12, high, 2.3) for high in (1e19, math.inf))
    at = 1e12
    from_wide = wide.flux * (at / (wide.frequency / sed.EV_HZ)) ** (2 - 2.3)
    assert open_ended.flux == pytest.approx(from_wide, rel=1e-3)


def test_what_cannot_be_converted_is_refused() -> None:
    with pytest.raises(InputError, match="index"):
        sed.of_photon_flux(1e-8, 1e8, 1e9, math.nan)
    for ends in ((1e9, 1e8), (0, 1e9), (1e8, math.inf)):
        with pytest.raises(InputError, match="band"):
            sed.of_energy_flux(1e-11, *ends)
    with pytest.raises(InputError, match="parts"):
        SpectralEnergyDistribution([1] * u.Hz, [1, 2] * sed.FLUX, ([1] * sed.FLUX,) * 2, np.zeros(1, bool),
                                   ([1] * u.Hz,) * 2, [""], [""], np.zeros(1))  # fmt: skip


# columns of any catalogue


def test_columns_are_told_by_unit_ucd_and_name() -> None:
    source = catalog(
        w1mpro=(14.0, "mag", "", ""), w1sigmpro=(0.03, "mag", "", ""), Rmag=(12.0, "mag", "phot.mag;em.opt.R", ""),
        S1400=(250.0, "mJy", "", ""), e_S1400=(5.0, "mJy", "", ""),
        radio=(0.1, "Jy", "phot.flux.density;em.radio.3-6GHz", ""), FX=(2e-12, "erg cm-2 s-1", "", "0.3-10 keV"),
        soft=(1e-12, "erg cm-2 s-1", "phot.flux;em.X-ray.soft", ""), bp_rp=(0.9, "mag", "", ""),
        Unknown=(9.0, "mag", "", ""), lost=(1.0, "Jy", "", ""), wide=(1e-12, "erg cm-2 s-1", "", ""),
    )  # fmt: skip
    points, refused = points_of(source, 0)
    by_band = {point.band: point for point in points}
    assert set(by_band) == {"WISE W1", "R", "1.4 GHz", "4.243 GHz", "0.3–10 keV", "0.12–2 keV"}
    assert by_band["1.4 GHz"].flux == pytest.approx(0.25 * 1e-23 * 1.4e9)
    assert by_band["1.4 GHz"].plus == pytest.approx(by_band["1.4 GHz"].flux / 50)
    assert by_band["WISE W1"].plus / by_band["WISE W1"].flux == pytest.approx(10**0.012 - 1)
    assert by_band["0.3–10 keV"].flux == pytest.approx(2e-12 / math.log(10 / 0.3))
    assert len(refused) == 3
    assert {text.split(":")[0] for text in refused} == {"Unknown", "lost", "wide"}


def test_gr_i_z_are_those_of_the_survey_beside_them() -> None:
    assert bands.named("gmag").name == "SDSS g"
    assert bands.named("gmag", frozenset({"gmag", "ymag"})).name == "PS1 g"
    assert bands.named("Gmag").name == "Gaia G"
    assert bands.named("Signif_Avg") is None


def test_the_first_word_of_a_ucd_says_what_a_column_is() -> None:
    source = catalog(
        AV50=(0.3, "mag", "phys.absorption;em.opt.V", ""), VMag=(-20.0, "mag", "phys.magAbs;em.opt.V", ""),
        Amp=(0.5, "mag", "src.var.amplitude;em.opt.V", ""), s_Vmag=(0.1, "mag", "stat.stdev;phot.mag;em.opt.V", ""),
        resid=(0.1, "mag", "stat.fit.residual;phot.mag;em.opt.V", ""), Vmag=(12.0, "mag", "PHOT_JHN_V", ""),
        rms=(0.1, "Jy", "instr.det.noise;em.radio.100-200MHz", ""),
        noise=(1e-13, "erg cm-2 s-1", "instr.det.noise;em.X-ray.soft", ""),
        AB=(1.0, "mag", "PHOT_EXTINCTION_ISM", ""), Bmag=(13.0, "mag", "phot.mag;em.opt.B", ""),
        odd=(9.0, "mag", "phot.flux.density;em.IR.4-8um", ""),
    )  # fmt: skip
    points, refused = points_of(source, 0)
    assert {point.band for point in points} == {"V", "B"}
    assert len(refused) == 1
    assert refused[0].startswith("odd: in magnitudes")


@pytest.mark.parametrize(
    ("name", "ucd", "words", "hertz"),
    [
        ("S1400", "", "", 1.4e9),
        ("S4850", "phot.flux.density", "", 4.85e9),
        ("S1.4", "", "", 1.4e9),
        ("S147", "phot.flux.density;em.radio.100-200MHz", "", 147e6),
        ("S20", "phot.flux.density;em.radio.12-30GHz", "", 20e9),
        ("S60", "phot.flux.density;em.radio", "", 60e6),
        ("Sp", "phot.flux.density;em.radio", "Peak at 3 GHz", 3e9),
        ("S1400", "phot.flux.density;em.mm.200-400GHz", "", (200e9 * 400e9) ** 0.5),
        ("S65", "phot.flux.density;em.IR.60-100um", "", None),
        ("S250", "", "", None),
        ("S160", "phot.flux", "", None),
        ("S850", "phot.flux.density;em.mm", "", None),
        ("S4.5", "", "", None),
        ("S1400", "phot.flux.density;em.IR", "", None),
        ("I", "", "Stokes I", None),
    ],
)
def test_names_of_radio_columns(name, ucd, words, hertz) -> None:
    points, refused = points_of(catalog(**{name: (0.5, "Jy", ucd, words)}), 0)
    if hertz is None:
        assert points == []
        assert refused == [f"{name}: a flux density without a frequency"]
    else:
        assert points[0].frequency == pytest.approx(hertz)


@pytest.mark.parametrize(
    ("name", "ucd", "band"),
    [
        ("Rmag", "phot.mag;em.opt.R", "R"), ("FLUX_I", "phot.mag;em.opt.I", "I"), ("K", "phot.mag;em.IR.K", "2MASS Ks"),
        ("u_psf", "phot.mag;em.opt.U", None), ("MAG_AUTO_I", "phot.mag;em.opt.I", None), ("Ymag", "phot.mag;em.IR.J", None),
    ],
)  # fmt: skip
def test_a_ucd_does_not_tell_the_system_of_a_magnitude(name, ucd, band) -> None:
    points, refused = points_of(catalog(**{name: (15.0, "mag", ucd, "")}), 0)
    assert [point.band for point in points] == ([] if band is None else [band])
    assert [("Vega" in text) for text in refused] == ([True] if band is None else [])


def test_every_band_is_known_by_its_own_name() -> None:
    for name, band in bands.BANDS.items():
        assert bands.named(name) is band
        if len(name) > 1:
            assert bands.named(name.upper().replace(" ", ":")) is band
    assert bands.named("v") is bands.named("i") is None
    assert bands.named("ymag").name == "PS1 y"
    assert bands.named("Ymag") is None
    assert bands.named("gmag", frozenset({"gmag", "Ymag"})).name == "SDSS g"


def test_a_power_law_with_a_cut_off_is_less_than_its_norm() -> None:
    per = "cm-2 s-1 TeV-1"
    keys = {
        "spec_ecpl_norm": (3.76e-11, per, "", ""), "spec_ecpl_norm_err": (3.76e-12, per, "", ""),
        "spec_ecpl_e_ref": (1.0, "TeV", "", ""),
    }  # fmt: skip
    (point,), refused = points_of(catalog(**keys, spec_ecpl_e_cut=(14.3, "TeV", "", "")), 0)
    # The Crab nebula: gamma-cat has 3.506e-11 for its flux at 1 TeV.
    expected = (3.506e-11 / u.TeV / u.cm**2 / u.s * u.TeV**2).to_value(sed.FLUX)
    assert point.flux == pytest.approx(expected, rel=1e-3)
    assert point.plus == pytest.approx(point.flux / 10)
    assert refused == []
    for rest in ({}, {"spec_ecpl_e_cut": (math.nan, "TeV", "", "")}):
        points, refused = points_of(catalog(**keys, **rest), 0)
        assert points == []
        assert refused == ["spec_ecpl_norm: its cut-off is not given (spec_ecpl_e_cut)"]


def test_bands_without_columns_of_errors_are_plain_points() -> None:
    bare = {f"Flux_Band.{k}": (1e-9, "cm-2 s-1", "", "") for k in range(1, 6)}
    index = {"Spectral_Index": (2.0, None, "", "")}
    points, refused = points_of(catalog(**bare, **index), 0)
    assert (len(points), refused) == (5, [])
    assert not any(point.limit for point in points)
    assert all(math.isnan(point.plus) for point in points)
    named, refused = points_of(catalog(Flux100_300=(1e-8, "cm-2 s-1", "", ""), **index), 0)
    assert ([point.limit for point in named], refused) == ([False], [])


def test_bands_with_neither_error_are_refused() -> None:
    table = Table({"name": ["x"], "ra": [10.0], "dec": [0.0], "Spectral_Index": [2.0]})
    table["Flux_Band"] = np.full((1, 5), 1e-9)
    table["Unc_Flux_Band"] = [
        [[-1e-10, 1e-10], [np.nan, 1e-10], [np.nan, np.nan], [-1e-10, 1e-10], [-1e-10, 1e-10]]
    ]
    points, refused = points_of(SourceCatalog(table), 0)
    assert [point.limit for point in points] == [False, True, False, False]
    assert refused == ["photon flux 50–150 GeV: neither of its errors is given"]
    row = catalog(
        Flux100_300=(1e-8, "cm-2 s-1", "", ""), Unc_Flux100_300=(math.nan, "cm-2 s-1", "", ""),
        Spectral_Index=(2.0, None, "", "")
    )  # fmt: skip
    points, refused = points_of(row, 0)
    assert points == []
    assert refused == ["photon flux 100–300 MeV: neither of its errors is given"]


# real catalogues


@pytest.mark.parametrize(
    ("file", "name", "count", "limits"),
    [
        ("gamma/4FGL_DR2_gll_psc_v23_from_rdata.csv.gz", "4FGL J0509.4+0542", 7, 1),
        ("gamma/gll_psc_v16_3FGL.fit.gz", "3FGL J0509.4+0541", 5, 0),
        ("gamma/gll_psch_v13_3FHL.fit.gz", "3FHL J0509.4+0542", 5, 1),
        ("gamma/gll_psc_v18_4FGL_early.fit", "4FGL J0509.4+0542", 2, 0),
        ("vhe/hgps_catalog_v1.fits.gz", "HESS J1554-550", 6, 1),
        ("vhe/gammacat.fits.gz", "Crab nebula", 12, 0),
        ("vhe/3HWC.ecsv", "3HWC J0534+220", 1, 0),
    ],
)
def test_gamma_ray_catalogues(data_dir, file: str, name: str, count: int, limits: int) -> None:
    source = SourceCatalog.read(data_dir / file)
    points, refused = points_of(source, source.names.index(name))
    assert (len(points), sum(point.limit for point in points)) == (count, limits)
    assert refused == []


def test_published_nu_fnu_and_our_power_law_agree(data_dir) -> None:
    """Of 4FGL-DR2: E² dN/dE from photon flux and index beside the column; this also holds the edges of the bands."""
    table = SourceCatalog.read(data_dir / "gamma/4FGL_DR2_gll_psc_v23_from_rdata.csv.gz").table
    bright = np.asarray(table["Signif_Avg"], float) > 30
    straight = np.array([str(kind).strip() == "PowerLaw" for kind in table["SpectrumType"]])
    rows = np.flatnonzero(bright & straight)
    assert len(rows) > 50
    edges = [50e6, 1e8, 3e8, 1e9, 3e9, 1e10, 3e10, 3e11]
    for k in range(2, 8):
        low, high = edges[k - 1 : k + 1]
        ours = [
            sed.of_photon_flux(float(table[f"Flux_Band.{k}"][i]), low, high, float(table["PL_Index"][i])).flux
            for i in rows
        ]
        ratio = np.asarray(table[f"nuFnu_Band.{k}"][rows], float) / np.array(ours)
        assert np.nanmedian(ratio) == pytest.approx(1, abs=0.02), k


def test_a_crab_of_two_telescopes_agrees(data_dir) -> None:
    """gamma-cat's flux points near 7 TeV, and HAWC's differential flux there, are within 30 %."""
    cat, hawc = (SourceCatalog.read(data_dir / f"vhe/{name}") for name in ("gammacat.fits.gz", "3HWC.ecsv"))
    hess = next(p for p in points_of(cat, cat.names.index("Crab nebula"))[0] if p.band == "7.18 TeV")
    (there,) = points_of(hawc, hawc.names.index("3HWC J0534+220"))[0]
    assert there.flux == pytest.approx(hess.flux, rel=0.3)


# files


def test_flux_points_of_vtscat_are_read(data_dir) -> None:
    path = data_dir / "lightcurves/vtscat/2018ApJ...861L..20A__VER-000168-sed-1.ecsv"
    spectrum = SpectralEnergyDistribution.read(path, name="TXS 0506+056")
    assert len(spectrum) == 6
    assert spectrum.upper_limit.tolist() == [False] * 3 + [True] * 3
    assert spectrum.energy[0].to_value("TeV") == pytest.approx(0.1412538)
    expected = (0.1412538 * u.TeV) ** 2 * (9.282074e-11 / u.TeV / u.cm**2 / u.s)
    assert spectrum.flux[0].value == pytest.approx(expected.to_value(sed.FLUX), rel=1e-6)
    assert np.isnan(spectrum.error[0][3].value)
    assert set(spectrum.archive) == {"VERITAS 2018"}
    assert spectrum.mjd[0] == pytest.approx((58019.39 + 58155.18) / 2)


@pytest.mark.parametrize("kind", ["ecsv", "fits"])
def test_points_that_gammapy_flags_are_limits(tmp_path, kind) -> None:
    per = u.Unit("cm-2 s-1 TeV-1")
    table = Table({
        "e_ref": [1.0, 2.0, 4.0, 8.0] * u.TeV, "dnde": [1e-12, 2e-13, np.nan, 1e-14] * per,
        "dnde_err": [1e-13] * 4 * per, "dnde_ul": [2e-12, 5e-13, 3e-13, np.nan] * per, "is_ul": [False, True, True, True],
    })  # fmt: skip
    table.write(tmp_path / f"points.{kind}")
    spectrum = SpectralEnergyDistribution.read(tmp_path / f"points.{kind}")
    assert spectrum.upper_limit.tolist() == [False, True, True]
    expected = ([1e-12, 5e-13, 3e-13] * per * ([1, 2, 4] * u.TeV) ** 2).to_value(sed.FLUX)
    assert spectrum.flux.value == pytest.approx(expected)
    assert np.isnan(spectrum.error[1].value).tolist() == [False, True, True]
    assert spectrum.refused == ("1 rows without a flux or a limit above zero",)


def test_photometry_of_ned_is_read(data_dir) -> None:
    spectrum = SpectralEnergyDistribution.read(
        data_dir / "vo/astroquery/ned_query_photometry.xml", name="3C 273"
    )
    assert len(spectrum) > 450
    assert spectrum.refused
    lowest, highest = spectrum.frequency.value[[0, -1]]
    assert lowest < 1e8 < 1e24 < highest
    # 3C 273 is near 1e-10 erg/cm2/s from radio to X rays.
    near = np.abs(np.log10(spectrum.frequency.value / 5.5e14)) < 0.1
    assert 1e-11 < np.median(spectrum.flux.value[near]) < 1e-9


def test_a_table_that_is_no_spectrum(data_dir) -> None:
    with pytest.raises(FormatError, match="no spectrum"):
        SpectralEnergyDistribution.read(data_dir / "lightcurves/AT2017gfo_radio.csv")


# light curves, and several together


def test_a_light_curve_of_flux_densities_is_a_spectrum_in_time() -> None:
    curve = samples.light_curve("AT2017gfo")
    points, refused = points_of_curve(curve, "AT2017gfo")
    assert len(points) == len(curve)
    assert refused == []
    first = [p for p in points if p.mjd < 57983.3]
    few, _ = points_of_curve(curve, "AT2017gfo", (57983.0, 57983.3))
    assert len(few) == len(first) > 0
    nothing, why = points_of_curve(samples.light_curve("TXS 0506+056"), "4FGL")
    assert nothing == []
    assert "index" in why[0]


def test_several_are_joined_and_written_as_a_table() -> None:
    fermi, tev = samples.open("fermi-sources"), samples.open("tev-sources")
    one, two = (
        SpectralEnergyDistribution.of(points_of(source, source.names.index(name), layer)[0], name=name)
        for source, name, layer in ((fermi, "4FGL J0509.4+0542", "fermi"), (tev, "VER J0509+057", "veritas"))
    )
    both = one.joined(two)
    assert len(both) == 13
    assert (np.diff(both.frequency.value) > 0).all()
    assert both.name == "4FGL J0509.4+0542"
    table = both.to_table()
    assert table["nuFnu"].unit == sed.FLUX
    assert set(table["archive"]) == {"fermi", "veritas"}
    assert "13 points, 4 limits" in repr(both)


# the samples


def sample(name: str) -> Table:
    text = resources.files("skyexplorer.samples").joinpath("tables", name).read_text("utf-8")
    return Table.read(text, format="ascii.ecsv")


def same(ours, theirs) -> None:
    ours, theirs = (np.ma.filled(np.ma.asarray(np.ma.asarray(v), float), np.nan) for v in (ours, theirs))
    assert np.allclose(ours, theirs, rtol=1e-3, atol=0, equal_nan=True)


def test_bands_of_the_samples_are_those_of_4fgl_dr2(data_dir) -> None:
    ours = sample("fermi_bands.ecsv")
    real = SourceCatalog.read(data_dir / "gamma/4FGL_DR2_gll_psc_v23_from_rdata.csv.gz")
    rows = [real.names.index(name) for name in ours["Source_Name"]]
    for column in ours.colnames[1:]:
        same(ours[column], real.table[column][rows])


def test_points_of_the_samples_are_those_of_hgps_and_vtscat(data_dir) -> None:
    ours = sample("tev_points.ecsv")
    real = SourceCatalog.read(data_dir / "vhe/hgps_catalog_v1.fits.gz").table
    names = [str(name).strip() for name in real["Source_Name"]]
    veritas = SpectralEnergyDistribution.read(
        data_dir / "lightcurves/vtscat/2018ApJ...861L..20A__VER-000168-sed-1.ecsv"
    )
    tev = samples.open("tev-sources")
    compared = 0
    for row, name in enumerate(ours["Source_Name"]):
        if str(name).startswith("VER"):
            there = SpectralEnergyDistribution.of(points_of(tev, row)[0])
            same(there.flux.value, veritas.flux.value)
            assert there.upper_limit.tolist() == veritas.upper_limit.tolist()
            continue
        theirs = real[names.index(str(name))]
        if theirs["N_Flux_Points"] > 12:
            assert np.isnan(float(np.ma.filled(ours["Flux_Points_Energy.1"][row], np.nan)))
            continue
        limit = np.asarray(theirs["Flux_Points_Flux_Is_UL"]) > 0
        for k in range(int(theirs["N_Flux_Points"])):
            for end in (
                "Energy",
                "Energy_Min",
                "Energy_Max",
                "Flux",
                "Flux_Err_Lo",
                "Flux_Err_Hi",
                "Flux_UL",
            ):
                shown = end.startswith("Energy") or (end == "Flux_UL") == bool(limit[k])
                expected = theirs[f"Flux_Points_{end}"][k] if shown else np.nan
                same(ours[f"Flux_Points_{end}.{k + 1}"][row], expected)
                compared += 1
    assert compared > 1500
