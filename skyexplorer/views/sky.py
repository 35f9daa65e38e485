"""SkyView: the canvas follows the session, and the session hears what happens on the canvas.

Everything drawn is computed here from the session and set as traits of the canvas; the browser is
never waited for. What the browser reports (a pick, a pan, a survey that did not answer) becomes a
verb or a change of the session, made ``by="sky"`` so that it does not come back as an echo.
"""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Any

from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import samples
from skyexplorer.session.layers import Layer, SkyMapLayer
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.session.viewport import LOCAL_SURVEY, SURVEYS, Viewport
from skyexplorer.views import drawing, pointer, thumbnails
from skyexplorer.views.canvas import Drawing, SkyCanvas
from skyexplorer.views.detail import Detail
from skyexplorer.views.drawing_layers import CHANGED
from skyexplorer.views.legends import Legends
from skyexplorer.views.pace import Pace
from skyexplorer.views.regions_draw import DrawnRegion, Footprints

ME = "sky"
ECHO = 3.0  # s in which the browser tells that it has gone where it was sent
NEAR = 1e-4  # of the width of the view: nearer than this is the same place
STYLE = frozenset({"visible", "opacity", "color", "shape", "looks"})


class SkyView:
    """The sky of a session.

    Parameters
    ----------
    session : Session
        What is shown.
    verbs : object
        Has ``select(source)``: what a click calls.
    """

    def __init__(self, session: Session, verbs: Any) -> None:
        self._said: set[str] = set()  # what is told once, whichever of the views finds it
        self._begin(session, verbs, session.viewport, ME)
        view = self.viewport
        self._drawings: dict[str, Drawing] = {}
        self.region, self.footprints = DrawnRegion(session, self.widget, verbs), Footprints(session, verbs)
        self.detail = Detail(session, self._drawings)
        self.legends = Legends(session, self.widget)
        guard = session.notices.guard(_("Drawing the sky"))
        self._changed_soon = Pace(guard(self._changed), lambda layer, field: (id(layer), field))
        self._links = [
            (session.layers.added, guard(self._added)),
            (session.layers.removed, guard(self._removed)),
            (session.layers.changed, self._changed_soon),
            (session.selection.sources_changed, guard(self._selected)),
            (session.viewport.changed, guard(self._moved)),
        ]
        for signal, slot in self._links:
            signal.connect(slot)
        self.widget.observe(self._panned, names=["_target", "_fov"])
        for layer in session.layers.values():
            self._drawings[layer.name] = drawing.draw(layer)
        self._restack()
        self._selected(session.selection.sources, "")
        self.widget._grid = view.grid
        self.widget.add_class("skx-at-sky")  # its place in the workbench
        self.widget.ready()

    def _begin(self, session: Session, verbs: Any, view: Viewport, name: str) -> None:
        """The canvas, where the viewport says; ``name`` is who moves when it is panned."""
        self.session, self.verbs, self.viewport, self.name = session, verbs, view, name
        self._sent: deque[tuple[float, float, float, float]] = deque(maxlen=60)
        self.widget = SkyCanvas(
            surveys={LOCAL_SURVEY: samples.milky_way()},
            survey=self._survey_address(view.survey),
            on_message=self._heard,
            target=f"{view.target.ra.deg} {view.target.dec.deg}",
            fov=float(view.fov),
            height=-1,
        )
        self.widget.look(view.target.ra.deg, view.target.dec.deg, view.fov)

    def close(self) -> None:
        """Stop following the session."""
        for signal, slot in self._links:
            signal.disconnect(slot)
        self._changed_soon.close()
        self.widget.unobserve(self._panned, names=["_target", "_fov"])
        self.region.close()
        self.detail.close()
        self.footprints.close()
        self.legends.close()

    # session -> canvas

    def _added(self, layer: Layer) -> None:
        self._drawings[layer.name] = drawing.draw(layer)
        self._restack()

    def _removed(self, layer: Layer) -> None:
        gone = self._drawings.pop(layer.name)
        self._restack()
        gone.close()

    def _changed(self, layer: Layer, field: str) -> None:
        made = self._drawings.get(layer.name)
        if made is None or layer not in self.session.layers.values():
            return  # removed since; another may have its name
        if field in STYLE:
            drawing.restyle(made, layer)
        elif field == "shown":
            drawing.reshow(made, layer)
        elif field == "marked":
            drawing.remark(made, layer)
        elif field == "level" and isinstance(layer, SkyMapLayer):
            drawing.contours(made, layer)
        elif field in CHANGED:
            CHANGED[field](made, layer)
        if field in ("visible", "opacity"):
            self.widget._reads = pointer.reads(self.session)

    def _restack(self) -> None:
        drawings = (self._drawings.get(layer.name) for layer in self.session.layers.values())
        over = (self.footprints.drawing, self.region.drawing)
        self.widget._drawings = [*(made for made in drawings if made is not None), *over]
        self.widget._reads = pointer.reads(self.session)

    def _selected(self, sources: tuple[Any, ...], by: str) -> None:
        chosen = []
        for source in sources:
            coord = source.coord if hasattr(source, "coord") else source.position
            if coord is not None:
                chosen.append(
                    {"ra": float(coord.ra.deg), "dec": float(coord.dec.deg), "name": str(source.name)}
                )
        self.widget._selected = chosen

    def _moved(self, field: str, by: str) -> None:
        view = self.viewport
        if field == "survey":
            self.widget.survey = self._survey_address(view.survey)
        elif field == "grid":
            self.widget._grid = view.grid
        else:
            ra, dec, fov = view.target.ra.deg, view.target.dec.deg, view.fov
            if by != self.name:
                self._sent.append((time.monotonic(), ra, dec, fov))
            self.widget.look(ra, dec, fov, move=by != self.name)

    @staticmethod
    def _survey_address(name: str) -> str:
        return name if name == LOCAL_SURVEY else SURVEYS.get(name, name)

    # canvas -> session

    def _panned(self, change: dict[str, Any]) -> None:
        with self.session.notices.guard(_("The sky was moved")):
            fov = float(change["new"]) if change["name"] == "_fov" else None
            ra, dec = map(float, change["new"].split()) if fov is None else (None, None)
            for number, (when, at_ra, at_dec, at_fov) in enumerate(reversed(self._sent)):
                if time.monotonic() - when > ECHO or not _near(ra, dec, fov, at_ra, at_dec, at_fov):
                    continue
                if number:  # it only tells that it went where it was sent: another view has moved on since
                    return
                # It has arrived, after places on its way that were told, too: what was asked for stands, to the last digit.
                ra, dec, fov = (at_ra, at_dec, None) if fov is None else (None, None, at_fov)
                break
            if fov is not None:
                self.viewport.move(fov=fov, by=self.name)
            else:
                self.viewport.move(target=SkyCoord(ra * u.deg, dec * u.deg), by=self.name)

    def _heard(self, kind: str, content: dict[str, Any]) -> None:
        with self.session.notices.guard(_("A click on the sky")):
            HEARD[kind](self, content)

    def _picked(self, content: dict[str, Any]) -> None:
        self.verbs.select(self.session.layers[content["drawing"]][int(content["row"])])

    def _region_drawn(self, content: dict[str, Any]) -> None:
        self.region.heard(content)

    def _tool_taken(self, content: dict[str, Any]) -> None:
        self.region.took(content)

    def _measured(self, content: dict[str, Any]) -> None:
        self.region.measured(content)

    def _region_act(self, content: dict[str, Any]) -> None:
        self.region.act(content)

    def _pointed(self, content: dict[str, Any]) -> None:
        at = SkyCoord(float(content["ra"]) * u.deg, float(content["dec"]) * u.deg)
        lines = pointer.readout(self.session, at)
        self.widget._readout = {"view": content["view"], "turn": content["turn"], "lines": lines}

    def _hovered(self, content: dict[str, Any]) -> None:
        layer, row = str(content["layer"]), int(content["row"])
        found = thumbnails.of(self.session, layer, row)
        turn = self.widget._thumbnail.get("turn", 0) + 1  # an equal answer is told, too
        self.widget._thumbnail = {"layer": layer, "row": row, "points": found, "turn": turn}

    def _layer_failed(self, content: dict[str, Any]) -> None:
        layer = self.session.layers[content["layer"]]
        self.session.notices.post(
            _("The survey {survey} does not answer.").format(survey=layer.name),
            "warning",
            advice=_("The sky stays as it was; to try again, show the layer {survey}.").format(
                survey=layer.name
            ),
        )
        layer.visible = False

    def _survey_failed(self, content: dict[str, Any]) -> None:
        self.session.notices.post(
            _("The survey {survey} does not answer.").format(survey=self.viewport.survey),
            "warning",
            advice=_("The sky stays as it was; check the network, or choose the Milky Way model."),
        )
        self.viewport.move(survey=LOCAL_SURVEY, by=self.name)

    def _became_flat(self, content: dict[str, Any]) -> None:
        """Each sky that is rendered tells it: it is said once."""
        if "flat" in self._said:
            return
        self._said.add("flat")
        self.session.notices.post(
            _("This browser gives no WebGL 2: a plain map stands in place of the sky. ({text})").format(
                text=content["text"]
            ),
            "warning",
            advice=_(
                "Turn on hardware acceleration, or use another browser; `skyexplorer doctor` says more."
            ),
        )

    def _browser_failed(self, content: dict[str, Any]) -> None:
        self.session.notices.post(
            _("The browser reported: {text}").format(text=content["text"]),
            "error",
            advice=_("Reload the page; if it comes again, please report it with this text."),
        )


def _near(
    ra: float | None, dec: float | None, fov: float | None, at_ra: float, at_dec: float, at_fov: float
) -> bool:
    """Whether a width or a place, whichever is given, is that of a view, but for what the browser rounds."""
    if fov is not None:
        return abs(fov - at_fov) <= NEAR * at_fov
    if ra is None or dec is None:
        return False
    across = abs((ra - at_ra + 180) % 360 - 180) * math.cos(math.radians(dec))
    return max(across, abs(dec - at_dec)) <= NEAR * at_fov


HEARD = {
    "pick": SkyView._picked,
    "pointer": SkyView._pointed,
    "layer_failed": SkyView._layer_failed,
    "thumbnail": SkyView._hovered,
    "region": SkyView._region_drawn,
    "tool": SkyView._tool_taken,
    "measured": SkyView._measured,
    "region_act": SkyView._region_act,
    "survey_failed": SkyView._survey_failed,
    "flat": SkyView._became_flat,
    "failed": SkyView._browser_failed,
}
