"""SkyRegion: a part of the sky that can be asked, drawn and turned into a query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from skyexplorer.core import enclosing, regions, shapes, sphere
from skyexplorer.core.shapes import Shapes
from skyexplorer.errors import FormatError, InputError
from skyexplorer.io import files, regions_text
from skyexplorer.io import moc as mocs
from skyexplorer.io.regions_text import Shape
from skyexplorer.model.origin import Origin

Contains = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]]
Lines = Callable[[int], list[NDArray[np.float64]]]
Radius = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
OUTLINE_CELLS = 20_000  # over which a MOC is drawn: coarser where it has more
SAME = 1e-13  # rad: vertices that are no further apart are one
MANY_PARTS = 50  # of a union, above which each is drawn as roughly as a chip of a camera may be
MOC_ERROR = 0.02  # width of the cells with which a region becomes a MOC, in units of its radius


@dataclass(frozen=True, eq=False)
class SkyRegion:
    """A region of the sky; made by its class methods, not by hand.

    Attributes
    ----------
    kind : str
        ``"circle"``, ``"ellipse"``, ``"box"``, ``"quarter-ellipse"``, ``"polygon"``, ``"moc"``, or
        ``"union"``, ``"intersection"``, ``"difference"``.
    center : SkyCoord
        The centre by which it was made, or that of its bounding circle.
    radius : Quantity
        Of a circle around ``center`` that holds the whole region.
    origin : Origin or None
        Where it was read from.

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from skyexplorer import SkyRegion
    >>> best = SkyCoord(77.43 * u.deg, 5.72 * u.deg)  # IC-170922A
    >>> footprint = SkyRegion.quarter_ellipse(best, (0.95, 0.65) * u.deg, (0.50, 0.30) * u.deg)
    >>> bool(footprint.contains(SkyCoord(77.3582 * u.deg, 5.6931 * u.deg)))  # TXS 0506+056
    True
    >>> print(round(footprint.area.to_value("deg2"), 3))
    1.0
    """

    kind: str
    center: SkyCoord
    radius: u.Quantity
    _contains: Contains = field(repr=False)
    _outline: Lines = field(repr=False)
    _area: float | None = field(default=None, repr=False)  # deg2, where a closed form exists
    _adql: str = field(default="", repr=False)
    _moc: Any = field(default=None, repr=False)
    _shapes: tuple[Shape, ...] = field(default=(), repr=False)  # exactly, as text formats write them
    _radius: Radius | None = field(default=None, repr=False)
    _form: Shapes = field(
        default_factory=lambda: shapes.joined([]), repr=False
    )  # what holds the region, for compiled code …
    _exact: bool = field(default=True, repr=False)  # … and whether that is all there is to ask
    _credible: tuple[Any, float] | None = field(
        default=None, repr=False
    )  # the map and the level of a credible region: how it is written
    _sides: tuple[str, tuple[SkyRegion, ...]] | None = field(
        default=None, repr=False
    )  # of one that was made of others: the sign between them, or "union", and these
    origin: Origin | None = field(default=None, repr=False)

    # Making one

    @classmethod
    def circle(cls, center: SkyCoord, radius: u.Quantity) -> SkyRegion:
        """A circle on the sphere; radius up to 180°.

        Parameters
        ----------
        center : SkyCoord
            One position, any frame.
        radius : Quantity
            An angle above 0 and at most 180°.

        Returns
        -------
        SkyRegion

        Raises
        ------
        InputError
            For a centre that is none, or a radius out of range.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> crab = SkyCoord(83.633 * u.deg, 22.014 * u.deg)
        >>> print(SkyRegion.circle(crab, 1 * u.deg).area.round(4))
        3.1415 deg2
        """
        ra, dec = _degrees(center)
        r = _positive("radius", radius, 180.0)
        form = shapes.circles(ra, dec, r)
        return cls(
            "circle",
            center.icrs,
            r * u.deg,
            partial(enclosing.inside, form),
            lambda n: [_shut(sphere.ellipse_points(ra, dec, r, r, 0.0, n))],
            2 * np.pi * (1 - np.cos(np.radians(r))) * sphere.DEG2_PER_SR,
            f"CIRCLE({ra}, {dec}, {r})",
            _shapes=(Shape("circle", (ra, dec, r)),),
            _radius=partial(enclosing.radii, form),
            _form=form,
        )

    @classmethod
    def annulus(cls, center: SkyCoord, inner: u.Quantity, outer: u.Quantity) -> SkyRegion:
        """The sky between two circles around one centre; the outer edge belongs to it, the inner does not.

        Parameters
        ----------
        center : SkyCoord
            One position.
        inner, outer : Quantity
            Angles, the smaller first.

        Returns
        -------
        SkyRegion

        Raises
        ------
        InputError
            If the inner is not smaller.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> crab = SkyCoord(83.633 * u.deg, 22.014 * u.deg)
        >>> ring = SkyRegion.annulus(crab, 0.5 * u.deg, 1 * u.deg)
        >>> bool(ring.contains(crab))
        False
        """
        around, hole = cls.circle(center, outer), cls.circle(center, inner)
        if not hole.radius < around.radius:
            raise InputError(
                f"The inner radius, {inner}, is not smaller than the outer, {outer}.", "Give it first."
            )
        ra, dec, inside, outside = *around._shapes[0].values[:2], hole.radius.value, around.radius.value
        return replace(
            around - hole,
            center=around.center,
            radius=around.radius,
            _outline=lambda n: [*around._outline(n), *hole._outline(n)],
            _area=float(around.area.value - hole.area.value),
            _shapes=(Shape("annulus", (ra, dec, inside, outside)),),
        )

    @classmethod
    def ellipse(cls, center: SkyCoord, a: u.Quantity, b: u.Quantity, pa: u.Quantity) -> SkyRegion:
        """An ellipse with semi-axes ``a`` along and ``b`` across position angle ``pa`` (east of north).

        Parameters
        ----------
        center : SkyCoord
            One position.
        a, b : Quantity
            Semi-axes, above 0 and at most 90°; ``a`` may be the shorter.
        pa : Quantity
            An angle.

        Returns
        -------
        SkyRegion

        Raises
        ------
        InputError
            For axes or an angle that cannot be.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> crab = SkyCoord(83.633 * u.deg, 22.014 * u.deg)
        >>> ellipse = SkyRegion.ellipse(crab, 0.5 * u.deg, 0.2 * u.deg, 90 * u.deg)  # long from east to west
        >>> east = crab.directional_offset_by(90 * u.deg, 0.4 * u.deg)
        >>> bool(ellipse.contains(east))
        True
        """
        ra, dec = _degrees(center)
        sa, sb = _positive("a", a, 90.0), _positive("b", b, 90.0)
        angle = float(pa.to_value(u.deg))
        if not np.isfinite(angle):
            raise InputError(f"The position angle is {pa}.", "A circle may have any; 0 deg will do.")
        form = shapes.ellipses(ra, dec, sa, sb, angle)
        return cls(
            "ellipse",
            center.icrs,
            max(sa, sb) * u.deg,
            partial(enclosing.inside, form),
            lambda n: [_shut(sphere.ellipse_points(ra, dec, sa, sb, angle, n))],
            regions.ellipse_area(sa, sb),
            _shapes=(Shape("ellipse", (ra, dec, sa, sb, angle)),),
            _radius=partial(enclosing.radii, form),
            _form=form,
        )

    @classmethod
    def box(cls, center: SkyCoord, ra_errors: u.Quantity, dec_errors: u.Quantity) -> SkyRegion:
        """The coordinate box −a₋ ≤ Δα ≤ a₊, −b₋ ≤ Δδ ≤ b₊, edge included.

        Parameters
        ----------
        center : SkyCoord
            One position.
        ra_errors, dec_errors : Quantity, (plus, minus)
            Positive, in coordinate degrees: those of right ascension are not multiplied by cos δ.

        Returns
        -------
        SkyRegion

        Raises
        ------
        InputError
            For errors that are not positive.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> best = SkyCoord(77.43 * u.deg, 5.72 * u.deg)  # IC-170922A
        >>> box = SkyRegion.box(best, (0.95, 0.65) * u.deg, (0.50, 0.30) * u.deg)
        >>> print(box.area.round(4))
        1.2734 deg2
        """
        ra, dec, ap, am, bp, bm = _errors(center, ra_errors, dec_errors)
        low, high = max(dec - bm, -90.0), min(dec + bp, 90.0)
        width = min(ap + am, 360.0)

        def outline(n: int) -> list[NDArray[np.float64]]:
            side = np.linspace(0, 1, max(n // 4, 2), endpoint=False)
            x = np.concatenate(
                [-am + width * side, np.full_like(side, ap), ap - width * side, np.full_like(side, -am)]
            )
            tall = high - low
            y = np.concatenate(
                [np.full_like(side, low), low + tall * side, np.full_like(side, high), high - tall * side]
            )
            return [_closed(ra + x, y)]

        area = width * np.degrees(np.sin(np.radians(high)) - np.sin(np.radians(low)))
        form = shapes.boxes(ra, dec, ap, am, bp, bm)
        return cls(
            "box", center.icrs, _reach(ra, dec, outline(64)), partial(enclosing.inside, form), outline, float(area),
            _radius=partial(enclosing.radii, form), _form=form,
        )  # fmt: skip

    @classmethod
    def quarter_ellipse(cls, center: SkyCoord, ra_errors: u.Quantity, dec_errors: u.Quantity) -> SkyRegion:
        """Four quarters of ellipses: q² = (Δα/a±)² + (Δδ/b±)² ≤ 1, the signs choosing the half-axes.

        Its area is π/4 of (a₊ + a₋)(b₊ + b₋) cos δ.

        Parameters
        ----------
        center : SkyCoord
            One position.
        ra_errors, dec_errors : Quantity, (plus, minus)
            Positive, in coordinate degrees, as for `box`.

        Returns
        -------
        SkyRegion

        Raises
        ------
        InputError
            For errors that are not positive.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> best = SkyCoord(77.43 * u.deg, 5.72 * u.deg)  # IC-170922A
        >>> footprint = SkyRegion.quarter_ellipse(best, (0.95, 0.65) * u.deg, (0.50, 0.30) * u.deg)
        >>> print(footprint.area.round(4))
        1.0003 deg2
        """
        ra, dec, ap, am, bp, bm = _errors(center, ra_errors, dec_errors)

        def outline(n: int) -> list[NDArray[np.float64]]:
            t = np.linspace(0, 2 * np.pi, 4 * max(n // 4, 2), endpoint=False)
            x, y = np.cos(t), np.sin(t)
            return [_closed(ra + x * np.where(x >= 0, ap, am), dec + y * np.where(y >= 0, bp, bm))]

        form = shapes.quarters(ra, dec, ap, am, bp, bm)
        area = np.pi / 4 * (ap + am) * (bp + bm) * np.cos(np.radians(dec))
        return cls(
            "quarter-ellipse",
            center.icrs,
            _reach(ra, dec, outline(64)),
            partial(enclosing.inside, form),
            outline,
            float(area),
            _radius=partial(enclosing.radii, form),
            _form=form,
        )

    @classmethod
    def polygon(cls, coords: SkyCoord) -> SkyRegion:
        """The smaller side of a polygon of great-circle arcs through at least three vertices.

        Parameters
        ----------
        coords : SkyCoord, (n,)
            Three vertices or more, in order; the last may be the first again.

        Returns
        -------
        SkyRegion

        Raises
        ------
        InputError
            For fewer than three vertices, or such as lie around half of the sky.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> corners = SkyCoord([10, 12, 12, 10] * u.deg, [-1, -1, 1, 1] * u.deg)
        >>> print(SkyRegion.polygon(corners).area.round(2))
        4.0 deg2
        """
        icrs = coords.icrs
        vertices = sphere.unit_vectors(np.atleast_1d(icrs.ra.deg), np.atleast_1d(icrs.dec.deg))
        # A vertex that is given twice has no arc to the next; lists are often closed by their first.
        vertices = vertices[np.linalg.norm(vertices - np.roll(vertices, -1, axis=0), axis=1) > SAME]
        if len(vertices) < 3:
            raise InputError(
                f"A polygon has {len(vertices)} different vertices.", "Give three or more; two make no area."
            )
        middle = vertices.sum(axis=0)
        if not np.linalg.norm(middle) > 1e-9:
            raise InputError(
                "The vertices lie around half of the sky.", "Which side is meant cannot be told."
            )
        middle /= np.linalg.norm(middle)
        form = shapes.polygons([vertices])
        from mocpy import MOC

        ra, dec = regions.lonlat(vertices)
        center = regions.lonlat(middle[None])
        at = SkyCoord(center[0][0] * u.deg, center[1][0] * u.deg)
        reach = float(sphere.separation(at.ra.deg, at.dec.deg, ra, dec).max())
        return cls(
            "polygon",
            at,
            reach * u.deg,
            partial(enclosing.inside, form),
            lambda n: [_closed(*regions.densified(vertices, n))],
            regions.polygon_area(vertices),
            "POLYGON(" + ", ".join(f"{a}, {d}" for a, d in zip(ra, dec, strict=True)) + ")",
            lambda depth: MOC.from_polygon(ra * u.deg, dec * u.deg, max_depth=depth),
            (Shape("polygon", tuple(np.stack([ra, dec], axis=-1).ravel().tolist())),),
            _form=form,
        )

    @classmethod
    def from_moc(cls, moc: Any) -> SkyRegion:
        """The cells of a `mocpy.MOC`.

        Parameters
        ----------
        moc : mocpy.MOC

        Returns
        -------
        SkyRegion

        Raises
        ------
        InputError
            If the MOC is empty.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> crab = SkyCoord(83.633 * u.deg, 22.014 * u.deg)
        >>> moc = SkyRegion.circle(crab, 1 * u.deg).to_moc()
        >>> SkyRegion.from_moc(moc).kind
        'moc'
        """
        if moc.empty():
            raise InputError("The MOC is empty.", "An empty region has no place on the sky.")
        center, radius = _bounds(moc)

        ranges = np.ascontiguousarray(moc.to_depth29_ranges, np.int64)
        form = shapes.cells(center.ra.deg, center.dec.deg, radius.to_value(u.deg), [ranges])

        def outline(n: int) -> list[NDArray[np.float64]]:
            coarse = moc
            while coarse.max_order > 0 and len(coarse.flatten()) > OUTLINE_CELLS:
                coarse = coarse.degrade_to_order(coarse.max_order - 1)
            return [_closed(*line) for line in regions.cell_outlines(coarse.flatten(), int(coarse.max_order))]

        area = float(moc.sky_fraction) * sphere.SKY_DEG2
        return cls(
            "moc",
            center,
            radius,
            partial(enclosing.inside, form),
            outline,
            area,
            "",
            lambda depth: moc,
            _form=form,
        )

    @classmethod
    def union(cls, parts: Sequence[SkyRegion]) -> SkyRegion:
        """All of several regions; of one, that region itself.

        Parameters
        ----------
        parts : sequence of SkyRegion
            At least one.

        Returns
        -------
        SkyRegion

        Raises
        ------
        InputError
            For no region.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> crab = SkyCoord(83.633 * u.deg, 22.014 * u.deg)
        >>> vela = SkyCoord(128.836 * u.deg, -45.176 * u.deg)
        >>> both = SkyRegion.union([SkyRegion.circle(place, 1 * u.deg) for place in (crab, vela)])
        >>> both.contains(vela).item(), both.kind
        (True, 'union')
        """
        if not parts:
            raise InputError("A union of no regions.", "Give one or more.")
        if len(parts) == 1:
            return parts[0]
        vectors = np.stack([sphere.unit_vectors(part.center.ra.deg, part.center.dec.deg) for part in parts])
        middle = vectors.sum(axis=0)
        middle = vectors[0] if np.linalg.norm(middle) < 1e-6 else middle / np.linalg.norm(middle)
        (ra,), (dec,) = regions.lonlat(middle[None])
        center = SkyCoord(ra * u.deg, dec * u.deg)
        reach = max(float(part.center.separation(center).deg + part.radius.to_value(u.deg)) for part in parts)

        form, exact = (
            shapes.joined([part._form for part in parts], [0] * len(parts)),
            all(p._exact for p in parts),
        )

        least = 12 if len(parts) > MANY_PARTS else 48

        def any_of(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
            return np.logical_or.reduce([part._contains(x, y) for part in parts])

        return cls(
            "union",
            center,
            min(reach, 180.0) * u.deg,
            partial(enclosing.inside, form) if exact else any_of,
            lambda n: [line for part in parts for line in part._outline(max(n // len(parts), least))],
            # A list of shapes takes those that are taken out from all of it, and not from one part: then none tells it.
            _shapes=()
            if any(not shape.included for part in parts for shape in part._shapes)
            else tuple(shape for part in parts for shape in part._as_shapes()),
            _form=form,
            _exact=exact,
            _sides=("union", tuple(parts)),
        )

    @classmethod
    def read(cls, source: str | Path | bytes) -> SkyRegion:
        """Read a MOC (FITS 1.x and 2.0, ASCII, JSON), DS9 regions, or STC-S.

        Several shapes in one file become their union. Regions in other frames than ICRS are turned into it.

        Parameters
        ----------
        source : str, Path or bytes

        Returns
        -------
        SkyRegion

        Raises
        ------
        FormatError
            If it is none of these, is empty, or is a MOC of time only.

        Examples
        --------
        >>> from skyexplorer import SkyRegion
        >>> SkyRegion.read(b"fk5; circle(83.633, 22.014, 30')").radius
        <Quantity 0.5 deg>
        """
        raw = files.stored(source)
        path = source if isinstance(source, (str, Path)) else ""
        content = files.unpack(raw)
        note = ""
        if regions_text.is_ds9(content):
            shapes_, note = regions_text.read_ds9(content)
            found = cls.from_shapes(shapes_)
        elif regions_text.is_stcs(content):
            found = cls.from_shapes(regions_text.read(content))
        else:
            moc, note = mocs.read(content)
            found = cls.from_moc(moc)
        return replace(found, origin=Origin.of_file(path, raw, note=note))

    @classmethod
    def from_shapes(cls, shapes: Sequence[Shape]) -> SkyRegion:
        """The union of shapes as text formats have them, without those taken out; FormatError where one cannot be.

        Parameters
        ----------
        shapes : sequence of Shape
            Of ``skyexplorer.io.regions_text``; numbers in degrees, ICRS.

        Returns
        -------
        SkyRegion

        Examples
        --------
        >>> from skyexplorer import SkyRegion
        >>> from skyexplorer.io.regions_text import Shape
        >>> SkyRegion.from_shapes([Shape("circle", (83.633, 22.014, 0.5))]).kind
        'circle'
        """
        made: dict[bool, list[SkyRegion]] = {True: [], False: []}
        for shape in shapes:
            v = shape.values
            try:
                center = SkyCoord(v[0] * u.deg, v[1] * u.deg)
                if shape.kind == "circle":
                    one = cls.circle(center, v[2] * u.deg)
                elif shape.kind == "annulus":
                    one = cls.annulus(center, v[2] * u.deg, v[3] * u.deg)
                elif shape.kind == "ellipse":
                    a, b, pa = (value * u.deg for value in v[2:5])
                    one = cls.ellipse(center, a, b, pa)
                else:
                    one = cls.polygon(SkyCoord(v[0::2] * u.deg, v[1::2] * u.deg))
            except (InputError, ValueError) as error:
                text = error.message if isinstance(error, InputError) else str(error)
                raise FormatError(
                    f"A {shape.kind} of the file cannot be: {text}", "Correct the file."
                ) from error
            made[shape.included].append(replace(one, _shapes=(shape,)))
        if not made[True]:
            raise FormatError("The file has no region.", "Circles, ellipses, boxes and polygons are read.")
        found = cls.union(made[True])
        if not made[False]:
            return found
        drawn = [*made[True], *made[False]]
        for gone in made[False]:
            found = replace(found - gone, _shapes=(*found._shapes, *gone._shapes))
        return replace(
            found,
            _outline=lambda n: [line for part in drawn for line in part._outline(max(n // len(drawn), 12))],
        )

    # Asking it

    def contains(self, coords: SkyCoord) -> NDArray[np.bool_]:
        """Whether each position lies inside; the edge belongs to the region.

        Parameters
        ----------
        coords : SkyCoord, any shape
            Any frame; what is no position lies outside.

        Returns
        -------
        bool array, shape of ``coords``

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> crab = SkyCoord(83.633 * u.deg, 22.014 * u.deg)
        >>> SkyRegion.circle(crab, 1 * u.deg).contains(SkyCoord([83.633, 85] * u.deg, [22.514, 22] * u.deg)).tolist()
        [True, False]
        """
        icrs = coords.icrs
        ra, dec = np.asarray(icrs.ra.deg, float), np.asarray(icrs.dec.deg, float)
        found = self._contains(np.atleast_1d(ra), np.atleast_1d(dec))
        return np.asarray(found).reshape(ra.shape)

    def normalised_radius(self, coords: SkyCoord) -> NDArray[np.float64]:
        """How far positions lie from the centre in units of the edge: 1 on it, the q of an error ellipse.

        Where the region holds 90 %, the pseudo-containment of a point is 1 − 0.1**q².

        Parameters
        ----------
        coords : SkyCoord, any shape

        Returns
        -------
        float array, shape of ``coords``

        Raises
        ------
        InputError
            For polygons, MOCs and combinations, which have no such radius.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> best = SkyCoord(77.43 * u.deg, 5.72 * u.deg)  # IC-170922A
        >>> footprint = SkyRegion.quarter_ellipse(best, (0.95, 0.65) * u.deg, (0.50, 0.30) * u.deg)
        >>> blazar = SkyCoord(77.3581850 * u.deg, 5.6931481 * u.deg)  # TXS 0506+056
        >>> q = footprint.normalised_radius(blazar)
        >>> round(float(q), 3), round(float(1 - 0.1 ** q**2), 3)
        (0.142, 0.045)
        """
        if self._radius is None:
            raise InputError(f"A {self.kind} has no normalised radius.", "Ask contains(coords).")
        icrs = coords.icrs
        ra, dec = np.asarray(icrs.ra.deg, float), np.asarray(icrs.dec.deg, float)
        return np.asarray(self._radius(np.atleast_1d(ra), np.atleast_1d(dec))).reshape(ra.shape)

    @property
    def area(self) -> u.Quantity:
        """Area (deg²); of combinations by small cells."""
        if self._area is not None:
            return self._area * u.deg**2
        return float(self.to_moc().sky_fraction) * sphere.SKY_DEG2 * u.deg**2

    def outline(self, points: int = 64) -> list[NDArray[np.float64]]:
        """Closed lines (n, 2) of right ascension and declination in degrees, for drawing.

        Parameters
        ----------
        points : int
            About how many along the whole.

        Returns
        -------
        list of (n, 2) float arrays
            The last point of each is its first.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> crab = SkyCoord(83.633 * u.deg, 22.014 * u.deg)
        >>> line = SkyRegion.circle(crab, 1 * u.deg).outline(32)[0]
        >>> bool((line[0] == line[-1]).all())
        True
        """
        return self._outline(points)

    def to_moc(self, max_depth: int | None = None) -> Any:
        """A `mocpy.MOC` of the cells whose centres lie inside; at least the cell of the centre.

        Parameters
        ----------
        max_depth : int, optional
            Order of the cells; by default cells of about 2 % of the radius.

        Returns
        -------
        mocpy.MOC

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> crab = SkyCoord(83.633 * u.deg, 22.014 * u.deg)
        >>> SkyRegion.circle(crab, 1 * u.deg).to_moc(max_depth=9).max_order
        9
        """
        from mocpy import MOC

        if max_depth is None:
            cell = max(self.radius.to_value(u.deg) * MOC_ERROR, 1e-4)
            max_depth = int(np.clip(np.ceil(np.log2(58.6 / cell)), 3, 18))
        if self._moc is not None:
            return self._moc(max_depth)
        radius = min(self.radius.to_value(u.deg) * 1.01 + 58.6 / 2**max_depth, 180.0)
        cone = MOC.from_cone(self.center.ra, self.center.dec, radius=radius * u.deg, max_depth=max_depth)
        ipix = np.asarray(cone.flatten(), np.uint64)
        from skyexplorer.core import healpix

        depth = int(cone.max_order)
        lon, lat = healpix.centers(depth, ipix)
        inside = self._contains(lon, lat)
        if not inside.any():  # smaller than a cell
            return MOC.from_lonlat(self.center.ra[None], self.center.dec[None], max_norder=max_depth)
        return MOC.from_healpix_cells(
            ipix[inside], np.full(int(inside.sum()), depth, np.uint8), max_depth=max_depth
        )

    def to_adql(self, ra: str = "ra", dec: str = "dec") -> str:
        """An ADQL condition on the columns ``ra`` and ``dec``.

        Regions that ADQL has no words for are asked by their bounding circle: filter the answer with
        `contains`.

        Parameters
        ----------
        ra, dec : str
            Names of columns in degrees.

        Returns
        -------
        str

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> crab = SkyCoord(83.633 * u.deg, 22.014 * u.deg)
        >>> SkyRegion.circle(crab, 1 * u.deg).to_adql("RAJ2000", "DEJ2000")
        '1 = CONTAINS(POINT(RAJ2000, DEJ2000), CIRCLE(83.633, 22.014, 1.0))'
        """
        shape = self._adql or (
            f"CIRCLE({self.center.ra.deg}, {self.center.dec.deg}, {self.radius.to_value(u.deg)})"
        )
        return f"1 = CONTAINS(POINT({ra}, {dec}), {shape})"

    def _as_shapes(self) -> tuple[Shape, ...]:
        """Circles, ellipses and polygons that write this region; polygons along the outline where it is none of them.

        A combination with holes, which outlines would fill, as the cells of its MOC.
        """
        if self._shapes:
            return self._shapes
        lines = [line[:-1] for line in self.outline(128) if len(line) > 3]
        if self.kind in ("union", "difference", "intersection"):
            within = sum(regions.polygon_area(sphere.unit_vectors(line[:, 0], line[:, 1])) for line in lines)
            if abs(within - self.area.value) > MOC_ERROR * self.area.value:
                lines = _cells(self.to_moc())
        return tuple(Shape("polygon", tuple(line.ravel().tolist()), exact=False) for line in lines)

    def to_ds9(self) -> str:
        """DS9 regions in ICRS; what DS9 has no word for as polygons along the outline, which a comment says.

        Returns
        -------
        str

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> crab = SkyCoord(83.633 * u.deg, 22.014 * u.deg)
        >>> print(SkyRegion.circle(crab, 0.5 * u.deg).to_ds9().splitlines()[-1])
        circle(83.63300000,22.01400000,1800")
        """
        return regions_text.ds9_of(self._as_shapes())

    def to_stcs(self) -> str:
        """STC-S in ICRS, as in ObsCore's ``s_region``; ellipses and the like as polygons along the outline.

        Returns
        -------
        str

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> crab = SkyCoord(83.633 * u.deg, 22.014 * u.deg)
        >>> SkyRegion.circle(crab, 0.5 * u.deg).to_stcs()
        'CIRCLE ICRS 83.633 22.014 0.5'
        """
        return regions_text.stcs_of(
            [shape if shape.kind != "ellipse" else _polygon_of(shape) for shape in self._as_shapes()]
        )

    def write(self, path: str | Path, format: str = "", max_depth: int | None = None) -> Path:
        """Write the region as a MOC or as text.

        Parameters
        ----------
        path : str or Path
            Overwritten.
        format : {"fits", "json", "ascii", "ds9", "stcs"}, optional
            The first three are MOCs. By default by the name: .fits, .json, .reg, .txt (a MOC in ASCII).
        max_depth : int, optional
            Of the MOC.

        Returns
        -------
        Path

        Raises
        ------
        InputError
            For an unknown format, or a place where nothing can be written.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegion
        >>> crab = SkyCoord(83.633 * u.deg, 22.014 * u.deg)
        >>> import tempfile, pathlib
        >>> path = SkyRegion.circle(crab, 1 * u.deg).write(pathlib.Path(tempfile.mkdtemp(), "crab.reg"))
        >>> bool(SkyRegion.read(path).contains(crab))
        True
        """
        target = Path(path)
        by_name = {".fits": "fits", ".json": "json", ".reg": "ds9", ".txt": "ascii", ".moc": "ascii"}
        kind = format or by_name.get(target.suffix.lower(), "")
        makers: dict[str, Callable[[], bytes]] = {
            "fits": lambda: mocs.fits_of(self.to_moc(max_depth)),
            "json": lambda: mocs.json_of(self.to_moc(max_depth)).encode(),
            "ascii": lambda: mocs.ascii_of(self.to_moc(max_depth)).encode(),
            "ds9": lambda: self.to_ds9().encode(),
            "stcs": lambda: self.to_stcs().encode(),
        }
        if kind not in makers:
            raise InputError(f"The format is {format or target.suffix!r}.", f"One of {', '.join(makers)}.")
        try:
            target.write_bytes(makers[kind]())
        except OSError as error:
            raise InputError(
                f"{str(target)!r} cannot be written: {error.strerror}.", "Choose another place."
            ) from error
        return target

    # Joining two

    def __or__(self, other: SkyRegion) -> SkyRegion:
        return self._joined("union", other, np.logical_or, self.to_moc() | other.to_moc())

    def __and__(self, other: SkyRegion) -> SkyRegion:
        return self._joined("intersection", other, np.logical_and, self.to_moc() & other.to_moc())

    def __sub__(self, other: SkyRegion) -> SkyRegion:
        return self._joined(
            "difference", other, lambda a, b: a & ~b, self.to_moc().difference(other.to_moc())
        )

    def _joined(self, kind: str, other: SkyRegion, rule: Callable[..., Any], moc: Any) -> SkyRegion:
        if moc.empty():
            raise InputError(f"The {kind} of the two regions is empty.", "They have no place in common.")
        cells = SkyRegion.from_moc(moc)
        # What holds the result: both of a union, the smaller of an intersection, the first of a difference.
        holders = {"union": [self, other], "intersection": [min(self, other, key=lambda side: side.radius)]}
        around = holders.get(kind, [self])
        form = shapes.joined([side._form for side in around], [0] * len(around))
        return SkyRegion(
            kind,
            cells.center,
            cells.radius,
            lambda x, y: rule(self._contains(x, y), other._contains(x, y)),
            cells._outline,
            None,
            "",
            lambda depth: moc,
            _form=form,
            _exact=kind == "union" and self._exact and other._exact,
            _sides=({"union": "|", "intersection": "&", "difference": "-"}[kind], (self, other)),
        )


def _degrees(center: SkyCoord) -> tuple[float, float]:
    icrs = center.icrs
    if not icrs.isscalar:
        raise InputError(
            f"A region has one centre; got {len(icrs)} positions.",
            "Give one of them, such as coords[0]; many regions are a SkyRegion.union.",
        )
    ra, dec = float(icrs.ra.deg), float(icrs.dec.deg)
    if not (np.isfinite(ra) and np.isfinite(dec)):
        raise InputError(f"The centre is ({ra}, {dec}).", "Give finite coordinates.")
    return ra, dec


def _positive(name: str, value: u.Quantity, limit: float) -> float:
    try:
        degrees = float(u.Quantity(value).to_value(u.deg))
    except u.UnitConversionError as error:
        raise InputError(f"{name} is {value!r}.", "Give an angle, such as 0.5 * u.deg.") from error
    if not 0 < degrees <= limit:
        raise InputError(f"{name} is {degrees} deg.", f"It must be above 0 and at most {limit:g} deg.")
    return degrees


def _errors(
    center: SkyCoord, ra_errors: u.Quantity, dec_errors: u.Quantity
) -> tuple[float, float, float, float, float, float]:
    ra, dec = _degrees(center)
    plus_minus = []
    for name, pair, limit in (("ra_errors", ra_errors, 360.0), ("dec_errors", dec_errors, 180.0)):
        if len(pair) != 2:
            raise InputError(f"{name} is {pair!r}.", "Give two values, (plus, minus).")
        plus_minus += [
            _positive(f"{name} {sign}", value, limit) for sign, value in zip("+-", pair, strict=True)
        ]
    return (ra, dec, *plus_minus)  # type: ignore[return-value]


def _closed(ra: NDArray[np.float64], dec: NDArray[np.float64]) -> NDArray[np.float64]:
    line = np.stack([np.asarray(ra) % 360, np.clip(dec, -90, 90)], axis=-1)
    return np.concatenate([line, line[:1]])


def _shut(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """The last point is the first again to the last bit, and not only nearly."""
    line[-1] = line[0]
    return line


def _reach(ra: float, dec: float, lines: list[NDArray[np.float64]]) -> u.Quantity:
    far = max(float(sphere.separation(ra, dec, line[:, 0], line[:, 1]).max()) for line in lines)
    return min(far * 1.001, 180.0) * u.deg


def _bounds(moc: Any) -> tuple[SkyCoord, u.Quantity]:
    """Centre and radius of a circle around a MOC, from the cells at a modest depth."""
    from skyexplorer.core import healpix

    depth = min(int(moc.max_order), 7)
    coarse = moc.degrade_to_order(depth) if depth < int(moc.max_order) else moc
    ipix = np.asarray(coarse.flatten(), np.int64)
    lon, lat = healpix.centers(depth, ipix)
    vectors = sphere.unit_vectors(lon, lat)
    middle = vectors.mean(axis=0)
    if np.linalg.norm(middle) < 1e-6:
        middle = vectors[0]
    (ra,), (dec,) = regions.lonlat((middle / np.linalg.norm(middle))[None])
    radius = float(sphere.separation(ra, dec, lon, lat).max()) + 61.3 / 2**depth  # to the corners of cells
    return SkyCoord(ra * u.deg, dec * u.deg), min(radius, 180.0) * u.deg


def _cells(moc: Any) -> list[NDArray[np.float64]]:
    """The corners of each cell of a MOC, (4, 2) degrees; large cells as they are."""
    from cdshealpix import nested

    found: list[NDArray[np.float64]] = []
    for order, cells in moc.serialize("json").items():
        lon, lat = nested.vertices(np.asarray(cells, np.uint64), np.uint8(int(order)))
        found += list(np.stack([lon.deg, lat.deg], axis=-1))
    return found


def _polygon_of(shape: Shape) -> Shape:
    """An ellipse as a polygon of 64 corners."""
    ra, dec, a, b, pa = shape.values
    line = sphere.ellipse_points(ra, dec, a, b, pa, 64)[:-1]
    return Shape("polygon", tuple(line.ravel().tolist()), exact=False)
