"""How each kind of layer is drawn: one function a kind, in one table.

A drawing function fills a `Drawing` from a layer; `restyle` carries over what the layer panel can
change without touching the geometry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from skyexplorer.model.event import Event
from skyexplorer.model.region import SkyRegion
from skyexplorer.model.tiles import density_tiles
from skyexplorer.session.layers import (
    CatalogLayer,
    EventLayer,
    EventListLayer,
    Layer,
    RegionLayer,
    SkyMapLayer,
)
from skyexplorer.session.text import _
from skyexplorer.views import drawing_layers, packed
from skyexplorer.views.canvas import Drawing, packed_picture, packed_tiles
from skyexplorer.views.styling import LABELLED, LARGE, style_of

POINT_SIZE = {"events": 11.0, "catalog": 10.0, "skymap": 12.0, "eventlist": 12.0, "region": 12.0}
LEVELS = (0.5, 0.9)  # the credible regions that every map shows; the slider adds one more
OUTLINE_POINTS = 48
OUTLINED = 20_000  # circles of extended emission that are drawn at most
FOOTPRINT_POINTS = 120  # these are large on the screen


def draw(layer: Layer) -> Drawing:
    """A drawing of a layer, complete."""
    drawing = Drawing(name=layer.name, size=POINT_SIZE.get(layer.kind, 12.0))
    with drawing.hold_sync():
        restyle(drawing, layer)
        DRAW[layer.kind](drawing, layer)
        reshow(drawing, layer)
        remark(drawing, layer)
    return drawing


def restyle(drawing: Drawing, layer: Layer) -> None:
    """Carry over visibility, opacity, colour and shape, and how each row looks."""
    drawing.visible, drawing.opacity = layer.visible, layer.opacity
    drawing.color, drawing.shape = layer.color, layer.shape
    if isinstance(layer, CatalogLayer):
        drawing.style = style_of(layer)
        if drawing.errors != layer.looks.errors:
            outline(drawing, layer)


def reshow(drawing: Drawing, layer: Layer) -> None:
    """Carry over which rows are shown; those without a position are left out in the browser."""
    shown = getattr(layer, "shown", None)
    drawing.shown = packed.bits(np.ones(len(drawing.ra) // 8, bool) if shown is None else shown)
    if isinstance(layer, CatalogLayer) and layer.looks.label_by and layer.rows > LABELLED:
        drawing.style = style_of(layer)  # of so many only rows on show are labelled


def remark(drawing: Drawing, layer: Layer) -> None:
    """Carry over which rows are marked."""
    marked = getattr(layer, "marked", None)
    drawing.marked = b"" if marked is None or not marked.any() else packed.bits(marked)


def _degrees(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    ra, dec = layer.coords.ra.deg, layer.coords.dec.deg
    return np.atleast_1d(np.asarray(ra, float)), np.atleast_1d(np.asarray(dec, float))


def _points(drawing: Drawing, layer: Layer, details: Sequence[str] = ()) -> None:
    ra, dec = _degrees(layer)
    drawing.ra, drawing.dec = ra.tobytes(), dec.tobytes()
    drawing.text, drawing.details = packed.texts(layer.names), list(details)


def stroke(
    lines: Iterable[np.ndarray],
    rows: Sequence[int] | None = None,
    *,
    width: float = 1.6,
    dash: Sequence[float] = (),
    fill: float = 0.0,
    alpha: float = 1.0,
    halo: bool = False,
    min_px: float = 0.0,
) -> dict[str, Any]:
    """Lines in the form that the front end takes.

    Parameters
    ----------
    lines : iterable of (N, 2) float arrays
        Right ascension and declination in degrees along each line.
    rows : sequence of int, optional
        The row of the layer that each line belongs to; a line of a hidden row is not drawn.
    """
    lines = [np.asarray(line, float) for line in lines]
    starts = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.uint32)
    vertices = np.concatenate(lines) if lines else np.empty((0, 2))
    return {
        "ra": np.ascontiguousarray(vertices[:, 0]).tobytes(),
        "dec": np.ascontiguousarray(vertices[:, 1]).tobytes(),
        "starts": starts.tobytes(),
        "rows": None if rows is None else np.asarray(rows, np.uint32).tobytes(),
        "width": width,
        "dash": list(dash),
        "fill": fill,
        "alpha": alpha,
        "halo": halo,
        "min_px": min_px,
        "reach": max((float(np.ptp(line[:, 1])) for line in lines), default=0.0),
    }


def _skymap(drawing: Drawing, layer: SkyMapLayer) -> None:
    drawing.tiles = packed_tiles(density_tiles(layer.skymap))
    contours(drawing, layer)


def contours(drawing: Drawing, layer: SkyMapLayer) -> None:
    """The 50 % and 90 % lines, and the level of the slider where it is another one."""
    styles: dict[float, dict[str, Any]] = {
        0.5: {"width": 2.0, "dash": ()},
        0.9: {"width": 2.0, "dash": (7, 4)},
    }
    strokes = [stroke(layer.skymap.contours(q), halo=True, **styles[q]) for q in LEVELS]
    if not any(abs(layer.level - q) < 1e-9 for q in LEVELS):
        strokes.append(stroke(layer.skymap.contours(layer.level), halo=True, width=1.4, dash=(2, 3)))
    drawing.strokes = strokes


def _events(drawing: Drawing, layer: EventLayer) -> None:
    _points(drawing, layer, [_event_details(event) for event in layer.events])
    lines, rows = [], []
    for row, event in enumerate(layer.events):
        if isinstance(event.localization, SkyRegion):
            for line in event.localization.outline(FOOTPRINT_POINTS):
                lines.append(line)
                rows.append(row)
    drawing.strokes = [stroke(lines, rows, width=1.5, fill=0.10, alpha=0.9, min_px=6)]


def _event_details(event: Event) -> str:
    lines = []
    if event.time is not None:
        lines.append(event.time.utc.iso[:19] + " UTC")
    if event.energy is not None and np.isfinite(event.energy.value):
        lines.append(_("energy {energy}").format(energy=f"{event.energy:.4g}"))
    if event.signalness is not None and np.isfinite(event.signalness):
        lines.append(_("signalness {value}").format(value=f"{event.signalness:.2f}"))
    if event.region_kind:
        lines.append(event.region_kind)
    return "\n".join(lines)


def _catalog(drawing: Drawing, layer: CatalogLayer) -> None:
    _points(drawing, layer)
    outline(drawing, layer)


def outline(drawing: Drawing, layer: CatalogLayer) -> None:
    """Error ellipses, and circles of extended emission, as lines; those of large catalogues are in the style."""
    catalog, strokes = layer.catalog, []
    ra, dec = _degrees(layer)
    drawing.errors = layer.looks.errors
    if drawing.errors and layer.rows <= LARGE:
        radius, ellipse = catalog.error, catalog.error_ellipse
        if ellipse is None and radius is not None:
            ellipse = radius, radius, 0 * radius
        if ellipse is not None:
            a, b, pa = (np.asarray(q.to_value("deg"), float) for q in ellipse)
            strokes.append(_ellipses(ra, dec, a, b, np.where(np.isfinite(pa), pa, 0.0), width=1.3, min_px=10))
    if catalog.extension is not None:
        size = np.asarray(catalog.extension.to_value("deg"), float)
        if (size > 0).sum() <= OUTLINED:
            strokes.append(
                _ellipses(ra, dec, size, size, np.zeros_like(size), width=1.3, fill=0.12, min_px=10)
            )
    drawing.strokes = strokes


def _ellipses(
    ra: np.ndarray, dec: np.ndarray, a: np.ndarray, b: np.ndarray, pa: np.ndarray, **style: Any
) -> dict[str, Any]:
    """Ellipses with semi-axes ``a`` and ``b`` and position angle ``pa``, all in degrees, one a row."""
    rows = np.flatnonzero(np.isfinite(ra) & (a > 0) & (b > 0))
    t = np.linspace(0, 2 * np.pi, OUTLINE_POINTS + 1)
    lines = _offset_ellipses(ra[rows], dec[rows], a[rows], b[rows], pa[rows], t)
    return stroke(lines, list(rows), **style)


def _offset_ellipses(
    ra: np.ndarray, dec: np.ndarray, a: np.ndarray, b: np.ndarray, pa: np.ndarray, t: np.ndarray
) -> np.ndarray:
    """Vertices (rows, points, 2) at the distances and position angles of the ellipse (SCIENCE: q = 1)."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    if not len(ra):
        return np.empty((0, len(t), 2))
    x, y = a[:, None] * np.cos(t), b[:, None] * np.sin(t)
    center = SkyCoord(ra[:, None] * u.deg, dec[:, None] * u.deg)
    angle = np.degrees(np.arctan2(y, x)) + pa[:, None]
    at = center.directional_offset_by(angle * u.deg, np.hypot(x, y) * u.deg)
    return np.stack([at.ra.deg, at.dec.deg], axis=-1)


