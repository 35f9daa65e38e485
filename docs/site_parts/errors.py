"""The error tree, class by class, from its docstrings; and for each what to do."""

from __future__ import annotations

import inspect

from skyexplorer import errors as tree

TO_DO = {
    "SkyExplorerError": (
        "Catch this one to catch them all. `error.message` says what was wrong, `error.advice` what to do "
        "next."
    ),
    "InputError": (
        "The message names the argument and the value, the advice what it takes. Nothing was changed: call "
        "again."
    ),
    "FormatError": (
        "Look whether the file is whole and of the kind its name says. [What opens](files.md) lists what each"
        " kind becomes; a file that should open and does not is a bug: report it with the message."
    ),
    "ColumnError": (
        "Name the columns: `SourceCatalog.read(path, ra=…, dec=…)`, `LightCurve.read(path, time=…, flux=…)`. "
        "`error.columns` lists those that are there."
    ),
    "NotFoundError": (
        "The message tells names that look like it. `skyexplorer.samples.names()` lists the samples; "
        '`source="live"` asks those who publish events and names.'
    ),
    "RecordingError": (
        "Bytes and objects made in memory cannot be written as source: give `open` a path instead, then "
        "export again."
    ),
    "FrontEndError": (
        "`skyexplorer doctor` says whether the browser side is there. In a checkout: `make env` builds it."
    ),
    "ServiceError": (
        "`sky.ledger` says who answered what. `error.service`, `error.url` (without secrets) and "
        "`error.status` are for a report."
    ),
    "UnreachableError": (
        "Is there a network? `skyexplorer doctor` asks. Offline, an answer that was kept is offered with its "
        "age."
    ),
    "LateError": (
        "Ask for less (a smaller region, fewer columns) or give more time: `deadline=120`. As a job nothing "
        "waits: `sky.submit(…)`."
    ),
    "RefusedError": (
        "Wait `error.retry_after` seconds where it is told, or ask another service for the same: "
        "`sky.find_services(…)`."
    ),
    "QueryError": (
        "The service's own words stand in the message: mostly a column or a condition in `where` that it does"
        " not have."
    ),
    "AnswerError": (
        "Ask again later, or with `refresh=True` where a kept answer was bad. If it stays, the row of the "
        "service is wrong: see [services](services.md)."
    ),
    "Cancelled": "Nothing: somebody cancelled the job, and it stopped. The session is as it was.",
    "SkyExplorerWarning": "Read it: the work went on, and the layer's origin or notes say the same.",
}


def _classes() -> list[type]:
    """In the order of the module, which is that of the tree."""
    found = [
        thing for thing in vars(tree).values() if inspect.isclass(thing) and thing.__module__ == tree.__name__
    ]
    return [kind for kind in found if issubclass(kind, Exception)]


def errors(_: str = "") -> str:
    """A section for each class: what it is, what it is caught as, and what to do; KeyError where that is not told here."""
    parts = []
    for kind in _classes():
        bases = " and ".join(f"`{base.__name__}`" for base in kind.__bases__)
        what = (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ").replace("``", "`")
        parts.append(
            f"### {kind.__name__}\n\n{what} Also caught as {bases}.\n\n*What to do.* {TO_DO[kind.__name__]}\n"
        )
    return "\n".join(parts)
