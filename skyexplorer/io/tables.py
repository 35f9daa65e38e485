"""Tables of any format: bytes to an astropy Table, and which of its columns plays which role."""

from __future__ import annotations

import contextlib
import io
import math
import re
import tomllib
import warnings
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.errors import ColumnError, FormatError
from skyexplorer.io import files
from skyexplorer.io.files import WELL_KNOWN, kind_of, reading

SHOWN_COLUMNS = 40  # of a table, in an error
# Containment of one sigma of a Gaussian on the sky, 39.35 %: an error column that a caller names is that.
ONE_SIGMA = 1 - math.exp(-0.5)


def read(raw: bytes) -> Any:
    """An `astropy.table.Table` from FITS, VOTable, ECSV, CSV, tab- or blank-separated text.

    Of a FITS file, the first table that has rows; the header is in ``meta``, and a ``Hist_Start`` table
    beside it (the time bins of a Fermi catalogue) in ``meta["Hist_Start"]``.

    Raises
    ------
    FormatError
        If it is none of these, cannot be parsed, or has no rows.
    """
    kind = kind_of(raw)
    readers = {"fits": _fits, "votable": _votable, "ecsv": _ecsv, "text": _text}
    if kind not in readers:
        raise FormatError(
            f"This is {files.NAMES.get(kind, kind)}, not a table that can be read here.",
            "FITS, VOTable, ECSV, CSV and tables of text columns can.",
        )
    from astropy.io.votable.exceptions import VOWarning
    from astropy.units import UnitsWarning

    with reading(kind), warnings.catch_warnings():
        # Units that astropy does not know are kept as text, and a service's VOTable may stray from the
        # standard: no reason to trouble the reader.
        warnings.simplefilter("ignore", UnitsWarning)
        warnings.simplefilter("ignore", VOWarning)
        table = readers[kind](raw)
    if not len(table):
        raise FormatError(
            f"The table has no rows; its columns are {_listed(table.colnames)}.", "Nothing to show."
        )
    return table


def _listed(names: list[str]) -> str:
    more = f" … and {len(names) - SHOWN_COLUMNS} more" if len(names) > SHOWN_COLUMNS else ""
    return ", ".join(map(str, names[:SHOWN_COLUMNS])) + more if names else "none"


def _fits(raw: bytes) -> Any:
    from astropy.io import fits
    from astropy.table import Table
    from astropy.units import UnitsWarning

    # A file that was cut short only warns. Where its first table is whole, it is read; where not, the
    # warnings say why.
    with warnings.catch_warnings(record=True) as told, fits.open(io.BytesIO(raw), memmap=False) as hdus:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", UnitsWarning)
        found = None
        for hdu in hdus:
            if (
                isinstance(hdu, (fits.BinTableHDU, fits.TableHDU))
                and hdu.header["NAXIS2"]
                and hdu.columns.names
            ):
                found = hdu
                break
        if found is None and told:
            raise FormatError(f"The FITS file holds no whole table: {told[0].message}", WELL_KNOWN)
        if found is None:
            raise FormatError(
                "No table with rows in this FITS file; it holds "
                f"{', '.join(h.name or type(h).__name__ for h in hdus)}.",
                "An image cannot be opened as a table.",
            )
        table = Table.read(found)
        if "Hist_Start" in hdus:
            table.meta["Hist_Start"] = np.asarray(hdus["Hist_Start"].data.field(0), float)
    for column in table.columns.values():
        if column.dtype.kind == "S":
            table[column.name] = np.char.strip(np.char.decode(np.ma.filled(column, b""), "utf-8", "replace"))
        elif column.dtype.kind == "U":
            table[column.name] = np.char.strip(np.ma.filled(column, ""))
    return table


