"""Spectrum: ν Fν of what is selected, each archive in its colour and marker, limits as arrows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from astropy.time import Time

from skyexplorer.model import sed as sed_
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.curve_data import look_of
from skyexplorer.views.plots import PlotPanel
from skyexplorer.views.twin import Twin, number

POINTS = ("x", "y", "lo", "hi", "x0", "x1", "color", "marker", "text", "band", "when")
LIMITS = ("x", "y", "x0", "x1", "color", "text", "band", "when", "arrow")
# Of ticks at powers of ten, those that are whole words.
ENERGY_TICK = """
const units = [[1e12, 'TeV'], [1e9, 'GeV'], [1e6, 'MeV'], [1e3, 'keV'], [1, 'eV'], [1e-3, 'meV'], [1e-6, 'μeV'],
  [1e-9, 'neV']];
const [size, unit] = units.find(([size]) => tick >= 0.999 * size) || units[units.length - 1];
return `${Number((tick / size).toPrecision(3))} ${unit}`;
"""
# One to nine times a power of ten, as it is written by hand.
HERTZ_TICK = """
const power = Math.floor(Math.log10(tick) + 1e-9);
const digits = [...String(power)].map((digit) => digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit]).join('');
const lead = Number((tick / 10 ** power).toPrecision(3));
return lead === 1 ? `10${digits}` : `${lead}·10${digits}`;
"""
FOLLOW = f"energy.setv({{start: cb_obj.start / {sed_.EV_HZ}, end: cb_obj.end / {sed_.EV_HZ}}})"
NIGHTS = ("#E8B93A", "#E0705A", "#B8529E", "#7E63C9")
"""Colours of nights, the first to the last; seen on a dark and on a light ground."""
NOTHING = (1e24, 1e28)  # Hz


class SpectrumPanel(PlotPanel):
    """The spectral energy distribution of a source."""

    name = "spectrum"
    doing = _("The spectrum")

    def __init__(self, session: Session, verbs: Any, bokeh: Any, *, dark: bool = True) -> None:
        super().__init__(session, verbs, bokeh, dark=dark)
        self.link(session.layers.changed, self._layer_changed)

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        return {
            **super().texts(),
            "panel": _("Spectrum"),
            "plot": _("Spectral energy distribution"),
            "none": _("Select a source to see its spectrum."),
        }

    def _layer_changed(self, layer: Any, field: str) -> None:
        if field == "color" and self.session.plots.spectrum is not None:
            self.soon()

    def build(self) -> Any:
        """The figure."""
        from bokeh.models import (
            ColumnDataSource,
            CustomJS,
            CustomJSTickFormatter,
            HoverTool,
            LogAxis,
            LogScale,
            PanTool,
            Range1d,
            ResetTool,
            WheelZoomTool,
        )
        from bokeh.plotting import figure

        self.points = ColumnDataSource({name: [] for name in POINTS})
        self.limits = ColumnDataSource({name: [] for name in LIMITS})
        fig = figure(
            x_axis_type="log", y_axis_type="log", x_range=Range1d(*NOTHING), y_range=Range1d(1e-13, 1e-10),
            sizing_mode="stretch_both", toolbar_location="right", output_backend="canvas", min_border_right=20,
            tools=[PanTool(), WheelZoomTool(), ResetTool()],
        )  # fmt: skip
        fig.toolbar.logo = None
        energy = Range1d(*(end / sed_.EV_HZ for end in NOTHING))
        fig.extra_x_ranges, fig.extra_x_scales = {"energy": energy}, {"energy": LogScale()}
        top = LogAxis(x_range_name="energy", formatter=CustomJSTickFormatter(code=ENERGY_TICK))
        top.ticker.desired_num_ticks = 7
        fig.add_layout(top, "above")
        follow = CustomJS(args={"energy": energy}, code=FOLLOW)
        for end in ("start", "end"):
            fig.x_range.js_on_change(end, follow)
        self.energies = energy
        fig.segment("x0", "y", "x1", "y", source=self.points, color="color", line_alpha=0.7, line_width=1.4)
        fig.segment("x", "lo", "x", "hi", source=self.points, color="color", line_width=1.4)
        dots = fig.scatter("x", "y", source=self.points, color="color", marker="marker", size=8)
        fig.segment("x0", "y", "x1", "y", source=self.limits, color="color", line_width=1.6)
        caps = fig.scatter("x", "y", source=self.limits, color="color", marker="dash", size=10)
        fig.text(
            "x", "y", text="arrow", source=self.limits, text_color="color", text_font_size="20px",
            text_align="center", text_baseline="top", y_offset=-3,
        )  # fmt: skip
        tips = [("", "@text"), ("", "@band"), ("", "@when")]
        fig.add_tools(HoverTool(renderers=[dots, caps], tooltips=tips, attachment="above"))
        fig.yaxis.axis_label = _("ν Fν (erg cm⁻² s⁻¹)")
        fig.yaxis.ticker.desired_num_ticks = 4
        fig.below[0].axis_label, fig.below[0].formatter = (
            _("frequency (Hz)"),
            CustomJSTickFormatter(code=HERTZ_TICK),
        )
        return fig

    def draw(self) -> None:
        """See `PlotPanel.draw`."""
        found = self.session.plots.spectrum
        self.message = self.session.plots.message
        self.has_data = found is not None and len(found) > 0
        self.title = "" if found is None else found.name
        self.more = [] if found is None else [*found.refused, *found.notes]
        self.more_label = _("{count} not used").format(count=len(self.more)) if self.more else ""
        if self.figure is None:
            self.put(self.build())
        looks = self._looks(() if found is None else found.archive)
        nights = {} if found is None else _nights(found)
        self.legend = [
            {"label": label, "color": color, "marker": marker}
            for name, (own, marker) in looks.items()
            for label, color in _legend(name, own, nights.get(name, []))
        ]
        self.note = "" if not found else _described(found)
        with self.child.together():
            points, limits = columns(found, looks, nights)
            self.points.data, self.limits.data = points, limits
            if found is not None and len(found):
                self._fit(found)

    def as_rows(self) -> Twin:
        """See `Twinned`."""
        found = self.session.plots.spectrum
        points = [] if found is None else found.points
        heads = [
            _("Frequency (Hz)"), _("From (Hz)"), _("To (Hz)"), _("ν Fν (erg cm⁻² s⁻¹)"), "−", "+", _("Limit"),
            _("Band"), _("Archive"), _("Date (UTC)"),
        ]  # fmt: skip

        def line(point: sed_.Point) -> list[str]:
            errors = (number(value, 3) for value in (point.minus, point.plus))
            return [
                *(number(value) for value in (point.frequency, point.low, point.high, point.flux)), *errors,
                _("limit") if point.limit else "", point.band, point.archive,
                Time(point.mjd, format="mjd").iso[:10] if math.isfinite(point.mjd) else "",
            ]  # fmt: skip

        caption = _("Spectrum of {name}").format(name=found.name) if found is not None else _("Spectrum")
        return Twin(
            caption, heads, frozenset(range(6)), len(points),
            lambda start, stop: [line(point) for point in points[start:stop]],
        )  # fmt: skip

    def _looks(self, archives: Any) -> dict[str, tuple[str, str]]:
        """A colour and a marker for each archive: the colour of its layer, if no other has it."""
        looks: dict[str, tuple[str, str]] = {}
        for place, name in enumerate(dict.fromkeys(archives)):
            color, marker = look_of(place)
            layer = next((one for one in self.session.layers.values() if one.name == name), None)
            if layer is not None and layer.color not in {taken for taken, _marker in looks.values()}:
                color = layer.color
            looks[name] = color, marker
        return looks

    def _fit(self, found: sed_.SpectralEnergyDistribution) -> None:
        low, high = (bound.value[np.isfinite(bound.value)] for bound in found.frequency_bounds)
        x = np.concatenate([found.frequency.value, low, high])
        y = found.flux.value
        down = (found.flux - found.error[0]).value
        y = np.concatenate(
            [y, down[np.isfinite(down) & (down > 0.1 * y)], (found.flux + found.error[1]).value]
        )
        for axis, values, least in ((self.figure.x_range, x, 1.5), (self.figure.y_range, y, 2.0)):
            values = values[np.isfinite(values) & (values > 0)]
            air = max((values.max() / values.min()) ** 0.08, least)
            start, end = float(values.min() / air), float(values.max() * air)
            axis.update(start=start, end=end, reset_start=start, reset_end=end)
        ends = self.figure.x_range.start / sed_.EV_HZ, self.figure.x_range.end / sed_.EV_HZ
        self.energies.update(start=ends[0], end=ends[1])


def _nights(found: sed_.SpectralEnergyDistribution) -> dict[str, list[int]]:
    """Days (MJD) of the points of each archive that has points of several."""
    days: dict[str, set[int]] = {}
    for name, mjd in zip(found.archive, found.mjd, strict=True):
        if math.isfinite(mjd):
            days.setdefault(name, set()).add(math.floor(mjd))
    return {name: sorted(own) for name, own in days.items() if len(own) > 1}


def _shade(night: int, nights: list[int]) -> str:
    """A colour for a night: the first yellow, the last violet."""
    share = nights.index(night) / (len(nights) - 1) * (len(NIGHTS) - 1)
    at = min(int(share), len(NIGHTS) - 2)
    one, two = ([int(color[k : k + 2], 16) for k in (1, 3, 5)] for color in (NIGHTS[at], NIGHTS[at + 1]))
    return "#" + "".join(f"{round(a + (b - a) * (share - at)):02X}" for a, b in zip(one, two, strict=True))


def _legend(name: str, color: str, nights: list[int]) -> list[tuple[str, str]]:
    if not nights:
        return [(name, color)]
    first, last = (Time(night, format="mjd").iso[:10] for night in (nights[0], nights[-1]))
    return [(f"{name} {first}", _shade(nights[0], nights)), (f"… {last}", _shade(nights[-1], nights))]


def columns(
    found: sed_.SpectralEnergyDistribution | None,
    looks: dict[str, tuple[str, str]],
    nights: dict[str, list[int]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns for points and for limits."""
    points: dict[str, list[Any]] = {name: [] for name in POINTS}
    limits: dict[str, list[Any]] = {name: [] for name in LIMITS}
    for point in [] if found is None else found.points:
        color, marker = looks[point.archive]
        if point.archive in nights and math.isfinite(point.mjd):
            color = _shade(math.floor(point.mjd), nights[point.archive])
        low = point.low if math.isfinite(point.low) else point.frequency
        high = point.high if math.isfinite(point.high) else point.frequency
        minus, plus = (0.0 if math.isnan(error) else error for error in (point.minus, point.plus))
        row = {
            "x": point.frequency, "y": point.flux, "x0": low, "x1": high, "color": color, "marker": marker,
            "lo": max(point.flux - minus, 0.02 * point.flux), "hi": point.flux + plus, "arrow": "↓",
            "text": _text(point, minus, plus), "band": " · ".join(filter(None, (point.band, point.archive))),
            "when": Time(point.mjd, format="mjd").iso[:10] if math.isfinite(point.mjd) else "",
        }  # fmt: skip
        for name, values in (limits if point.limit else points).items():
            values.append(row[name])
    return points, limits


def _text(point: sed_.Point, minus: float, plus: float) -> str:
    unit = "erg cm⁻² s⁻¹"
    if point.limit:
        return f"< {point.flux:.3g} {unit}"
    errors = f" +{plus:.2g} −{minus:.2g}" if minus or plus else ""
    return f"{point.flux:.3g}{errors} {unit}"


def _described(found: sed_.SpectralEnergyDistribution) -> str:
    limits = int(found.upper_limit.sum())
    said = _("{count} points").format(count=len(found) - limits)
    return said + (" · " + _("{count} upper limits").format(count=limits) if limits else "")
