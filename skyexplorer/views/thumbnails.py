"""Thumbnails: the light curve of a source in a few points, for the tip beside the pointer."""

from __future__ import annotations

import numpy as np
from astropy import units as u

from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.session.session import Session

MOST = 60
"""Points of a thumbnail: of more, the median of each of so many bins of time."""
Point = tuple[float, float, bool]


def of(session: Session, layer: str, row: int) -> list[Point]:
    """Points of the light curve of a row; none where it has none here.

    Returns
    -------
    list of (x, y, limit)
        ``x`` and ``y`` from 0 to 1, from the first time to the last and from the lowest value to the highest; brighter
        is higher also where the values are magnitudes.
    """
    if layer not in session.layers or session.curves.find is None:
        return []
    curve = session.curves.find(session.layers[layer][row])
    return [] if curve is None else points(curve)


def points(curve: LightCurve) -> list[Point]:
    """The points of a curve."""
    time = np.asarray(curve.time.tai.mjd, float)
    value = np.asarray(getattr(curve.value, "value", curve.value), float)
    limit = np.asarray(curve.upper_limit, bool)
    good = np.isfinite(time) & np.isfinite(value)
    if good.sum() < 2 or not np.ptp(time[good]) > 0:
        return []
    time, value, limit = time[good], value[good], limit[good]
    unit = getattr(curve.value, "unit", None)
    if unit == u.mag or isinstance(unit, u.MagUnit):
        value = -value
    if len(time) > MOST:
        time, value, limit = _binned(time, value, limit)
    measured = value[~limit] if (~limit).any() else value
    low, high = float(measured.min()), float(measured.max())
    if not high > low:
        low, high = low - 1, high + 1
    x = (time - time.min()) / np.ptp(time)
    y = np.clip((value - low) / (high - low), 0, 1)
    return [(round(float(a), 4), round(float(b), 4), bool(c)) for a, b, c in zip(x, y, limit, strict=True)]


def _binned(
    time: np.ndarray, value: np.ndarray, limit: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Medians of bins of equal time; limits only where a bin has nothing else."""
    bins = np.minimum(((time - time.min()) / np.ptp(time) * MOST).astype(int), MOST - 1)
    rows = []
    for k in np.unique(bins):
        here = bins == k
        only = bool(limit[here].all())
        some = here if only else here & ~limit
        rows.append((float(np.median(time[some])), float(np.median(value[some])), only))
    t, v, only_limits = zip(*rows, strict=True)
    return np.array(t), np.array(v), np.array(only_limits)
