"""Jobs: verbs that ask the network, called as any other verb or submitted to run elsewhere.

**How a verb is made live.** Its body is a generator: what stands before a ``yield`` and after it runs at home, in the thread
that owns the session; what is *yielded* is a callable that runs in a thread of the pool and must touch neither session
nor widget. What it returns comes back as the value of the ``yield``, what it raises is raised there::

    @recorded()
    @live("Asking {service}")
    def query_region(self, region, service) -> Live[SourceCatalog]:
        \"\"\"The docstring, as ever.\"\"\"
        region = query_.region_of(self.session, region)                           # at home: names become nouns
        found = yield partial(query_.ask_region, region, service)                 # elsewhere: the network, the parsing
        return query_.show_region(self.session, found)                            # at home: a layer, a selection

* ``sky.query_region(…)`` blocks until all of it is done, with a bar in a terminal and in the strip of jobs; Ctrl-C stops the
  work at the server and leaves the session as it was.
* ``sky.submit(sky.query_region, …)`` returns a `Job` at once. Wrong arguments are told at once too: what stands before the
  first ``yield`` runs in ``submit``. The step is recorded when the job is done. If it was cancelled, or replaced by a later
  one, what comes is dropped and nothing after the ``yield`` runs.

The callable reports to `skyexplorer.progress.current`, whose ``cancel`` stops it, and writes who was asked with
`skyexplorer.session.ledgers.asking`. It asks several services with `run_side_by_side`. A verb that does not yield (a sample,
say) is done at home at once; one that yields twice goes out twice.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator, Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from psygnal import EmitLoopError

from skyexplorer.actions import pool
from skyexplorer.actions.beside import run_side_by_side
from skyexplorer.actions.recording import Door
from skyexplorer.errors import InputError
from skyexplorer.session.jobs import Home, Job, Jobs
from skyexplorer.session.steps import Step

__all__ = ["Live", "live", "run_side_by_side", "submit"]

T = TypeVar("T")
P = ParamSpec("P")
Self = TypeVar("Self")
Live: TypeAlias = Generator[Callable[[], Any], Any, T]
"""What the body of a live verb is: it yields what is to run elsewhere, and returns a ``T``."""

GRACE = 5.0  # s that interrupted work is given to tell its server
LONG = 60  # characters of an argument in what is said of a job


def live(
    what: str = "",
) -> Callable[[Callable[Concatenate[Self, P], Live[T]]], Callable[Concatenate[Self, P], T]]:
    """Make a generator of `Live` a verb that blocks where it is called, and can be submitted.

    Parameters
    ----------
    what : str
        What it does, for people; arguments by their names: ``"Asking {service}"``.
    """

    def decorate(verb: Callable[Concatenate[Self, P], Live[T]]) -> Callable[Concatenate[Self, P], T]:
        signature = inspect.signature(verb)

        @functools.wraps(verb)
        def call(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> T:
            explorer: Any = self
            run = _Run(verb(self, *args, **kwargs))
            ask = run.on()
            if ask is None:
                return run.value
            text = call.say(self, *args, **kwargs)  # type: ignore[attr-defined]
            jobs = explorer.session.jobs
            job = jobs.new(text, home=None if jobs.home.here else Home(), blocks=True, stop=pool.stop)
            try:
                run.out(job, ask)
                return job.result()
            except BaseException:
                # Whatever interrupts who waits, Ctrl-C above all. Work that failed by itself has ended.
                if job.cancel():
                    job.idle.wait(GRACE)
                    job.home.run()
                raise

        def say(*args: Any, **kwargs: Any) -> str:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            words = {name: _short(value) for name, value in bound.arguments.items()}
            return what.format(**words) if what else verb.__name__.replace("_", " ")

        returns = signature.return_annotation
        if isinstance(returns, str):  # help() tells what a caller gets
            returns = returns.removeprefix("Live[").removesuffix("]")
        call.__signature__ = signature.replace(return_annotation=returns)  # type: ignore[attr-defined]
        call.body, call.say = verb, say  # type: ignore[attr-defined]
        return call

    return decorate


def submit(
    jobs: Jobs,
    verb: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    replaces: str = "",
    what: str = "",
) -> Job[Any]:
    """Run a verb, or a function, as a job.

    Parameters
    ----------
    jobs : Jobs
        Of the session.
    verb : callable
        A verb of a SkyExplorer, bound to it: only what it asks runs in another thread. Any other function runs there as
        a whole, and must leave sessions and widgets alone.
    args, kwargs
        Its arguments.
    replaces : str
        Earlier jobs with the same word are cancelled: the region has changed.
    what : str
        What it does, for people.

    Returns
    -------
    Job
        Waiting or running; or ended already, where there was nothing to wait for.

    Raises
    ------
    InputError
        For something that cannot be called, or is a coroutine function.
    Exception
        What the verb says of its arguments before it asks anybody.
    """
    if not callable(verb) or inspect.iscoroutinefunction(verb) or inspect.isgeneratorfunction(verb):
        raise InputError(
            f"{verb!r} cannot be submitted.",
            "Give a verb of the explorer, or a function that returns its result.",
        )
    explorer = getattr(verb, "__self__", None)
    if hasattr(verb, "body"):
        run = _Run(verb.body(explorer, *args, **kwargs), Door.of(verb), args, kwargs)
        what = what or verb.say(explorer, *args, **kwargs)  # type: ignore[attr-defined]
    elif hasattr(verb, "door"):  # a verb that asks nobody: all of it is done at home, where it records itself
        run = _Run(_at_home(partial(verb, *args, **kwargs)))
    else:
        run = _Run(_elsewhere(partial(verb, *args, **kwargs)))
    what = what or str(getattr(verb, "__name__", type(verb).__name__)).replace("_", " ")
    if not jobs.home.here:
        job = jobs.new(what, replaces=replaces, stop=pool.stop)
        job.home.call(lambda: run.back(job, None, None))
        return job
    ask = run.on()  # first: wrong arguments make no job, and cancel none
    job = jobs.new(what, replaces=replaces, stop=pool.stop)
    if ask is None:
        job.finish(run.value)
    else:
        run.out(job, ask)
    return job


class _Run:
    """A live verb on its way: out into a thread and back home, until its body returns."""

    def __init__(
        self,
        body: Live[Any],
        door: Door | None = None,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._body, self._door, self._called = body, door, (args, kwargs)
        self._step: Step | None = None
        self._begun = False
        self.value: Any = None

    def on(self, value: Any = None, error: BaseException | None = None) -> Callable[[], Any] | None:
        """At home: on to the next ``yield``; None where the body has returned."""
        if self._door is not None and not self._begun:
            self._step = self._door.write(*self._called)
        self._begun = True
        try:
            with self._door.opened() if self._door else nullcontext():
                ask = self._body.send(value) if error is None else self._body.throw(error)
        except StopIteration as end:
            self.value = end.value
            self._record()
            return None
        except EmitLoopError:  # it did its work, and a listener failed afterwards: the step was taken
            self._record()
            raise
        if not callable(ask):
            raise TypeError(f"A live verb yielded {ask!r}: it must yield what is to be called.")
        return ask

    def _record(self) -> None:
        if self._door is not None:
            self._door.add(self._step, self.value)

    def out(self, job: Job[Any], ask: Callable[[], Any]) -> None:
        """Have this called in a thread, and come back."""

        def work() -> None:
            value, error = None, None
            try:
                if job.begin():
                    with job.book.kept():
                        value = ask()
            except BaseException as caught:  # noqa: BLE001  (whoever waits gets it)
                error = caught
            job.idle.set()
            job.home.call(lambda: self.back(job, value, error))

        job.idle.clear()
        try:
            pool.put(work, job.progress, job.context)
        except RuntimeError as no_thread:
            job.idle.set()
            self.back(job, None, no_thread)

    def back(self, job: Job[Any], value: Any, error: BaseException | None) -> None:
        """At home: what came goes into the body, unless nobody wants it any more."""
        if job.ended:
            self._body.close()
            return
        try:
            ask = job.context.run(self.on, value, error)
        except BaseException as failed:
            job.book.note(failed)
            job.fail(failed)
            if failed is not error and not isinstance(failed, Exception):
                raise  # Ctrl-C came here, at home
            return
        if ask is None:
            job.book.note(self.value)
            job.finish(self.value)
        else:
            self.out(job, ask)


def _at_home(verb: Callable[[], T]) -> Live[T]:
    return verb()
    yield


def _elsewhere(function: Callable[[], T]) -> Live[T]:
    return (yield function)


def _short(value: Any) -> str:
    """An argument in a few words."""
    named = getattr(value, "name", None)
    if isinstance(value, str | int | float | PurePath):
        text = str(value)
    elif isinstance(value, list | tuple) and value:
        text = ", ".join(map(_short, value[:3])) + (", …" if len(value) > 3 else "")
    else:
        text = named if isinstance(named, str) and named else type(value).__name__
    return text if len(text) <= LONG else text[: LONG - 1] + "…"
