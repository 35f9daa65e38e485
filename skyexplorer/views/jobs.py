"""Jobs in the status line: what runs, how far it is, a way to stop it; and who answered the last question.

Nothing is seen of it before the first question, and while nothing runs only the button that tells of the last one.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import traitlets

from skyexplorer.model.ledger import Ledger
from skyexplorer.session.jobs import Job
from skyexplorer.session.session import Session
from skyexplorer.session.text import _
from skyexplorer.views.panel import Panel
from skyexplorer.views.states import told

LISTED = 8  # jobs that are told one by one
OFTEN = 0.1  # s between two pictures of the jobs


class JobsPanel(Panel):
    """The jobs that run, and the ledger of the last question."""

    kind = "jobs"
    doing = _("The list of jobs")

    items = traitlets.List(traitlets.Dict()).tag(sync=True)
    count = traitlets.Int(0, help="Of all jobs; the first ones are in `items`.").tag(sync=True)
    asked = traitlets.Dict(help="The last question that was answered, and its ledger.").tag(sync=True)

    def __init__(self, session: Session, verbs: Any) -> None:
        super().__init__(session, verbs)
        self._drawn = 0.0
        self._later: asyncio.TimerHandle | None = None
        for signal in (session.jobs.added, session.jobs.changed):
            self.link(signal, lambda job: self._soon())
        self.link(session.ledgers.changed, self._answered)
        self._draw()
        self._answered()

    def texts(self) -> dict[str, str]:
        """Visible texts of the panel."""
        return {
            "label": _("Jobs"),
            "jobs": _("{count} jobs"),
            "more": _("and {count} more"),
            "cancel": _("Stop: {what}"),
            "blocks": _("The notebook waits for this: interrupt the kernel to stop it"),
            "cancel_all": _("Stop all"),
            "waiting": _("waiting"),
            "seconds": _("{seconds} s"),
            "minutes": _("{minutes} min {seconds} s"),
            "details": _("What runs, and who answered the last question"),
            "last": _("Last question"),
        }

    def close(self) -> None:
        """Stop following the session, and close the widget."""
        if self._later is not None:
            self._later.cancel()
        super().close()

    def _soon(self) -> None:
        """Draw now, or, where that was done a moment ago, in a moment."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._draw()
            return
        wait = self._drawn + OFTEN - time.monotonic()
        if wait <= 0:
            self._draw()
        elif self._later is None:
            self._later = loop.call_later(wait, self._draw)

    def _draw(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        self._drawn = time.monotonic()
        jobs = self.session.jobs.items
        with self.hold_sync():
            self.items = [_row(job) for job in jobs[:LISTED]]
            self.count = len(jobs)

    def _answered(self) -> None:
        items = self.session.ledgers.items
        if items:
            last = items[-1]
            self.asked = {
                "what": last.what,
                "when": last.when.strftime("%H:%M:%S UTC"),
                "complete": last.ledger.complete,
                "answers": _answers(last.ledger),
            }

    def on_cancel(self, id: int) -> None:
        """The cross of a job."""
        for job in self.session.jobs.items:
            if job.id == id:
                job.cancel()

    def on_cancel_all(self) -> None:
        """The button that stops all."""
        for job in self.session.jobs.items:
            job.cancel()


def _row(job: Job[Any]) -> dict[str, Any]:
    doing = job.progress.what
    return {
        "id": job.id,
        "what": job.what,
        "doing": doing if doing != job.what else "",
        "state": job.state,
        "blocks": job.blocks,
        "slow": any(answer.state == "slow" for answer in job.ledger),
        "share": job.progress.share,
        "age": round(job.seconds, 1),
        "answers": _answers(job.ledger),
    }


def _answers(ledger: Ledger) -> list[dict[str, Any]]:
    return [
        {**told(answer), "service": answer.service, "seconds": round(answer.seconds, 1)} for answer in ledger
    ]
