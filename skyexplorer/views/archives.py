"""Archives panel: ask services about the view or a drawn region; what is there; search the registry; images.

The panel shows `session.archives`, and hands every click to ``verbs.submit``: it never waits and never asks the network
itself. What each service is doing is read from the ledgers of the jobs that run, whoever began them.
"""

from __future__ import annotations

from typing import Any

import traitlets
from astropy import units as u

from skyexplorer.errors import SkyExplorerError
from skyexplorer.model.ledger import Answer
from skyexplorer.model.region import SkyRegion
from skyexplorer.session.archives import FINDINGS
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views import findings
from skyexplorer.views.panel import Panel
from skyexplorer.views.states import going, told, waited

ME = "archives"
MODES = ("services", "field", "registry", "images")


class ArchivesPanel(Panel):
    """Services, what is in the view, the registry, and images."""

    kind = "archives"
    doing = _("The archives panel")

    mode = traitlets.Unicode("services").tag(sync=True)
    within = traitlets.Unicode("view").tag(sync=True)
    view = traitlets.Unicode().tag(sync=True)
    region = traitlets.Unicode().tag(sync=True)
    tool = traitlets.Unicode().tag(sync=True)
    offline = traitlets.Bool(False).tag(sync=True)
    services = traitlets.List(traitlets.Dict()).tag(sync=True)
    services_failed = traitlets.Unicode().tag(sync=True)
    states = traitlets.Dict(help="What each service is doing, or answered, by its id.").tag(sync=True)
    field = traitlets.Dict().tag(sync=True)
    registry = traitlets.Dict().tag(sync=True)
    images = traitlets.Dict().tag(sync=True)

    def __init__(self, session: Session, verbs: Any) -> None:
        super().__init__(session, verbs)
        self._begun = False
        self._open: dict[int, Any] = {}  # jobs that ask for the columns of a row of the registry
        self._cuts: dict[int, Any] = {}  # jobs that cut images out, by row
        self.link(session.archives.changed, self._changed)
        self.link(session.selection.region_changed, lambda region, by: self._where())
        self.link(session.viewport.changed, self._moved)
        worked = self.paced(self._worked)
        for signal in (session.jobs.added, session.jobs.changed):
            self.link(signal, lambda job: worked())
        self._where()
        self._worked()

    def begin(self) -> None:
        """List the services, once the panel is looked at: the table need not be read before."""
        if not self._begun:
            self._begun = True
            self._list_services()
            for kind in FINDINGS:
                self._found(kind)
            self._worked()

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        return {
            "panel": _("Archives"),
            "modes": _("What to ask the archives"),
            "mode_services": _("Services"),
            "mode_field": _("What is here"),
            "mode_registry": _("Search"),
            "mode_images": _("Images"),
            "where": _("Where to ask"),
            "ask_in": _("Ask in"),
            "view": _("view {size}"),
            "region": _("region {size}"),
            "circle": _("Draw a circle to ask in"),
            "polygon": _("Draw a polygon to ask in"),
            "clear_region": _("Take the drawn region away"),
            "filter_services": _("Filter the services"),
            "filter_services_hint": _("Filter: words"),
            "which": _("Band or messenger"),
            "band": _("Band"),
            "messenger": _("Messenger"),
            "all_services": _("All services"),
            "all_bands": _("All bands"),
            "asked": _("Asked"),
            "no_match": _("No service matches."),
            "no_services": _("There are no services in the table."),
            "ask": _("Ask"),
            "ask_service": _("Ask {name}"),
            "cancel": _("Stop"),
            "cancel_service": _("Stop asking {name}"),
            "again": _("Try again"),
            "more": _("Fetch on"),
            "more_of": _("Fetch more rows of {name}"),
            "about": _("About {name}"),
            "progress": _("Progress of {name}"),
            "ask_field": _("Count what is here"),
            "offline": _("Offline: only answers that were kept are given."),
            "words": _("Words to search the registry for"),
            "words_hint": _("Search the registry: blazar, …"),
            "waveband": _("Waveband"),
            "ucd": _("UCD of a column"),
            "ucd_hint": _("UCD, e.g. phot.flux"),
            "covering": _("covers this place"),
            "search": _("Search"),
            "add": _("Add"),
            "add_of": _("Add {name} as a layer"),
            "asking_columns": _("Asking for its columns …"),
            "ask_images": _("Find images here"),
            "footprints": _("footprints"),
            "cutout": _("Cut out"),
            "cutout_of": _("Cut the place out of {name}"),
        }

    # session -> browser

    def _changed(self, what: str) -> None:
        if what == "services":
            if self._begun:
                self._list_services()
        elif what in ("within", "tool"):
            self._where()
        elif what == "answers":
            self._worked()
        else:
            self._found(what)

    def _moved(self, field: str, by: str) -> None:
        if field == "fov":
            self._where()

    def _where(self) -> None:
        archives, region = self.session.archives, self.session.selection.region
        with self.hold_sync():
            self.within, self.tool = archives.within, archives.tool
            self.view = f"{findings.brief(self.session.viewport.fov)}°"
            self.region = "" if region is None else findings.area(region)

    def _list_services(self) -> None:
        try:
            rows = [service for service in self.session.archives.services if service.searched]
            failed = ""
        except SkyExplorerError as error:
            rows, failed = [], str(error)
        with self.hold_sync():
            self.services, self.services_failed = findings.service_rows(rows), failed

    def _worked(self) -> None:
        """A job has begun, gone on or ended."""
        with self.hold_sync():
            self.states, self.offline = self._states(), self._begun and self.session.archives.offline
        for kind in FINDINGS:
            finding = self.session.archives.finding(kind)
            if finding.job is not None:
                self._found(kind)

    def _states(self) -> dict[str, Any]:
        archives = self.session.archives
        found = {name: told(answer) for name, answer in archives.answers.items()}
        for name, job in archives.asking.items():
            if job.state == "failed" and not any(answer.service == name for answer in job.ledger):
                found[name] = told(Answer.of_error(name, job.exception))  # it never came to be asked
        for job in self.session.jobs.items:
            for answer in job.ledger:
                found[answer.service] = (
                    _asking(job, answer) if answer.state in ("asking", "slow") else told(answer)
                )
        for name, job in archives.asking.items():
            if going(job) and not found.get(name, {}).get("asking"):
                found[name] = _asking(job, None)
        return found

    def _found(self, kind: str) -> None:
        finding = self.session.archives.finding(kind)
        if kind == "field":
            self.field = findings.field(finding)
        elif kind == "registry":
            self.registry = findings.registry(finding, self._open)
        else:
            self.images = findings.images(finding, self.session.archives, self._cuts)

    # browser -> session

    def on_mode(self, name: str) -> None:
        """Another of the four."""
        if name in MODES:
            self.mode = name

    def on_within(self, value: str) -> None:
        """Ask in the view, or in the region that was drawn."""
        self.session.archives.within = value

    def on_tool(self, name: str) -> None:
        """Draw a circle, a polygon, or nothing."""
        self.session.archives.tool = name

    def on_clear_region(self) -> None:
        """Take the region away."""
        self.session.selection.choose_region(None, by=ME)

    def on_ask(self, id: str) -> None:
        """Ask a service about the place; what comes is a layer."""
        self._submit(id, self.verbs.query_region, self.session.archives.region, service=id)

    def on_more(self, id: str) -> None:
        """Fetch on where the last answer was cut."""
        for layer in reversed(self.session.layers.values()):
            if layer.origin is not None and layer.origin.service == id and layer.origin.overflow:
                return self._submit(id, self.verbs.fetch_on, layer.name)
        return self._submit(
            id, self.verbs.query_region, self.session.archives.region, service=id
        )  # its layer is gone

    def _submit(self, id: str, verb: Any, *args: Any, **how: Any) -> None:
        archives = self.session.archives
        try:
            job = self.verbs.submit(verb, *args, replaces=f"archives: {id}", **how)
        except SkyExplorerError as error:  # of the place, before anyone is asked
            archives.heard([Answer.of_error(id, error)])
        else:
            archives.asked(id, job)

    def on_cancel(self, id: str) -> None:
        """Stop asking a service, or for a finding."""
        archives = self.session.archives
        job = archives.finding(id).job if id in FINDINGS else self._job_of(id)
        if job is not None:
            job.cancel()

    def _job_of(self, service: str) -> Any:
        """The job that asks a service now, whoever began it."""
        own = self.session.archives.asking.get(service)
        if going(own):
            return own
        for job in self.session.jobs.items:
            if any(answer.service == service for answer in job.ledger):
                return job
        return None

    def on_field(self) -> None:
        """Count what is at the place."""
        self._find("field", self.verbs.field, self.session.archives.region)

    def on_bring(self, row: int) -> None:
        """A click on what is here: objects become a layer, observations are listed, pictures lie behind."""
        field = self.session.archives.finding("field").result
        one = field[row]
        if one.what == findings.PICTURES:
            self.session.viewport.move(survey=one.surveys[0], by=ME)
        elif one.what == findings.OBSERVATIONS:
            self.mode = "images"
            self._cuts.clear()
            self._find("images", self.verbs.images, field.region, service=one.service)
        else:
            self._submit(one.service, self.verbs.query_region, field.region, service=one.service)

    def on_search(self, words: str, waveband: str, ucd: str, covering: bool) -> None:
        """Search the registry."""
        if not (words.strip() or waveband or ucd.strip()):
            return
        self._open.clear()
        given = {"waveband": waveband, "ucd": ucd.strip()}
        asked: dict[str, Any] = {name: value for name, value in given.items() if value}
        if covering:
            asked["region"] = self._place()
        self._find("registry", self.verbs.find_services, words.strip(), **asked)

    def on_preview(self, row: int) -> None:
        """Show the columns of a service of the registry, or hide them."""
        if self._open.pop(row, None) is None:
            found = self.session.archives.finding("registry").result[row]
            what = _("Columns of {title}").format(title=found.title)
            job = self._open[row] = self.verbs.submit(columns_of, found, what=what)
            job.then(self.session.notices.guard(self.doing)(lambda: self._found("registry")))
        self._found("registry")

    def on_add(self, row: int) -> None:
        """Ask a service of the registry about the place; what comes is a layer."""
        found = self.session.archives.finding("registry").result[row]
        # Not by its id: a script that is run elsewhere has to find it first.
        self._submit(found.id, self.verbs.query_region, self.session.archives.region, service=found)

    def on_images(self) -> None:
        """Find images of the place."""
        self._cuts.clear()
        self._find("images", self.verbs.images, self.session.archives.region)

    def _find(self, kind: str, verb: Any, *args: Any, **question: Any) -> None:
        job = self.verbs.submit(verb, *args, replaces=f"archives: {kind}", **question)
        archives = self.session.archives
        archives.follow(kind, job, args=args, **question)
        guard = self.session.notices.guard(self.doing)

        @guard
        def ended() -> None:
            if archives.finding(kind).job is not job:
                return  # asked again meanwhile: this answer is stale
            if job.state == "done":
                archives.show(kind, job.result(0))
            else:
                self._found(kind)

        job.then(ended)

    def on_footprints(self, on: bool) -> None:
        """Outlines of the images on the sky."""
        self.session.archives.footprints = bool(on)

    def on_outline(self, row: int) -> None:
        """Mark one of the images, or none; the sky moves there if it lies outside."""
        archives = self.session.archives
        archives.chosen = -1 if archives.chosen == row else row
        if archives.chosen < 0:
            return
        record = archives.finding("images").result[row]
        view = self.session.viewport
        if record.coord is not None and record.coord.separation(view.target).deg > 0.5 * min(view.fov, 180):
            view.move(target=record.coord, by=ME)

    def on_cutout(self, row: int) -> None:
        """Cut the place out of an image; what comes is shown on the sky."""
        record = self.session.archives.finding("images").result[row]
        job = self._cuts[row] = self.verbs.submit(self.verbs.cutout, record, self._place())
        job.then(self.session.notices.guard(self.doing)(lambda: self._found("images")))
        self._found("images")

    def _place(self) -> Any:
        """The region that is asked about: that of the view, where none was drawn."""
        region = self.session.archives.region
        if region is not None:
            return region
        view = self.session.viewport
        return SkyRegion.circle(view.target, min(view.fov / 2, 90.0) * u.deg)


def _asking(job: Any, answer: Answer | None) -> dict[str, Any]:
    """A service that is asked, or waits to be."""
    share = job.progress.share
    if answer is None:
        return {"state": "asking", "asking": True, "text": _("waiting"), "share": share}
    return {
        "state": answer.state,
        "asking": True,
        "text": waited(answer),
        "title": job.progress.what,
        "share": share,
    }


def columns_of(found: Any) -> Any:
    """The columns of a service that was found: the registry may have to be asked for them."""
    return found.columns
