"""What the archives answered about a source, told in the row above its light curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skyexplorer.session.text import _

ORDER = {
    "ok": 0,
    "cached": 0,
    "none": 2,
    "skipped": 3,
}  # of answers: data, what goes on or went wrong, nothing


def answer_rows(heard: Any, titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """What each provider answered, for the front end: its title, its state, that in a word, and all of it."""
    answers = dict(heard.answers)
    if heard.job is not None:
        answers |= {answer.service: answer for answer in heard.job.ledger}
    rows = []
    for id, answer in answers.items():
        title = titles.get(id, id)
        state = "none" if answer.good and not answer.rows else answer.state
        rows.append(
            {
                "title": title, "state": state, "word": answer_word(answer, state),
                "told": answer_told(answer, heard.notes.get(id, "")),
            }
        )  # fmt: skip
    rows += [
        {"title": titles.get(id, id), "state": "skipped", "word": _("not asked"), "told": why}
        for id, why in heard.skipped.items()
        if id not in answers
    ]
    return sorted(rows, key=lambda row: ORDER.get(row["state"], 1))


def answer_told(answer: Any, note: str) -> str:
    """What there is to say of an answer beside its state: what went wrong, or a note, and how long it took."""
    said = " ".join(part for part in (answer.message or note, answer.advice) if part).rstrip(".")
    kept = (
        _("kept since {when}").format(when=answer.cached_at[:16].replace("T", " "))
        if answer.cached_at
        else ""
    )
    return " · ".join(
        part for part in (said, kept or _("{seconds:.1f} s").format(seconds=answer.seconds)) if part
    )


def summary_of(rows: list[dict[str, Any]]) -> str:
    """How many providers gave data, have failed, or are still asked, in a few words."""
    states = [row["state"] for row in rows if row["state"] != "skipped"]
    waiting = sum(state in ("asking", "slow") for state in states)
    if waiting:
        return _("{done} of {all} have answered").format(done=len(states) - waiting, all=len(states))
    good = sum(state in ("ok", "cached") for state in states)
    failed = len(states) - good - states.count("none")
    told = [
        _("{count} with data").format(count=good),
        _("{count} failed").format(count=failed) if failed else "",
    ]
    return " · ".join(part for part in told if part) if states else _("nobody was asked")


def answer_word(answer: Any, state: str) -> str:
    """An answer in a word or a number."""
    words = {
        "asking": _("asked"), "slow": _("slow: {seconds:.0f} s"), "none": _("no data"), "late": _("too late"),
        "unreachable": _("not reached"), "refused": _("refused"), "error": _("failed"), "malformed": _("failed"),
        "cancelled": _("stopped"),
    }  # fmt: skip
    if state in words:
        return words[state].format(seconds=answer.seconds)
    return (
        f"{answer.rows:,}"
        + ("+" if answer.overflow else "")
        + (f" ({_('kept')})" if state == "cached" else "")
    )
