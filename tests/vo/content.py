"""What the Virtual Observatory of the tests holds: real positions where the real files are, made ones elsewhere.

Tables are described once, here, with the names that the real services give their columns; from that come DaCHS' resource
descriptors and the CSV files that PostgreSQL reads. The large table is made by PostgreSQL itself, by formulas that
`gaia_rows` knows too: what a query has to answer can be calculated.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np

GAIA_ROWS = 1_000_000
GOLDEN = 0.6180339887498949
# What DaCHS imports, in this order.
DESCRIPTORS = ("//obscore", "sky/q", "gaiadr3/q", "rr/q")

META = """
<meta name="creationDate">2026-11-25T00:00:00Z</meta><meta name="title">Loopback VO: {title}</meta>
<meta name="description">Tables for the tests of skyexplorer ({title}).</meta><meta name="creator">Tester, A.</meta>
<meta name="subject">gamma-ray-astronomy</meta><meta name="subject">galaxies</meta>
<meta name="contentLevel">Research</meta><meta name="type">Catalog</meta>
<meta name="instrument">Loopback</meta><meta name="facility">Loopback</meta>
"""


@dataclass(frozen=True)
class Column:
    """A column: its name as the real service writes it, and DaCHS' type, unit and UCD."""

    name: str
    type: str = "double precision"
    unit: str = ""
    ucd: str = ""

    @property
    def plain(self) -> bool:
        """Whether SQL takes the name as it is, in any case; in the answer it is in small letters then."""
        return re.fullmatch("[A-Za-z][A-Za-z0-9_]*", self.name) is not None

    def xml(self) -> str:
        """As an element of a descriptor."""
        name = self.name.lower() if self.plain else f"quoted/{self.name}"
        null = '<values nullLiteral="-9999"/>' if self.type in ("integer", "bigint", "smallint") else ""
        return (
            f"<column name={quoteattr(name)} type={quoteattr(self.type)} unit={quoteattr(self.unit)}"
            f" ucd={quoteattr(self.ucd)} description={quoteattr(self.name)}>{null}</column>"
        )

    def sql(self) -> str:
        """As an identifier."""
        return self.name.lower() if self.plain else f'"{self.name}"'


@dataclass(frozen=True)
class Content:
    """A table; ``rows`` may be made by ``formula``, a SELECT, instead."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]] = ()
    position: tuple[str, str] | None = ("ra", "dec")
    frame: str = "ICRS"
    formula: str = ""
    schema: str = "sky"
    extra: str = field(default="", repr=False)

    def xml(self, folder: Path) -> str:
        """Its descriptor; the rows come from a CSV file in ``folder``, or from the formula."""
        path = f"{self.schema}.{self.name}"
        columns = ", ".join(column.sql() for column in self.columns)
        fill = f"INSERT INTO {path} ({columns}) {self.formula}"
        if not self.formula:
            fill = f"COPY {path} ({columns}) FROM '{folder}/{self.name}.csv' CSV"
        stc = index = ""
        if self.position:
            known = {column.name: column for column in self.columns}
            pair = [known[name] for name in self.position]
            if all(column.plain for column in pair):
                lon, lat = (column.sql() for column in pair)
                stc = f'<stc>Position {self.frame} "{lon}" "{lat}"</stc>'
                # The others are small. Of a million rows q3c takes 2 s; pgsphere's index would take 20.
                if self.formula:
                    index = (
                        f'<index kind="q3c" name="{self.name}_q3c"><columns>{lon}, {lat}</columns>'
                        f"q3c_ang2ipix({lon}, {lat})</index>"
                    )
        return f"""
<table id="{self.name}" onDisk="True" adql="True"><meta name="description">{escape(self.title)}</meta>{stc}{index}
{"".join(column.xml() for column in self.columns)}{self.extra}</table>
<data id="import_{self.name}"><make table="{self.name}"><script type="preIndex" lang="SQL" name="fill">
{escape(fill)}
</script></make></data>"""

    def write_rows(self, folder: Path) -> None:
        """The rows as CSV; what is missing is an empty field."""
        if not self.formula:
            with (folder / f"{self.name}.csv").open("w", newline="") as file:
                csv.writer(file).writerows([[_cell(value) for value in row] for row in self.rows])


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _spiral(n: int, start: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Positions spread evenly over the sky, degrees."""
    i = np.arange(1, n + 1)
    return (i * GOLDEN + start) % 1.0 * 360.0, np.degrees(np.arcsin(2.0 * (i - 0.5) / n - 1.0))


