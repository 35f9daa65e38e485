"""Open: whatever is named becomes a layer on the sky, or a light curve, or an error that changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import samples
from skyexplorer.errors import FormatError, InputError, NotFoundError
from skyexplorer.io import hats
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.event import Event
from skyexplorer.model.eventlist import EventList
from skyexplorer.model.image import SkyImage
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.model.likelihood import LikelihoodMap
from skyexplorer.model.quantitymap import QuantityMap
from skyexplorer.model.region import SkyRegion
from skyexplorer.model.skymap import SkyMap
from skyexplorer.session.curves import key
from skyexplorer.session.layers import (
    CatalogLayer,
    EventLayer,
    EventListLayer,
    ImageLayer,
    Layer,
    MapLayer,
    RegionLayer,
    SkyMapLayer,
)
from skyexplorer.session.session import Session
from skyexplorer.session.text import _

ROOM = 2.6
"""How many times the radius of a 90 % region the view is wide."""


def open(session: Session, what: Any, *, name: str | None = None) -> Any:
    """Open a sample, a file, bytes, or an object, and show it; what lies elsewhere, `live` has fetched before.

    Parameters
    ----------
    session : Session
        Where it becomes a layer; a light curve is shown as a curve instead.
    what : str, Path, bytes, or object
        Name of a sample, or of a file; its bytes; or what was read of one: see what is returned.
    name : str, optional
        What the layer is called.

    Returns
    -------
    SkyMap, QuantityMap, SkyImage, SkyRegion, Event, list of Event, SourceCatalog, LightCurve or EventList
        What was opened. A sample or an object opened again is the same object, on the same layer.

    Raises
    ------
    NotFoundError
        A name that is neither a sample nor a file.
    FormatError
        A file that is not what it claims to be, or has no rows.
    InputError
        Something that cannot be opened.
    """
    if isinstance(what, str):
        sample = sample_name(what)
        if sample is not None:
            return _open_sample(session, sample, name)
    if isinstance(what, str | PurePath):
        path = _existing(what)
        return _show(session, _read(path, name or ""), name, path.name)
    if isinstance(what, bytes | bytearray | memoryview):
        return _show(session, _read(bytes(what), name or ""), name, _("bytes"))
    return _show(session, what, name, type(what).__name__)


def add_samples(session: Session) -> None:
    """The samples that an explorer starts with, as layers; the view stays."""
    for name, data in samples.default_layers():
        session.layers.add(make_layer(data, name))


def sample_name(text: str) -> str | None:
    """The sample that this names, as it is spelled, or None."""
    return next((name for name in samples.names() if key(name) == key(text)), None)


def _open_sample(session: Session, sample: str, name: str | None) -> Any:
    data = samples.open(sample)
    if not isinstance(data, LightCurve):
        for layer in session.layers.values():
            if layer.data is data or (layer.name == sample and _is_sample(layer)):
                return _reveal(session, layer)
    return _show(session, data, name if isinstance(data, LightCurve) else name or sample, sample)


def _is_sample(layer: Layer) -> bool:
    return layer.origin is not None and layer.origin.service == "sample"


def _existing(what: str | PurePath) -> Path:
    if "://" in str(what):
        raise InputError(
            f"{what} is an address of a kind that is not opened.",
            "Give one of http or https, or save it and give its path.",
        )
    path = Path(what).expanduser()
    try:
        exists, folder = path.exists(), path.is_dir()
    except (OSError, ValueError):  # too long, or with a null character: no name of a file
        exists = folder = False
    if not exists:
        raise NotFoundError(
            f"{str(what)[:200]!r} is neither a sample nor a file (looked for {str(path.absolute())[:300]}).",
            f'The samples are: {", ".join(samples.names())}. Events of archives are opened with source="live".',
        )
    if folder and not hats.is_hats(path):
        raise InputError(f"{path} is a folder, and no HATS catalogue.", "Give a file in it.")
    return path


def _read(what: Path | bytes, name: str) -> Any:
    from skyexplorer.model import opening

    return opening.read(what, name=name)


def _show(session: Session, data: Any, name: str | None, fallback: str) -> Any:
    if isinstance(data, LightCurve):
        title = name or data.name or fallback
        for known in {title, data.name, fallback} - {""}:
            session.curves.keep(data, known)
        session.curves.show(data, title)
        return data
    for layer in session.layers.values():
        if layer.data is data or _is_same(layer.data, data):
            return _reveal(session, layer)
    layer = make_layer(data, name or _own_name(data) or fallback)
    view = _view_of(layer)
    # Made first: what is wrong with it is found before the session is touched.
    field = data.light_curve() if isinstance(data, EventList) else None
    session.layers.add(layer)
    session.viewport.move(**view)
    if field is not None:
        session.curves.show(
            field, layer.name, _("Count rate of the whole field; select a source in it for its own.")
        )
    return layer.data


def _is_same(one: Any, other: Any) -> bool:
    """Whether two events are one that was fetched twice: of one name, and from the same bytes at the same address."""
    if not (isinstance(one, Event) and isinstance(other, Event) and one.name == other.name):
        return False
    mine, its = one.origin, other.origin
    fetched = mine.service not in ("file", "sample", "user") and bool(mine.checksum)
    same = (mine.service, mine.location, mine.checksum) == (its.service, its.location, its.checksum)
    return fetched and same and (one.revision, one.retracted) == (other.revision, other.retracted)


def _reveal(session: Session, layer: Layer) -> Any:
    layer.visible = True
    session.viewport.move(**_view_of(layer))
    return layer.data


def _own_name(data: Any) -> str:
    return str(getattr(data, "title", "") or getattr(data, "name", "") or "").strip()


def make_layer(data: Any, name: str) -> Layer:
    """The layer that draws this; InputError or FormatError where nothing can."""
    layer: Layer
    if isinstance(data, SkyMap):
        return SkyMapLayer(name, data)
    if isinstance(data, QuantityMap):
        return MapLayer(name, data)
    if isinstance(data, SkyImage):
        return ImageLayer(name, data)
    if isinstance(data, EventList):
        return EventListLayer(name, data)
    if isinstance(data, SkyRegion):
        colors = {shape.color for shape in data._shapes if shape.color}
        return RegionLayer(name, [data], color=colors.pop() if len(colors) == 1 else None)
    if isinstance(data, LikelihoodMap):
        return RegionLayer(name, [data.region(0.5), data.region(0.9)], data=data)
    if isinstance(data, Event):
        if isinstance(data.localization, SkyMap):
            return SkyMapLayer(name, data.localization, event=data)
        layer = EventLayer(name, [data], data=data)
    elif isinstance(data, SourceCatalog):
        if not len(data):
            raise FormatError(f"{name} has no rows.", "Open a table with at least one source.")
        layer = CatalogLayer(name, data)
    elif isinstance(data, list | tuple):
        if not data:
            raise FormatError(f"{name} holds no events.", "Open a table with at least one.")
        if all(isinstance(part, SkyRegion) for part in data):
            raise InputError(
                "Regions in a list are opened as one.", "Give their union: SkyRegion.union(regions)."
            )
        if not all(isinstance(event, Event) for event in data):
            raise InputError("The list holds something else than events.", "Give a list of Event.")
        layer = EventLayer(name, data)
    else:
        raise InputError(
            f"A value of type {type(data).__name__} cannot be opened.",
            "Give the name of a sample, a path, or a SkyMap, QuantityMap, SkyImage, SkyRegion, Event, SourceCatalog, "
            "LightCurve or EventList.",
        )
    # Asked for here, so that what is wrong with them is found before the session is touched.
    if len(layer.coords) != layer.rows or len(layer.names) != layer.rows:
        raise FormatError(
            f"{name} has {layer.rows} rows, but {len(layer.coords)} positions and {len(layer.names)} names.",
            "Give one of each for a row.",
        )
    return layer


def _view_of(layer: Layer) -> dict[str, Any]:
    """Where to look to see a map or a single event whole; nowhere else for tables."""
    if isinstance(layer, SkyMapLayer):
        at = layer.skymap.mode
        return {"target": at, "fov": _width(at, layer.skymap.contours(0.9))}
    if isinstance(layer, ImageLayer):
        return {
            "target": layer.image.center,
            "fov": float(np.clip(ROOM * layer.image.radius.to_value(u.deg), 0.02, 180.0)),
        }
    if isinstance(layer, EventListLayer | RegionLayer):
        at = layer.footprint if isinstance(layer, EventListLayer) else layer.regions[-1]
        return {"target": at.center, "fov": float(np.clip(ROOM * at.radius.to_value(u.deg), 0.2, 180.0))}
    if isinstance(layer, EventLayer) and isinstance(layer.data, Event) and layer.data.position is not None:
        at = layer.data.position
        outline = getattr(layer.data.localization, "outline", None)
        return {"target": at, "fov": _width(at, outline() if outline else ())}
    return {}


def _width(at: SkyCoord, lines: Iterable[np.ndarray]) -> float:
    """Degrees that hold the lines around a position, with room; between 0.2 and 180."""
    vertices = [np.asarray(line, float) for line in lines]
    if not vertices:
        return 10.0
    ra, dec = np.concatenate(vertices).T
    reach = at.icrs.separation(SkyCoord(ra * u.deg, dec * u.deg)).deg.max()
    return float(np.clip(ROOM * reach, 0.2, 180.0))
