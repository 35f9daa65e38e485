"""Layer panel: what lies on the sky, how it looks, and where it comes from."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import traitlets
from astropy import units as u

from skyexplorer.errors import InputError
from skyexplorer.model.skymap import DENSITY
from skyexplorer.session.layers import (
    CatalogLayer,
    EventLayer,
    EventListLayer,
    Layer,
    RegionLayer,
    ShadedLayer,
    SkyMapLayer,
    SurveyLayer,
)
from skyexplorer.session.layers.looks import Looks
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views import findings, layer_controls, layer_style
from skyexplorer.views.panel import Panel

ME = "layers"


class LayersPanel(Panel):
    """One row a layer."""

    kind = "layers"
    doing = _("The layer panel")

    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    complaints = traitlets.Dict(help="What was wrong with the last look asked for, by layer.").tag(sync=True)
    catalogues = traitlets.List(
        traitlets.Unicode(), help="Names of layers whose sources a map can rank; the topmost first."
    ).tag(sync=True)

    def __init__(self, session: Session, verbs: Any) -> None:
        super().__init__(session, verbs)
        self._made: dict[str, dict[str, Any]] = {}  # the rows, until their layer changes
        # What was ranked by which map, and where it is: whoever asks again is shown it.
        self._ranked: dict[tuple[Layer, Layer], CatalogLayer] = {}
        self._refresh_soon = self.paced(self._refresh)
        self.link(session.layers.added, self._forget)
        self.link(session.layers.removed, self._removed)
        self.link(session.layers.changed, lambda layer, field: self._forget(layer))
        self._refresh()

    def _forget(self, layer: Layer) -> None:
        self._made.pop(layer.name, None)
        self._refresh_soon()

    def _removed(self, layer: Layer) -> None:
        self._ranked = {pair: made for pair, made in self._ranked.items() if layer not in (*pair, made)}
        self._forget(layer)

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        return {
            "title": _("Layers"),
            "show": _("Show {name}"),
            "opacity": _("Opacity of {name}"),
            "color": _("Colour of {name}"),
            "zoom": _("Zoom to {name}"),
            "remove": _("Remove {name}"),
            "origin": _("Where {name} comes from"),
            "level": _("Credible level of {name}"),
            "empty": _("No layers. Open one: sky.open(…)"),
            "region": _("Region"),
            "region_of": _("Choose the region of {name}: to ask archives in, to select or to filter by"),
            "rank": _("Rank"),
            "rank_by": _("Rank {catalogue} by {name}: the most probable place on the sky first"),
            "ranked": _("Catalogue to rank by {name}"),
            **layer_style.texts(),
        }

    def _refresh(self) -> None:
        # The topmost layer stands first.
        layers = self.session.layers.values()
        self._made = {layer.name: self._made.get(layer.name) or self._row(layer) for layer in layers}
        with self.hold_sync():
            self.rows = list(reversed(self._made.values()))
            self.catalogues = [layer.name for layer in reversed(layers) if _can_be_ranked(layer)]

    def _row(self, layer: Layer) -> dict[str, Any]:
        row: dict[str, Any] = {
            "name": layer.name,
            "kind": layer.kind,
            "visible": layer.visible,
            "opacity": layer.opacity,
            "color": layer.color,
            "shape": layer.shape,
            "origin": layer.origin.lines() if layer.origin else [],
            "note": "",
        }
        if isinstance(layer, SkyMapLayer):
            areas = [
                f"{100 * q:.0f} % {layer.skymap.credible_area(q).to_value(u.deg**2):.4g} deg²"
                for q in (0.5, 0.9)
            ]
            row["count"] = _("sky map")
            row["note"] = " · ".join(areas)
            row["caveat"] = layer.origin.note if layer.origin else ""
            row["acts"] = ["region", "rank"]
            row["level"] = layer.level
            row["area"] = f"{layer.skymap.credible_area(layer.level).to_value(u.deg**2):.4g} deg²"
        elif isinstance(layer, EventLayer):
            shown = int(layer.shown.sum())
            row["count"] = _count(shown, layer.rows)
            kinds = list(dict.fromkeys(event.region_kind for event in layer.events if event.region_kind))
            row["note"] = "; ".join(kinds)
        elif isinstance(layer, EventListLayer):
            events = layer.events
            row["count"] = _("{count} photons").format(count=layer.rows)
            row["note"] = _("{band}, {hours:.3g} h").format(
                band=events.band, hours=events.livetime.to_value(u.h)
            )
            row["caveat"] = _("counts, not corrected for exposure")
        elif isinstance(layer, RegionLayer):
            row["count"] = _("region")
            row["note"] = f"{layer.area.to_value(u.deg**2):.4g} deg²"
            row["caveat"] = layer.origin.note if layer.origin else ""
            row["acts"] = ["region"]
        elif isinstance(layer, ShadedLayer | SurveyLayer):
            row |= layer_controls.facts(layer)
        elif isinstance(layer, CatalogLayer):
            row["count"] = _count(int(layer.shown.sum()), layer.rows)
            catalog = layer.catalog
            if catalog.error_ellipse is not None:
                row["note"] = _("{p:.0f} % error ellipses").format(p=100 * catalog.error_containment)
            elif catalog.extension is not None:
                row["note"] = _("circles: extension of the emission")
            row["style"] = layer_style.facts(layer)
        return row

    def on_visible(self, name: str, value: bool) -> None:
        """The eye."""
        self.session.layers[name].visible = value

    def on_opacity(self, name: str, value: float) -> None:
        """The opacity slider."""
        self.session.layers[name].opacity = float(value)

    def on_color(self, name: str, value: str) -> None:
        """The colour field."""
        self.session.layers[name].color = value

    def on_level(self, name: str, value: float) -> None:
        """The credible-level slider."""
        self.session.layers[name].level = float(value)  # type: ignore[attr-defined]

    def on_style(self, name: str, looks: dict[str, Any]) -> None:
        """A choice in the style editor; what cannot be is told there."""
        complaints = {other: text for other, text in self.complaints.items() if other != name}
        try:
            self.verbs.style(name, **layer_style.asked(looks))
        except InputError as error:
            complaints[name] = str(error)
        self.complaints = complaints

    def on_control(self, name: str, field: str, value: str) -> None:
        """A choice of an image, a map or a survey."""
        layer_controls.apply(self.session.layers[name], field, value)

    def on_zoom(self, name: str) -> None:
        """Look at the whole layer."""
        layer = self.session.layers[name]
        target, fov = layer_controls.extent(layer) or _extent(layer)
        self.session.viewport.move(target=target, fov=fov, by=ME)

    def on_region(self, name: str) -> None:
        """What a map encloses, or the largest of a layer of regions, becomes the selected region."""
        layer = self.session.layers[name]
        view = self.session.viewport
        region = (
            layer.skymap.credible_region(layer.level) if isinstance(layer, SkyMapLayer) else layer.regions[-1]  # type: ignore[attr-defined]
        )
        if region.center.separation(view.target).deg > min(view.fov, 180.0) / 2:
            self.on_zoom(name)
        self.verbs.select_region(region, by=ME)
        self.session.notices.post(
            _("The region of {name}, {area}: what can be done with it stands on the sky.").format(
                name=name, area=findings.area(region)
            )
        )

    def on_rank(self, name: str, catalogue: str) -> None:
        """Sources by a map: a layer of its own that looks like theirs, in its place; the most probable one is selected."""
        source, by = self.session.layers[catalogue], self.session.layers[name]
        assert isinstance(source, CatalogLayer)
        layer = self._ranked.get((source, by)) or self._rank(source, by)
        if layer is None:
            return
        self._ranked[source, by] = layer
        layer.visible = True
        shown = np.flatnonzero(layer.shown)
        if len(shown):
            self.verbs.select(layer.catalog[int(shown[0])])
        source.visible = False

    def _rank(self, source: CatalogLayer, by: Layer) -> CatalogLayer | None:
        ranked = self.verbs.rank(source.name, by=by.name)
        if not ranked.table[DENSITY][0] > 0:
            self.session.notices.post(
                _("No source of {catalogue} lies in the map {name}.").format(
                    catalogue=source.name, name=by.name
                ),
                "warning",
            )
            return None
        self.verbs.open(ranked, name=_("{catalogue} by {name}").format(catalogue=source.name, name=by.name))
        layer = next(each for each in self.session.layers.values() if each.data is ranked)
        assert isinstance(layer, CatalogLayer)
        layer.color = source.color
        usual = Looks()
        looks = {field.name: getattr(source.looks, field.name) for field in fields(Looks)}
        if changed := {key: value for key, value in looks.items() if value != getattr(usual, key)}:
            self.verbs.style(layer.name, **changed)
        if source.where:
            self.verbs.filter(layer.name, source.where)
        return layer

    def on_remove(self, name: str) -> None:
        """Take the layer away."""
        self.session.layers.remove(name)


def _can_be_ranked(layer: Layer) -> bool:
    return isinstance(layer, CatalogLayer) and DENSITY not in layer.catalog.table.colnames


def _count(shown: int, rows: int) -> str:
    return f"{rows:,}" if shown == rows else _("{shown:,} of {rows:,}").format(shown=shown, rows=rows)


def _extent(layer: Layer) -> tuple[Any, float]:
    """Centre and width of a view that holds a layer."""
    from astropy.coordinates import SkyCoord, UnitSphericalRepresentation

    if isinstance(layer, SkyMapLayer):
        region = layer.skymap.credible_region(0.9)
        return region.center, float(min(max(5.0 * region.radius.to_value(u.deg), 0.5), 180.0))
    if isinstance(layer, EventListLayer):
        footprint = layer.footprint
        return footprint.center, float(min(max(2.4 * footprint.radius.to_value(u.deg), 0.5), 180.0))
    reach: Any = 0.0
    if isinstance(layer, RegionLayer):
        coords = SkyCoord([region.center.icrs for region in layer.regions])
        reach = np.array([region.radius.to_value(u.deg) for region in layer.regions])
    else:
        coords = layer.coords[np.isfinite(layer.coords.ra.deg)]
    middle = coords.cartesian.mean()
    if middle.norm() < 0.2:
        return SkyCoord(266.417 * u.deg, -29.008 * u.deg), 180.0  # all over the sky: the whole of it
    center = SkyCoord(middle.represent_as(UnitSphericalRepresentation), frame="icrs")
    return center, float(min(max(2.4 * (coords.separation(center).deg + reach).max(), 0.5), 180.0))
