"""SkyExplorer, the roof: the verbs above, the session below, and the workbench where it is displayed.

Each public verb is one recorded call into the actions, so that a click and a line of code are the same
thing. Without a browser all of it works, except that there is nothing to look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from skyexplorer.actions import filter as filter_
from skyexplorer.actions import goto as goto_
from skyexplorer.actions import inside as inside_
from skyexplorer.actions import jobs as jobs_
from skyexplorer.actions import light_curve as light_curve_
from skyexplorer.actions import live as live_
from skyexplorer.actions import open as open_
from skyexplorer.actions import rank as rank_
from skyexplorer.actions import select as select_
from skyexplorer.actions import spectrum as spectrum_
from skyexplorer.actions.recording import recorded
from skyexplorer.archives import ArchiveVerbs
from skyexplorer.errors import InputError
from skyexplorer.layering import LayerVerbs
from skyexplorer.plotting import PlotVerbs
from skyexplorer.session.autosave import Autosave, restored
from skyexplorer.session.layers import Layers
from skyexplorer.session.layout import Layout
from skyexplorer.session.selection import Selection
from skyexplorer.session.session import Session
from skyexplorer.session.steps import Steps
from skyexplorer.session.viewport import Viewport

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from astropy import units as u
    from astropy.coordinates import SkyCoord
    from astropy.time import Time

    from skyexplorer.model.catalog import Source, SourceCatalog
    from skyexplorer.model.event import Event
    from skyexplorer.model.lightcurve import LightCurve
    from skyexplorer.model.skymap import SkyMap
    from skyexplorer.views.second import SecondView

THEMES = ("auto", "light", "dark")


class SkyExplorer(ArchiveVerbs, LayerVerbs, PlotVerbs):
    """The linked explorer: sky, source table and light curve, of one session.

    Display it as the last line of a cell. Sources that are clicked, and times that are brushed, are in
    `selection`; what lies on the sky is in `layers`.

    Parameters
    ----------
    samples : bool
        Whether to start with the samples of the package on the sky; default True.
    theme : str
        ``"auto"`` (as JupyterLab), ``"light"`` or ``"dark"``.
    height : int
        Height in pixels, 200 or more.
    layout : str
        The panels to show: ``"all"``, or names with a plus between them, such as ``"sky"`` or ``"sky+table"``;
        see ``session.layout``, which can be changed later.
    autosave : bool, str or Path
        True, or the path of a script: each step is written down in it, and `restore` makes them again after the
        kernel was restarted. What is not a step (a pan, a colour) is not in it.

    Raises
    ------
    InputError
        For a theme, a height or a layout that cannot be.

    Examples
    --------
    >>> from skyexplorer import SkyExplorer
    >>> sky = SkyExplorer()
    >>> merger = sky.open("GW170817")
    >>> ranked = sky.rank(sky.open("gw170817-galaxies"), by=merger)
    >>> sky.select(ranked[0])
    >>> sky.selection.sources[0].name == ranked.names[0]
    True
    """

    def __init__(
        self, samples: bool = True, theme: Literal["auto", "light", "dark"] = "auto", height: int = 800,
        layout: str = "all", autosave: bool | str | Path = False,
    ) -> None:  # fmt: skip
        if theme not in THEMES:
            raise InputError(f"theme is {theme!r}.", f"Give one of {', '.join(THEMES)}.")
        self.theme: str = theme
        self.session = Session()
        self.session.layout = Layout(height, layout)
        self._workbench: Any = None
        self._in_verb = False
        self._step_key = ""
        light_curve_.follow(self.session)
        spectrum_.follow(self.session)
        filter_.follow(self.session)
        inside_.follow(self.session)
        if samples:
            open_.add_samples(self.session)
        given = {
            "samples": (samples, True), "theme": (theme, "auto"), "height": (height, 800),
            "layout": (layout, "all"), "autosave": (autosave if isinstance(autosave, bool) else str(autosave), False),
        }  # fmt: skip
        words = ", ".join(f"{name}={value!r}" for name, (value, usual) in given.items() if value != usual)
        self.session.steps.start = f"sky = SkyExplorer({words})"
        if autosave:
            self.session.autosave = Autosave(self.session, None if autosave is True else autosave)

    @property
    def layers(self) -> Layers:
        """What lies on the sky, by name: ``sky.layers["fermi-sources"].visible = False``."""
        return self.session.layers

    @property
    def selection(self) -> Selection:
        """What is selected: ``.sources`` and ``.time_range``."""
        return self.session.selection

    @property
    def viewport(self) -> Viewport:
        """Where the sky is looked at: ``.target``, ``.fov`` and ``.survey``."""
        return self.session.viewport

    @property
    def steps(self) -> Steps:
        """The verbs called so far, clicks too: ``print(sky.steps.to_source())`` is a script of them."""
        return self.session.steps

    @recorded()
    @jobs_.live("Opening {what}")
    def open(
        self, what: Any, *, source: str = "sample", name: str | None = None, revision: int | str | None = None,
        deadline: float = live_.DEADLINE,
    ) -> jobs_.Live[Any]:  # fmt: skip
        """Open a sample, a file, an address, an event of the archives or an object, and show it.

        It becomes a layer, or a light curve.

        Parameters
        ----------
        what : str, Path, bytes, SkyMap, QuantityMap, SkyImage, SkyRegion, Event, list of Event, SourceCatalog or LightCurve
            The name of a sample (``skyexplorer.samples.names()``), a path, an address of http or https, the bytes of a
            file, or the object itself. What a file holds is told from its content, not from its name.
            With ``source="live"`` the name of an event: ``"S190814bv"``, ``"GW170817"``, ``"IceCube-170922A"``,
            ``"bn180116026"``, ``"GRB 180116A"``, ``"GCN Circular 33603"``.
        source : {"sample", "live"}
            ``"live"``: the event comes from those who publish it. Who knows it is told by the form of its name; who does not
            hands on to the next, and ``sky.ledger`` says who answered what.
        name : str, optional
            What the layer is called.
        revision : int or str, optional
            A version of a live event, by default the newest: of its map (``1``, or ``"bayestar.multiorder.fits,1"``), of the
            catalogue (``"v2"``, ``"GWTC-2.1-confident"``), of the circular.
        deadline : float
            Seconds for what comes over the network.

        Returns
        -------
        SkyMap, QuantityMap, SkyImage, SkyRegion, Event, list of Event, SourceCatalog or LightCurve
            What was opened; for a sample that is open already, the same object. A live event has its map, revision,
            false-alarm rate and classes; its ``origin`` tells address, version, checksum and when it came.

        Raises
        ------
        NotFoundError
            For a name that is neither a sample nor a file, or that no archive knows: it says who was asked, what is near.
        ServiceError
            Where somebody who may know it could not be asked.
        FormatError
            For a file that is not what it claims to be; the session stays as it was.
        InputError
            For something that cannot be opened.

        Examples
        --------
        >>> sky = SkyExplorer(samples=False)
        >>> merger = sky.open("GW170817")
        >>> list(sky.layers)
        ['GW170817']
        """
        ask = live_.question(what, source, revision, deadline)
        if ask is not None:
            what = yield ask
        return open_.open(self.session, what, name=name)

    @recorded(key="select", silent=("by",))
    def select(
        self, sources: Source | Event | str | Iterable[Source | Event | str] | None, by: str = ""
    ) -> None:
        """Select a source or event, as a click does: its light curve follows.

        Parameters
        ----------
        sources : Source, Event, str, or iterable of them, or None
            Names are looked up in the layers. None or an empty tuple selects nothing.
        by : str
            Who selects; views give their name here.

        Raises
        ------
        NotFoundError
            For an unknown name.
        InputError
            For something that cannot be selected.

        Examples
        --------
        >>> sky = SkyExplorer()
        >>> sky.select("TXS 0506+056")
        >>> len(sky.session.curves.shown)
        1
        """
        select_.select(self.session, sources, by)

    @recorded(key="brush", silent=("by",))
    def brush(self, start: Time | str | None = None, stop: Time | str | None = None, by: str = "") -> None:
        """Select a time range: only the events of that time stay on the sky.

        Parameters
        ----------
        start, stop : Time or str, optional
            Both ends belong to the range. Without them all times are selected again.
        by : str
            Who selects; views give their name here.

        Raises
        ------
        InputError
            For something that is no time, or a stop before the start.

        Examples
        --------
        >>> sky = SkyExplorer()
        >>> sky.brush("2017-01-01", "2018-01-01")
        >>> sky.brush()
        """
        select_.brush(self.session, start, stop, by)

    @recorded(key="goto", silent=("by",))
    @jobs_.live("Asking where {what} is")
    def goto(
        self,
        what: str | SkyCoord | Source | Event,
        fov: float | u.Quantity | None = None,
        by: str = "",
        source: str = "here",
    ) -> jobs_.Live[SkyCoord]:
        """Look at coordinates, a sample, or a source, which is then selected too.

        Parameters
        ----------
        what : str, SkyCoord, Source or Event
            ``"83.63 22.01"`` (degrees), ``"05 34 32 +22 00 52"``, ``"l=184.5 b=-5.8"``, or a name.
        fov : float or Quantity, optional
            New width of the view, in degrees.
        by : str
            Who asks; views give their name here.
        source : {"here", "live"}
            ``"live"``: a name that nothing here answers to is asked of SIMBAD, NED and VizieR.

        Returns
        -------
        SkyCoord
            The new centre.

        Raises
        ------
        NotFoundError
            For a name that nothing answers to; the message tells those that look like it.
        ServiceError
            Where the name resolvers were to be asked, and could not be.

        Examples
        --------
        >>> sky = SkyExplorer(samples=False)
        >>> sky.goto("05h34m32s +22d00m52s", fov=2).to_string(precision=2)
        '83.63 22.01'
        """
        ask = goto_.asked(self.session, what, source)
        place = what if ask is None else (yield ask)
        target, selected = goto_.goto(self.session, place, fov, by)
        # Two in a row are one step only where the second leaves nothing of the first.
        self._step_key = f"goto {selected} {fov is not None}"
        return target

    @recorded()
    def rank(self, catalog: SourceCatalog | str, by: Event | SkyMap | str) -> SourceCatalog:
        """Sort the sources of a catalogue by what a probability map gives their positions.

        Parameters
        ----------
        catalog : SourceCatalog or str
            The sources, or the name of their layer.
        by : Event, SkyMap or str
            The map, an event located by one, or the name of its layer.

        Returns
        -------
        SourceCatalog
            The most probable first, with columns ``probability_density`` (1/sr) and ``credible_level``.

        Raises
        ------
        InputError
            For an event that is not located by a map.

        Examples
        --------
        >>> sky = SkyExplorer(samples=False)
        >>> ranked = sky.rank(sky.open("gw170817-galaxies"), by=sky.open("GW170817"))
        >>> bool(ranked.table["probability_density"][0] >= ranked.table["probability_density"][1])
        True
        """
        return rank_.rank(self.session, catalog, by)

    @recorded()
    def light_curve(self, source: Source | Event | str) -> LightCurve | None:
        """Show the light curve of a source, and return it.

        Parameters
        ----------
        source : Source, Event or str
            A source, or its name.

        Returns
        -------
        LightCurve or None
            None where there is none here; the light-curve panel then says so.

        Raises
        ------
        NotFoundError
            For an unknown name.

        Examples
        --------
        >>> sky = SkyExplorer()
        >>> len(sky.light_curve("TXS 0506+056")) >= 10
        True
        """
        return light_curve_.light_curve(self.session, source)

    @property
    def widget(self) -> Any:
        """The widget that is displayed; made when it is first asked for."""
        if self._workbench is None:
            from skyexplorer.core import warming
            from skyexplorer.views.workbench import Workbench

            warming.in_notebook()  # the first match shall not wait for a compiler
            self._workbench = Workbench(self.session, self)
        return self._workbench.root

    def view(self, follow: bool = True, height: int = 480) -> SecondView:
        """A further view of the sky: the same layers and selection.

        Parameters
        ----------
        follow : bool
            Whether it looks where the explorer looks; else it is panned by itself, and its ``viewport`` can be moved.
        height : int
            Pixels.

        Returns
        -------
        SecondView
            Display it as the last line of a cell; ``.close()`` closes it, and nothing else.

        Raises
        ------
        InputError
            For a height that cannot be.

        Examples
        --------
        >>> sky = SkyExplorer(samples=False)
        >>> near = sky.view(follow=False)
        >>> near.viewport.fov = 5
        >>> sky.viewport.fov
        180.0
        >>> near.close()
        """
        _root = self.widget  # whose sky draws the layers
        return self._workbench.view(follow, height)

    def close(self) -> None:
        """Close the widgets of the explorer and of its further views; the session stays, and can be shown again.

        Examples
        --------
        >>> sky = SkyExplorer(samples=False)
        >>> _ = sky.widget
        >>> sky.close()
        """
        if self._workbench is not None:
            self._workbench.close()
            self._workbench = None

    @classmethod
    def restore(cls, path: str | Path | None = None) -> SkyExplorer:
        """The explorer of a script that `autosave` wrote: its steps are made again.

        Parameters
        ----------
        path : str or Path, optional
            By default that of ``autosave=True``. The script is run, as `runpy` would: only give one of your own.
            Where it has no steps yet, as of an explorer that was just made, those of the session before are made
            again: they lie beside it, in ``….before.py``.

        Returns
        -------
        SkyExplorer

        Raises
        ------
        NotFoundError
            Where there is no such script.
        InputError
            For a script that cannot be read or run, or that makes no explorer.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp(), "mine.py")
        >>> sky = SkyExplorer(samples=False, autosave=path)
        >>> _ = sky.goto("83.63 22.01", fov=2)
        >>> SkyExplorer.restore(path).viewport.fov
        2.0
        """
        return cast("SkyExplorer", restored(path))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self.widget._repr_mimebundle_(include=include, exclude=exclude)

    def __repr__(self) -> str:
        rows = ", ".join(f"{layer.name} ({layer.rows})" for layer in self.layers.values())
        return f"<SkyExplorer: {rows or 'no layers'}>"
