"""Time panel: when the events on show happened, and a window over them that can be dragged and played.

The clock runs in the browser: it tells at most eight windows a second, and never a second one before the first was answered
(``heard``). Each is brushed, as a drag over the light curve is, so the sky, the table and the curve follow.
"""

from __future__ import annotations

import numpy as np
import traitlets
from astropy.time import Time

from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.session.timewindow import mjd_of
from skyexplorer.views.events import MESSENGER
from skyexplorer.views.panel import Panel
from skyexplorer.views.twin import Twin, Twinned, twin_texts

ME = "time"
NAMED = 2000  # events whose names the browser gets, to be read and chosen


class TimelinePanel(Twinned, Panel):
    """The strip below the sky; it takes no room where no event has a time."""

    kind = "time"
    doing = _("The time panel")

    times = traitlets.Bytes(b"", help="float64, MJD (UTC), rising.").tag(sync=True)
    kinds = traitlets.Bytes(b"", help="uint8, index into messengers.").tag(sync=True)
    messengers = traitlets.List(traitlets.Dict()).tag(sync=True)
    names = traitlets.List(traitlets.Unicode(), help="Of each event; none where there are many.").tag(
        sync=True
    )
    extent = traitlets.List(traitlets.Float()).tag(sync=True)
    window = traitlets.List(traitlets.Float(), help="Start and stop, MJD (UTC); none: all times.").tag(
        sync=True
    )
    view = traitlets.List(traitlets.Float(), help="What the axis spans; none: all. Set by the browser.").tag(
        sync=True
    )
    mode = traitlets.Unicode("window").tag(sync=True)
    speed = traitlets.Float(0.0).tag(sync=True)
    counted = traitlets.Unicode().tag(sync=True)
    heard = traitlets.Int(0, help="The last turn of the browser that was answered.").tag(sync=True)

    def __init__(self, session: Session, verbs: object) -> None:
        super().__init__(session, verbs)
        self._twin_soon = self.paced(self.twin_changed)  # while time is played, few see each row change
        self.link(session.timewindow.changed, self._changed)
        self.link(session.selection.time_range_changed, lambda span, by: self._moved())
        self._changed("events")
        self._changed("mode")
        self._changed("speed")

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        return {
            "panel": _("Time of the events"),
            "play": _("Play"),
            "pause": _("Pause"),
            "back": _("One window earlier"),
            "on": _("One window later"),
            "mode": _("Cumulative: from the first event on"),
            "speed": _("Speed"),
            "strip": _("Events in time: drag to choose a window, wheel to zoom, arrow keys to move it"),
            "start": _("Start of the window"),
            "stop": _("End of the window"),
            "fit": _("Fit the axis to all events"),
            "clear": _("All times again"),
            "all": _("all times"),
            "per_second": _("{span}/s"),
            "unit_s": _("s"),
            "unit_min": _("min"),
            "unit_h": _("h"),
            "unit_d": _("d"),
            "unit_yr": _("yr"),
            **twin_texts(),
        }

    # session -> browser

    def _changed(self, what: str) -> None:
        time = self.session.timewindow
        if what == "mode":
            self.mode = time.mode
        elif what == "speed":
            self.speed = time.speed
        else:
            marks, extent = time.marks, time.extent
            with self.hold_sync():
                self.times = np.ascontiguousarray(marks.mjd, np.float64).tobytes()
                self.kinds = marks.messenger.tobytes()
                self.messengers = [{"name": name, "label": MESSENGER[name][1]} for name in marks.messengers]
                self.names = list(marks.names) if len(marks) <= NAMED else []
                self.extent = [] if extent is None else list(extent)
                self._moved()

    def _moved(self) -> None:
        time = self.session.timewindow
        start, stop = time.start, time.stop
        with self.hold_sync():
            self.window = [] if start is None or stop is None else [mjd_of(start), mjd_of(stop)]
            self.counted = told(time.counted, len(time.marks))
            self._twin_soon()

    def as_rows(self) -> Twin:
        """See `Twinned`."""
        window = self.session.timewindow
        marks, ends = window.marks, (window.start, window.stop)
        low, high = (None if end is None else mjd_of(end) for end in ends)

        def line(at: int, mjd: float, date: str) -> list[str]:
            inside = low is None or high is None or low <= mjd <= high
            return [
                str(marks.events[at].name), date[:19], f"{mjd:.5f}",
                MESSENGER[marks.messengers[marks.messenger[at]]][1], _("in the window") if inside else "",
            ]  # fmt: skip

        def texts(start: int, stop: int) -> list[list[str]]:
            mjd = marks.mjd[start:stop]
            # All of a page at once: one by one they take a while.
            dates = Time(mjd, format="mjd", scale="utc").iso
            return [
                line(start + n, float(day), str(date))
                for n, (day, date) in enumerate(zip(mjd, dates, strict=True))
            ]

        return Twin(
            _("Events in order of time: {counted}").format(counted=self.counted),
            [_("Event"), _("Time (UTC)"), _("MJD (UTC)"), _("Messenger"), _("Window")], frozenset({2}), len(marks),
            texts, self.on_choose,
        )  # fmt: skip

    # browser -> session

    def on_window(self, start: float, stop: float, turn: int) -> None:
        """A handle was dragged, or the clock has gone on."""
        try:
            low, high = sorted((float(start), float(stop)))
            self.verbs.brush(instant(low), instant(high), by=ME)
        finally:
            self.heard = int(turn)

    def on_clear(self) -> None:
        """All times again."""
        self.verbs.brush(by=ME)

    def on_mode(self, name: str) -> None:
        """Whether playing carries both ends along, or only the later one."""
        self.session.timewindow.mode = name

    def on_speed(self, value: float) -> None:
        """Seconds that pass in a second."""
        self.session.timewindow.speed = float(value)

    def on_choose(self, index: int) -> None:
        """A click on an event."""
        self.verbs.select(self.session.timewindow.marks.events[int(index)], by=ME)


def told(count: int, total: int) -> str:
    """How many events are in the window."""
    if count == total:
        return _("1 event") if total == 1 else _("{total} events").format(total=f"{total:,}")
    return _("{count} of {total} events").format(count=f"{count:,}", total=f"{total:,}")


def instant(mjd: float) -> Time:
    """MJD (UTC) as a Time of whole milliseconds: short in a script.

    Examples
    --------
    >>> from skyexplorer.views.timeline import instant
    >>> instant(57982.52851851852).isot
    '2017-08-17T12:41:04.000'
    """
    return Time(Time(mjd, format="mjd", scale="utc").isot, format="isot", scale="utc")