def _votable(raw: bytes) -> Any:
    from astropy.io.votable import parse

    votable = parse(io.BytesIO(raw), verify="ignore")
    for resource in votable.resources:
        for info in resource.infos:
            if info.name == "QUERY_STATUS" and info.value == "ERROR":
                raise FormatError(f"The service answered with an error: {info.content or info.value}.")
    tables = [table for table in votable.iter_tables() if len(table.array)]
    if not tables:
        infos = [*votable.infos, *(info for resource in votable.resources for info in resource.infos)]
        notes = [str(i.content or i.value).strip(" -.") for i in infos if i.name.lower() == "error"]
        said = f" It says: {'; '.join(filter(None, notes))}." if any(notes) else ""
        raise FormatError(f"No table with rows in this VOTable.{said}", "Ask the service again.")
    table = tables[0].to_table(use_names_over_ids=True)
    for field_, column in zip(tables[0].fields, table.columns.values(), strict=True):
        if field_.ucd:
            column.meta["ucd"] = field_.ucd
    return table


def _ecsv(raw: bytes) -> Any:
    from astropy.table import Table

    return Table.read(raw.decode("utf-8"), format="ascii.ecsv")


def _text(raw: bytes) -> Any:
    from astropy.io import ascii as text_tables

    lines = [line for line in raw.decode("utf-8-sig").splitlines() if line.strip()]
    if lines and lines[0].startswith("#") and len(lines) > 1:
        comments = [line for line in lines if line.startswith("#")]
        body = [line for line in lines if not line.startswith("#")]
        lines = [comments[-1].lstrip("# "), *body] if body else lines
    if len(lines) < 2:
        raise FormatError(f"One line of text is no table: {lines[0][:80] if lines else ''!r}.", WELL_KNOWN)
    head = lines[0]
    delimiter = next(
        (mark for mark in ("\t", ",", ";", "|") if 0 < head.count(mark) <= lines[1].count(mark)), None
    )
    if delimiter is None:
        lines[0] = head = head.replace("\t", " ")  # tabs in the header, blanks below it
    options: dict[str, Any] = {"format": "csv", "delimiter": delimiter} if delimiter else {"format": "basic"}
    if all(_is_number(part) for part in (head.split(delimiter) if delimiter else head.split())):
        options["format"] = "no_header"
    table = text_tables.read(lines, guess=False, fast_reader=True, fill_values=[("", "0")], **options)
    if len(table.colnames) < 2:
        raise FormatError(f"One column is no table of positions: {head[:80]!r}.", WELL_KNOWN)
    return table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# Roles


@dataclass(frozen=True)
class Roles:
    """Which columns hold what; None where nothing does.

    ``frame`` is "icrs" or "galactic"; ``sexagesimal`` that the first coordinate is in hours, minutes and
    seconds; ``unit`` the angle unit of both coordinates.
    """

    ra: str
    dec: str
    id: str = "table"
    title: str = ""
    band: str = "other"
    name: str | None = None
    frame: str = "icrs"
    sexagesimal: bool = False
    unit: str = "deg"
    error: str | None = None
    ellipse: tuple[str, str, str] | None = None
    containment: float = ONE_SIGMA
    extension: str | None = None
    also: tuple[str, ...] = ()
    show: tuple[str, ...] = ()
    history: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)


