"""SurveyLayer: a second image survey over the background, or under it by turns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skyexplorer.errors import InputError, NotFoundError
from skyexplorer.session.layers.base import PictureLayer
from skyexplorer.session.viewport import LOCAL_SURVEY, SURVEYS

if TYPE_CHECKING:
    from skyexplorer.model.tiles import TileSet

BLENDS = ("normal", "add")
"""How a survey is laid over what is below: over it, or with its light added. Aladin Lite knows no others."""
BLINK = (0.2, 60.0)
"""Least and longest seconds for which a survey that blinks is seen, and then not seen: faster may harm some who look."""


class SurveyLayer(PictureLayer):
    """An image survey (HiPS) over the background.

    Parameters
    ----------
    name : str
        See `Layer`.
    survey : str or TileSet
        A name of ``skyexplorer.session.viewport.SURVEYS``, a HiPS identifier or address (with a ``/``), or tiles at hand,
        which need no network.
    blend : {"normal", "add"}
    blink : float, optional
        Seconds for which it is seen, and then not seen, by turns; None: always seen.
    **style
        See `Layer`.

    Raises
    ------
    InputError
        For a survey, a blend or a time that cannot be.
    """

    kind = "survey"

    def __init__(
        self,
        name: str,
        survey: str | TileSet,
        *,
        blend: str = "normal",
        blink: float | None = None,
        **style: Any,
    ) -> None:
        if isinstance(survey, str):
            if survey == LOCAL_SURVEY or (survey not in SURVEYS and "/" not in survey):
                known = ", ".join(key for key in SURVEYS if key != LOCAL_SURVEY)
                raise InputError(
                    f"There is no survey {survey!r} to lay over the sky.",
                    f"Give one of {known}, a HiPS address, or a TileSet.",
                )
        elif not hasattr(survey, "tiles"):
            raise InputError(f"{survey!r} is no survey.", "Give a HiPS identifier, an address, or a TileSet.")
        super().__init__(name, survey, **style)
        self._blend, self._blink = _checked_blend(blend), _checked_blink(blink)

    @property
    def address(self) -> str:
        """HiPS identifier or address; empty for tiles at hand."""
        return SURVEYS.get(self.data, self.data) if isinstance(self.data, str) else ""

    @property
    def blend(self) -> str:
        """``"normal"`` or ``"add"``; default ``"normal"``."""
        return self._blend

    @blend.setter
    def blend(self, value: str) -> None:
        self._set("blend", _checked_blend(value))

    @property
    def blink(self) -> float | None:
        """Seconds for which it is seen, and then not seen; default None: always seen."""
        return self._blink

    @blink.setter
    def blink(self, value: float | None) -> None:
        self._set("blink", _checked_blink(value))

    @property
    def rows(self) -> int:
        """One: itself."""
        return 1

    def __getitem__(self, row: int) -> Any:
        raise NotFoundError(f"{self.name} is a survey, and no source in it.", "Query a catalogue there.")


def _checked_blend(value: str) -> str:
    if value not in BLENDS:
        raise InputError(f"blend is {value!r}.", f"Give one of {', '.join(BLENDS)}.")
    return value


def _checked_blink(value: float | None) -> float | None:
    if value is None:
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = -1.0
    if not BLINK[0] <= seconds <= BLINK[1]:
        raise InputError(f"blink is {value!r}.", f"Give seconds from {BLINK[0]:g} to {BLINK[1]:g}, or None.")
    return seconds
