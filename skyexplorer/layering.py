"""LayerVerbs: the verbs of `SkyExplorer` that lay things over the sky, choose in them, and say how they look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from skyexplorer.actions import inside as inside_
from skyexplorer.actions import looks as looks_
from skyexplorer.actions import overlay as overlay_
from skyexplorer.actions.recording import recorded

if TYPE_CHECKING:
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    from skyexplorer.model.catalog import Source
    from skyexplorer.model.event import Event
    from skyexplorer.model.footprint import Footprint
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.model.tiles import TileSet
    from skyexplorer.session.layers import SurveyLayer
    from skyexplorer.session.session import Session


class LayerVerbs:
    """Regions, second surveys, fields of view, looks and filters of layers."""

    session: Session
    _step_key: str

    @recorded(key="select_region", silent=("by",))
    def select_region(self, region: SkyRegion | None, by: str = "") -> SkyRegion | None:
        """Choose a region of the sky, as drawing it does: archives are asked in it.

        Parameters
        ----------
        region : SkyRegion or None
            None takes it away.
        by : str
            Who chooses; views give their name here.

        Returns
        -------
        SkyRegion or None
            The same.

        Raises
        ------
        InputError
            For something else.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyExplorer, SkyRegion
        >>> sky = SkyExplorer()
        >>> sky.select_region(SkyRegion.circle(SkyCoord("05h09m26s +05d41m35s"), 2 * u.deg)).kind
        'circle'
        >>> sky.select_inside()  # TXS 0506+056 in two catalogues, and the neutrino that came from there
        3
        """
        return inside_.select_region(self.session, region, by)

    @recorded(key="select_inside", silent=("by",))
    def select_inside(self, region: SkyRegion | None = None, by: str = "") -> int:
        """Mark all sources and events on show inside a region, in place of those marked before.

        Up to 200 are selected too.

        Parameters
        ----------
        region : SkyRegion, optional
            By default the one that is chosen, ``sky.selection.region``.
        by : str
            Who selects; views give their name here.

        Returns
        -------
        int
            How many there are: ``layer.marked`` of each visible layer tells which.

        Raises
        ------
        NotFoundError
            Where no region is given nor chosen.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyExplorer, SkyRegion
        >>> sky = SkyExplorer()
        >>> sky.select_inside(SkyRegion.circle(SkyCoord("05h09m26s +05d41m35s"), 1 * u.deg))
        3
        """
        return inside_.select_inside(self.session, region, by)

    @recorded(key="show_inside")
    def show_inside(self, region: SkyRegion | None) -> None:
        """Leave on the sky only those sources of catalogues that lie inside a region.

        It is joined with the filter of the table, and holds for catalogues that come later, too.

        Parameters
        ----------
        region : SkyRegion or None
            None shows all again.

        Raises
        ------
        InputError
            For something else.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyExplorer, SkyRegion
        >>> sky = SkyExplorer()
        >>> sky.show_inside(SkyRegion.circle(SkyCoord("05h09m26s +05d41m35s"), 2 * u.deg))
        >>> int(sky.layers["fermi-sources"].shown.sum())
        1
        >>> sky.show_inside(None)
        """
        self.session.tools.inside = region

    @recorded()
    def overlay(
        self,
        survey: str | TileSet,
        *,
        opacity: float = 0.5,
        blend: Literal["normal", "add"] = "normal",
        blink: float | None = None,
        name: str | None = None,
    ) -> SurveyLayer:
        """Lay a second image survey over the background.

        Parameters
        ----------
        survey : str or TileSet
            A HiPS identifier such as ``"CDS/P/Fermi/color"``, an address, a name of the list in the bar, or tiles at hand,
            which need no network. A survey that does not answer leaves a notice, and the sky as it was.
        opacity : float
            From 0 to 1.
        blend : {"normal", "add"}
            Over what is below, or its light added to it.
        blink : float, optional
            Seconds for which it is seen, and then not seen, by turns; it does not blink for who asks for less motion.
        name : str, optional
            What the layer is called.

        Returns
        -------
        SurveyLayer
            Its ``opacity``, ``blend`` and ``blink`` can be changed.

        Raises
        ------
        InputError
            For a survey, an opacity, a blend or a time that cannot be.

        Examples
        --------
        >>> from skyexplorer import SkyExplorer
        >>> sky = SkyExplorer()
        >>> sky.overlay("CDS/P/Fermi/color", opacity=0.4, blend="add").blend
        'add'
        """
        return overlay_.overlay(self.session, survey, opacity=opacity, blend=blend, blink=blink, name=name)

    @recorded()
    def footprint(
        self,
        instrument: str | Footprint,
        at: str | SkyCoord | Source | Event,
        *,
        roll: float | u.Quantity = 0.0,
        name: str | None = None,
    ) -> SkyRegion:
        """Lay the field of view of an instrument on the sky.

        Parameters
        ----------
        instrument : str or Footprint
            Such as ``"CTAO-LST"`` or ``"Swift-XRT"`` (``skyexplorer.model.instruments.instruments()`` has all, each with
            its reference), or detectors read from a region file.
        at : str, SkyCoord, Source or Event
            Where it points: coordinates or a name as for `goto`.
        roll : Quantity, or float in degrees
            Position angle, east of north, of what is up in the instrument.
        name : str, optional
            What the layer is called.

        Returns
        -------
        SkyRegion

        Raises
        ------
        NotFoundError
            For an unknown instrument or place.
        InputError
            For an angle that is none, or an event without a position.

        Examples
        --------
        >>> from skyexplorer import SkyExplorer
        >>> sky = SkyExplorer()
        >>> field = sky.footprint("CTAO-LST", "TXS 0506+056")
        >>> print(round(field.area.to_value("deg2"), 1))
        15.9
        """
        return overlay_.footprint(self.session, instrument, at, roll=roll, name=name)

    @recorded(key="style")
    def style(self, layer: str, **looks: Any) -> None:
        """Draw the sources of a catalogue by its columns: colour, size, marker, label, arrows of motion, density.

        Parameters
        ----------
        layer : str
            The name of its layer.
        **looks
            What changes, see `skyexplorer.session.layers.Looks`: ``color_by``, ``size_by``, ``shape_by`` and ``label_by``
            take a column or an expression of columns (``"log10(Energy_Flux100)"``); ``color_map``, ``color_range``,
            ``color_log``; ``errors``, ``motion`` and ``density`` are on or off; ``first_by`` says which sources are drawn
            first where not all are.

        Raises
        ------
        NotFoundError
            For a layer that is not there.
        InputError
            For a look or a column that is not there: names near to it are told.

        Examples
        --------
        >>> from skyexplorer import SkyExplorer
        >>> sky = SkyExplorer()
        >>> sky.style("fermi-sources", color_by="Signif_Avg", color_log=True, size_by="Energy_Flux100", shape_by="CLASS1")
        >>> sky.layers["fermi-sources"].looks.color_by
        'Signif_Avg'
        """
        looks_.style(self.session, layer, **looks)
        # Another column takes the range of the one before away: such a call is more than what it says.
        self._step_key = "" if {"color_by", "size_by"} & set(looks) else f"style {layer} {sorted(looks)}"

    @recorded(key="filter")
    def filter(self, layer: str, where: str) -> int:
        """Leave some sources of a catalogue on the sky and in the table, as its filter box does.

        Parameters
        ----------
        layer : str
            The name of its layer.
        where : str
            An expression of its columns, such as ``'Signif_Avg > 20 and CLASS1 == "bll"'``; or words, each of which
            occurs in the name or a text of a row; empty: all.

        Returns
        -------
        int
            How many are left.

        Raises
        ------
        NotFoundError
            For a layer that is not there.
        InputError
            For what cannot be computed; nothing changes then.

        Examples
        --------
        >>> from skyexplorer import SkyExplorer
        >>> sky = SkyExplorer()
        >>> sky.filter("fermi-sources", "Signif_Avg > 100") < sky.layers["fermi-sources"].rows
        True
        """
        left = looks_.keep(self.session, layer, where)
        self._step_key = f"filter {layer}"
        return left
