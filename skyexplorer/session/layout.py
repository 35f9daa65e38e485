"""Layout: which panels stand where around the sky, how large, and which are hidden.

There are four places, two above and two below a line, and four panels, one in each. To move a panel is to
change places with another. A hidden panel keeps its place and leaves its room to its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from psygnal import Signal

from skyexplorer.errors import InputError
from skyexplorer.session.layers.base import fraction

PLACES = ("main", "beside", "left", "right")
"""The places: two above (the sky's, and that beside it), two below."""
PANELS = ("sky", "layers", "curve", "table")
"""The panels, each in the place where it stands by default."""
HIDEABLE = (*PANELS, "time")
"""What can be hidden: the strip of times stays where it is, below the upper places."""
SIZES: dict[str, float] = {"above": 0.62, "main": 0.765, "left": 0.51}
"""Share of the height that the upper places have, of the width that ``main`` and that ``left`` have."""
LEAST, MOST = 0.15, 0.85
HEIGHT, COMPACT = 800, 480
PRESETS: dict[str, tuple[str, ...]] = {
    "all": HIDEABLE,
    "sky": ("sky",),
    "sky+layers": ("sky", "layers"),
    "sky+table": ("sky", "table"),
    "sky+curve": ("sky", "curve"),
}


class Layout:
    """Where the panels of an explorer stand.

    Examples
    --------
    >>> from skyexplorer.session.layout import Layout
    >>> layout = Layout()
    >>> layout.swap("sky", "curve")
    >>> layout.places["main"]
    'curve'
    >>> layout.arrange("sky+table")
    >>> layout.shown
    ('sky', 'table')
    """

    changed = Signal(str, str)
    """Tells the attribute (``"places"``, ``"shown"``, ``"sizes"`` or ``"height"``), and who changed it."""

    def __init__(self, height: int = HEIGHT, preset: str = "all") -> None:
        self._places = dict(zip(PLACES, PANELS, strict=True))
        self._hidden: frozenset[str] = frozenset()
        self._sizes = dict(SIZES)
        self._usual = self._height = _height(height)
        self.arrange(preset)

    @property
    def places(self) -> dict[str, str]:
        """The panel in each of ``PLACES``, hidden ones too; a copy."""
        return dict(self._places)

    @property
    def shown(self) -> tuple[str, ...]:
        """The panels that are seen."""
        return tuple(panel for panel in HIDEABLE if panel not in self._hidden)

    @property
    def sizes(self) -> dict[str, float]:
        """The shares of ``SIZES`` as they are now; a copy."""
        return dict(self._sizes)

    @property
    def height(self) -> int:
        """Height in pixels, where the page is wide enough for panels beside each other."""
        return self._height

    @height.setter
    def height(self, value: int) -> None:
        self.resize(height=value)

    @property
    def usual_height(self) -> int:
        """The height that the explorer was made with, in pixels."""
        return self._usual

    def arrange(self, preset: str, by: str = "") -> None:
        """Show just some panels.

        Parameters
        ----------
        preset : str
            ``"all"``, or names of ``HIDEABLE`` with a plus between them: ``"sky+table"``.
        by : str
            Who asks; views give their name here.

        Raises
        ------
        InputError
            For a name that no panel has; the layout stays.
        """
        if not isinstance(preset, str):
            raise InputError(f"layout is {preset!r}.", f"Give one of {', '.join(PRESETS)}.")
        wanted = HIDEABLE if preset.strip() == "all" else tuple(map(str.strip, preset.split("+")))
        self._hide(set(HIDEABLE) - {_panel(name) for name in wanted}, by)

    def show(self, panel: str, on: bool = True, by: str = "") -> None:
        """Show a panel, or hide it; the last one stays.

        Raises
        ------
        InputError
            For a name that no panel has, or where nothing would be left.
        """
        name = {_panel(panel)}
        self._hide(self._hidden - name if on else self._hidden | name, by)

    def _hide(self, panels: Iterable[str], by: str) -> None:
        hidden = frozenset(panels)
        if hidden.issuperset(PANELS):
            raise InputError("No panel would be left to see.", f"Leave one of {', '.join(PANELS)}.")
        self._set("_hidden", hidden, "shown", by)

    def swap(self, panel: str, other: str, by: str = "") -> None:
        """Let two panels change places.

        Parameters
        ----------
        panel, other : str
            Names of ``PANELS``.
        by : str
            Who asks.

        Raises
        ------
        InputError
            For a name that no panel has.
        """
        one, two = (_panel(name, PANELS) for name in (panel, other))
        turned = {one: two, two: one}
        self._set("_places", {place: turned.get(at, at) for place, at in self._places.items()}, "places", by)

    def resize(self, by: str = "", height: int | None = None, **sizes: float) -> None:
        """Change sizes; what is not named stays.

        Parameters
        ----------
        by : str
            Who asks.
        height : int, optional
            Pixels, 200 or more.
        **sizes : float
            Of ``SIZES``; kept between 0.15 and 0.85.

        Raises
        ------
        InputError
            For a size that cannot be; nothing changes then.
        """
        new = dict(self._sizes)
        for name, share in sizes.items():
            if name not in SIZES:
                raise InputError(f"There is no size {name!r}.", f"Sizes are height, {', '.join(SIZES)}.")
            new[name] = min(max(fraction(name, share), LEAST), MOST)
        tall = self._height if height is None else _height(height)
        self._set("_sizes", new, "sizes", by)
        self._set("_height", tall, "height", by)

    def reset(self, by: str = "") -> None:
        """All panels, in their places, in their sizes."""
        self._set("_places", dict(zip(PLACES, PANELS, strict=True)), "places", by)
        self._hide((), by)
        self.resize(by, self._usual, **SIZES)

    def _set(self, field: str, value: Any, told: str, by: str) -> None:
        if getattr(self, field) != value:
            setattr(self, field, value)
            self.changed.emit(told, by)

    def __repr__(self) -> str:
        return f"<Layout: {', '.join(self.shown)}; {self.height} px high>"


def _panel(name: str, among: tuple[str, ...] = HIDEABLE) -> str:
    if name not in among:
        near = get_close_matches(str(name), among, 1)
        raise InputError(
            f"There is no panel {name!r} in the layout.",
            (f"Did you mean {near[0]!r}? " if near else "") + f"Panels are {', '.join(among)}.",
        )
    return name


def _height(value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 200:
        raise InputError(f"height is {value!r}.", "Give pixels, a whole number of 200 or more.")
    return value
