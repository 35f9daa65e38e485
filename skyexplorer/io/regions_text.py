"""Regions as text: DS9 region files and STC-S, to plain shapes in ICRS degrees and back."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from skyexplorer.core import sphere
from skyexplorer.errors import FormatError
from skyexplorer.io.files import reading

MOST_BYTES = 20_000_000
MOST_SHAPES = 20_000
_STCS = re.compile(r"\s*(circle|polygon|box|position|union|ellipse)\b", re.IGNORECASE)
_DS9 = re.compile(
    r"^\s*(fk5|icrs|galactic|fk4|j2000|b1950|ecliptic|physical|image)\s*[;\n]"
    r"\s*[-+]?(circle|ellipse|box|polygon|annulus|point)\s*[( ]",
    re.MULTILINE | re.IGNORECASE,
)
_FRAMES = {
    "ICRS": "icrs",
    "FK5": "fk5",
    "J2000": "fk5",
    "FK4": "fk4",
    "B1950": "fk4",
    "GALACTIC": "galactic",
    "UNKNOWNFRAME": "icrs",
}
# Words that may stand between frame and numbers, and say nothing here.
_IDLE = {
    "GEOCENTER", "BARYCENTER", "HELIOCENTER", "TOPOCENTER", "LSR", "GALACTIC_CENTER", "UNKNOWNREFPOS", "RELOCATABLE",
    "ASTROM",
    "SPHERICAL2", "CARTESIAN2", "SPHERICAL3", "ECLIPTIC",
}  # fmt: skip


# What DS9 calls its colours, as hexadecimal numbers: its green is brighter than that of the web.
_COLORS = {
    "black": "#000000", "white": "#FFFFFF", "red": "#FF0000", "green": "#00FF00", "blue": "#0000FF", "cyan": "#00FFFF",
    "magenta": "#FF00FF", "yellow": "#FFFF00", "orange": "#FFA500", "pink": "#FFC0CB", "grey": "#808080",
    "gray": "#808080", "purple": "#800080", "violet": "#EE82EE", "brown": "#A52A2A",
}  # fmt: skip
_READ = "Circles, annuli, ellipses, boxes, polygons and points are read."
POINT = 1 / 3600  # deg: radius of the circle that stands for a point
_NO_AREA = {"Line": "line", "Text": "text"}
_DRAWN = ("vector", "ruler", "compass", "projection", "segment")  # what has no area, and is not parsed


class Shape(NamedTuple):
    """One shape, degrees, ICRS.

    ``circle`` (ra, dec, radius); ``annulus`` (ra, dec, inner, outer radius); ``ellipse`` (ra, dec, a, b, position angle of a
    east of north); ``polygon`` (ra, dec, ra, dec, …). ``exact`` is false where it stands for a region that the format has
    no word for. ``included`` is false of a shape that is taken out. ``text``, ``color`` (``"#rrggbb"``) and ``width`` (px)
    are as DS9 files give them.
    """

    kind: str
    values: tuple[float, ...]
    exact: bool = True
    included: bool = True
    text: str = ""
    color: str = ""
    width: float = 1.0


def is_ds9(raw: bytes) -> bool:
    """Whether bytes are a DS9 region file."""
    start = raw[:4000].decode("utf-8", "replace")
    return start.lstrip().startswith("# Region file format: DS9") or bool(_DS9.search(start))


def is_stcs(raw: bytes) -> bool:
    """Whether bytes are STC-S, such as ``POLYGON ICRS 1 2 3 4 5 6``."""
    start = raw[:400].decode("utf-8", "replace")
    match = _STCS.match(start)
    return bool(match and re.match(r"[\sA-Za-z0-9_]*\(?[\sA-Za-z0-9_]*[-+.\d]", start[match.end() :]))


def read(raw: bytes) -> list[Shape]:
    """Shapes of a DS9 region file or an STC-S text.

    Raises
    ------
    FormatError
        If it is neither, or holds a shape that is not known here.
    """
    if len(raw) > MOST_BYTES:
        raise FormatError(f"The region file has {len(raw)} bytes.", "Give large regions as MOCs.")
    text = raw.decode("utf-8", "replace")
    return _ds9(text)[0] if is_ds9(raw) else _stcs(text)


def read_ds9(raw: bytes) -> tuple[list[Shape], str]:
    """Shapes of a DS9 region file, and what of it has no area and was left out, such as texts and lines.

    Raises
    ------
    FormatError
        If it holds no region, one in pixels, or one of a kind that is not read.
    """
    if len(raw) > MOST_BYTES:
        raise FormatError(f"The region file has {len(raw)} bytes.", "Give large regions as MOCs.")
    return _ds9(raw.decode("utf-8", "replace"))


def _ds9(text: str) -> tuple[list[Shape], str]:
    out: list[Shape] = []
    beside: list[str] = []
    with reading("a DS9 region file"), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        from regions import Regions

        found = list(Regions.parse(text, format="ds9"))
        if len(found) > MOST_SHAPES:
            raise FormatError(f"The file has {len(found)} regions.", "Give large regions as MOCs.")
        for warning in told:
            _skipped(str(warning.message), beside)
        for region in found:
            kind = type(region).__name__.removesuffix("SkyRegion")
            if kind in _NO_AREA:
                beside.append(_NO_AREA[kind])
            else:
                out.append(_styled(_shape(region), region))
    if not out:
        raise FormatError(
            "The region file has no region that is drawn here.",
            _READ,
        )
    counts = ", ".join(f"{beside.count(kind)} {kind}" for kind in dict.fromkeys(beside))
    return out, f"left out: {counts}" if counts else ""


def _skipped(message: str, beside: list[str]) -> None:
    """What the parser has left out: a word of it where that has no area, else an error."""
    word = re.search(r'"(\w+)" frame or shape', message)
    kind = word.group(1).lower() if word else ""
    if kind in _DRAWN:
        beside.append(kind)
    elif (
        kind in ("physical", "image", "linear", "amplifier", "detector", "wcs")
        or "frame was not found" in message
    ):
        raise FormatError(
            f"The region file is in {kind or 'unknown'} coordinates.",
            "Save it in DS9 with WCS coordinates: ICRS, FK5 or galactic.",
        )
    elif kind:
        raise FormatError(f"Regions of the kind {kind} are not read here.", _READ)
    elif "Cannot parse" in message or "skipping" in message:
        raise FormatError(
            f"The region file cannot be read: {message}", "Give sizes in degrees, arcmin or arcsec."
        )


def _styled(shape: Shape, region: Any) -> Shape:
    visual = region.visual
    color = str(visual.get("edgecolor") or visual.get("color") or "").strip().lower()
    known = color.upper() if re.fullmatch(r"#[0-9a-f]{6}", color) else _COLORS.get(color, "")
    return shape._replace(
        included=bool(region.meta.get("include", True)),
        text=str(region.meta.get("text") or "")[:200],
        color=known,
        width=float(visual.get("linewidth") or 1),
    )


def _shape(region: Any) -> Shape:
    kind = type(region).__name__
    if not kind.endswith("SkyRegion"):
        raise FormatError(
            f"The region file is in pixels ({kind}).", "Save it in ICRS, FK5 or galactic coordinates."
        )
    if kind == "PolygonSkyRegion":
        at = region.vertices.icrs
        return Shape("polygon", tuple(np.stack([at.ra.deg, at.dec.deg], axis=-1).ravel().tolist()))
    if not hasattr(region, "center"):
        raise FormatError(f"Regions of the kind {kind} are not read here.", _READ)
    at = region.center.icrs
    ra, dec = float(at.ra.deg), float(at.dec.deg)
    if kind == "CircleSkyRegion":
        return Shape("circle", (ra, dec, float(region.radius.to_value("deg"))))
    if kind == "PointSkyRegion":
        return Shape("circle", (ra, dec, POINT))
    if kind == "CircleAnnulusSkyRegion":
        inner, outer = (float(r.to_value("deg")) for r in (region.inner_radius, region.outer_radius))
        return Shape("annulus", (ra, dec, inner, outer)) if inner > 0 else Shape("circle", (ra, dec, outer))
    if kind in ("EllipseSkyRegion", "RectangleSkyRegion"):
        # The width lies along longitude and turns from there as position angles do.
        turned = float(region.angle.to_value("deg")) + _turn(region.center)
        width, height = float(region.width.to_value("deg")), float(region.height.to_value("deg"))
        if kind == "EllipseSkyRegion":
            return Shape("ellipse", (ra, dec, height / 2, width / 2, turned))
        return _rectangle(ra, dec, width, height, turned)
    raise FormatError(f"Regions of the kind {kind} are not read here.", _READ)


def _turn(center: Any) -> float:
    """Position angle in ICRS of the north of the frame in which a region is given."""
    north = center.directional_offset_by(0 * center.spherical.lat.unit, 1e-4 * center.spherical.lat.unit)
    a, b = center.icrs, north.icrs
    return float(sphere.position_angle(a.ra.deg, a.dec.deg, b.ra.deg, b.dec.deg))


def _rectangle(ra: float, dec: float, width: float, height: float, turned: float) -> Shape:
    x, y = np.array([1, -1, -1, 1]) * width / 2, np.array([1, 1, -1, -1]) * height / 2
    lon, lat = sphere.offset(ra, dec, turned + np.degrees(np.arctan2(x, y)), np.hypot(x, y))
    return Shape("polygon", tuple(np.stack([lon, lat], axis=-1).ravel().tolist()))


def _stcs(text: str) -> list[Shape]:
    tokens = re.findall(r"[()]|[^\s()]+", text)
    out: list[Shape] = []
    at = 0
    while at < len(tokens):
        word = tokens[at].upper()
        at += 1
        if word in ("(", ")"):
            continue
        if word == "UNION":
            while at < len(tokens) and tokens[at].upper() in {*_FRAMES, *_IDLE}:
                at += 1
            continue
        if word not in ("CIRCLE", "POLYGON", "BOX", "POSITION", "ELLIPSE"):
            raise FormatError(
                f"STC-S with {tokens[at - 1][:30]!r} is not read here.",
                "Circle, Ellipse, Polygon, Box, Position and Union are.",
            )
        frame = "icrs"
        while at < len(tokens) and (tokens[at].upper() in _FRAMES or tokens[at].upper() in _IDLE):
            frame = _FRAMES.get(tokens[at].upper(), frame)
            at += 1
        numbers = []
        while at < len(tokens) and re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", tokens[at]):
            numbers.append(float(tokens[at]))
            at += 1
        if at < len(tokens) and tokens[at].lower() == "unit":
            if len(tokens) <= at + 1 or tokens[at + 1].lower() != "deg":
                raise FormatError("The STC-S is in another unit than degrees.", "Give degrees.")
            at += 2
        out.append(_of_stcs(word, numbers, frame))
        if len(out) > MOST_SHAPES:
            raise FormatError(f"The STC-S has more than {MOST_SHAPES} shapes.", "Give large regions as MOCs.")
    if not out:
        raise FormatError("The STC-S has no shape.", "Such as CIRCLE ICRS 10 20 0.5.")
    return out


def _of_stcs(word: str, numbers: list[float], frame: str) -> Shape:
    count = {"CIRCLE": (3,), "POSITION": (2,), "BOX": (4,), "ELLIPSE": (5,)}.get(word)
    if (count and len(numbers) not in count) or (
        word == "POLYGON" and (len(numbers) < 6 or len(numbers) % 2)
    ):
        raise FormatError(
            f"{word} has {len(numbers)} numbers.",
            "Such as CIRCLE ICRS 10 20 0.5, or three corners of a POLYGON.",
        )
    lat = numbers[1::2] if word == "POLYGON" else numbers[1:2]
    if not np.isfinite(numbers).all() or any(abs(value) > 90 for value in lat):
        raise FormatError(f"{word} lies outside the sky: {numbers[:6]}.", "Declinations lie within ±90.")
    if word == "POLYGON":
        lon, lat_ = _icrs(numbers[0::2], numbers[1::2], frame)
        return Shape("polygon", tuple(np.stack([lon, lat_], axis=-1).ravel().tolist()))
    (ra,), (dec,) = _icrs(numbers[:1], numbers[1:2], frame)
    if word == "CIRCLE":
        return Shape("circle", (float(ra), float(dec), numbers[2]))
    if word == "POSITION":
        return Shape("circle", (float(ra), float(dec), POINT))
    if frame != "icrs":
        raise FormatError(f"{word} in {frame} is not read here.", "Give it in ICRS.")
    if word == "BOX":
        return _rectangle(float(ra), float(dec), numbers[2], numbers[3], 0.0)
    return Shape("ellipse", (float(ra), float(dec), numbers[2], numbers[3], numbers[4]))


def _icrs(lon: Sequence[float], lat: Sequence[float], frame: str) -> tuple[np.ndarray, np.ndarray]:
    if frame in ("icrs", "fk5"):  # J2000 is ICRS to 30 mas
        return np.asarray(lon, float) % 360, np.asarray(lat, float)
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    at = SkyCoord(np.asarray(lon) * u.deg, np.asarray(lat) * u.deg, frame=frame).icrs
    return at.ra.deg, at.dec.deg


def ds9_of(shapes: Sequence[Shape]) -> str:
    """A DS9 region file."""
    lines = ["# Region file format: DS9", "icrs"]
    for shape in shapes:
        v = shape.values
        if shape.kind == "circle":
            text = f'circle({v[0]:.8f},{v[1]:.8f},{v[2] * 3600:.6g}")'
        elif shape.kind == "annulus":
            text = f'annulus({v[0]:.8f},{v[1]:.8f},{v[2] * 3600:.6g}",{v[3] * 3600:.6g}")'
        elif shape.kind == "ellipse":  # the first radius of DS9 lies along right ascension at angle 0
            text = f'ellipse({v[0]:.8f},{v[1]:.8f},{v[3] * 3600:.6f}",{v[2] * 3600:.6f}",{v[4]:.6f})'
        else:
            text = f"polygon({','.join(f'{value:.8f}' for value in v)})"
        words = [f"color={shape.color}" * bool(shape.color), f"width={shape.width:g}" * (shape.width != 1)]
        caption = shape.text if shape.exact else shape.text or "outline"
        words.append(f"text={{{caption}}}" * bool(caption))
        style = " ".join(word for word in words if word)
        lines.append(f"{'' if shape.included else '-'}{text}{f' # {style}' if style else ''}")
    return "\n".join(lines) + "\n"


def stcs_of(shapes: Sequence[Shape]) -> str:
    """STC-S: one shape, or a union of several.

    Raises
    ------
    FormatError
        For an annulus, or a shape that is taken out, which few readers of STC-S know.
    """
    for shape in shapes:
        if shape.kind == "annulus" or not shape.included:
            raise FormatError(
                "An annulus, or a shape that is taken out, is not written in STC-S.", "Write a MOC."
            )
    texts = [
        f"{shape.kind.upper()} ICRS {' '.join(f'{value:.10g}' for value in shape.values)}" for shape in shapes
    ]
    if len(texts) == 1:
        return texts[0]
    return f"UNION ICRS ( {' '.join(text.replace(' ICRS', '', 1) for text in texts)} )"
