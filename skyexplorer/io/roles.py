"""Which columns of a table hold what: told by known tables, UCDs, units and names.

A table that is known by its columns has its entry in ``known_tables.toml``; of any other table the positions are
looked for by UCD first, then by name, ICRS or J2000 before galactic, and older equinoxes last, never as ICRS.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from skyexplorer.errors import ColumnError, FormatError

SHOWN_COLUMNS = 40  # of a table, in an error
# Containment of one sigma of a Gaussian on the sky, 39.35 %: an error column that a caller names is that.
ONE_SIGMA = 1 - math.exp(-0.5)


@dataclass(frozen=True)
class Roles:
    """Which columns hold what; None where nothing does.

    ``frame`` is "icrs", "galactic", or "fk4" or "fk5" with its equinox, as in "fk4:B1950"; ``sexagesimal`` that
    coordinates are text; ``hours`` that numbers of the first coordinate are hours; ``missing`` are numbers that stand
    for none; ``prefix`` goes before names that are numbers; ``note`` is what a reader must know of this kind of table.
    ``motion`` holds μ_α cos δ and μ_δ, ``epoch`` the epoch of each row's position, ``at`` that of all rows where no column
    has it; ``axes`` one sigma east and north, and their correlation.
    """

    ra: str
    dec: str
    id: str = "table"
    title: str = ""
    band: str = "other"
    name: str | None = None
    frame: str = "icrs"
    sexagesimal: bool = False
    hours: bool = False
    unit: str = "deg"
    error: str | None = None
    ellipse: tuple[str, str, str] | None = None
    containment: float = ONE_SIGMA
    extension: str | None = None
    also: tuple[str, ...] = ()
    show: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    history: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    missing: tuple[float, ...] = ()
    note: str = ""
    prefix: str = ""
    motion: tuple[str, str] | None = None
    motion_error: tuple[str, str] | None = None
    parallax: str | None = None
    radial_velocity: str | None = None
    epoch: str | None = None
    at: str = ""
    axes: tuple[str, str, str | None] | None = None


@cache
def known_tables() -> tuple[dict[str, Any], ...]:
    """The entries of ``known_tables.toml``."""
    text = resources.files("skyexplorer.io").joinpath("known_tables.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["table"])


# Lower case, without blanks and brackets; the first that a table has is taken.
RA_NAMES = (
    "ra", "raj2000", "_raj2000", "ra_icrs", "raicrs", "ra_deg", "radeg", "ra2000", "rajd", "raj", "ra(deg)", "alpha",
    "alpha_j2000", "ra_j2000", "s_ra", "right_ascension", "rightascension", "ra_hours", "rahours", "ra_h", "lon",
)  # fmt: skip
DEC_NAMES = (
    "dec", "dej2000", "_dej2000", "decj2000", "de_icrs", "deicrs", "dec_deg", "decdeg", "dec2000", "decjd", "decj",
    "dec(deg)", "delta", "delta_j2000", "dec_j2000", "s_dec", "declination", "de", "lat",
)  # fmt: skip
GALACTIC = (("glon", "glat"), ("l", "b"), ("gal_l", "gal_b"), ("gl", "gb"), ("lii", "bii"))
OLD = (("rab1950", "deb1950"), ("_rab1950", "_deb1950"), ("ra_b1950", "dec_b1950"), ("ra1950", "dec1950"))
HOURS = ("hourangle", "h", "hr", "hms", "hour", "hours", '"h:m:s"', "h:m:s")
NAME_NAMES = (
    "name", "source_name", "sourcename", "main_id", "id", "source", "object", "objname", "designation", "source_id",
    "target", "common_name", "tns_name", "object_name", "object name", "psr_name", "psrj", "hip",
)  # fmt: skip
# μ_α cos δ and μ_δ; a bare μ_α, in seconds of time or without the cosine, has other names, and is not told.
MOTION_RA = (
    "pmra", "pm_ra", "pmra_cosdec", "pm_ra_cosdec", "pmracosdec", "pmracosde", "pmracosd", "mualphastar", "mu_alpha_star",
    "pmrac",
)  # fmt: skip
MOTION_DEC = ("pmdec", "pm_dec", "pmde", "pm_de", "mudelta", "mu_delta")
PARALLAXES = ("parallax", "plx", "prlx", "parx")
VELOCITIES = (
    "radial_velocity",
    "radialvelocity",
    "rv",
    "rvel",
    "hrv",
    "dr2_radial_velocity",
    "dr2_rv",
    "rv_value",
)
EPOCHS = ("ref_epoch", "refepoch", "pos_epoch", "posepoch", "epoch", "ep", "epoch_yr", "epoch_mjd")
ERROR_OF = ("{}_error", "e_{}", "{}_err", "{}err", "err_{}", "sig{}", "sigma_{}", "{}_sigma")
# A table with these and neither time nor position is a spectrum: lower case, without brackets and what is in them.
_ENERGIES = ("e_ref", "e_min", "energy", "frequency", "wavelength", "freq", "nu")
_FLUXES = ("dnde", "e2dnde", "flux", "flux_density", "fluxdensity", "photometrymeasurement", "nufnu", "eflux")


def listed(names: Iterable[str]) -> str:
    """Names for an error, not all of them where they are many."""
    every = [str(name) for name in names]
    more = f" … and {len(every) - SHOWN_COLUMNS} more" if len(every) > SHOWN_COLUMNS else ""
    return ", ".join(every[:SHOWN_COLUMNS]) + more if every else "none"


def roles(table: Any, **given: str | None) -> Roles:
    """Tell the roles of the columns: as given, else of a known table, else by UCD, unit and name.

    Parameters
    ----------
    table : astropy.table.Table
    **given : str, optional
        Columns for ``ra``, ``dec``, ``error``, ``name``, ``pmra``, ``pmdec``, ``parallax``, ``radial_velocity``.

    Raises
    ------
    ColumnError
        If no columns can be taken for positions, or a given one does not exist; the columns are listed.
    FormatError
        If the table is a spectrum.
    """
    names = [str(name) for name in table.colnames]
    for role, column in given.items():
        if column is not None and column not in names:
            raise ColumnError(
                f"There is no column {column!r} to take as {role}; the columns are {listed(names)}.",
                f"Name one of them: {role}=…",
                names,
            )
    chosen = {role: column for role, column in given.items() if column is not None}
    if "ra" not in chosen and "dec" not in chosen:
        have = set(names)
        for entry in known_tables():
            if set(entry["needs"]) <= have and _begins(table, entry):
                return _known(entry, table, have, chosen)
    ra, dec, frame = chosen.get("ra"), chosen.get("dec"), ""
    if ra is None or dec is None:
        found = positions(table)
        if found is None:
            _refuse_spectrum(names)
            raise ColumnError(
                f"Positions cannot be told from the columns {listed(names)}.",
                'Name them: SourceCatalog.read(path, ra="…", dec="…").',
                names,
            )
        ra, dec, frame = ra or found[0], dec or found[1], found[2]
    name = chosen.get("name") or _name(table, names)
    return Roles(
        ra, dec, name=name, error=chosen.get("error"), **_coordinates(table, ra, dec, frame or _frame(table, ra)),
        **_motion(table, names, chosen),
    )  # fmt: skip


def _motion(table: Any, names: list[str], chosen: Mapping[str, str]) -> dict[str, Any]:
    """Columns of proper motions with their errors, of what is needed beside them, and of epochs."""
    low = {re.sub(r"[\s\[\]*]", "", name.lower()): name for name in reversed(names)}

    def one(role: str, word: str, known: tuple[str, ...]) -> str | None:
        if role in chosen:
            return chosen[role]
        having = [n for n in names if ucd(table[n]).split(";")[: word.count(";") + 1] == word.split(";")]
        by_name = next((low[n] for n in known if n in low), None)
        # Of several with the same UCD only a name can tell.
        return having[0] if len(having) == 1 else by_name

    def error(column: str) -> str | None:
        return next((low[n] for form in ERROR_OF if (n := form.format(column.lower())) in low), None)

    out: dict[str, Any] = {
        "epoch": one("epoch", "time.epoch", EPOCHS) or one("epoch", "meta.ref;time.epoch", ())
    }
    east = one("pmra", "pos.pm;pos.eq.ra", MOTION_RA)
    north = one("pmdec", "pos.pm;pos.eq.dec", MOTION_DEC)
    if east is None or north is None:
        return out
    both = error(east), error(north)
    out["motion"] = east, north
    out["motion_error"] = both if None not in both else None
    out["parallax"] = one("parallax", "pos.parallax", PARALLAXES) or one("parallax", "pos.parallax.trig", ())
    out["radial_velocity"] = one("radial_velocity", "spect.dopplerveloc", VELOCITIES) or one(
        "radial_velocity", "spect.dopplerveloc.opt", ()
    )
    return out


def _name(table: Any, names: list[str]) -> str | None:
    main = next((n for n in names if {"meta.id", "meta.main"} <= set(ucd(table[n]).split(";"))), None)
    low = {name.lower(): name for name in reversed(names)}
    return main or next((low[n] for n in NAME_NAMES if n in low), None)


def _coordinates(table: Any, ra: str, dec: str, frame: str) -> dict[str, Any]:
    text = any(
        getattr(table[column], "dtype", None) is None or table[column].dtype.kind in "USO"
        for column in (ra, dec)
    )
    unit = str(getattr(table[ra], "unit", None) or "deg").lower()
    plain = re.sub(r"[\s\[\]]", "", ra.lower())
    return {
        "sexagesimal": text,
        "hours": unit in HOURS or (unit == "deg" and table[ra].unit is None and plain in ("ra_hours", "rahours", "ra_h")),
        "unit": "rad" if unit in ("rad", "radian") else "deg",
        "frame": frame,
    }  # fmt: skip


def _begins(table: Any, entry: Mapping[str, Any]) -> bool:
    """Some catalogues have the columns of others, and are told by how their first name begins."""
    if "begins" not in entry or not len(table):
        return "begins" not in entry
    first = table[entry["name"]][0]
    text = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    return text.strip().startswith(entry["begins"])


def _known(entry: Mapping[str, Any], table: Any, have: set[str], chosen: Mapping[str, str]) -> Roles:
    def there(column: str | None) -> str | None:
        return column if column in have else None

    ellipse, history, axes = entry.get("ellipse"), entry.get("history", {}), entry.get("axes")
    motion = _motion(table, [str(name) for name in table.colnames], chosen)
    if "motion" in entry and not entry["motion"]:  # what is called a proper motion there is none
        motion = {"epoch": motion["epoch"]}
    motion["epoch"] = there(entry.get("epoch")) if {"epoch", "at"} & set(entry) else motion["epoch"]
    return Roles(
        ra=entry["ra"],
        dec=entry["dec"],
        id=entry["id"],
        title=_title(entry, table),
        band=entry["band"],
        name=chosen.get("name") or there(entry.get("name")),
        error=chosen.get("error") or there(entry.get("error")),
        ellipse=tuple(ellipse) if ellipse and not chosen.get("error") else None,
        containment=ONE_SIGMA if chosen.get("error") else entry.get("containment", ONE_SIGMA),
        extension=there(entry.get("extension")),
        also=tuple(c for c in entry.get("also", ()) if c in have),
        show=tuple(c for c in entry.get("show", ()) if c in have),
        history=history if {history.get("value"), f"{history.get('value')}.1"} & have else {},
        units=entry.get("units", {}),
        missing=tuple(entry.get("missing", ())),
        note=entry.get("note", ""),
        prefix=entry.get("prefix", ""),
        at=entry.get("at", ""),
        axes=(axes[0], axes[1], there(axes[2])) if axes and not chosen.get("error") else None,
        **motion,
        **_coordinates(table, entry["ra"], entry["dec"], _frame(table, entry["ra"])),
    )


def _title(entry: Mapping[str, Any], table: Any) -> str:
    """Fermi's data releases differ in their rows, not in their columns: the newest of them names the table."""
    title, column = str(entry["title"]), entry.get("release")
    if not column or column not in table.colnames or not len(table):
        return title
    try:
        newest = int(max(table[column]))
    except (TypeError, ValueError, OverflowError):
        return title
    return f"{title}-DR{newest}" if 1 < newest < 20 else title


