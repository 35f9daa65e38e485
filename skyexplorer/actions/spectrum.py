"""Spectrum: of a source, from all catalogues on the sky that have it, each an archive of its own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from astropy import units as u

from skyexplorer.actions import finding
from skyexplorer.actions.select import named
from skyexplorer.errors import InputError
from skyexplorer.model.sed import Point, SpectralEnergyDistribution
from skyexplorer.model.sed_rows import points_of, points_of_curve
from skyexplorer.session.inview import chords
from skyexplorer.session.layers import CatalogLayer
from skyexplorer.session.selection import is_event, is_source
from skyexplorer.session.session import Session
from skyexplorer.session.text import _

CONTAINED = math.sqrt(-2 * math.log(0.01))
"""Of the combined Gaussian errors: how far apart two positions of one source may be, 99 % of them are nearer."""
LEAST = math.radians(2 / 3600)
"""Radians: nearer than this they are one, whatever the errors; where a catalogue has none, it is all there is."""


def spectrum(session: Session, source: Any) -> SpectralEnergyDistribution | None:
    """Show the spectrum of a source, an event, the name of one, or one that was read; and return it.

    Raises
    ------
    InputError
        For something that has none.
    NotFoundError
        For an unknown name.
    """
    if isinstance(source, SpectralEnergyDistribution):
        session.plots.tab = "spectrum"  # first: with its tab opens that of the selection
        session.plots.show_spectrum(source)
        return source
    if isinstance(source, str):
        source = named(session, source)
    if not (is_source(source) or is_event(source)):
        raise InputError(
            f"{source!r} has no spectrum.", "Give a source of a catalogue, an event, or a spectrum."
        )
    found = gathered(session, source)
    session.plots.tab = "spectrum"
    _show(session, source, found)
    return found


def follow(session: Session) -> None:
    """From now on, the spectrum follows the selection while it is looked at; an error becomes a notice."""

    @session.notices.guard(_("The spectrum of the selection"))
    def look() -> None:
        if session.plots.tab != "spectrum":
            return
        sources = session.selection.sources
        if len(sources) == 1:
            _show(session, sources[0], gathered(session, sources[0]))
        elif sources:
            session.plots.show_spectrum(
                None, _("{count} are selected: choose one.").format(count=len(sources))
            )
        else:
            session.plots.show_spectrum(None)

    def again() -> None:
        """One that was shown by name, or was read, stays where nothing is selected."""
        if session.selection.sources:
            look()

    session.selection.sources_changed.connect(lambda sources, by: look())
    session.selection.time_range_changed.connect(lambda time_range, by: again())
    session.plots.changed.connect(lambda what: again() if what == "tab" else None)
    for signal in (session.layers.added, session.layers.removed):
        signal.connect(lambda layer: again())


def gathered(session: Session, source: Any) -> SpectralEnergyDistribution | None:
    """Points of all catalogues on the sky that have the source, of its light curve, and what was refused; or None.

    Of a catalogue the nearest row counts whose distance is within the errors of both positions (99 %), or, where there are
    none, 2 arcsec. Points of a light curve are those of the chosen time range.
    """
    points: list[Point] = []
    refused: list[str] = []
    origins = []
    for layer, row in _same(session, source):
        found, why = points_of(layer.catalog, row, layer.name)
        points += found
        refused += [f"{layer.name}: {text}" for text in why]
        if found and layer.origin is not None:
            origins.append(layer.origin)
    curve = finding.curve_of(session, source)
    if curve is not None:
        chosen = session.selection.time_range
        times = None if chosen is None else (float(chosen[0].utc.mjd), float(chosen[1].utc.mjd))
        name = curve.name if curve.name and curve.name != str(source.name) else curve.origin.title
        found, why = points_of_curve(curve, name, times)
        points += found
        if found:
            origins.append(curve.origin)
            refused += [f"{name}: {text}" for text in why]
        elif not points:
            refused += [f"{name}: {text}" for text in why]
    if not points and not refused:
        return None
    return SpectralEnergyDistribution.of(
        points, name=str(source.name), refused=tuple(dict.fromkeys(refused)), origins=tuple(origins)
    )


def _same(session: Session, source: Any) -> list[tuple[CatalogLayer, int]]:
    """The row of each catalogue that is this source; its own first."""
    own = session.layers.find(source)
    found = []
    if own is not None and isinstance(own[0], CatalogLayer):
        found.append((own[0], own[1]))
    coord = source.coord if is_source(source) else source.position
    if coord is None or not np.isfinite(coord.ra.deg):
        return found
    sigma = _sigma(source)
    for layer in session.layers.values():
        if not isinstance(layer, CatalogLayer) or (found and layer is found[0][0]):
            continue
        row = _nearest(layer, float(coord.ra.rad), float(coord.dec.rad), sigma)
        if row is not None:
            found.append((layer, row))
    return found


def _sigma(source: Any) -> float:
    """One sigma of its position, radians; 0 where it is not known, or where a footprint tells it."""
    if not is_source(source) or source.catalog.error is None:
        return 0.0
    own = float(source.catalog.error[source.index].to_value(u.rad))
    return own if math.isfinite(own) else 0.0


def _nearest(layer: CatalogLayer, ra: float, dec: float, sigma: float) -> int | None:
    apart = chords(layer, ra, dec)
    # Only those that the largest error could reach are looked at.
    errors = layer.catalog.error
    theirs = np.zeros(len(apart)) if errors is None else np.nan_to_num(errors.to_value(u.rad))
    with np.errstate(invalid="ignore"):
        reach = np.maximum(CONTAINED * np.hypot(theirs, sigma), LEAST)
        near = np.flatnonzero(apart <= reach**2)
    return int(near[np.argmin(apart[near])]) if len(near) else None


def _show(session: Session, source: Any, found: SpectralEnergyDistribution | None) -> None:
    if found is not None and len(found):
        session.plots.show_spectrum(found)
        return
    name = str(source.name)
    said = _("{name} has no spectrum in what is on the sky.").format(name=name)
    if found is not None:
        said = _("{name}: nothing could be turned into ν Fν.").format(name=name)
    session.plots.show_spectrum(found, said)
