"""The recording door: of the public verbs, the outermost call is written down as a step."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from psygnal import EmitLoopError

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
            named = {name: value for name, value in kwargs.items() if name not in silent}
            step = self.session.steps.write(verb.__name__, args, named)
            self._in_verb, self._step_key = True, key
            try:
                result = verb(self, *args, **kwargs)
            except EmitLoopError:
                # The verb did its work and a listener failed afterwards: the step was taken.
                self.session.steps.add(step, None, self._step_key)
                raise
            finally:
                self._in_verb = False
            self.session.steps.add(step, result, self._step_key)
            return result

        return call  # type: ignore[return-value]

    return decorate