def _records(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
        for row in csv.DictReader(file):
            yield {key or "": (value or "").strip() for key, value in row.items()}


# The catalogues


FERMI = (
    Column("name", "text", ucd="meta.id;meta.main"),
    Column("ra", unit="deg", ucd="pos.eq.ra;meta.main"),
    Column("dec", unit="deg", ucd="pos.eq.dec;meta.main"),
    Column("lii", unit="deg", ucd="pos.galactic.lon"),
    Column("bii", unit="deg", ucd="pos.galactic.lat"),
    Column("semi_major_axis_95", "real", "deg", "phys.angSize.smajAxis;pos.errorEllipse"),
    Column("semi_minor_axis_95", "real", "deg", "phys.angSize.sminAxis;pos.errorEllipse"),
    Column("position_angle_95", "real", "deg", "pos.posAng;pos.errorEllipse"),
    Column("detection_significance", "real", ucd="stat.snr"),
    Column("flux_1_100_gev", "real", "cm**-2.s**-1", "phot.count;em.gamma"),
    Column("flux_1_100_gev_error", "real", "cm**-2.s**-1", "stat.error;phot.count;em.gamma"),
    Column("energy_flux", "real", "erg.cm**-2.s**-1", "phot.flux;em.gamma"),
    Column("energy_flux_error", "real", "erg.cm**-2.s**-1", "stat.error;phot.flux;em.gamma"),
    Column("spectrum_type", "text", ucd="meta.note"),
    Column("powerlaw_index", "real", ucd="spect.index"),
    Column("variability_index", "real", ucd="src.var.index"),
    Column("source_type", "text", ucd="src.class"),
    Column("assoc_name", "text", ucd="meta.id.assoc"),
)
FERMI_FILE = (
    "Source_Name", "RAJ2000", "DEJ2000", "GLON", "GLAT", "Conf_95_SemiMajor", "Conf_95_SemiMinor", "Conf_95_PosAng",
    "Signif_Avg", "Flux1000", "Unc_Flux1000", "Energy_Flux100", "Unc_Energy_Flux100", "SpectrumType", "PL_Index",
    "Variability_Index", "CLASS1", "ASSOC1",
)  # fmt: skip


def fermi(data: Path | None) -> tuple[list[list[Any]], dict[str, list[list[float]]]]:
    """4FGL-DR2 as HEASARC names it, and yearly light curves (flux, lower, upper) by name."""
    path = data / "gamma" / "4FGL_DR2_gll_psc_v23_from_rdata.csv.gz" if data else None
    if path is None or not path.is_file():
        return _made_fermi()
    rows, curves = [], {}
    for record in _records(path):
        row: list[Any] = []
        for column, key in zip(FERMI, FERMI_FILE, strict=True):
            row.append(record[key] or None if column.type == "text" else _number(record[key]))
        row[0] = record["Source_Name"].replace("4FGLJ", "4FGL J")
        rows.append(row)
        years = [
            [_number(record[key]) or 0.0 for key in (f"Flux_History.{y}", f"Unc_Flux_History.{2 * y}")]
            for y in range(1, 11)
        ]
        curves[row[0]] = years
    return rows, curves


def _made_fermi() -> tuple[list[list[Any]], dict[str, list[list[float]]]]:
    ra, dec = _spiral(5000)
    # Two that the stories know: the blazar of IceCube-170922A, and one in the map of GW170817.
    ra[:2], dec[:2] = (77.3593, 197.44), (5.7014, -23.3)
    names = [f"4FGL J{r / 15:07.4f}{d:+08.4f}" for r, d in zip(ra, dec, strict=True)]
    names[:2] = ["4FGL J0509.4+0542", "4FGL J1309.8-2318"]
    rows, curves = [], {}
    for i, (name, r, d) in enumerate(zip(names, ra.tolist(), dec.tolist(), strict=True)):
        ellipse = [None] * 3 if i % 67 == 5 else [0.05 + 0.001 * (i % 50), 0.04, float(i % 180)]
        rows.append([name, r, d, None, None, *ellipse, 5.0 + i % 90, 1e-10, 1e-11, 2e-12, 2e-13, "PowerLaw", 2.2,
                     float(i % 100), "bll" if i % 2 else "fsrq", None])  # fmt: skip
        curves[name] = [[1e-8 * (1 + 0.1 * year), 1e-9] for year in range(10)]
    return rows, curves


GLADE = (
    Column("PGC", "integer", ucd="meta.id"),
    Column("GWGC", "text", ucd="meta.id"),
    Column("2MASS", "text", ucd="meta.id"),
    Column("RAJ2000", unit="deg", ucd="pos.eq.ra;meta.main"),
    Column("DEJ2000", unit="deg", ucd="pos.eq.dec;meta.main"),
    Column("Bmag", "real", "mag", "phot.mag;em.opt.B"),
    Column("Kmag", "real", "mag", "phot.mag;em.IR.K"),
    Column("zcmb", "real", ucd="src.redshift"),
    Column("dL", "real", "Mpc", "pos.distance"),
    Column("GLADE+", "integer", ucd="meta.id;meta.main"),
)


def glade(data: Path | None) -> list[list[Any]]:
    """Galaxies, with VizieR's names of columns, which need quotes."""
    if data is None or not (data / "sky" / "glade_GW190814_2000.csv").is_file():
        ra, dec = _spiral(2000, 0.3)
        ra[0], dec[0] = 197.448776, -23.383831
        positions = enumerate(zip(ra.tolist(), dec.tolist(), strict=True))
        return [[i, f"NGC{i}", None, r, d, 14.0, 11.0, 0.01, 40.0, i] for i, (r, d) in positions]
    rows: list[list[Any]] = []
    for record in _records(data / "sky" / "glade_GW190814_2000.csv"):
        words = {key: text[2:-1] if text.startswith("b'") else text for key, text in record.items()}
        known = {
            key: None if words[key] in ("---", "<NA>", "") else words[key] for key in ("GWGC", "PGC", "2MASS")
        }
        values = [
            _number(words[key]) if words.get(f"{key}.mask", "False") == "False" else None
            for key in ("ra", "dec", "magb", "magk", "z", "distmpc")
        ]
        pgc = int(known["PGC"]) if known["PGC"] and known["PGC"].isdigit() else None
        rows.append([pgc, known["GWGC"], known["2MASS"], *values, 1_000_000 + len(rows)])
    for record in _records(data / "gw" / "GW170817_galaxies.csv"):
        values = [_number(record[key]) for key in ("RAJ2000", "DEJ2000", "Bmag", "Kmag2", "zsp2MPZ", "Dist")]
        rows.append([None, None, None, *values, int(record[""])])
    return rows


ICECAT = (
    Column("name", "text", ucd="meta.id;meta.main"),
    Column("start", "text", ucd="time.start"),
    Column("eventmjd", unit="d", ucd="time.epoch"),
    Column("i3type", "text", ucd="meta.code.class"),
    Column("ra", unit="deg", ucd="pos.eq.ra;meta.main"),
    Column("dec", unit="deg", ucd="pos.eq.dec;meta.main"),
    Column("ra_err_plus", "real", "deg", "stat.error;pos.eq.ra"),
    Column("ra_err_minus", "real", "deg", "stat.error;pos.eq.ra"),
    Column("dec_err_plus", "real", "deg", "stat.error;pos.eq.dec"),
    Column("dec_err_minus", "real", "deg", "stat.error;pos.eq.dec"),
    Column("energy", "real", "TeV", "phys.energy"),
    Column("far", "real", "yr**-1", "stat.fap"),
    Column("signal", "real", ucd="stat.probability"),
    Column("cr_veto", "text", ucd="meta.code"),
)


def icecat(data: Path | None) -> list[list[Any]]:
    """IceCube's alert tracks; times and scores are missing in some."""
    path = data / "neutrino" / "IceCube_Gold_Bronze_Tracks.csv" if data else None
    if path is None or not path.is_file():
        ra, dec = _spiral(300, 0.7)
        ra[0], dec[0] = 77.43, 5.79
        return [
            ["IC170922A" if i == 0 else f"IC{i:06d}A", "2017-09-22 20:54:30", 58018.87 + i, "gfu-gold", r, d,
             1.14, 0.75, 0.64, 0.41, 264.0, 1.3, None if i % 7 == 3 else 0.63, "FALSE"]
            for i, (r, d) in enumerate(zip(ra.tolist(), dec.tolist(), strict=True))
        ]  # fmt: skip
    rows = []
    for record in _records(path):
        if not record["NAME"]:
            continue
        rows.append([
            _number(record[column.name.upper()]) if column.type != "text" else record[column.name.upper()] or None
            for column in ICECAT
        ])  # fmt: skip
    return rows


HAWC = (
    Column("3HWC", "text", ucd="meta.id;meta.main"),
    Column("RAJ2000", unit="deg", ucd="pos.eq.ra;meta.main"),
    Column("DEJ2000", unit="deg", ucd="pos.eq.dec;meta.main"),
    Column("ePos", "real", "deg", "stat.error;pos"),
    Column("TS", "real", ucd="stat.value"),
    Column("F7", "real", "TeV**-1.cm**-2.s**-1", "phot.flux.density;em.gamma"),
    Column("ER-min", "real", "TeV", "phys.energy;stat.min"),
    Column("ER-max", "real", "TeV", "phys.energy;stat.max"),
)


def hawc(data: Path | None) -> list[list[Any]]:
    """3HWC, whose columns are named as VizieR does: all of them need quotes."""
    path = data / "vhe" / "3HWC.ecsv" if data else None
    if path is None or not path.is_file():
        ra, dec = _spiral(65)
        ra[0], dec[0] = 83.6279, 22.0243
        places = zip(ra.tolist(), dec.tolist(), strict=True)
        return [[f"J{i:04d}", r, d, 0.1, 30.0 + i, 2e-13, 1.0, 100.0] for i, (r, d) in enumerate(places)]
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    rows = []
    for record in csv.DictReader(lines, delimiter=" "):
        name = record["source_name"].removeprefix("3HWC ")
        values = [_number(record[key]) for key in ("ra", "dec", "pos_err", "ts", "spec0_dnde")]
        rows.append([name, *values, 1.0, 100.0 if len(rows) % 5 else None])
    return rows


PLANE = (
    Column("name", "text", ucd="meta.id;meta.main"),
    Column("glon", unit="deg", ucd="pos.galactic.lon;meta.main"),
    Column("glat", unit="deg", ucd="pos.galactic.lat;meta.main"),
    Column("extent", "real", "deg", "phys.angSize"),
)


def plane() -> list[list[Any]]:
    """Sources that are known by galactic coordinates only."""
    return [[f"plane {i}", float(i * 3.6 % 360.0), float((i * 37 % 100) / 10.0 - 5.0), None if i % 4 else 0.5]
            for i in range(100)]  # fmt: skip


FIELDS = (
    Column("name", "text", ucd="meta.id;meta.main"),
    Column("ra", unit="deg", ucd="pos.eq.ra;meta.main"),
    Column("dec", unit="deg", ucd="pos.eq.dec;meta.main"),
    Column("outline", "spoly", ucd="pos.outline;obs.field"),
    Column("coverage", "smoc", ucd="pos.outline"),
)


def fields() -> list[list[Any]]:
    """Pointings, with their outline as a polygon, and as a MOC."""
    import astropy.units as u
    from astropy.coordinates import Latitude, Longitude
    from mocpy import MOC

    rows = []
    for i, (ra, dec) in enumerate(zip(*(a.tolist() for a in _spiral(60)), strict=True)):
        dec = max(min(dec, 80.0), -80.0)
        wide = 1.0 / math.cos(math.radians(dec))
        corners = [(ra - wide, dec - 1), (ra + wide, dec - 1), (ra + wide, dec + 1), (ra - wide, dec + 1)]
        outline = "{" + ",".join(f"({x % 360.0}d,{y}d)" for x, y in corners) + "}"
        moc = MOC.from_cone(Longitude(ra * u.deg), Latitude(dec * u.deg), radius=1.0 * u.deg, max_depth=8)
        rows.append([f"field {i}", ra, dec, outline, " ".join(moc.to_string("ascii").split())])
    return rows


GAIA = (
    Column("source_id", "bigint", ucd="meta.id;meta.main"),
    Column("designation", "text", ucd="meta.id"),
    Column("ra", unit="deg", ucd="pos.eq.ra;meta.main"),
    Column("dec", unit="deg", ucd="pos.eq.dec;meta.main"),
    Column("ra_error", "real", "mas", "stat.error;pos.eq.ra"),
    Column("dec_error", "real", "mas", "stat.error;pos.eq.dec"),
    Column("ra_dec_corr", "real", ucd="stat.correlation;pos.eq.ra;pos.eq.dec"),
    Column("ref_epoch", unit="yr", ucd="meta.ref;time.epoch"),
    Column("parallax", unit="mas", ucd="pos.parallax.trig"),
    Column("parallax_error", "real", "mas", "stat.error;pos.parallax.trig"),
    Column("pmra", unit="mas.yr**-1", ucd="pos.pm;pos.eq.ra"),
    Column("pmra_error", "real", "mas.yr**-1", "stat.error;pos.pm;pos.eq.ra"),
    Column("pmdec", unit="mas.yr**-1", ucd="pos.pm;pos.eq.dec"),
    Column("pmdec_error", "real", "mas.yr**-1", "stat.error;pos.pm;pos.eq.dec"),
    Column("radial_velocity", "real", "km.s**-1", "spect.dopplerVeloc.opt"),
    Column("phot_g_mean_mag", "real", "mag", "phot.mag;em.opt"),
    Column("bp_rp", "real", "mag", "phot.color;em.opt.B;em.opt.R"),
    Column("ruwe", "real", ucd="stat.error"),
    Column("has_epoch_photometry", "text", ucd="meta.code"),
)
GAIA_SQL = f"""
SELECT i, 'Gaia DR3 ' || i, (i * {GOLDEN}::float8 - floor(i * {GOLDEN}::float8)) * 360,
degrees(asin(2 * (i - 0.5::float8) / {GAIA_ROWS} - 1)), 0.1, 0.1, 0, 2016.0,
CASE WHEN mod(i, 7) = 0 THEN NULL ELSE 1.5 END, 0.02, 10 * sin(i), 0.02, 10 * cos(i), 0.02,
CASE WHEN mod(i, 50) = 0 THEN 12.5 END, 10 + mod(i, 11), 1.0, 1.0, CASE WHEN mod(i, 100) = 0 THEN 'True' ELSE 'False' END
FROM generate_series(1::bigint, {GAIA_ROWS}) AS i"""


def gaia_positions() -> tuple[np.ndarray, np.ndarray]:
    """Right ascension and declination of each row of the large table, degrees; row n has source_id n + 1."""
    i = np.arange(1, GAIA_ROWS + 1)
    turns = i * GOLDEN
    return (turns - np.floor(turns)) * 360.0, np.degrees(np.arcsin(2 * (i - 0.5) / GAIA_ROWS - 1))


# Images, light curves, spectra

IMAGES = (
    ("Crab", 83.6331, 22.0145),
    ("SgrA", 266.4168, -29.0078),
    ("GW170817", 197.4488, -23.3838),
    ("TXS", 77.3593, 5.7014),
)
PIXEL = 0.01  # deg


def write_images(folder: Path) -> None:
    """Images of 128 by 128 pixels with a bright spot in the middle."""
    from astropy.io import fits
    from astropy.wcs import WCS

    y, x = np.mgrid[:128, :128]
    for i, (name, ra, dec) in enumerate(IMAGES):
        wcs = WCS(naxis=2)
        wcs.wcs.ctype, wcs.wcs.cunit = ["RA---TAN", "DEC--TAN"], ["deg", "deg"]
        wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = [ra, dec], [64.5, 64.5], [-PIXEL, PIXEL]
        header = wcs.to_header()
        header["OBJECT"], header["DATE-OBS"], header["EXPTIME"] = name, f"2020-06-0{i + 1}T00:00:00", 3600.0
        header["RADESYS"] = "ICRS"
        spot = 100.0 * np.exp(-((x - 63.5) ** 2 + (y - 63.5) ** 2) / 18.0) + i
        fits.PrimaryHDU(spot.astype("f4"), header).writeto(folder / f"image{i}.fits")


def write_series(folder: Path, curves: dict[str, list[list[float]]], rows: list[list[Any]]) -> None:
    """Yearly light curves of some sources as VOTables that tell their clock, and a JSON file beside each."""
    places = {row[0]: (row[1], row[2]) for row in rows}
    near = [name for name, (ra, dec) in places.items() if 190 < ra < 200 and -32 < dec < -12]
    chosen = dict.fromkeys([*near, "4FGL J0509.4+0542", "4FGL J0534.5+2200", *list(places)[:6]])
    for i, name in enumerate(name for name in chosen if name in places):
        lines = "".join(
            f"<TR><TD>{54682.66 + 365.25 * (year + 0.5)!r}</TD><TD>{flux!r}</TD><TD>{abs(error)!r}</TD></TR>"
            for year, (flux, error) in enumerate(curves[name])
        )
        (folder / f"series{i:02d}.vot").write_text(_SERIES.format(name=escape(name), rows=lines))
        _beside(folder / f"series{i:02d}", name, *places[name], length=10, start=56508.0, extent=3652.5)
    # One whose product is no VOTable at all, as happens.
    (folder / "series99.vot").write_text("<html><body>Service temporarily moved</body></html>")
    _beside(folder / "series99", "broken", 10.0, 10.0, length=0, start=56508.0, extent=1.0)


def write_spectra(folder: Path) -> None:
    """A spectrum for each image."""
    for i, (name, ra, dec) in enumerate(IMAGES):
        lines = "".join(
            f"<TR><TD>{10.0**e!r}</TD><TD>{1e-12 * 10.0 ** (-2.2 * e)!r}</TD></TR>" for e in range(4)
        )
        (folder / f"spectrum{i:02d}.vot").write_text(_SPECTRUM.format(name=name, rows=lines))
        _beside(folder / f"spectrum{i:02d}", name, ra, dec, length=4, start=59000.0, extent=1.0)


def _beside(path: Path, name: str, ra: float, dec: float, **facts: float) -> None:
    path.with_suffix(".json").write_text(json.dumps({"name": name, "ra": ra, "dec": dec, **facts}))


_SERIES = """<?xml version="1.0"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">
<TIMESYS ID="clock" timeorigin="MJD-origin" timescale="TT" refposition="GEOCENTER"/>
<TABLE name="light curve of {name}"><PARAM name="target" datatype="char" arraysize="*" ucd="meta.id;src" value="{name}"/>
<FIELD name="obs_time" datatype="double" unit="d" ucd="time.epoch" ref="clock"/>
<FIELD name="flux" datatype="double" unit="cm-2.s-1" ucd="phot.flux;em.gamma"/>
<FIELD name="flux_error" datatype="double" unit="cm-2.s-1" ucd="stat.error;phot.flux;em.gamma"/>
<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>
"""
_SPECTRUM = """<?xml version="1.0"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">
<TABLE name="spectrum of {name}">
<FIELD name="energy" datatype="double" unit="TeV" ucd="em.energy"/>
<FIELD name="flux" datatype="double" unit="TeV-1.cm-2.s-1" ucd="phot.flux.density;em.gamma"/>
<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>
"""


# All of it


def tables(data: Path | None) -> tuple[list[Content], dict[str, list[list[float]]]]:
    """The tables of schema sky, and light curves by name of their source."""
    sources, curves = fermi(data)
    return [
        Content("fermilpsc", "Fermi LAT sources", FERMI, sources),
        Content("gladep", "GLADE galaxies", GLADE, glade(data), ("RAJ2000", "DEJ2000")),
        Content("icecat", "IceCube alert tracks", ICECAT, icecat(data)),
        Content("hwc3", "3HWC sources", HAWC, hawc(data), ("RAJ2000", "DEJ2000")),
        Content("plane", "Sources of the galactic plane", PLANE, plane(), ("glon", "glat"), frame="GALACTIC"),
        Content("fields", "Pointings and their outlines", FIELDS, fields()),
    ], curves


def write(inputs: Path, url: str, data: Path | None) -> None:
    """Write descriptors and data below DaCHS' folder of inputs."""
    from tests.vo import descriptors

    made, curves = tables(data)
    folder = inputs / "sky" / "data"
    folder.mkdir(parents=True)
    for table in made:
        table.write_rows(folder)
    write_images(folder)
    write_series(folder, curves, list(made[0].rows))
    write_spectra(folder)
    body = "".join(table.xml(folder) for table in made) + descriptors.SERVICES
    _write(inputs / "sky" / "q.rd", "sky", "catalogues", body)
    gaia = Content("gaia_source", "A million made stars", GAIA, formula=GAIA_SQL, schema="gaiadr3")
    (inputs / "gaiadr3").mkdir()
    _write(inputs / "gaiadr3" / "q.rd", "gaiadr3", "stars", gaia.xml(folder))
    descriptors.write_registry(inputs / "rr", url, [*made, gaia])


def _write(path: Path, schema: str, title: str, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<resource schema="{schema}" resdir="{schema}">{META.format(title=title)}{body}</resource>'
    )


def column_names(columns: Iterable[Column]) -> list[str]:
    """The names as ADQL takes them."""
    return [column.name if column.plain else f'"{column.name}"' for column in columns]
