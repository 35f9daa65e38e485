"""The verbs that ask archives, and what runs of them: the part of `SkyExplorer` that needs a network."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from skyexplorer.actions import curves as curves_
from skyexplorer.actions import field as field_
from skyexplorer.actions import images as images_
from skyexplorer.actions import jobs as jobs_
from skyexplorer.actions import live as live_
from skyexplorer.actions import query as query_
from skyexplorer.actions import registry_search as registry_search_
from skyexplorer.actions import resolve as resolve_
from skyexplorer.actions import xmatch as xmatch_
from skyexplorer.actions.recording import recorded
from skyexplorer.session.jobs import Job, Jobs
from skyexplorer.session.session import Session

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
    from skyexplorer.model.listing import EventsList
    from skyexplorer.model.record import Record, Records
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.model.skymap import SkyMap
    from skyexplorer.services import Service
    from skyexplorer.services.soda import CutOut

OF_VIEW = ("query_region", "field", "images")  # what they ask about, where nothing is given


class ArchiveVerbs:
    """What a `SkyExplorer` asks of services, by itself or as jobs."""

    session: Session

    @recorded()
    @jobs_.live("Asking {service}")
    def query_region(
        self,
        region: SkyRegion | SkyCoord | SkyMap | Event | Source | SourceCatalog | str | None = None,
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
        region : SkyRegion, SkyCoord, SkyMap, Event, Source, SourceCatalog or str, optional
            A map or an event stands for its 90 % region, positions and sources for circles of ``radius`` around them, a
            text for what lies on the layer of that name; by default it is the field in view.
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
        >>> from skyexplorer import SkyExplorer
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
        >>> from skyexplorer import SkyExplorer
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
        >>> from skyexplorer import SkyExplorer
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
        >>> from skyexplorer import SkyExplorer
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
        >>> from skyexplorer import SkyExplorer
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
        >>> from skyexplorer import SkyExplorer
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
        >>> from skyexplorer import SkyExplorer
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
        >>> from skyexplorer import SkyExplorer
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
        >>> from skyexplorer import SkyExplorer
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
        >>> from skyexplorer import SkyExplorer
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
        >>> from skyexplorer import SkyExplorer
        >>> sky = SkyExplorer(samples=False)
        >>> job = sky.submit(pow, 2, 10)
        >>> job.result(timeout=10)
        1024
        >>> job.state
        'done'
        """
        args, kwargs = self._placed(verb, args, kwargs)
        return jobs_.submit(self.session.jobs, verb, args, kwargs, replaces=replaces, what=what)

    def _placed(
        self, verb: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments with the field in view as a region: it is written in a script after the view has moved on."""
        if getattr(verb, "__self__", None) is not self or verb.__name__ not in OF_VIEW:
            return args, kwargs
        try:
            given = inspect.signature(verb).bind(*args, **kwargs).arguments
        except TypeError:
            return args, kwargs  # told by the verb itself
        if given.get("region") is not None:
            return args, kwargs
        rest = {name: value for name, value in kwargs.items() if name not in ("region", "radius")}
        return (query_.region_of(self.session, None, given.get("radius")), *args[1:]), rest