@cache
def known_tables() -> tuple[dict[str, Any], ...]:
    """The entries of ``known_tables.toml``."""
    text = resources.files("skyexplorer.io").joinpath("known_tables.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["table"])


# Lower case, without blanks and brackets; the first that a table has is taken.
RA_NAMES = (
    "ra",
    "raj2000",
    "_raj2000",
    "ra_icrs",
    "raicrs",
    "ra_deg",
    "radeg",
    "ra2000",
    "raj",
    "rajd",
    "ra(deg)",
    "alpha",
    "alpha_j2000",
    "ra_j2000",
    "s_ra",
    "right_ascension",
    "rightascension",
    "lon",
)
DEC_NAMES = (
    "dec",
    "dej2000",
    "_dej2000",
    "decj2000",
    "de_icrs",
    "deicrs",
    "dec_deg",
    "decdeg",
    "dec2000",
    "decj",
    "decjd",
    "dec(deg)",
    "delta",
    "delta_j2000",
    "dec_j2000",
    "s_dec",
    "declination",
    "de",
    "lat",
)
MISSING = ("", "nan", "none", "--", "-", "null", "n/a", "...")  # words for a missing position
GALACTIC = (("glon", "glat"), ("l", "b"), ("gal_l", "gal_b"))
NAME_NAMES = (
    "name",
    "source_name",
    "sourcename",
    "main_id",
    "id",
    "source",
    "object",
    "objname",
    "designation",
    "source_id",
    "target",
    "common_name",
    "tns_name",
    "object_name",
    "object name",
    "psr_name",
)


def roles(table: Any, **given: str | None) -> Roles:
    """Tell the roles of the columns: as given, else of a known table, else by UCD, unit and name.

    Raises
    ------
    ColumnError
        If no columns can be taken for positions, or a given one does not exist; the columns are listed.
    """
    names = list(table.colnames)
    for role, column in given.items():
        if column is not None and column not in names:
            raise ColumnError(
                f"There is no column {column!r} to take as {role}; the columns are {_listed(names)}.",
                f"Name one of them: {role}=…",
                names,
            )
    chosen = {role: column for role, column in given.items() if column is not None}
    for entry in known_tables():
        if set(entry["needs"]) <= set(names) and "ra" not in chosen:
            return _known(entry, names, chosen)
    ra, dec, frame = chosen.get("ra"), chosen.get("dec"), "icrs"
    if ra is None or dec is None:
        ra, dec, frame = _positions(table, names)
    if ra is None or dec is None:
        raise ColumnError(
            f"Positions cannot be told from the columns {_listed(names)}.",
            'Name them: SourceCatalog.read(path, ra="…", dec="…").',
            names,
        )
    sexagesimal = table[ra].dtype.kind in "USO" or table[dec].dtype.kind in "USO"
    unit = str(table[ra].unit or "deg").lower()
    if unit in ("hourangle", "h", "hms", "hours") and not sexagesimal:
        raise ColumnError(
            f"The column {ra!r} is in hours, {dec!r} in {table[dec].unit}.",
            "Convert it to degrees first (1 h = 15 deg).",
            names,
        )
    low = {name.lower(): name for name in reversed(names)}
    name = chosen.get("name") or next((low[n] for n in NAME_NAMES if n in low), None)
    return Roles(
        ra, dec, name=name, frame=frame, sexagesimal=sexagesimal,
        unit="rad" if unit in ("rad", "radian") else "deg", error=chosen.get("error"),
    )  # fmt: skip


def _known(entry: dict[str, Any], names: list[str], chosen: dict[str, str]) -> Roles:
    have = set(names)

    def there(column: str | None) -> str | None:
        return column if column in have else None

    ellipse, history = entry.get("ellipse"), entry.get("history", {})
    return Roles(
        ra=entry["ra"],
        dec=entry["dec"],
        id=entry["id"],
        title=entry["title"],
        band=entry["band"],
        name=chosen.get("name") or there(entry.get("name")),
        sexagesimal=entry["id"] == "bzcat",
        error=chosen.get("error") or there(entry.get("error")),
        ellipse=tuple(ellipse) if ellipse and not chosen.get("error") else None,
        containment=ONE_SIGMA if chosen.get("error") else entry.get("containment", ONE_SIGMA),
        extension=there(entry.get("extension")),
        also=tuple(c for c in entry.get("also", ()) if c in have),
        show=tuple(c for c in entry.get("show", ()) if c in have),
        history=history if {history.get("value"), f"{history.get('value')}.1"} & have else {},
        units=entry.get("units", {}),
    )


def _positions(table: Any, names: list[str]) -> tuple[str | None, str | None, str]:
    by_ucd: dict[str, str] = {}
    for name in reversed(names):
        for part in (
            str(table[name].info.meta.get("ucd", "") if table[name].info.meta else "").lower().split(";")
        ):
            by_ucd[part] = name
    main = [n for n in reversed(names) if "meta.main" in str((table[n].info.meta or {}).get("ucd", ""))]
    for name in main:
        for part in str(table[name].info.meta["ucd"]).lower().split(";"):
            by_ucd[part] = name
    for one, other in (("pos.eq.ra", "pos.eq.dec"), ("pos_eq_ra_main", "pos_eq_dec_main")):
        if one in by_ucd and other in by_ucd:
            return by_ucd[one], by_ucd[other], "icrs"
    low = {re.sub(r"[\s\[\]]", "", name.lower()): name for name in reversed(names)}
    ra = next((low[n] for n in RA_NAMES if n in low), None)
    dec = next((low[n] for n in DEC_NAMES if n in low), None)
    if ra and dec:
        return ra, dec, "icrs"
    for lon, lat in GALACTIC:
        if lon in low and lat in low:
            return low[lon], low[lat], "galactic"
    if "pos.galactic.lon" in by_ucd and "pos.galactic.lat" in by_ucd:
        return by_ucd["pos.galactic.lon"], by_ucd["pos.galactic.lat"], "galactic"
    return None, None, "icrs"


def degrees(table: Any, found: Roles) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ICRS positions in degrees; NaN where a row has none.

    Raises
    ------
    FormatError
        If no row has a position, or declinations lie outside ±90°.
    """
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    if found.sexagesimal:
        lon, lat = _sexagesimal(table[found.ra], table[found.dec], found)
    else:
        lon, lat = (_floats(table[column]) for column in (found.ra, found.dec))
    good = np.isfinite(lon) & np.isfinite(lat)
    if not good.any():
        raise FormatError(
            f"No row has a position in {found.ra!r} and {found.dec!r}.", "All are empty or not finite."
        )
    if (np.abs(lon[good]) > 720.0001).any():  # two turns are someone's arithmetic, more is no angle
        worst = lon[good][np.argmax(np.abs(lon[good]))]
        raise FormatError(
            f"{found.ra!r} goes to {worst:g} deg.",
            "Right ascensions lie within 0 and 360; name the right columns: ra=…, dec=….",
        )
    if (np.abs(lat[good]) > 90.0001).any():
        worst = lat[good][np.argmax(np.abs(lat[good]))]
        raise FormatError(
            f"{found.dec!r} goes to {worst:g} deg.",
            "Declinations lie within ±90; name the right columns: ra=…, dec=….",
        )
    if found.frame == "galactic":
        at = SkyCoord(lon[good] * u.deg, lat[good] * u.deg, frame="galactic").icrs
        lon, lat = lon.copy(), lat.copy()
        lon[good], lat[good] = at.ra.deg, at.dec.deg
    lon, lat = np.where(good, lon % 360.0, np.nan), np.where(good, lat, np.nan)
    return lon, lat


def _sexagesimal(ra: Any, dec: Any, found: Roles) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from astropy import units as u
    from astropy.coordinates import Angle

    def angles(column: Any, unit: Any) -> NDArray[np.float64]:
        if column.dtype.kind not in "USO":
            return _floats(column)
        cells = np.ma.asarray(column)
        texts = ["" if gone else str(_decoded(cell)).strip()
                 for cell, gone in zip(cells.data, np.ma.getmaskarray(cells), strict=True)]  # fmt: skip
        out = np.full(len(texts), np.nan)
        # Numbers in a column of text are degrees; "05 09 25.9" and "05h09m" are hours.
        plain = [i for i, text in enumerate(texts) if _is_number(text)]
        out[plain] = [float(texts[i]) for i in plain]
        marked = [i for i, text in enumerate(texts) if text.lower() not in MISSING and not _is_number(text)]
        if marked:
            out[marked] = Angle([texts[i] for i in marked], unit=unit).deg
        return out

    try:
        return angles(ra, u.hourangle), angles(dec, u.deg)
    except ValueError as error:
        raise FormatError(
            f"{found.ra!r} and {found.dec!r} are text that reads as no position: {error}",
            "Give degrees, or hours as 05 09 25.96 with +05 41 35.3.",
        ) from error


def _decoded(cell: Any) -> Any:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell


def _floats(column: Any) -> NDArray[np.float64]:
    """Numbers of a column, masked ones as NaN, in degrees where it has an angle unit."""
    from astropy import units as u

    values: NDArray[np.float64] = np.ma.filled(np.ma.asarray(np.ma.asarray(column), float), np.nan)
    unit = getattr(column, "unit", None)
    if unit is not None:
        # "degrees", "deg J2000" and the like are taken as degrees.
        with contextlib.suppress(u.UnitsError, ValueError, TypeError):
            values = values * u.Unit(unit).to(u.deg)
    return np.asarray(values, float)


def numbers(table: Any, column: str | None) -> NDArray[np.float64] | None:
    """A column of angles in degrees, or None where there is none."""
    return None if column is None else _floats(table[column])
