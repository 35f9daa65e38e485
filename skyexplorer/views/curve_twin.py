"""The points of light curves as a table: all of them, also those that are too many to be drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.session.text import _
from skyexplorer.views import curve_data
from skyexplorer.views.curve_data import DAY, MJD_OF_0, milliseconds
from skyexplorer.views.twin import Twin, number


def twin_of(
    curves: Sequence[LightCurve], titles: Mapping[str, str], brush: Callable[[float, float], None]
) -> Twin:
    """The table of some curves, in order of time.

    Parameters
    ----------
    curves : sequence of LightCurve
    titles : mapping
        What providers are called, by their ids.
    brush : callable
        ``brush(start, stop)`` in ms: what choosing a row does, with the bin of its point; or half a day around it.

    Examples
    --------
    >>> from skyexplorer import samples
    >>> from skyexplorer.views.curve_twin import twin_of
    >>> twin = twin_of([samples.light_curve("TXS 0506+056")], {}, print)
    >>> twin.total, twin.heads[1], twin.texts(0, 1)[0][1][:5]
    (10, 'MJD (UTC)', '54865')
    """
    heads = [_("Time (UTC)"), _("MJD (UTC)"), _("Value"), "−", "+", _("Unit"), _("Limit"), _("Curve")]
    if not curves:
        return Twin(_("Light curve"), heads)
    labels = curve_data.labels_of(curves, titles)
    times = [milliseconds(curve.time) for curve in curves]
    of = np.repeat(np.arange(len(curves)), [len(own) for own in times])
    at = np.concatenate([np.arange(len(own)) for own in times])
    order = np.argsort(np.concatenate(times), kind="stable")
    of, at = of[order], at[order]

    def line(place: int) -> list[str]:
        curve, row = curves[of[place]], at[place]
        ms = times[of[place]][row]
        minus, plus = (float(error.value[row]) for error in curve.error)
        return [
            str(np.datetime64(int(ms), "ms"))[:16].replace("T", " "), f"{ms / DAY + MJD_OF_0:.4f}",
            number(curve.value.value[row]), number(minus, 3), number(plus, 3), curve.value.unit.to_string("unicode"),
            _("limit") if curve.upper_limit[row] else "", labels[of[place]][row] or curve.name,
        ]  # fmt: skip

    def choose(place: int) -> None:
        curve, row = curves[of[place]], at[place]
        ends = curve.time_bounds or (curve.time, curve.time)
        start, stop = (float(milliseconds(time[row])[0]) for time in ends)
        air = 0.0 if stop > start else DAY / 2
        brush(start - air, stop + air)

    return Twin(
        _("Light curve: {count} points").format(count=f"{len(order):,}"), heads, frozenset({1, 2, 3, 4}), len(order),
        lambda start, stop: [line(place) for place in range(start, stop)], choose,
    )  # fmt: skip
