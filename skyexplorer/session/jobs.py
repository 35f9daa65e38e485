"""Jobs: work that goes on in other threads, and what is known of it at the home of the session (see `home`).

Who runs a job calls `begin`, then `finish` or `fail`; who waits for it calls `result`, awaits it, or listens to its signal
``changed``, which is told at home.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Generic, Literal, TypeVar

from psygnal import Signal

from skyexplorer.errors import Cancelled, LateError, SkyExplorerError
from skyexplorer.model.ledger import Ledger
from skyexplorer.progress import Progress
from skyexplorer.session import job_repr
from skyexplorer.session.bar import Bar
from skyexplorer.session.home import Home
from skyexplorer.session.ledgers import Book, Ledgers
from skyexplorer.session.notices import Notices
from skyexplorer.session.text import _

T = TypeVar("T")
State = Literal["waiting", "running", "done", "failed", "cancelled"]
ENDED = ("done", "failed", "cancelled")
TICK = 1.0  # s: how often running jobs are told of, for their clocks


class Job(Generic[T]):
    """Work that was submitted: how far it is, what came of it, and the way to stop it.

    It can be awaited, and ``result()`` waits for it in a script. It ends at the home of its session, once what came has been
    put there.

    Attributes
    ----------
    id : int
        Its number; later jobs have higher ones.
    what : str
        What is done, for people.
    replaces : str
        Where it is not empty, a later job with the same word cancels this one.
    blocks : bool
        Whether the one who asked waits for it, as where a verb is called and not submitted.
    progress : Progress
        ``.share`` (0 to 1, or None), and ``.what`` it is doing now.
    book : Book
        Where its work writes down who is asked.

    Examples
    --------
    >>> from skyexplorer import SkyExplorer
    >>> sky = SkyExplorer(samples=False)
    >>> job = sky.submit(sum, [1, 2, 3])
    >>> job.result()
    6
    >>> job
    <Job 1: sum, done>
    """

    changed = Signal()
    """Tells at home that it got on or has ended; once a second too while it runs, since its clock does."""

    def __init__(
        self,
        number: int,
        what: str,
        home: Home,
        *,
        replaces: str = "",
        blocks: bool = False,
        told: Callable[[Job[T]], object] = lambda job: None,
        stop: Callable[[Progress], object] = Progress.cancel,
    ) -> None:
        self.id, self.what, self.replaces = number, what, replaces
        self.home, self.blocks = home, blocks
        self.progress = Progress(what)
        self.progress.watch(lambda progress: self._tell())
        self.book = Book(self._tell)
        self.context = copy_context()
        """Of who submitted it: what it prints at home appears there."""
        self.idle = threading.Event()
        """Set while no thread works on it."""
        self.idle.set()
        self.told_soon = False
        self._told, self._stop = told, stop
        self._lock = threading.Lock()
        self._state: State = "waiting"
        self._value: T | None = None
        self._exception: BaseException | None = None
        self._ended = threading.Event()
        self._after: list[Callable[[], object]] = []
        self._since = time.monotonic()
        self._seconds: float | None = None

    # What is known of it

    @property
    def state(self) -> State:
        """``"waiting"``, ``"running"``, ``"done"``, ``"failed"`` or ``"cancelled"``."""
        self.home.visit()  # a script that looks again and again shall see the end
        return self._state

    @property
    def ended(self) -> bool:
        """Whether it is done, failed or cancelled."""
        return self._state in ENDED

    @property
    def exception(self) -> BaseException | None:
        """What it failed with; None while it has not."""
        return self._exception

    @property
    def ledger(self) -> Ledger:
        """Who is asked and who has answered; live while it runs."""
        return self.book.ledger

    @property
    def seconds(self) -> float:
        """Time since it was submitted, or that it took."""
        return time.monotonic() - self._since if self._seconds is None else self._seconds

    # For who waits

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has ended; False where that takes longer than ``timeout`` seconds."""
        if not self.home.here:
            return self._ended.wait(timeout)
        drawn, told = Bar(), time.monotonic()

        def look() -> None:
            nonlocal told
            drawn.draw(self.progress.what, self.progress.share, self.seconds)
            if time.monotonic() - told > TICK:
                told = time.monotonic()
                self._tell()

        try:
            return self.home.wait(self._ended.is_set, timeout, look)
        finally:
            drawn.close()

    def result(self, timeout: float | None = None) -> T:
        """What came of it; waits for it.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait; without it, as long as it takes.

        Raises
        ------
        LateError
            Where it has not ended by then; it goes on. It is a TimeoutError.
        Cancelled
            Where it was cancelled.
        Exception
            What it failed with.
        """
        if not self.wait(timeout):
            raise LateError(
                _("{what} is not done after {seconds:g} s.").format(what=self.what, seconds=timeout),
                _("It goes on: ask again later, or cancel() it."),
            )
        if self._exception is not None:
            raise self._exception
        return self._value  # type: ignore[return-value]

    def __await__(self) -> Generator[Any, None, T]:
        if self.home.here:
            self.home.settle()
        loop = asyncio.get_running_loop()
        future = loop.create_future()

        def wake() -> None:
            if not future.done():
                future.set_result(None)

        def ended() -> None:
            with suppress(RuntimeError):  # the loop that waited is closed
                loop.call_soon_threadsafe(wake)

        self._when_ended(ended)
        try:
            yield from future
        except asyncio.CancelledError:
            self.cancel()  # who interrupts the cell that waits wants the work to stop
            raise
        self._ended.wait()  # a thread that cancels is on its way out of `_end`
        return self.result(0)

    def then(self, call: Callable[[], object]) -> None:
        """Call this at home when it has ended; at once if it has."""
        if self.ended and self.home.here:
            call()
        else:
            self._when_ended(lambda: self.home.call(call))

    def _when_ended(self, call: Callable[[], object]) -> None:
        """Call this in the thread in which it ends."""
        with self._lock:
            if self._state not in ENDED:
                self._after.append(call)
                return
        call()

    def cancel(self) -> bool:
        """Stop it, from any thread: nobody waits any more, nothing comes of it, and the work is told to end.

        Returns
        -------
        bool
            False where it had ended before.
        """
        if not self._end("cancelled", None, Cancelled(_("{what} was cancelled.").format(what=self.what))):
            return False
        self._stop(self.progress)
        self.home.visit()
        return True

    # For who runs it

    def begin(self) -> bool:
        """Somebody works on it now; False where it was cancelled before."""
        with self._lock:
            if self._state in ENDED:
                return False
            news = self._state != "running"
            self._state = "running"
        if news:
            self._tell()
        return True

    def finish(self, value: T) -> bool:
        """It is done; False where it had ended before."""
        return self._end("done", value, None)

    def fail(self, error: BaseException) -> bool:
        """It failed, or stopped as it was told; False where it had ended before."""
        return self._end("cancelled" if isinstance(error, Cancelled) else "failed", None, error)

    def _end(self, state: State, value: T | None, error: BaseException | None) -> bool:
        with self._lock:
            if self._state in ENDED:
                return False
            self._value, self._exception, self._seconds = value, error, time.monotonic() - self._since
            self._state = state
            self.book.close(error)
            after, self._after = self._after, []
        self._tell()
        for call in after:
            call()
        self._ended.set()
        self.home.poke()
        return True

    def _tell(self) -> None:
        self._told(self)

    def __repr__(self) -> str:
        return job_repr.text(self)

    def _repr_html_(self) -> str:
        return job_repr.html(self)

    def _ipython_display_(self) -> None:
        job_repr.display(self)


