"""A region drawn on the sky becomes the selected one; the selected one is shown, and the footprints of images with it.

The browser draws (``frontend/src/sky/region.js``) while `Tools.tool` names a tool, and tells the corners in degrees. A
circle, a box or a polygon it also paints itself, so that the line keeps up with the hand that moves a corner; of others
Python sends the outline.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer.session.drawn import region_of, shape_of
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.canvas import Drawing, SkyCanvas
from skyexplorer.views.drawing import FOOTPRINT_POINTS, stroke
from skyexplorer.views.findings import area

ME = "sky"
COLOR = "#f2f6ff"  # of no layer: what is asked about, not what is there
IMAGES = "#9fd8cb"
MOST = 300  # footprints drawn at once
OUTLINE = 24  # points of each


class DrawnRegion:
    """The selected region on the canvas, what can be done with it, and the tools that draw one.

    Parameters
    ----------
    session : Session
        Whose ``selection.region`` and ``tools`` are shown.
    canvas : SkyCanvas
        Where.
    verbs : object
        Has ``select_region``, ``select_inside`` and ``show_inside``: what clicks call.

    Attributes
    ----------
    drawing : Drawing
        To be put on top of those of the layers.
    """

    def __init__(self, session: Session, canvas: SkyCanvas, verbs: Any) -> None:
        self.session, self.canvas, self.verbs = session, canvas, verbs
        self.drawing = Drawing(name=_("Region asked about"), color=COLOR)
        self._drawn: tuple[Any, str, list[list[float]]] = (None, "", [])  # a region, and how it came about
        self._answered: dict[str, Any] = {"view": "", "turn": 0}
        self._moving = self._follows = False  # a corner is being moved; the filter was of this region
        self.ask: Any = None
        """Called where the archives are to be asked about the region: it brings their panel to the front."""
        guard = session.notices.guard(_("Drawing the region"))
        self._links = [
            (session.selection.region_changed, guard(self._region_changed)),
            (session.tools.changed, guard(self._tools_changed)),
        ]
        for signal, slot in self._links:
            signal.connect(slot)
        self._region_changed(session.selection.region, "")
        for what in ("tool", "path", "inside"):
            self._tools_changed(what)

    def close(self) -> None:
        """Stop following the session."""
        for signal, slot in self._links:
            signal.disconnect(slot)
        self.drawing.close()

    # canvas -> session

    def heard(self, content: dict[str, Any]) -> None:
        """What the browser told: a region, one that is being moved (not ``final``), or that the tool was put away."""
        final = content.get("final", True)
        if final:
            self.session.tools.tool = ""
        self._answered = {"view": content.get("view", ""), "turn": content.get("turn", 0)}
        try:
            if content["shape"]:
                self._draw(content["shape"], content["points"], final)
        finally:
            self._tell()  # also where the shape cannot be: the browser shows the one before again

    def _draw(self, shape: str, points: list[list[float]], final: bool) -> None:
        region, before = region_of(shape, points), self.session.selection.region
        self._drawn = region, shape, points
        if self.session.tools.inside is before:
            self._follows = before is not None
        elif not self._moving:
            self._follows = False
        self._moving = not final
        if not final:
            self.session.selection.choose_region(region, by=ME)
            return
        self.verbs.select_region(region, by=ME)
        if self._follows:
            self.verbs.show_inside(region)

    def took(self, content: dict[str, Any]) -> None:
        """A tool of the strip."""
        self.session.tools.tool = content["name"]

    def measured(self, content: dict[str, Any]) -> None:
        """Points that were measured between; none takes them away."""
        points = content["points"]
        path = SkyCoord([p[0] for p in points] * u.deg, [p[1] for p in points] * u.deg) if points else None
        self.session.tools.path = path

    def act(self, content: dict[str, Any]) -> None:
        """A button beside the region."""
        ACTS[content["act"]](self)

    def _select(self) -> None:
        count = self.verbs.select_inside(by=ME)
        self.session.notices.post(
            _("1 source is inside.")
            if count == 1
            else _("{count} sources are inside.").format(count=f"{count:,}")
        )

    def _filter(self) -> None:
        region = self.session.selection.region
        self.verbs.show_inside(None if self.session.tools.inside is region else region)

    def _unfilter(self) -> None:
        self.verbs.show_inside(None)

    def _ask(self) -> None:
        self.session.archives.within = "region"
        if self.ask is not None:
            self.ask()

    def _save(self) -> None:
        region, view = self.session.selection.region, self.session.viewport
        target, fov = view.target, view.fov
        self.verbs.open(region, name=_("drawn {kind}").format(kind=region.kind))
        view.move(target=target, fov=fov)  # it is looked at already

    def _remove(self) -> None:
        self.verbs.select_region(None, by=ME)

    def _copied(self) -> None:
        self.session.notices.post(_("The region is in the clipboard, as Python source."))

    def _uncopied(self) -> None:
        self.session.notices.post(
            _("The clipboard cannot be written from this page: {text}").format(text=self._source()), "warning"
        )

    # session -> canvas

    def _region_changed(self, region: Any, by: str) -> None:
        drawn = shape_of(region)[0]
        lines = [] if region is None or drawn else region.outline(FOOTPRINT_POINTS)
        fill = 0.0 if getattr(region, "kind", "") == "moc" else 0.07
        self.drawing.strokes = [stroke(lines, width=1.7, dash=(2, 3), fill=fill, halo=True)] if lines else []
        if by != ME:
            self._answered = {"view": "", "turn": 0}
        self._tell()
        self._tools_changed("inside")

    def _tell(self) -> None:
        region = self.session.selection.region
        if region is not None and self._drawn[0] is region:
            shape, points = self._drawn[1:]
        else:
            shape, points = shape_of(region)
        self.canvas._region = {
            "there": region is not None,
            "shape": shape,
            "points": points,
            "text": "" if region is None else area(region),
            "source": self._source(),
            **self._answered,
        }

    def _source(self) -> str:
        """The region as Python source; empty where it has none."""
        region = self.session.selection.region
        return "" if region is None else self.session.steps.source_of(region)

    def _tools_changed(self, what: str) -> None:
        tools = self.session.tools
        if what == "tool":
            self.canvas._tool = tools.tool
        elif what == "path":
            path = tools.path
            self.canvas._path = [] if path is None else [[float(at.ra.deg), float(at.dec.deg)] for at in path]
        else:
            inside = tools.inside
            same = inside is not None and inside is self.session.selection.region
            self.canvas._inside = {
                "text": "" if inside is None else _("Only inside the region"),
                "same": same,
            }


ACTS = {
    "select": DrawnRegion._select,
    "filter": DrawnRegion._filter,
    "unfilter": DrawnRegion._unfilter,
    "ask": DrawnRegion._ask,
    "layer": DrawnRegion._save,
    "clear": DrawnRegion._remove,
    "copied": DrawnRegion._copied,
    "uncopied": DrawnRegion._uncopied,
}


class Footprints:
    """Outlines of the images that were found, on the canvas; the chosen one stands out.

    Parameters
    ----------
    session : Session
        Whose images are shown.
    verbs : object
        Has ``submit``: hundreds of outlines are made elsewhere.

    Attributes
    ----------
    drawing : Drawing
        To be put on top of those of the layers.
    """

    def __init__(self, session: Session, verbs: Any) -> None:
        self.session, self.verbs = session, verbs
        self.drawing = Drawing(name=_("Images"), color=IMAGES)
        self._of: Any = None
        self._lines: list[tuple[int, Any]] = []
        self._guard = session.notices.guard(_("Drawing footprints"))
        self._links = [(session.archives.changed, self._guard(self._changed))]
        for signal, slot in self._links:
            signal.connect(slot)
        self._changed("images")

    def close(self) -> None:
        """Stop following the session."""
        for signal, slot in self._links:
            signal.disconnect(slot)
        self.drawing.close()

    def _changed(self, what: str) -> None:
        if what != "images":
            return
        records = self.session.archives.finding("images").result
        if records is not self._of:
            self._of, self._lines = records, []
            if records:
                self._outline(records)
        self._draw()

    def _outline(self, records: Any) -> None:
        job = self.verbs.submit(outlines_of, list(records[:MOST]), what=_("Outlining images"))

        def ended() -> None:
            if job.state == "done" and records is self._of:
                self._lines = job.result(0)
                self._draw()

        job.then(self._guard(ended))

    def _draw(self) -> None:
        archives = self.session.archives
        chosen = [line for row, line in self._lines if row == archives.chosen]
        others = [line for row, line in self._lines if row != archives.chosen]
        strokes = []
        if archives.footprints and others:
            strokes.append(stroke(others, width=1.1, alpha=0.7, fill=0.03))
        if chosen:
            strokes.append(stroke(chosen, width=2.4, fill=0.06, halo=True))
        self.drawing.strokes = strokes


def outlines_of(records: Sequence[Any]) -> list[tuple[int, Any]]:
    """The lines around each record that tells what it covers: its number, and vertices (N, 2) in degrees."""
    regions = [(row, record.region) for row, record in enumerate(records)]
    return [(row, line) for row, region in regions if region is not None for line in region.outline(OUTLINE)]
