"""SkyExplorer, the roof: the verbs above, the session below, and the workbench where it is displayed.

Each public verb is one recorded call into the actions, so that a click and a line of code are the same
thing. Without a browser all of it works, except that there is nothing to look at.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from skyexplorer.actions import curves as curves_
from skyexplorer.actions import field as field_
from skyexplorer.actions import filter as filter_
from skyexplorer.actions import goto as goto_
from skyexplorer.actions import images as images_
from skyexplorer.actions import jobs as jobs_
from skyexplorer.actions import light_curve as light_curve_
from skyexplorer.actions import live as live_
from skyexplorer.actions import open as open_
from skyexplorer.actions import query as query_
from skyexplorer.actions import rank as rank_
from skyexplorer.actions import registry_search as registry_search_
from skyexplorer.actions import resolve as resolve_
from skyexplorer.actions import select as select_
from skyexplorer.actions import xmatch as xmatch_
from skyexplorer.actions.recording import recorded
from skyexplorer.errors import InputError
from skyexplorer.session.jobs import Job, Jobs
from skyexplorer.session.layers import Layers
from skyexplorer.session.selection import Selection
from skyexplorer.session.session import Session
from skyexplorer.session.steps import Steps
from skyexplorer.session.viewport import Viewport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from astropy import units as u
    from astropy.coordinates import SkyCoord
    from astropy.table import Table
    from astropy.time import Time

    from skyexplorer.actions.curves import LiveCurves
    from skyexplorer.actions.field import Field
    from skyexplorer.actions.registry_search import ServicesFound
    from skyexplorer.model.catalog import Source, SourceCatalog
    from skyexplorer.model.event import Event
    from skyexplorer.model.ledger import Ledger
    from skyexplorer.model.lightcurve import LightCurve
    from skyexplorer.model.listing import EventsList
    from skyexplorer.model.record import Record, Records
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.model.skymap import SkyMap
    from skyexplorer.services import Service
    from skyexplorer.services.soda import CutOut

THEMES = ("auto", "light", "dark")


class SkyExplorer:
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

    Raises
    ------
    InputError
        For a theme or a height that cannot be.

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
        self, samples: bool = True, theme: Literal["auto", "light", "dark"] = "auto", height: int = 720
    ) -> None:
        if theme not in THEMES:
            raise InputError(f"theme is {theme!r}.", f"Give one of {', '.join(THEMES)}.")
        if not isinstance(height, int) or height < 200:
            raise InputError(f"height is {height!r}.", "Give pixels, a whole number of 200 or more.")
        self.theme: str = theme
        self.height = height
        self.session = Session()
        self._workbench: Any = None
        self._in_verb = False
        self._step_key = ""
        light_curve_.follow(self.session)
        filter_.follow(self.session)
        if samples:
            open_.add_samples(self.session)
        given = {"samples": (samples, True), "theme": (theme, "auto"), "height": (height, 720)}
        words = ", ".join(f"{name}={value!r}" for name, (value, usual) in given.items() if value != usual)
        self.session.steps.start = f"sky = SkyExplorer({words})"

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
        what : str, Path, bytes, SkyMap, Event, list of Event, SourceCatalog or LightCurve
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
        SkyMap, Event, list of Event, SourceCatalog or LightCurve
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

    @recorded()
    @jobs_.live("Listing events")
    def events(
        self,
        messenger: str | None = None,
        since: Time | str | None = None,
        until: Time | str | None = None,
        *,
        far_below: u.Quantity | None = None,
        kind: str | None = None,
        area_below: u.Quantity | None = None,
        search: str = "",
        live: bool = True,
        deadline: float = 30.0,
    ) -> jobs_.Live[EventsList]:
        """List recent and historical events of GraceDB, GWOSC, IceCube, Fermi GBM and the GCN Circulars, side by side.

        Parameters
        ----------
        messenger : str, optional
            ``"gw"``, ``"neutrino"``, ``"gamma"``, …; by default all.
        since, until : Time or str, optional
            Both ends belong to it.
        far_below : Quantity, optional
            False-alarm rate, in Hz or per year. Events of which none is told are left out.
        kind : str, optional
            What it is, such as ``"BNS"``, ``"CBC"``, ``"gold"``, ``"GRB"``; case does not count.
        area_below : Quantity, optional
            Of the 90 % region. Events of which none is told are left out.
        search : str
            Words in its names, kind, source or note.
        live : bool
            Whether the network is used; else what was kept is listed, and the samples.
        deadline : float
            Seconds for all; who has not answered then is left out, and the ledger says so.

        Returns
        -------
        EventsList
            The latest first; ``to_table()`` makes a table of it, ``filtered(…)`` narrows it, ``ledger`` tells who answered.
            An event that several list is one row. It is opened with ``sky.open(event.name, source="live")``.

        Raises
        ------
        InputError
            For a value that cannot be, such as a rate without a unit.

        Examples
        --------
        >>> sky = SkyExplorer(samples=False)
        >>> listed = sky.events("neutrino", "2017-09-22", "2017-09-23", live=False)
        >>> listed["IceCube-170922A"].name
        'IC170922A'
        """
        ask = live_.list_question(
            live, deadline, messenger=messenger, since=since, until=until, far_below=far_below, kind=kind,
            area_below=area_below, search=search,
        )  # fmt: skip
        return live_.show_list(self.session, (yield ask))

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
    @jobs_.live("Searching the registry for {words}")
    def find_services(
        self,
        words: str | Iterable[str] = "",
        *,
        waveband: str | None = None,
        ucd: str | None = None,
        region: SkyRegion | SkyMap | Event | str | None = None,
        kind: str | None = None,
        deadline: float = 30.0,
        refresh: bool = False,
    ) -> jobs_.Live[ServicesFound]:
        """Look for services in the registry of the Virtual Observatory, or for pictures of the sky.

        Parameters
        ----------
        words : str or iterable of str
            All of them are to be in the title, the description or the subjects.
        waveband : str, optional
            Such as ``"gamma"``, ``"x-ray"``, ``"optical"``, ``"radio"``, ``"neutrino"``.
        ucd : str, optional
            That one of its columns is to have, such as ``"src.redshift"``; ``%`` stands for anything.
        region : SkyRegion, SkyMap, Event or str, optional
            That its coverage is to overlap; a name is that of a layer.
        kind : str, optional
            ``"scs"``, ``"sia1"``, ``"sia2"``, ``"ssa"``, ``"tap"`` or ``"obstap"``; ``"hips"`` for pictures of the sky.
        deadline : float
            Seconds.
        refresh : bool
            Whether to ask although an answer is kept; one is kept for a day.

        Returns
        -------
        ServicesFound
            A list. ``sky.query_region(region, service=found[3])`` asks one of it; ``found[3].columns`` are its columns. A
            picture is put behind the layers by ``sky.viewport.survey = found[3].id``.

        Raises
        ------
        InputError
            For nothing to look for, or a kind or waveband that is none.
        ServiceError
            Where the registry does not answer.

        Examples
        --------
        >>> sky = SkyExplorer(samples=False)
        >>> sky.find_services("blazar", waveband="gamma-rays")
        Traceback (most recent call last):
        skyexplorer.errors.InputError: waveband is 'gamma-rays'. Give one of radio, millimeter, ...
        """
        where = None if region is None else query_.region_of(self.session, region)
        asked = registry_search_.prepare(
            words, waveband=waveband, ucd=ucd, region=where, kind=kind, deadline=deadline, refresh=refresh
        )
        found = yield partial(registry_search_.ask_services, asked)
        return registry_search_.show_services(self.session, asked, found)

    @recorded()
    @jobs_.live("Counting what is in the field")
    def field(
        self,
        region: SkyRegion | SkyMap | Event | str | None = None,
        services: str | Service | Iterable[str | Service] | None = None,
        *,
        deadline: float = 30.0,
        refresh: bool = False,
    ) -> jobs_.Live[Field]:
        """Count what each mission and band has in the field.

        Parameters
        ----------
        region : SkyRegion, SkyMap, Event or str, optional
            By default the field in view; a name is that of a layer.
        services : str, Service, or iterable of them, optional
            By default all tables of the services, and the surveys that MocServer knows; ``"mocserver"`` is only these.
        deadline : float
            Seconds for all. Who has not answered then is estimated where that is possible, and the ledger says so.
        refresh : bool
            Whether to ask although an answer is kept.

        Returns
        -------
        Field
            A list of rows by band: ``row.count``, ``row.estimate``, ``row.title``, ``row.what``. A row is brought by
            ``sky.query_region(region, service=row)``; where its ``what`` is ``"observations"``, ``sky.images`` lists them.
            ``.ledger`` tells who answered.

        Raises
        ------
        InputError
            For a service that cannot count.

        Examples
        --------
        >>> sky = SkyExplorer(samples=False)
        >>> sky.field(services="sesame")
        Traceback (most recent call last):
        skyexplorer.errors.InputError: sesame cannot count what is in a field. Those of TAP can.
        """
        asked = field_.prepare(self.session, region, services, deadline=deadline, refresh=refresh)
        found = yield partial(field_.ask_field, asked)
        return field_.show_field(self.session, asked, found)

    @recorded()
    @jobs_.live("Looking for images")
    def images(
        self,
        region: SkyRegion | SkyMap | Event | str | None = None,
        service: str | Service | Iterable[str | Service] | None = None,
        *,
        max_rows: int | None = None,
        deadline: float = 60.0,
        refresh: bool = False,
    ) -> jobs_.Live[Records]:
        """List images of a region, and show what they cover.

        Parameters
        ----------
        region : SkyRegion, SkyMap, Event or str, optional
            By default the field in view; a name is that of a layer.
        service : str, Service, or iterable of them, optional
            By default all that list images (ObsTAP, SIA).
        max_rows : int, optional
            Of each service.
        deadline : float
            Seconds for all.
        refresh : bool
            Whether to ask although an answer is kept.

        Returns
        -------
        Records
            A list: ``.title``, ``.region``, ``.start``, ``.band``, ``.address`` of each; ``.ledger`` tells who answered.

        Raises
        ------
        InputError
            For a service that lists none.
        ServiceError
            Where none answered.

        Examples
        --------
        >>> sky = SkyExplorer(samples=False)
        >>> sky.images(service="2mass")
        Traceback (most recent call last):
        skyexplorer.errors.InputError: 2mass (...) lists no images. These do: ...
        """
        asked = images_.prepare(
            self.session, region, service, max_rows=max_rows, deadline=deadline, refresh=refresh
        )
        found = yield partial(images_.ask_images, asked)
        return images_.show_images(self.session, asked, found)

    @recorded()
    @jobs_.live("Cutting a part out of {image}")
    def cutout(
        self,
        image: Record,
        region: SkyRegion | SkyMap | Event | str | None = None,
        *,
        deadline: float = 600.0,
    ) -> jobs_.Live[CutOut]:
        """Fetch the part of an image that a region covers; what it covers becomes a layer.

        Parameters
        ----------
        image : Record
            One of those that `images` found.
        region : SkyRegion, SkyMap, Event or str, optional
            By default the field in view; a name is that of a layer.
        deadline : float
            Seconds for the file.

        Returns
        -------
        CutOut
            ``.path`` is a FITS file, ``.raw`` its bytes, ``.header`` and ``.shape`` those of its image; ``.origin`` says
            whether the archive has cut it, or it was cut here from the whole file.

        Raises
        ------
        InputError
            For something that is no image, or lies beside the region.
        ServiceError
            Where the archive does not give it.

        Examples
        --------
        >>> sky = SkyExplorer(samples=False)
        >>> from skyexplorer.model.record import Record
        >>> sky.cutout(Record("4FGL J0509.4+0542", "spectrum", "https://archive.example/txs.fits"))
        Traceback (most recent call last):
        skyexplorer.errors.InputError: 4FGL J0509.4+0542 is of the kind 'spectrum', not an image. Give one of sky.images(…).
        """
        record, where = images_.prepare_cutout(self.session, image, region)
        found = yield partial(images_.ask_cutout, record, where, deadline)
        return images_.show_cutout(self.session, found)

    @recorded()
    @jobs_.live("Asking where {name} is")
    def resolve(self, name: str, *, deadline: float = 20.0, refresh: bool = False) -> jobs_.Live[SkyCoord]:
        """Ask SIMBAD, NED and VizieR where something is; the view stays.

        Parameters
        ----------
        name : str
            Such as ``"M 87"``.
        deadline : float
            Seconds.
        refresh : bool
            Whether to ask although an answer is kept; one is kept for a month.

        Returns
        -------
        SkyCoord
            ICRS.

        Raises
        ------
        NotFoundError
            Where none of them knows it.
        ServiceError
            Where they could not be asked.

        Examples
        --------
        >>> sky = SkyExplorer(samples=False)
        >>> sky.resolve("")
        Traceback (most recent call last):
        skyexplorer.errors.InputError: '' is no name. Give one such as "M 87".
        """
        found = yield resolve_.asked(name, deadline, refresh)
        return found.coord

    @recorded()
    @jobs_.live("Matching with {other}")
    def xmatch(
        self,
        catalog: SourceCatalog | SkyCoord | str,
        other: SourceCatalog | SkyCoord | Service | str,
        radius: u.Quantity,
        *,
        mode: str = "all",
        deadline: float = 300.0,
        refresh: bool = False,
    ) -> jobs_.Live[Table]:
        """Match a list with another: here, or at CDS with any table of VizieR, or SIMBAD.

        Parameters
        ----------
        catalog : SourceCatalog, SkyCoord or str
            The list, or the name of its layer.
        other : SourceCatalog, SkyCoord, Service or str
            A list, or the name of a layer: they are matched here. Else a service such as ``"2mass"`` or ``"simbad"``, or a
            table of VizieR such as ``"II/246/out"``: positions are sent to X-Match at CDS, and matched there.
        radius : Quantity
            At most 180 arcsec at CDS.
        mode : {"all", "nearest"}
            All partners within the radius, or the nearest only.
        deadline : float
            Seconds.
        refresh : bool
            Whether to ask although an answer is kept.

        Returns
        -------
        Table
            ``left`` (row of the list) and ``separation`` (arcsec); here ``right``, the row of the other, there its columns.

        Raises
        ------
        InputError
            For a radius that cannot be, or a service whose tables CDS does not have.
        ServiceError
            Where X-Match does not answer; `RefusedError` where it has banned this address.

        Examples
        --------
        >>> from astropy import units as u
        >>> sky = SkyExplorer()
        >>> matched = sky.xmatch("fermi-sources", sky.layers["fermi-sources"].coords, 1 * u.arcsec)
        >>> len(matched) == len(sky.layers["fermi-sources"].data)
        True
        """
        match, there = xmatch_.prepare(
            self.session, catalog, other, radius, mode=mode, deadline=deadline, refresh=refresh
        )
        return (yield match) if there else match()

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

    @recorded()
    @jobs_.live("Asking {service}")
    def query_region(
        self,
        region: SkyRegion | SkyCoord | SkyMap | Event | Source | str | None = None,
        service: str | Service | Iterable[str | Service] = "fermi-4fgl",
        *,
        radius: u.Quantity | float | None = None,
        columns: Iterable[str] | None = None,
        max_rows: int | None = None,
        where: str = "",
        deadline: float = 60.0,
        refresh: bool = False,
        name: str | None = None,
    ) -> jobs_.Live[SourceCatalog | query_.Catalogs]:
        """Ask archives what they hold in a region of the sky; it becomes a layer.

        Whatever the protocol, the answer has the rows inside the region and no others. That a service has more rows than it
        gave is told in ``origin.overflow``, in the ledger and in a notice; `fetch_on` brings them.

        Parameters
        ----------
        region : SkyRegion, SkyCoord, SkyMap, Event, Source or str, optional
            A map or an event stands for its 90 % region, a text for what lies on the layer of that name; by default
            it is the field in view.
        service : str, Service, or several of them
            Ids of rows of ``skyexplorer.services.services()``, or ``"vizier:II/246/out"`` for any table of a host. Several
            are asked side by side.
        radius : Quantity or float, optional
            Of a circle around a position; numbers are degrees.
        columns : iterable of str, optional
            Columns to ask for; those of position, name and id come with them. By default those of the service's row, or all.
        max_rows : int, optional
            Rows to ask each service for at most; by default the cap of its row.
        where : str
            A further condition in ADQL, such as ``"variability_index > 27.7"``.
        deadline : float
            Seconds for all of it.
        refresh : bool
            Ask although an answer is kept.
        name : str, optional
            What the layer is called; by default as the service.

        Returns
        -------
        SourceCatalog, or Catalogs
            With ``origin`` and ``ledger``; it may have no rows. For several services a dict by id of those that
            answered, whose ``ledger`` tells of the others too.

        Raises
        ------
        ServiceError
            Of its kinds, where none answered.
        InputError, NotFoundError
            For what cannot be asked.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer.services import Service
        >>> sky, crab = SkyExplorer(samples=False), SkyCoord("05h34m32s +22d00m52s")
        >>> with TemporaryDirectory() as folder:  # a file is a service too
        ...     path = Path(folder) / "pulsars.csv"
        ...     _ = path.write_text("name,ra,dec\\nCrab,83.633,22.015\\nVela,128.836,-45.176\\n")
        ...     found = sky.query_region(crab, Service("mine", "Pulsars", "file", str(path)), radius=1 * u.deg)
        >>> found.names, sky.layers["mine"].rows, found.ledger[0].state
        (['Crab'], 1, 'ok')
        """
        question = query_.prepare(
            self.session, region, service, radius=radius, columns=columns, max_rows=max_rows, where=where,
            deadline=deadline, refresh=refresh, name=name,
        )  # fmt: skip
        answers = yield partial(query_.ask_region, question)
        return query_.show_region(self.session, question, answers)

    @recorded()
    @jobs_.live("Fetching the rest of {catalog}")
    def fetch_on(
        self, catalog: SourceCatalog | str, max_rows: int | None = None, *, deadline: float = 600.0
    ) -> jobs_.Live[SourceCatalog]:
        """Fetch what a row cap cut off an answer, and put the whole in its place.

        The region is asked again by parts, and those parts by their halves, until no answer is cut.

        Parameters
        ----------
        catalog : SourceCatalog or str
            What `query_region` returned, or the name of its layer.
        max_rows : int, optional
            Rows at most; by default a million.
        deadline : float
            Seconds for all of it.

        Returns
        -------
        SourceCatalog
            All rows; ``origin.overflow`` tells whether there are still more.

        Raises
        ------
        InputError
            For a catalogue that was not asked of a service.
        ServiceError

        Examples
        --------
        >>> sky = SkyExplorer(samples=False)
        >>> sky.fetch_on(sky.open("gw170817-galaxies"))
        Traceback (most recent call last):
        ...
        skyexplorer.errors.InputError: ... was not asked of a service. Give what query_region returned, or its layer.
        """
        question = query_.prepare_on(self.session, catalog, max_rows, deadline)
        answers = yield partial(query_.ask_region, question)
        return query_.show_on(self.session, catalog, question, answers)

    @recorded()
    @jobs_.live("Asking the archives for light curves of {source}")
    def live_curves(
        self,
        source: Source | Event | SkyCoord | str,
        providers: Iterable[str] | str | None = None,
        radius: float | u.Quantity = 3.0,
        deadline: float = 60.0,
        cadence: str = "weekly",
    ) -> jobs_.Live[LiveCurves]:
        """Ask archives for light curves of a source, all at once, and show them together.

        Parameters
        ----------
        source : Source, Event, SkyCoord or str
            A source, an event with a position, a place, or the name of one.
        providers : iterable of str, optional
            Ids of those to ask; by default those that can have data of it. Among them are ``"fermi-lcr"``,
            ``"swift-bat"``, ``"maxi"``, ``"ztf-lc"``, ``"asassn"``, ``"gaia-datalink"`` and ``"mast"`` (TESS, Kepler).
        radius : float or Quantity
            Around the position, within which a star is taken for it; in arcseconds.
        deadline : float
            Seconds for all. Who has not answered then is left out, and the ledger says so.
        cadence : str
            Of the Fermi LAT Light Curve Repository: ``"daily"`` (bins of 3 days), ``"weekly"`` or ``"monthly"``.

        Returns
        -------
        LiveCurves
            A sequence of LightCurve; ``found["ztf-lc"]`` are those of one provider, ``.ledger`` tells who answered what,
            ``.notes`` what they said beside, and ``.skipped`` why others were not asked.

        Raises
        ------
        InputError
            For something without a position, or an unknown provider.
        NotFoundError
            For an unknown name.

        Examples
        --------
        >>> sky = SkyExplorer()
        >>> nobody = sky.live_curves("TXS 0506+056", providers=[])
        >>> len(nobody), nobody.ledger.complete
        (0, True)
        """
        asked = curves_.question(self.session, source, providers, radius, deadline, cadence=cadence)
        found = yield partial(curves_.ask_curves, asked, curves_.telling(self.session, asked))
        return curves_.show_curves(self.session, asked, found)

    @property
    def jobs(self) -> Jobs:
        """What is under way: ``sky.jobs.items``."""
        return self.session.jobs

    @property
    def ledger(self) -> Ledger:
        """Who was asked last, and what each answered; all of the last fifty are in ``sky.session.ledgers.items``."""
        return self.session.ledgers.last

    def submit(
        self, verb: Callable[..., Any], /, *args: Any, replaces: str = "", what: str = "", **kwargs: Any
    ) -> Job[Any]:
        """Run a verb, or a function of yours, without waiting for it.

        Parameters
        ----------
        verb : callable
            A verb, such as ``sky.query_region``: it asks in another thread, and what comes is shown when the notebook is
            free. A function of yours runs in another thread as a whole, and must leave ``sky`` alone; it reports
            to ``skyexplorer.progress.current()``.
        *args, **kwargs
            Its arguments.
        replaces : str
            A job that was submitted before with the same word is cancelled, and what it brings is dropped.
        what : str
            What the job is called.

        Returns
        -------
        Job
            ``job.cancel()``, ``await job``, ``job.result(timeout)``, ``job.state``, ``job.progress``, ``job.ledger``.

        Raises
        ------
        InputError
            For something that cannot be submitted, and what the verb says of its arguments.

        Examples
        --------
        >>> sky = SkyExplorer(samples=False)
        >>> job = sky.submit(pow, 2, 10)
        >>> job.result(timeout=10)
        1024
        >>> job.state
        'done'
        """
        return jobs_.submit(self.session.jobs, verb, args, kwargs, replaces=replaces, what=what)

    @property
    def widget(self) -> Any:
        """The widget that is displayed; made when it is first asked for."""
        if self._workbench is None:
            from skyexplorer.core import warming
            from skyexplorer.views.workbench import Workbench

            warming.warm_in_background()  # the first match in this notebook shall not wait for a compiler
            self._workbench = Workbench(self.session, self)
        return self._workbench.root

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self.widget._repr_mimebundle_(include=include, exclude=exclude)

    def __repr__(self) -> str:
        rows = ", ".join(f"{layer.name} ({layer.rows})" for layer in self.layers.values())
        return f"<SkyExplorer: {rows or 'no layers'}>"
