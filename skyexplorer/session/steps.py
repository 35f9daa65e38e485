"""Steps: each public verb that was called, in order, and the script that does them again.

A step is written down when it is made, while the layers it speaks of are there; what cannot be
written is remembered as such, and `Steps.to_source` refuses then. An object that an earlier step
returned is written as a variable, a row as ``variable[3]`` or ``sky.layers["name"][3]``.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from psygnal import Signal

from skyexplorer.errors import RecordingError
from skyexplorer.io.regions_text import Shape
from skyexplorer.model.region import SkyRegion
from skyexplorer.session.drawn import box_numbers
from skyexplorer.session.layers import Layers
from skyexplorer.session.selection import is_event, is_source

_IMPORTS = {
    "Path": "from pathlib import Path",
    "Quantity": "from astropy.units import Quantity",
    "SkyCoord": "from astropy.coordinates import SkyCoord",
    "Time": "from astropy.time import Time",
}
_ORDER = ("Path", "SkyCoord", "Time", "Quantity")
MOST_ROWS = 100
MOST_SHAPES = 20
"""Row numbers and shapes of a region that are written in one line."""
SIDED = {"box": "box", "quarter-ellipse": "quarter_ellipse"}
"""Kinds of regions of four errors, and who makes them."""


@dataclass(eq=False)
class Step:
    """One call of a verb."""

    verb: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    result: Any = None
    """What the verb returned."""
    key: str = ""
    """Consecutive steps of one verb and one key, not empty, are one step: the last."""
    variable: str = ""
    """The name of the result in the script."""
    call: str = ""
    """The call as source."""
    trouble: str = ""
    """Why it cannot be written, or empty."""
    needs: frozenset[str] = frozenset()
    """Names that the call needs imported."""
    uses: tuple[Step, ...] = ()
    """The steps whose results it takes."""


class Steps:
    """The steps taken, oldest first."""

    added = Signal(object)
    """Tells the new `Step`; where it replaced the last one (clicks in a row), that is told too."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._items: list[Step] = []
        self.start = "sky = SkyExplorer()"
        """The line that makes the explorer."""

    @property
    def items(self) -> tuple[Step, ...]:
        """The steps, oldest first."""
        return tuple(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def record(
        self,
        verb: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        result: Any = None,
        key: str = "",
    ) -> Step:
        """Write down one call; never raises for what cannot be written.

        Parameters
        ----------
        verb : str
            The method of SkyExplorer.
        args, kwargs
            As it was called.
        result : object
            What it returned: later steps may take it as an argument.
        key : str
            Consecutive steps of one verb and one key, not empty, are one step: the last wins.
        """
        return self.add(self.write(verb, args, kwargs), result, key)

    def write(self, verb: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Step:
        """A step that is not taken yet, written while what it speaks of is as the verb will find it."""
        step = Step(verb, tuple(args), dict(kwargs or {}))
        writer = _Writer(self._items, self._layers)
        try:
            parts = [writer.write(value) for value in step.args]
            parts += [f"{name}={writer.write(value)}" for name, value in step.kwargs.items()]
            step.call = f"sky.{verb}({', '.join(parts)})"
        except RecordingError as error:
            step.trouble = str(error)
        step.needs, step.uses = frozenset(writer.needs), tuple(writer.uses)
        return step

    def source_of(self, value: Any) -> str:
        """A value as source, without the imports that it needs; empty where it cannot be written.

        Examples
        --------
        >>> from skyexplorer.session.drawn import region_of
        >>> from skyexplorer.session.session import Session
        >>> Session().steps.source_of(region_of("box", [[9, 10], [11, 12]]))[:43]
        'SkyRegion.box(SkyCoord(10.0, 11.0, unit="de'
        """
        try:
            return _Writer([], self._layers).write(value)
        except RecordingError:
            return ""

    def add(self, step: Step, result: Any = None, key: str = "") -> Step:
        """Take a step that was written before; see `record`."""
        step.result, step.key = result, key
        last = self._items[-1] if self._items else None
        if last is not None and key and (last.verb, last.key) == (step.verb, key) and last not in step.uses:
            self._items.pop()
        step.variable = self._variable(step)
        self._items.append(step)
        self.added.emit(step)
        return step

    def _variable(self, step: Step) -> str:
        label = next((v for v in step.args if isinstance(v, str | PurePath)), step.verb)
        label = (
            Path(str(label)).name.split(".")[0] if isinstance(label, PurePath) or "/" in str(label) else label
        )
        base = re.sub(r"\W+", "_", str(label)).strip("_").casefold() or step.verb
        if base[0].isdigit() or keyword.iskeyword(base) or base in {"sky", "path"}:
            base = f"{step.verb}_{base}"
        if step.verb != "open":
            base = {"rank": "ranked", "light_curve": "curve", "select_region": "region"}.get(
                step.verb, step.verb
            )
        taken = {other.variable for other in self._items}
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        return name

    def to_source(self, leave_out: bool = False) -> str:
        """A script that makes these steps again.

        Parameters
        ----------
        leave_out : bool
            Leave out the steps that cannot be written, and those that speak of what they brought; a comment stands in
            the place of each. Such a script makes another explorer than this one: so it is only made where it is asked
            for, as the saved one is.

        Returns
        -------
        str
            Python source.

        Raises
        ------
        RecordingError
            Where a step has an argument that cannot be written, such as bytes, and is not left out.

        Examples
        --------
        >>> from skyexplorer.session.session import Session
        >>> steps = Session().steps
        >>> _ = steps.record("goto", ("83.63 22.01",), {"fov": 5})
        >>> print(steps.to_source())
        from skyexplorer import SkyExplorer
        <BLANKLINE>
        sky = SkyExplorer()
        sky.goto('83.63 22.01', fov=5)
        <BLANKLINE>
        """
        out = self._left_out()
        if not leave_out:
            for number, step in enumerate(self._items, 1):
                if step in out:
                    raise RecordingError(
                        f"Step {number}, {step.verb}, cannot be written: {out[step]}",
                        "to_source(leave_out=True) writes the others, and says so.",
                    )
        kept = [step for step in self._items if step not in out]
        needs = frozenset[str]().union(*(step.needs for step in kept))
        used = {id(source) for step in kept for source in step.uses}
        lines = [_IMPORTS[name] for name in _ORDER if name in needs]
        names = "SkyExplorer, SkyRegion" if "SkyRegion" in needs else "SkyExplorer"
        lines += [""] * bool(lines) + [f"from skyexplorer import {names}", "", self.start]
        for number, step in enumerate(self._items, 1):
            if step in out:
                why = " ".join(out[step].split())
                lines.append(f"# Step {number}, {step.verb}, is not here: {why}")
            else:
                lines.append(f"{step.variable} = {step.call}" if id(step) in used else step.call)
        return "\n".join(lines) + "\n"

    def _left_out(self) -> dict[Step, str]:
        """Steps that cannot be written, and those that cannot be without them; each with the reason."""
        out: dict[Step, str] = {}
        lost: set[str] = set()  # layers that such a step brought
        for step in self._items:
            if step.trouble:
                out[step] = step.trouble
                if step.result is not None:
                    lost |= {layer.name for layer in self._layers.values() if layer.data is step.result}
                continue
            without = next((source.verb for source in step.uses if source in out), "")
            without = without or next((name for name in lost if repr(name) in step.call), "")
            if without:
                out[step] = f"it speaks of {without}, which is not here either."
        return out


class _Writer:
    """Writes values as source, and notes what the source needs."""

    def __init__(self, steps: Sequence[Step], layers: Layers) -> None:
        self.steps, self.layers = steps, layers
        self.needs: set[str] = set()
        self.uses: list[Step] = []

    def write(self, value: Any) -> str:
        if value is None or isinstance(value, bool | str | int):
            return repr(value)
        if isinstance(value, np.bool_ | np.integer):
            return repr(value.item())
        if isinstance(value, float | np.floating):
            return repr(float(value)) if math.isfinite(value) else f'float("{float(value)}")'
        if type(value) is tuple and all(isinstance(each, int | float | str) for each in value):
            return f"({', '.join(map(self.write, value))}{',' * (len(value) == 1)})"
        if isinstance(value, PurePath):
            self.needs.add("Path")
            return f"Path({str(value)!r})"
        if isinstance(value, SkyCoord):
            return self._coord(value)
        if isinstance(value, Time):
            return self._time(value)
        if isinstance(value, u.Quantity):
            return self._quantity(value)
        if isinstance(value, SkyRegion):
            return self._region(value)
        if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "biu":
            return self._row_numbers(np.flatnonzero(value) if value.dtype == bool else value)
        return self._object(value)

    def _object(self, value: Any) -> str:
        for step in reversed(self.steps):
            if step.result is value:
                return self._use(step)
        if is_source(value):
            return self._row(value.catalog, value)
        for step in reversed(self.steps):
            if isinstance(step.result, Sequence) and not isinstance(step.result, str | bytes):
                for row, item in enumerate(step.result):
                    if item is value:
                        return f"{self._use(step)}[{row}]"
        found = self.layers.find(value) if is_event(value) else None
        if found is not None:
            return f"sky.layers[{found[0].name!r}][{found[1]}]"
        for layer in self.layers.values():
            if layer.data is value:
                return f"sky.layers[{layer.name!r}].data"
        if isinstance(value, list | tuple):
            items = [self.write(item) for item in value]
            if isinstance(value, list):
                return f"[{', '.join(items)}]"
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        kind = type(value).__name__
        raise RecordingError(
            f"a value of type {kind} has no source form.",
            "Open it from a file, by its path, and it can be written.",
        )

    def _region(self, value: SkyRegion) -> str:
        """As an object of the session; a credible region by its map; four errors and exact shapes by their numbers.

        One that was made of others is written by these.
        """
        shapes = value._shapes
        try:
            return self._object(value)
        except RecordingError:
            if value._credible is not None:
                return self._credible(*value._credible)
            if value.kind not in SIDED and not (
                0 < len(shapes) <= MOST_SHAPES and all(shape.exact for shape in shapes)
            ):
                if (at := self._of_layer(value)) is not None:
                    return at
                if value._sides is None:
                    raise
                if _more_parts(value, MOST_SHAPES):
                    raise RecordingError(
                        f"a region of more than {MOST_SHAPES} parts is too long for a line of source.",
                        "Write it to a file with its write(path), and open that.",
                    ) from None
                return self._joined(*value._sides)
        self.needs.add("SkyRegion")
        if value.kind in SIDED:
            ra, dec, *errors = box_numbers(value)
            pairs = (self._quantity(errors[:2] * u.deg), self._quantity(errors[2:] * u.deg))
            center = self._coord(SkyCoord(ra, dec, unit="deg"))
            return f"SkyRegion.{SIDED[value.kind]}({center}, {', '.join(pairs)})"
        within = [self._shape(shape) for shape in shapes if shape.included]
        text = within[0] if len(within) == 1 else f"SkyRegion.union([{', '.join(within)}])"
        return " - ".join([text, *(self._shape(shape) for shape in shapes if not shape.included)])

    def _of_layer(self, value: SkyRegion) -> str | None:
        for layer in self.layers.values():
            for number, region in enumerate(getattr(layer, "regions", ())):
                if region is value:
                    return f"sky.layers[{layer.name!r}].regions[{number}]"
        return None

    def _joined(self, sign: str, sides: Sequence[SkyRegion]) -> str:
        texts = [self.write(side) for side in sides]
        if sign == "union":
            self.needs.add("SkyRegion")
            return f"SkyRegion.union([{', '.join(texts)}])"
        signs = (" | ", " & ", " - ")
        return f" {sign} ".join(f"({text})" if any(one in text for one in signs) else text for text in texts)

    def _shape(self, shape: Shape) -> str:
        if shape.kind == "polygon":
            corners = SkyCoord(list(shape.values[::2]), list(shape.values[1::2]), unit="deg")
            return f"SkyRegion.polygon({self._coord(corners)})"
        ra, dec, *sizes = shape.values
        parts = [self._coord(SkyCoord(ra, dec, unit="deg")), *(self._quantity(x * u.deg) for x in sizes)]
        return f"SkyRegion.{shape.kind}({', '.join(parts)})"

    def _row_numbers(self, rows: np.ndarray) -> str:
        if len(rows) > MOST_ROWS:
            raise RecordingError(
                f"{len(rows)} rows by hand are too many for a line of source.",
                "Tell them by an expression or a region, and it can be written.",
            )
        return repr(rows.tolist())

    def _credible(self, skymap: Any, q: float) -> str:
        """The credible region of a map, or of an event that has it."""
        for step in reversed(self.steps):
            if getattr(step.result, "localization", None) is skymap:
                return f"{self._use(step)}.credible_region({q!r})"
        for layer in self.layers.values():
            if getattr(layer, "skymap", None) is skymap:
                return f"sky.layers[{layer.name!r}].skymap.credible_region({q!r})"
        return f"{self._object(skymap)}.credible_region({q!r})"

    def _use(self, step: Step) -> str:
        self.uses.append(step)
        return step.variable

    def _row(self, catalog: Any, source: Any) -> str:
        for step in reversed(self.steps):
            if step.result is catalog:
                return f"{self._use(step)}[{source.index}]"
        found = self.layers.find(source)
        if found is None:
            raise RecordingError(
                f"the source {source.name} is in no layer.",
                "Open its catalogue first, and it can be written.",
            )
        return f"sky.layers[{found[0].name!r}][{found[1]}]"

    def _numbers(self, values: Any) -> str:
        array = np.asarray(values, float)
        if array.size > 100:
            raise RecordingError(
                f"an array of {array.size} numbers is too long for a line of source.",
                "Keep it in a file, and open that.",
            )
        if not np.isfinite(array).all():
            raise RecordingError(
                f"a value that is not finite ({array[~np.isfinite(array)].flat[0]}) has no source form.",
                "Give finite ones.",
            )
        return repr(array.tolist())

    def _coord(self, value: SkyCoord) -> str:
        self.needs.add("SkyCoord")
        at = value.icrs
        return f'SkyCoord({self._numbers(at.ra.deg)}, {self._numbers(at.dec.deg)}, unit="deg")'

    def _quantity(self, value: u.Quantity) -> str:
        self.needs.add("Quantity")
        return f"Quantity({self._numbers(value.value)}, {value.unit.to_string()!r})"

    def _time(self, value: Time) -> str:
        if not value.isscalar:
            raise RecordingError(
                f"an array of {value.size} times has no source form.", "Give them one by one."
            )
        self.needs.add("Time")
        text = Time(value, format="isot", precision=9).value.rstrip("0").rstrip(".")
        back = Time(text, format="isot", scale=value.scale)
        if back == value:
            return f'Time("{text}", scale="{value.scale}")'
        return f'Time({float(value.jd1)!r}, {float(value.jd2)!r}, format="jd", scale="{value.scale}")'


def _more_parts(region: SkyRegion, most: int) -> bool:
    """Whether a region was made of more others than this, however deep; no more of them are looked at."""
    ahead, count = [region], 0
    while ahead and count <= most:
        sides = ahead.pop()._sides
        if sides is None:
            count += 1
        else:
            ahead += sides[1]
    return count > most
