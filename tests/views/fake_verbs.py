"""Verbs that begin jobs and leave them to the test: what a panel asks for is seen, and answered by hand."""

from __future__ import annotations

from typing import Any

from skyexplorer.model.ledger import Answer
from skyexplorer.session.jobs import Job
from skyexplorer.session.session import Session


class FakeVerbs:
    """Keeps what was submitted; each call begins a job that the test ends."""

    theme, height = "auto", 720

    def __init__(self, session: Session) -> None:
        self.session = session
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.jobs: list[Job[Any]] = []
        self.refuses: Exception | None = None

    def query_region(self) -> None: ...
    def fetch_on(self) -> None: ...
    def field(self) -> None: ...
    def find_services(self) -> None: ...
    def images(self) -> None: ...
    def cutout(self) -> None: ...
    def events(self) -> None: ...
    def open(self) -> None: ...
    def submit(self, verb: Any, *args: Any, replaces: str = "", what: str = "", **kwargs: Any) -> Job[Any]:
        if self.refuses is not None:
            raise self.refuses
        self.calls.append((verb.__name__, args, kwargs))
        job = self.session.jobs.new(what or verb.__name__, replaces=replaces, blocks=True)
        job.begin()
        if verb.__module__ != __name__ and verb.__name__ == "outlines_of":
            job.finish(verb(*args))  # done at once; it asks nobody
            self.calls.pop()
            return job
        self.jobs.append(job)
        return job

    def home(self) -> None:
        """What other threads left for this one is done, as a loop would."""
        self.session.jobs.home.run()

    def answer(self, service: str, value: Any = None, error: Exception | None = None, **facts: Any) -> None:
        """The last job ends: one service has answered, or failed."""
        job = self.jobs[-1]
        row = job.book.open(service)
        row.tell(**facts)
        row.close(error)
        if error is None:
            job.finish(value)
        else:
            job.fail(error)
        self.home()

    def end(self, value: Any = None, error: Exception | None = None) -> None:
        """The last job ends, and no service was in it."""
        if error is None:
            self.jobs[-1].finish(value)
        else:
            self.jobs[-1].fail(error)
        self.home()


def tell(panel: Any, kind: str, /, **content: Any) -> None:
    """What the browser sends."""
    panel._handle_custom_msg({"type": kind, **content}, [])


def errors(session: Session) -> list[str]:
    return [notice.text for notice in session.notices.items if notice.level == "error"]


def kept(service: str, **facts: Any) -> Answer:
    return Answer(service, "cached", cached_at="2026-01-01T00:00:00+00:00", **facts)
