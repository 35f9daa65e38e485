"""ADQL: regions as conditions, names as they must be written, questions as text. Nothing here asks anybody."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skyexplorer.errors import InputError

if TYPE_CHECKING:
    from skyexplorer.services.registry import Service

# Reserved in ADQL 2.0 and 2.1, and likely names of columns. DEC is reserved too, but no service minds it, and where quoted
# names are case-sensitive a quoted one is not found.
_RESERVED = """
abs absolute action add all allocate alter and any are area as asc asin assertion at atan atan2 authorization avg
begin between bit both box by cascade case cast catalog ceiling centroid char character check circle close coalesce
column commit connect constraint contains continue coord1 coord2 coordsys cos cot count create cross current cursor
date day deallocate decimal declare default deferrable degrees delete desc describe diagnostics disconnect distance
distinct domain double drop else end escape except exception exec execute exists exp external extract false fetch
first float floor for foreign found from full get global go goto grant group having hour identity ilike immediate in
in_unit indicator initially inner input insensitive insert int integer intersect intersects interval into is isolation
join key language last leading left level like local log log10 lower match max min minute mod module month names
national natural next no not null numeric of offset on only open option or order outer output overlaps pad partial pi
point polygon position power precision prepare preserve primary prior privileges procedure public radians rand read
real references region relative restrict revoke right rollback round rows schema scroll second section select session
set sin size smallint some space sql sqrt substring sum table tan temporary then time timestamp timezone_hour
timezone_minute to top trailing transaction translate translation trim true truncate union unique unknown update upper
usage user using value values varchar varying view when whenever where with work write year zone
"""
RESERVED = frozenset(_RESERVED.split())
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
HALF = 90.0
"""Degrees: larger circles are unknown to pgSphere, and so to many services."""
GROWN = 1e-7
"""Degrees by which what is asked for is larger than the region: the answer is filtered with the region itself."""


def quoted(name: str) -> str:
    """A column as ADQL must have it; one that is quoted already stays.

    Examples
    --------
    >>> from skyexplorer.services.adql import quoted
    >>> [quoted(name) for name in ("ra", "ER-min", "3HWC", "time", '"Size"', "t.ra")]
    ['ra', '"ER-min"', '"3HWC"', '"time"', '"Size"', 't.ra']
    """
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        return name
    owner, dot, column = name.rpartition(".")
    if dot and _PLAIN.fullmatch(owner) and _PLAIN.fullmatch(column):
        return f"{owner}.{quoted(column)}"
    if _PLAIN.fullmatch(name) and name.lower() not in RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def table(name: str) -> str:
    """A table as ADQL must have it.

    Examples
    --------
    >>> from skyexplorer.services import adql
    >>> adql.table("gaiadr3.gaia_source"), adql.table("J/ApJ/905/76/sources")
    ('gaiadr3.gaia_source', '"J/ApJ/905/76/sources"')
    """
    if '"' in name:
        return name
    parts = name.split(".")
    if 1 <= len(parts) <= 3 and all(_PLAIN.fullmatch(part) for part in parts):
        return ".".join(quoted(part) for part in parts)
    return quoted(name)


def number(value: float) -> str:
    """A number in full, without more digits than an angle can mean."""
    text = f"{value:.12g}"
    return "0" if text == "-0" else text


@dataclass(frozen=True)
class Circle:
    """Centre and radius (deg); one of more than half the sky is put as what is not in the circle beyond."""

    ra: float
    dec: float
    radius: float


@dataclass(frozen=True)
class Polygon:
    """Vertices (deg), not closed."""

    ra: tuple[float, ...]
    dec: tuple[float, ...]


@dataclass(frozen=True)
class Box:
    """Ranges of coordinates (deg): ``west`` to ``east`` in right ascension, through 0 where west is greater."""

    west: float
    east: float
    south: float
    north: float


@dataclass(frozen=True)
class Cells:
    """A MOC in ASCII."""

    text: str


Shape = Circle | Polygon | Box | Cells


def condition(service: Service, shapes: Sequence[Shape], ra: str = "", dec: str = "") -> str:
    """The condition that a row lies in one of the shapes, in the words that a service knows.

    Parameters
    ----------
    service : Service
    shapes : sequence of shapes
        At least one; what they cover is asked for, and a hair more.
    ra, dec : str, optional
        Columns; those of the service by default.

    Examples
    --------
    >>> from skyexplorer.services import adql, registry
    >>> adql.condition(registry.get("ned"), [adql.Circle(10.0, -5.0, 0.5)])
    "1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 10, -5, 0.5000001))"
    """
    ra, dec = (quoted(given or service.columns.get(role, role)) for given, role in ((ra, "ra"), (dec, "dec")))
    # Ranges of coordinates are kept together with the circle around them: an index is one of the sky, mostly.
    parts = [_one(service, shape, ra, dec) for shape in shapes]
    return parts[0] if len(parts) == 1 else "(" + " OR ".join(parts) + ")"


def footprint(service: Service) -> str:
    """The column of regions by which files are matched, not by their centres alone; empty where there is none."""
    return service.columns.get("region", "") if service.protocol == "obstap" and service.geometry else ""


def _one(service: Service, shape: Shape, ra: str, dec: str) -> str:
    if isinstance(shape, Box):
        return _between(shape, ra, dec)
    if not service.geometry:
        if not isinstance(shape, Circle):
            raise InputError(f"{service.id} knows no {type(shape).__name__} in its ADQL.", "Ask for circles.")
        return _between(box_of(shape), ra, dec)
    frame = f"'{service.frame}', " if service.frame else ""
    region = footprint(service)
    if isinstance(shape, Circle) and shape.radius + GROWN > HALF:
        if shape.radius + GROWN >= 180.0 or region:
            return "1 = 1"
        beyond = Circle((shape.ra + 180.0) % 360.0, -shape.dec, 180.0 - shape.radius - 2 * GROWN)
        return "0" + _one(service, beyond, ra, dec)[1:]
    if isinstance(shape, Circle):
        what = f"CIRCLE({frame}{number(shape.ra)}, {number(shape.dec)}, {number(min(shape.radius + GROWN, 180.0))})"
    elif isinstance(shape, Polygon):
        corners = ", ".join(f"{number(a)}, {number(d)}" for a, d in zip(shape.ra, shape.dec, strict=True))
        what = f"POLYGON({frame}{corners})"
    else:
        what = f"MOC('{shape.text}')"
    if region and not isinstance(shape, Cells):
        return f"1 = INTERSECTS({quoted(region)}, {what})"
    return f"1 = CONTAINS(POINT({frame}{ra}, {dec}), {what})"


def _between(box: Box, ra: str, dec: str) -> str:
    south, north = max(box.south - GROWN, -90.0), min(box.north + GROWN, 90.0)
    tall = f"{dec} BETWEEN {number(south)} AND {number(north)}"
    width = (box.east - box.west) % 360.0 or (360.0 if box.east != box.west else 0.0)
    grown = GROWN / max(math.cos(math.radians(max(abs(south), abs(north)))), 1e-12)
    if width + 2 * grown >= 360.0:
        return tall
    west, east = (box.west - grown) % 360.0, (box.east + grown) % 360.0
    if west <= east:
        return f"({tall} AND {ra} BETWEEN {number(west)} AND {number(east)})"
    return f"({tall} AND ({ra} >= {number(west)} OR {ra} <= {number(east)}))"


def box_of(circle: Circle) -> Box:
    """The coordinates that a circle spans; all right ascensions where it holds a pole.

    Examples
    --------
    >>> from skyexplorer.services.adql import Circle, box_of
    >>> box_of(Circle(0.0, 89.5, 1.0))
    Box(west=0.0, east=360.0, south=88.5, north=90.0)
    """
    south, north = circle.dec - circle.radius, circle.dec + circle.radius
    if south <= -90 or north >= 90 or circle.radius >= 90:
        return Box(0.0, 360.0, max(south, -90.0), min(north, 90.0))
    half = math.degrees(math.asin(math.sin(math.radians(circle.radius)) / math.cos(math.radians(circle.dec))))
    return Box((circle.ra - half) % 360.0, (circle.ra + half) % 360.0, south, north)


def chosen(service: Service, columns: Iterable[str] | None) -> list[str]:
    """Columns to ask for: those given, or those of the service, with its position and id; empty for all."""
    given = list(service.select if columns is None else columns)
    if not given:
        return []
    needed = [service.columns[role] for role in ("ra", "dec", "id", "name") if role in service.columns]
    return list(dict.fromkeys([*given, *needed]))


def select(
    service: Service,
    condition: str,
    columns: Iterable[str] | None = None,
    where: str = "",
    upload: str = "",
) -> str:
    """A question: all rows of the service's table that meet the condition.

    Parameters
    ----------
    service : Service
    condition : str
    columns : iterable of str, optional
        By default those of the service, or all.
    where : str
        A further condition, in ADQL.
    upload : str
        Name of an uploaded table of circles (``u_ra``, ``u_dec``, ``u_radius``): rows in any of them, once for each.

    Examples
    --------
    >>> from skyexplorer.services import adql, registry
    >>> print(adql.select(registry.get("3hwc"), "1 = 1", where="TS > 50"))
    SELECT * FROM "J/ApJ/905/76/sources" WHERE 1 = 1 AND (TS > 50)
    """
    named = [quoted(column) for column in chosen(service, columns)]
    source = table(service.table)
    if not upload:
        text = f"SELECT {', '.join(named) or '*'} FROM {source}"
        conditions = [condition] if condition else []
    else:
        ra, dec = (quoted(service.columns.get(role, role)) for role in ("ra", "dec"))
        frame = f"'{service.frame}', " if service.frame else ""
        inside = f"1 = CONTAINS(POINT({frame}c.{ra}, c.{dec}), CIRCLE({frame}u.u_ra, u.u_dec, u.u_radius))"
        # Services that prefix the names of joined columns leave those alone that have a name given.
        what = ", ".join(f"c.{name} AS {name}" for name in named) or "c.*"
        if service.upload_join == "comma":
            text, conditions = f"SELECT {what} FROM {source} AS c, TAP_UPLOAD.{upload} AS u", [inside]
        else:
            text = f"SELECT {what} FROM {source} AS c JOIN TAP_UPLOAD.{upload} AS u ON {inside}"
            conditions = []
    if where.strip():
        conditions.append(f"({where.strip()})")
    return text + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
