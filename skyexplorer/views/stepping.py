"""Stepping: a range on an axis, or one on each of two, that is chosen, moved and stretched by keys.

A key that is held tells no further step before the last was answered (``heard``): a slow plot takes fewer steps, and none
is left over when the key is let go.
"""

from __future__ import annotations

import traitlets

STEPS = 40  # in which a range goes through the axis
FIRST = 4  # steps that a new range is wide


def stepped(
    ends: tuple[float, float], now: tuple[float, float] | None, way: int, end: bool
) -> tuple[float, float]:
    """The range after a step.

    Parameters
    ----------
    ends : (float, float)
        Of the axis, in whatever unit it is even in.
    now : (float, float), optional
        The range before; without one it begins at the end of the axis that the step comes from.
    way : int
        1 or -1: up or down the axis.
    end : bool
        Whether only its upper end moves.

    Examples
    --------
    >>> from skyexplorer.views.stepping import stepped
    >>> stepped((0.0, 40.0), None, 1, False), stepped((0.0, 40.0), (2.0, 6.0), 1, False)
    ((0.0, 4.0), (3.0, 7.0))
    >>> stepped((0.0, 40.0), (2.0, 6.0), -1, True), stepped((0.0, 40.0), (36.0, 40.0), 1, False)
    ((2.0, 5.0), (36.0, 40.0))
    """
    low, high = sorted(ends)
    step = (high - low) / STEPS
    if now is None:
        return (low, low + FIRST * step) if way > 0 else (high - FIRST * step, high)
    start, stop = now
    if end:
        # An end that lies beyond the axis, as after a zoom, is not drawn back onto it by a step the other way.
        return start, max(start + step / 4, min(stop + way * step, max(high, stop)))
    shift = min(step, max(0.0, high - stop)) if way > 0 else -min(step, max(0.0, start - low))
    return start + shift, stop + shift


class Stepped(traitlets.HasTraits):
    """What a panel has whose range is chosen by keys; it gives ``step``."""

    heard = traitlets.Int(0, help="The last step of the browser that was answered.").tag(sync=True)

    def step(self, way: int, end: bool, axis: str = "x") -> None:
        """Choose the range after a step; see `stepped`."""
        raise NotImplementedError

    def on_step(self, way: int, end: bool, turn: int = 0, axis: str = "x") -> None:
        """An arrow key: the range is moved, or only its end; those that point upwards or down have axis "y"."""
        try:
            self.step(int(way), bool(end), "y" if axis == "y" else "x")
        finally:
            self.heard = int(turn)