def _refuse_spectrum(names: list[str]) -> None:
    low = {re.sub(r"\s|\(.*?\)|\[.*?\]", "", name.lower()) for name in names}
    energy = next((e for e in _ENERGIES if e in low), None)
    flux = next((f for f in _FLUXES if f in low), None)
    if energy and flux:
        raise FormatError(
            f"This is a spectrum, not a catalogue: it has {energy!r} and {flux!r}, and neither positions nor times.",
            "Spectra are not drawn on the sky.",
        )


def ucd(column: Any) -> str:
    """The UCD of a column, in small letters; empty where it has none."""
    return str((getattr(column.info, "meta", None) or {}).get("ucd") or "").lower()


def positions(table: Any) -> tuple[str, str, str] | None:
    """Columns of a position and their frame, or None.

    >>> from astropy.table import Table
    >>> positions(Table({"GLON": [0.0], "GLAT": [0.0]}))
    ('GLON', 'GLAT', 'galactic')
    """
    names = [str(name) for name in table.colnames]
    low = {re.sub(r"[\s\[\]]", "", name.lower()): name for name in reversed(names)}
    late: list[tuple[str, str, str]] = []
    for pair in (("pos.eq.ra", "pos.eq.dec"), ("pos_eq_ra_main", "pos_eq_dec_main")):
        found = _by_ucd(table, names, *pair)
        if found:
            frame = _frame(table, found[0])
            if not frame.startswith("fk4"):
                return *found, frame
            late.append((*found, frame))
    ra = next((low[n] for n in RA_NAMES if n in low), None)
    dec = next((low[n] for n in DEC_NAMES if n in low), None)
    if ra and dec:
        frame = _frame(table, ra)
        if not frame.startswith("fk4"):
            return ra, dec, frame
        late.append((ra, dec, frame))
    for lon, lat in GALACTIC:
        if lon in low and lat in low:
            return low[lon], low[lat], "galactic"
    found = _by_ucd(table, names, "pos.galactic.lon", "pos.galactic.lat")
    if found:
        return *found, "galactic"
    late += [(low[one], low[other], "fk4:B1950") for one, other in OLD if one in low and other in low]
    return late[0] if late else None


