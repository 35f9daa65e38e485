"""A region drawn on the sky becomes the selected one; the selected one is shown, and the footprints of images with it.

The browser draws (``frontend/src/sky/region.js``) while `Archives.tool` names a tool, and tells the corners in degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer.errors import InputError
from skyexplorer.model.region import SkyRegion
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.canvas import Drawing, SkyCanvas
from skyexplorer.views.drawing import FOOTPRINT_POINTS, stroke

ME = "sky"
COLOR = "#f2f6ff"  # of no layer: what is asked about, not what is there
IMAGES = "#9fd8cb"
MOST = 300  # footprints drawn at once
OUTLINE = 24  # points of each


class DrawnRegion:
    """The selected region on the canvas, and the tools that draw one.

    Parameters
    ----------
    session : Session
        Whose ``selection.region`` and ``archives.tool`` are shown.
    canvas : SkyCanvas
        Where.

    Attributes
    ----------
    drawing : Drawing
        To be put on top of those of the layers.
    """

    def __init__(self, session: Session, canvas: SkyCanvas) -> None:
        self.session, self.canvas = session, canvas
        self.drawing = Drawing(name=_("Region asked about"), color=COLOR)
        guard = session.notices.guard(_("Drawing the region"))
        self._links = [
            (session.selection.region_changed, guard(self._region_changed)),
            (session.archives.changed, guard(self._archives_changed)),
        ]
        for signal, slot in self._links:
            signal.connect(slot)
        self._region_changed(session.selection.region, "")
        self._archives_changed("tool")

    def close(self) -> None:
        """Stop following the session."""
        for signal, slot in self._links:
            signal.disconnect(slot)
        self.drawing.close()

    def heard(self, content: dict[str, Any]) -> None:
        """What the browser told: a region, or that the tool was put away."""
        self.session.archives.tool = ""
        if content["shape"]:
            self.session.selection.choose_region(region_of(content["shape"], content["points"]), by=ME)

    def _region_changed(self, region: Any, by: str) -> None:
        lines = [] if region is None else region.outline(FOOTPRINT_POINTS)
        fill = 0.0 if getattr(region, "kind", "") == "moc" else 0.07
        self.drawing.strokes = [stroke(lines, width=1.7, dash=(2, 3), fill=fill, halo=True)] if lines else []

    def _archives_changed(self, what: str) -> None:
        if what == "tool":
            self.canvas._tool = self.session.archives.tool


def region_of(shape: str, points: list[list[float]]) -> SkyRegion:
    """The region that was drawn.

    Parameters
    ----------
    shape : str
        ``"circle"``, of a centre and a point of the edge, or ``"polygon"``, of three corners or more.
    points : list of [float, float]
        Right ascension and declination, degrees.

    Raises
    ------
    InputError
        For another shape, or corners that make no polygon.

    Examples
    --------
    >>> from skyexplorer.views.regions_draw import region_of
    >>> region_of("circle", [[10, 0], [10, 2]]).radius.round(3)
    <Quantity 2. deg>
    """
    corners = SkyCoord([ra for ra, _dec in points] * u.deg, [dec for _ra, dec in points] * u.deg)
    if shape == "circle":
        return SkyRegion.circle(corners[0], corners[0].separation(corners[1]))
    if shape == "polygon":
        return SkyRegion.polygon(corners)
    raise InputError(f"A {shape} cannot be drawn.", "Draw a circle or a polygon.")


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
