"""Side by side: several services asked at once, each with its own result or error. A partial answer is an answer."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol, TypeVar

from skyexplorer.actions import pool
from skyexplorer.errors import Cancelled, LateError
from skyexplorer.progress import Progress, current
from skyexplorer.session import ledgers
from skyexplorer.session.text import _

T = TypeVar("T")
LOOK = 0.2  # s: how often is looked how far the tasks are


class HasLeft(Protocol):
    """A deadline that tells how many seconds are left."""

    def left(self) -> float:
        """Seconds."""


def run_side_by_side(
    tasks: Mapping[str, Callable[[], T]],
    deadline: HasLeft | float = 60.0,
    *,
    each: Callable[[str, T | Exception], object] | None = None,
) -> dict[str, T | Exception]:
    """Ask several services at once, each in a thread of its own.

    Each task has a progress of its own, and a row in the ledger of the job by its name (see
    `skyexplorer.session.ledgers`): what it returns tells rows, overflow and address, if it has them. It may be called from
    within a task: there are always threads for the ones below.

    Parameters
    ----------
    tasks : mapping of str to callable
        By the id of the service. They touch neither session nor widgets.
    deadline : Deadline or float
        Seconds for all; who has not answered then is cancelled, and his result is a LateError.
    each : callable, optional
        ``each(name, result)``, called here as they come.

    Returns
    -------
    dict
        The result of each task, or the exception it raised; in the order of the tasks.

    Raises
    ------
    Cancelled
        Where the current progress was cancelled; all tasks are, then.

    Examples
    --------
    >>> from skyexplorer.actions.jobs import run_side_by_side
    >>> run_side_by_side({"a": lambda: 6 * 7, "b": lambda: 1 / 0}, deadline=20)
    {'a': 42, 'b': ZeroDivisionError('division by zero')}
    """
    here, book = current(), ledgers.current()
    end = time.monotonic() + (deadline if isinstance(deadline, int | float) else deadline.left())
    came: queue.SimpleQueue[tuple[str, T | None, BaseException | None] | None] = queue.SimpleQueue()
    parts = {name: Progress(name) for name in tasks}
    rows = {name: book.open(name) for name in tasks}
    found: dict[str, T | Exception] = {}

    def run(name: str, task: Callable[[], T]) -> None:
        row, value, error = rows[name], None, None
        row.begin()
        try:
            with ledgers.answering(row):
                parts[name].check()
                value = task()
                row.tell(value)
        except BaseException as caught:  # noqa: BLE001  (it is a result)
            error = caught
        came.put((name, value, error))

    def stop() -> None:
        for name in tasks:
            if name not in found:
                pool.stop(parts[name])

    unhook = here.on_cancel(lambda: came.put(None))
    try:
        for name, task in tasks.items():
            pool.put(partial(run, name, task), parts[name])
        while len(found) < len(tasks):
            here.report(sum(1.0 if n in found else p.share or 0.0 for n, p in parts.items()), len(tasks))
            left = end - time.monotonic()
            try:
                news = came.get(timeout=min(max(left, 0.0), LOOK))
            except queue.Empty:
                if left <= 0:
                    break
                continue
            if news is None:
                continue  # cancelled: the next report says so
            name, value, error = news
            if error is not None and not isinstance(error, Exception):
                raise error
            found[name] = value if error is None else error  # type: ignore[assignment]
            if each is not None:
                each(name, found[name])
        here.check()
        stop()
        for name in tasks:
            if name not in found:
                found[name] = _late(name, rows[name])
                if each is not None:
                    each(name, found[name])
        here.report(len(tasks), len(tasks))
    except BaseException as error:
        stop()
        given_up = error if isinstance(error, Cancelled) else Cancelled(_("The question was given up."))
        for name in tasks:
            if name not in found:
                rows[name].close(given_up)
        raise
    finally:
        unhook()
    return {name: found[name] for name in tasks}


def _late(name: str, row: ledgers.Row) -> LateError:
    error = LateError(
        _("{service} has not answered in {seconds:.1f} s.").format(service=name, seconds=row.answer.seconds),
        _("Ask again with a later deadline, or for a smaller region."),
        service=name,
    )
    row.close(error)
    return error
