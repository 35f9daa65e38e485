"""How a job shows itself: as text; in a notebook with a bar that moves, and with who was asked."""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING, Any

from skyexplorer.session.bar import bar
from skyexplorer.session.text import _

if TYPE_CHECKING:
    from skyexplorer.model.ledger import Answer
    from skyexplorer.session.jobs import Job

OFTEN = 0.25  # s between two pictures in a notebook
# Colours that are seen on a light page and on a dark one.
COLORS = {
    "done": "#2e9e5b",
    "failed": "#d9534f",
    "cancelled": "#8a94a3",
    "waiting": "#8a94a3",
    "running": "#4a90e2",
}
WORDS = {
    "waiting": _("waiting"),
    "running": _("running"),
    "done": _("done"),
    "failed": _("failed"),
    "cancelled": _("stopped"),
}


def text(job: Job[Any]) -> str:
    """The job in a line, and a line for each service that was asked."""
    far = ""
    if not job.ended:
        share = job.progress.share
        far = (
            f", {job.seconds:.0f} s"
            if share is None
            else f", {bar(share)} {100 * share:.0f} %, {job.seconds:.0f} s"
        )
    lines = [f"<Job {job.id}: {job.what}, {job.state}{far}>"]
    return "\n".join(lines + [f"  {answer.line()}" for answer in job.ledger])


def html(job: Job[Any]) -> str:
    """The same for a notebook."""
    color = COLORS[job.state]
    share = 1.0 if job.state == "done" else job.progress.share or 0.0
    doing = job.progress.what if job.state == "running" and job.progress.what != job.what else ""
    far = f"{100 * share:.0f} %" if job.state == "running" and job.progress.share is not None else ""
    facts = " · ".join(filter(None, (WORDS[job.state], doing, far, f"{job.seconds:.1f} s")))
    error = job.exception if job.state == "failed" else None
    said = f'<div style="color:{COLORS["failed"]}">{escape(str(error))}</div>' if error else ""
    return (
        '<div style="max-width:560px;font-size:13px;line-height:1.5;font-variant-numeric:tabular-nums">'
        f'<div style="display:flex;gap:12px;justify-content:space-between"><b style="font-weight:600">{escape(job.what)}</b>'
        f'<span style="opacity:.75">{escape(facts)}</span></div>'
        '<div style="height:4px;margin:4px 0 6px;border-radius:2px;background:rgba(128,140,160,.28);overflow:hidden">'
        f'<div style="width:{100 * share:.1f}%;height:100%;background:{color}"></div></div>'
        f"{said}{''.join(map(_line, job.ledger))}</div>"
    )


def _line(answer: Answer) -> str:
    color = (
        COLORS["done"]
        if answer.good
        else COLORS["running" if answer.state in ("asking", "slow") else "failed"]
    )
    name, rest = escape(answer.service), escape(answer.line().partition(": ")[2])
    return (
        f'<div><span style="color:{color}">●</span> <span style="font-weight:500">{name}</span>'
        f' <span style="opacity:.75">{rest}</span></div>'
    )


def display(job: Job[Any]) -> None:
    """Show it where IPython shows it: in a notebook it is kept up to date until it has ended."""
    from IPython import get_ipython
    from IPython.display import HTML
    from IPython.display import display as show

    if getattr(get_ipython(), "kernel", None) is None:  # a terminal
        print(repr(job))
        return
    shown, last = show(HTML(html(job)), display_id=True), time.monotonic()

    def follow() -> None:
        nonlocal last
        if job.ended or time.monotonic() - last >= OFTEN:
            last = time.monotonic()
            shown.update(HTML(html(job)))
        if job.ended:
            job.changed.disconnect(follow, missing_ok=True)

    if not job.ended:
        job.changed.connect(follow)
