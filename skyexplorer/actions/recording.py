"""The recording door: of the public verbs, the outermost call is written down as a step."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from psygnal import EmitLoopError

from skyexplorer.session.steps import Step

Verb = TypeVar("Verb", bound=Callable[..., Any])


def recorded(*, key: str = "", silent: tuple[str, ...] = ()) -> Callable[[Verb], Verb]:
    """Make a method of SkyExplorer a recorded verb.

    A call that fails is not recorded, nor is one made from within another verb (or from a listener
    that another verb woke): running the outer one again brings it about again.

    Parameters
    ----------
    key : str
        Where it is not empty, calls in a row are one step: the last one. The verb can refine it for
        one call by setting ``self._step_key``.
    silent : tuple of str
        Keyword arguments that are not written down, such as which view has called.
    """

    def decorate(verb: Verb) -> Verb:
        @functools.wraps(verb)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            if self._in_verb:
                return verb(self, *args, **kwargs)
            door = Door(self, verb.__name__, key, silent)
            step = door.write(args, kwargs)
            try:
                with door.opened():
                    result = verb(self, *args, **kwargs)
            except EmitLoopError:
                # The verb did its work and a listener failed afterwards: the step was taken.
                door.add(step)
                raise
            door.add(step, result)
            return result

        call.door = key, silent  # type: ignore[attr-defined]
        return call  # type: ignore[return-value]

    return decorate


class Door:
    """The door, for one call of a verb: `recorded` holds it open while the verb runs, a job each time it is at home."""

    def __init__(self, explorer: Any, verb: str, key: str, silent: tuple[str, ...]) -> None:
        self._explorer, self._verb, self._key, self._silent = explorer, verb, key, silent

    @classmethod
    def of(cls, verb: Any) -> Door:
        """That of a recorded verb which is bound to its explorer."""
        return cls(verb.__self__, verb.__name__, *verb.door)

    def write(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Step | None:
        """The step, not taken yet; None from within another verb."""
        if self._explorer._in_verb:
            return None
        named = {name: value for name, value in kwargs.items() if name not in self._silent}
        return self._explorer.session.steps.write(self._verb, args, named)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Within, the verb is under way, and what it calls is not recorded."""
        explorer, before = self._explorer, self._explorer._in_verb
        explorer._in_verb, explorer._step_key = True, self._key
        try:
            yield
        finally:
            self._key = explorer._step_key
            explorer._in_verb = before

    def add(self, step: Step | None, result: Any = None) -> None:
        """The step is taken."""
        if step is not None:
            self._explorer.session.steps.add(step, result, self._key)