def _by_ucd(table: Any, names: list[str], one: str, other: str) -> tuple[str, str] | None:
    """The columns of two UCDs; the main ones where several have them, and none of an old equinox if others are there."""

    def best(word: str) -> str | None:
        having = [
            n for n in names if word in ucd(table[n]).split(";") and not ucd(table[n]).startswith("stat.")
        ]
        having.sort(key=lambda n: (_frame(table, n).startswith("fk4"), "meta.main" not in ucd(table[n])))
        return having[0] if having else None

    ra, dec = best(one), best(other)
    return (ra, dec) if ra and dec else None


def _frame(table: Any, column: str) -> str:
    """Frame of a column of right ascension: its own, else what its name says, else that of the table's header."""
    own = (getattr(table[column].info, "meta", None) or {}).get("frame")
    if own:
        return str(own)
    if re.search(r"b1950|ra_?1950", column.lower()):
        return "fk4:B1950"
    if re.search(r"icrs", column.lower()):
        return "icrs"
    keys = {str(key).upper(): value for key, value in (table.meta or {}).items()}
    system = str(keys.get("RADESYS") or keys.get("RADECSYS") or "").strip().upper()
    return frame_of(system, keys.get("EQUINOX"))


def frame_of(system: str, equinox: Any = None) -> str:
    """A frame of ours from RADESYS or the system of a COOSYS, and its equinox.

    >>> frame_of("FK4", 1950.0), frame_of("eq_FK5", "J2000"), frame_of("ICRS")
    ('fk4:B1950', 'fk5', 'icrs')
    """
    name = system.upper().removeprefix("EQ_")
    if name == "GALACTIC":
        return "galactic"
    year = re.search(r"\d{4}(\.\d+)?", str(equinox or ""))
    if name.startswith("FK4"):
        return f"fk4:B{float(year.group()):g}" if year else "fk4:B1950"
    if name == "FK5":
        return f"fk5:J{float(year.group()):g}" if year and float(year.group()) != 2000 else "fk5"
    return "icrs"