def _regions(drawing: Drawing, layer: RegionLayer) -> None:
    picture = getattr(layer.data, "picture", None)  # a cut-out has one
    if picture is not None:
        drawing.picture = packed_picture(picture)
    strokes = []
    for k, region in enumerate(layer.regions):
        own = drawing_layers.styled(region, FOOTPRINT_POINTS, stroke)
        if own:
            strokes += own
            continue
        lines = region.outline(FOOTPRINT_POINTS)
        # Lines around a MOC may be those of its holes: filling them would show the contrary.
        fill = 0.12 if k == 0 and region.kind != "moc" and picture is None else 0.0
        strokes.append(stroke(lines, width=1.7, dash=(7, 4) if k else (), fill=fill, halo=True))
    drawing.strokes = strokes


def _event_list(drawing: Drawing, layer: EventListLayer) -> None:
    drawing.tiles = packed_tiles(layer.counts.tiles())
    if layer.events.pointing is not None:  # of a telescope that scans the sky, no circle was its field
        drawing.strokes = [stroke(layer.footprint.outline(FOOTPRINT_POINTS), width=1.5, alpha=0.9)]


DRAW: dict[str, Callable[[Drawing, Any], None]] = {
    "skymap": _skymap,
    "events": _events,
    "catalog": _catalog,
    "eventlist": _event_list,
    "region": _regions,
    "image": drawing_layers.image,
    "map": drawing_layers.quantity,
    "survey": drawing_layers.survey,
}
