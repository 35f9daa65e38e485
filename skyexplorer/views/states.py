"""How answers and jobs are told in a panel: a state, a few words, what went wrong and what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from skyexplorer.errors import SkyExplorerError
from skyexplorer.model.ledger import Answer
from skyexplorer.session.text import _

FEW = 2  # of those that did not answer are named in one line
STEPS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))  # s in each unit of an age


def going(job: Any) -> bool:
    """Whether a job waits or works."""
    return job is not None and job.state in ("waiting", "running")


def counted(rows: int) -> str:
    """A number of rows for people.

    Examples
    --------
    >>> from skyexplorer.views.states import counted
    >>> counted(1), counted(1234567)
    ('1 row', '1,234,567 rows')
    """
    return _("1 row") if rows == 1 else _("{count} rows").format(count=f"{rows:,}")


def age(since: str, now: datetime | None = None) -> str:
    """How long ago something was kept, ISO UTC; empty where that cannot be told.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from skyexplorer.views.states import age
    >>> age("2026-01-01T00:00:00+00:00", datetime(2026, 1, 3, tzinfo=UTC))
    '2 d ago'
    """
    try:
        then = datetime.fromisoformat(since)
    except ValueError:
        return ""
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    for length, unit in STEPS:
        if seconds >= length:
            return _("{count} {unit} ago").format(count=int(seconds // length), unit=unit)
    return _("just now")


def told(answer: Answer) -> dict[str, Any]:
    """An answer as the row of its service shows it."""
    row: dict[str, Any] = {
        "state": answer.state,
        "asking": False,
        "more": False,
        "text": "",
        "title": answer.line(),
    }
    if answer.good:
        count = answer.rows or 0
        row["more"] = answer.overflow
        row["text"] = (
            _("first {count} of more").format(count=f"{count:,}") if answer.overflow else counted(count)
        )
        if answer.cached_at:
            row["text"] = _("{rows}, kept {age}").format(rows=row["text"], age=age(answer.cached_at))
    elif answer.state in ("asking", "slow"):
        row |= {"asking": True, "text": waited(answer)}
    else:
        row |= {
            "text": WORDS.get(answer.state, answer.state),
            "said": answer.message,
            "advice": answer.advice,
        }
        if answer.state == "cancelled":
            row["said"] = ""  # by whoever reads this
    return row


def waited(answer: Answer) -> str:
    """That a service is asked, and for how long."""
    words = _("slow, {seconds:.0f} s") if answer.state == "slow" else _("asking, {seconds:.0f} s")
    return words.format(seconds=answer.seconds)


WORDS = {
    "unreachable": _("not reached"),
    "late": _("too late"),
    "refused": _("refused"),
    "error": _("failed"),
    "malformed": _("not understood"),
    "cancelled": _("stopped"),
}


def status(job: Any, text: str = "") -> dict[str, Any]:
    """The line above a list: what its job is doing, or went wrong with; else what is listed.

    Parameters
    ----------
    job : Job or None
        That asks, or failed to.
    text : str
        What to say where no job is on.
    """
    if going(job):
        slow = any(answer.state == "slow" for answer in job.ledger)
        doing = job.progress.what or str(job.what)
        return {"state": "slow" if slow else "asking", "text": doing, "share": job.progress.share}
    if job is not None and job.state == "failed":
        return failed(job.exception)
    if job is not None and job.state == "cancelled":
        return {"state": "cancelled", "text": _("Stopped.")}
    return {"state": "", "text": text}


def failed(error: BaseException) -> dict[str, Any]:
    """What went wrong, and what to do."""
    if isinstance(error, SkyExplorerError):
        said, advice = error.message, error.advice
    else:
        said, advice = (
            f"{type(error).__name__}: {error}",
            _("This was not foreseen; please report it with this text."),
        )
    return {"state": getattr(error, "state", "error"), "said": said, "advice": advice}


def partial(ledger: Any) -> str:
    """Who of several did not answer, in one line; empty where all did."""
    bad = [answer.service for answer in ledger if not answer.good]
    if len(bad) > FEW:
        return _("No answer of {names} and {count} more.").format(
            names=", ".join(bad[:FEW]), count=len(bad) - FEW
        )
    return _("No answer of {names}.").format(names=", ".join(bad)) if bad else ""
