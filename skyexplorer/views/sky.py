"""SkyView: the canvas follows the session, and the session hears what happens on the canvas.

Everything drawn is computed here from the session and set as traits of the canvas; the browser is
never waited for. What the browser reports (a pick, a pan, a survey that did not answer) becomes a
verb or a change of the session, made ``by="sky"`` so that it does not come back as an echo.
"""

from __future__ import annotations

from typing import Any

from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import samples
from skyexplorer.session.layers import Layer, SkyMapLayer
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.session.viewport import LOCAL_SURVEY, SURVEYS
from skyexplorer.views import drawing
from skyexplorer.views.canvas import Drawing, SkyCanvas
from skyexplorer.views.regions_draw import DrawnRegion, Footprints

ME = "sky"
STYLE = frozenset({"visible", "opacity", "color", "shape"})


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
        self.session, self.verbs = session, verbs
        view = session.viewport
        self.widget = SkyCanvas(
            surveys={LOCAL_SURVEY: samples.milky_way()},
            survey=self._survey_address(view.survey),
            on_message=self._heard,
            target=f"{view.target.ra.deg} {view.target.dec.deg}",
            fov=float(view.fov),
            height=-1,
        )
        self.widget.look(view.target.ra.deg, view.target.dec.deg, view.fov)
        self._drawings: dict[str, Drawing] = {}
        self.region, self.footprints = DrawnRegion(session, self.widget), Footprints(session, verbs)
        guard = session.notices.guard(_("Drawing the sky"))
        self._links = [
            (session.layers.added, guard(self._added)),
            (session.layers.removed, guard(self._removed)),
            (session.layers.changed, guard(self._changed)),
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

    def close(self) -> None:
        """Stop following the session."""
        for signal, slot in self._links:
            signal.disconnect(slot)
        self.widget.unobserve(self._panned, names=["_target", "_fov"])
        self.region.close()
        self.footprints.close()

    # session -> canvas

    def _added(self, layer: Layer) -> None:
        self._drawings[layer.name] = drawing.draw(layer)
        self._restack()

    def _removed(self, layer: Layer) -> None:
        gone = self._drawings.pop(layer.name)
        self._restack()
        gone.close()

    def _changed(self, layer: Layer, field: str) -> None:
        made = self._drawings[layer.name]
        if field in STYLE:
            drawing.restyle(made, layer)
        elif field == "shown":
            drawing.reshow(made, layer)
        elif field == "level" and isinstance(layer, SkyMapLayer):
            drawing.contours(made, layer)

    def _restack(self) -> None:
        drawings = (self._drawings.get(layer.name) for layer in self.session.layers.values())
        over = (self.footprints.drawing, self.region.drawing)
        self.widget._drawings = [*(made for made in drawings if made is not None), *over]

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
        view = self.session.viewport
        if field == "survey":
            self.widget.survey = self._survey_address(view.survey)
        elif field == "grid":
            self.widget._grid = view.grid
        else:
            self.widget.look(view.target.ra.deg, view.target.dec.deg, view.fov, move=by != ME)

    @staticmethod
    def _survey_address(name: str) -> str:
        return name if name == LOCAL_SURVEY else SURVEYS.get(name, name)

    # canvas -> session

    def _panned(self, change: dict[str, Any]) -> None:
        with self.session.notices.guard(_("The sky was moved")):
            if change["name"] == "_fov":
                self.session.viewport.move(fov=float(change["new"]), by=ME)
            else:
                ra, dec = map(float, change["new"].split())
                self.session.viewport.move(target=SkyCoord(ra * u.deg, dec * u.deg), by=ME)

    def _heard(self, kind: str, content: dict[str, Any]) -> None:
        with self.session.notices.guard(_("A click on the sky")):
            HEARD[kind](self, content)

    def _picked(self, content: dict[str, Any]) -> None:
        self.verbs.select(self.session.layers[content["drawing"]][int(content["row"])])

    def _region_drawn(self, content: dict[str, Any]) -> None:
        self.region.heard(content)

    def _survey_failed(self, content: dict[str, Any]) -> None:
        self.session.notices.post(
            _("The survey {survey} does not answer.").format(survey=self.session.viewport.survey),
            "warning",
            advice=_("The sky stays as it was; check the network, or choose the Milky Way model."),
        )
        self.session.viewport.move(survey=LOCAL_SURVEY, by=ME)

    def _browser_failed(self, content: dict[str, Any]) -> None:
        self.session.notices.post(
            _("The browser reported: {text}").format(text=content["text"]),
            "error",
            advice=_("Reload the page; if it comes again, please report it with this text."),
        )


HEARD = {
    "pick": SkyView._picked,
    "region": SkyView._region_drawn,
    "survey_failed": SkyView._survey_failed,
    "failed": SkyView._browser_failed,
}