class Jobs:
    """The jobs that wait or run, and signals for who watches them.

    Parameters
    ----------
    notices : Notices
        Where the error of a job that nobody waits for is said.
    ledgers : Ledgers
        Where the ledgers of jobs go when they have ended.
    """

    added = Signal(object)
    """Tells the new job."""
    changed = Signal(object)
    """Tells a job that got on or has ended; once a second too while it runs, since its clock does."""

    def __init__(self, notices: Notices, ledgers: Ledgers) -> None:
        self.home = Home(notices)
        self._notices, self._ledgers = notices, ledgers
        self._items: dict[int, Job[Any]] = {}
        self._numbers = itertools.count(1)
        self._ticking = False

    @property
    def items(self) -> tuple[Job[Any], ...]:
        """The jobs that have not ended, oldest first."""
        return tuple(job for job in tuple(self._items.values()) if not job.ended)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Job[Any]]:
        return iter(self.items)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.items)) or "<Jobs: nothing runs>"

    def new(
        self,
        what: str,
        *,
        home: Home | None = None,
        replaces: str = "",
        blocks: bool = False,
        stop: Callable[[Progress], object] = Progress.cancel,
    ) -> Job[Any]:
        """A new job, waiting; it cancels those that it replaces.

        Parameters
        ----------
        what : str
            What is done, for people.
        home : Home, optional
            Where it ends; that of the session if not given.
        replaces : str
            Earlier jobs with the same word are cancelled.
        blocks : bool
            Whether the one who asked waits for it and is told of its error; else that becomes a notice.
        stop : callable
            Tells its work to end; called by ``cancel()``.
        """
        number = next(self._numbers)
        if replaces:
            for other in self.items:
                if other.replaces == replaces:
                    other.cancel()
        job: Job[Any] = Job(
            number, what, home or self.home, replaces=replaces, blocks=blocks, told=self._tell, stop=stop
        )
        self._items[number] = job
        if job.home.here:
            job.home.settle()
            self._guarded(self.added, job)
        else:
            job.home.call(lambda: self._guarded(self.added, job))
        return job

    def _tell(self, job: Job[Any]) -> None:
        """From any thread: the job is told of at home, once for all that happens until then."""
        if not job.told_soon:
            job.told_soon = True
            job.home.call(lambda: self._changed(job))

    def _changed(self, job: Job[Any]) -> None:
        job.told_soon = False
        if job.ended and self._items.pop(job.id, None) is not None:
            self._ledgers.add(job.what, job.ledger)
            if not job.blocks and job.exception is not None and not isinstance(job.exception, Cancelled):
                self._say(job, job.exception)
        self._guarded(self.changed, job)
        self._guarded(job.changed)
        self._tick_later()

    def _say(self, job: Job[Any], error: BaseException) -> None:
        if isinstance(error, SkyExplorerError):
            self._notices.post(f"{job.what}: {error.message}", "error", error.advice)
        else:
            with self._notices.guard(job.what):  # which logs it, with the way it came
                raise error

    def _guarded(self, signal: Any, *what: Job[Any]) -> None:
        with self._notices.guard(_("The list of jobs")):
            signal.emit(*what)

    def _tick_later(self) -> None:
        loop = self.home.loop
        if loop is not None and self._items and not self._ticking and self.home.here and not loop.is_closed():
            self._ticking = True
            loop.call_later(TICK, self._tick)

    def _tick(self) -> None:
        self._ticking = False
        for job in self.items:
            self._guarded(self.changed, job)
            self._guarded(job.changed)
        self._tick_later()
