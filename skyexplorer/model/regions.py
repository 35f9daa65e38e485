"""SkyRegions: many regions of the sky as one noun, asked of millions of sources at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from warnings import warn

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from numpy.typing import NDArray

from skyexplorer.core import shapes
from skyexplorer.core.regions import containment_factor
from skyexplorer.core.shapes import Shapes
from skyexplorer.errors import InputError, SkyExplorerWarning
from skyexplorer.model.catalog import SourceCatalog
from skyexplorer.model.pairs import MOST_PAIRS
from skyexplorer.model.places import degrees
from skyexplorer.model.region import SkyRegion
from skyexplorer.model.skymap import SkyMap

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SMALL = 1e-5  # deg: over a smaller region a map does not change, and HEALPix has no cells to divide it


class SkyRegions:
    """Many regions, numbered from 0; made by its class methods, not by hand.

    What `match` and `counts` say of a source is what `SkyRegion.contains` says of it: the edge belongs to a region.

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.coordinates import SkyCoord
    >>> from skyexplorer import SkyRegions
    >>> best = SkyCoord([77.43, 114.52] * u.deg, [5.72, 15.56] * u.deg)  # IC-170922A, IC-211208A
    >>> footprints = SkyRegions.quarter_ellipses(
    ...     best, ([0.95, 2.82], [0.65, 2.50]) * u.deg, ([0.50, 1.81], [0.30, 1.39]) * u.deg
    ... )
    >>> blazars = SkyCoord([77.3582, 114.5308] * u.deg, [5.6931, 17.7053] * u.deg)  # TXS 0506+056, PKS 0735+178
    >>> pairs = footprints.match(blazars)
    >>> pairs["left"].tolist(), pairs["right"].tolist(), round(float(pairs["normalised_radius"][0]), 3)
    ([0], [0], 0.142)
    """

    def __init__(
        self,
        form: Shapes,
        centers: tuple[Floats, Floats],
        make: Callable[[int], SkyRegion],
        loose: Sequence[int] = (),
    ) -> None:
        self._form, self._centers, self._make = form, centers, make
        self._loose = tuple(
            loose
        )  # of these the form holds more than the region: what is found is asked again

    # Making them

    @classmethod
    def circles(cls, centers: SkyCoord, radius: u.Quantity) -> SkyRegions:
        """Circles; radius up to 180°, one for all or one for each.

        Parameters
        ----------
        centers : SkyCoord, (n,)
            Any frame.
        radius : Quantity, () or (n,)

        Returns
        -------
        SkyRegions
            Of n.

        Raises
        ------
        InputError
            For a centre that is no position, or a size out of range.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegions
        >>> places = SkyCoord([10, 20, 30] * u.deg, [0, 5, 10] * u.deg)
        >>> circles = SkyRegions.circles(places, [1, 2, 3] * u.deg)
        >>> len(circles), circles[2].radius.value.item()
        (3, 3.0)
        """
        ra, dec = _places(centers)
        r = _sizes("radius", radius, len(ra), 180.0)
        return cls(
            shapes.circles(ra, dec, r),
            (ra, dec),
            lambda i: SkyRegion.circle(_at(ra[i], dec[i]), r[i] * u.deg),
        )

    @classmethod
    def ellipses(cls, centers: SkyCoord, a: u.Quantity, b: u.Quantity, pa: u.Quantity) -> SkyRegions:
        """Ellipses with semi-axes along and across position angles (east of north), one for all or one for each.

        Parameters
        ----------
        centers : SkyCoord, (n,)
            Any frame.
        a, b : Quantity, () or (n,)
            Semi-axes, above 0 and at most 90°.
        pa : Quantity, () or (n,)

        Returns
        -------
        SkyRegions
            Of n.

        Raises
        ------
        InputError
            For a centre that is no position, or a size out of range.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegions
        >>> places = SkyCoord([10, 20, 30] * u.deg, [0, 5, 10] * u.deg)
        >>> SkyRegions.ellipses(places, 1 * u.deg, 0.5 * u.deg, 30 * u.deg)
        <SkyRegions: 3 regions>
        """
        ra, dec = _places(centers)
        long, short = (_sizes(name, axis, len(ra), 90.0) for name, axis in (("a", a), ("b", b)))
        return cls._ellipses(ra, dec, long, short, _sizes("pa", pa, len(ra), None), np.arange(len(ra)))

    @classmethod
    def _ellipses(cls, ra: Floats, dec: Floats, a: Floats, b: Floats, pa: Floats, rows: Ints) -> SkyRegions:
        """Ellipses of some rows; the others hold nothing."""
        form = shapes.ellipses(*(each[rows] for each in (ra, dec, a, b, pa)))._replace(owner=rows)
        good = np.isin(np.arange(len(ra)), rows)

        def make(i: int) -> SkyRegion:
            if not good[i]:
                raise InputError(f"Row {i} has no error of position.", "Its region holds nothing.")
            return SkyRegion.ellipse(_at(ra[i], dec[i]), a[i] * u.deg, b[i] * u.deg, pa[i] * u.deg)

        return cls(form, (ra, dec), make)

    @classmethod
    def boxes(cls, centers: SkyCoord, ra_errors: u.Quantity, dec_errors: u.Quantity) -> SkyRegions:
        """Coordinate boxes; ``(plus, minus)`` of each coordinate as for `SkyRegion.box`, one for all or one for each.

        Parameters
        ----------
        centers : SkyCoord, (n,)
            Any frame.
        ra_errors, dec_errors : Quantity, (2,) or (2, n)
            Coordinate degrees, positive.

        Returns
        -------
        SkyRegions
            Of n.

        Raises
        ------
        InputError
            For a centre that is no position, or a size out of range.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegions
        >>> places = SkyCoord([10, 20, 30] * u.deg, [0, 5, 10] * u.deg)
        >>> SkyRegions.boxes(places, (2, 1) * u.deg, (1, 1) * u.deg)[0].kind
        'box'
        """
        return cls._sided(shapes.boxes, SkyRegion.box, centers, ra_errors, dec_errors)

    @classmethod
    def quarter_ellipses(cls, centers: SkyCoord, ra_errors: u.Quantity, dec_errors: u.Quantity) -> SkyRegions:
        """Four quarters of ellipses each, with the parameters of `boxes`.

        Parameters
        ----------
        centers : SkyCoord, (n,)
            Any frame.
        ra_errors, dec_errors : Quantity, (2,) or (2, n)
            Coordinate degrees, positive.

        Returns
        -------
        SkyRegions
            Of n.

        Raises
        ------
        InputError
            For a centre that is no position, or a size out of range.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegions
        >>> places = SkyCoord([10, 20, 30] * u.deg, [0, 5, 10] * u.deg)
        >>> SkyRegions.quarter_ellipses(places, (2, 1) * u.deg, (1, 1) * u.deg)[0].kind
        'quarter-ellipse'
        """
        return cls._sided(shapes.quarters, SkyRegion.quarter_ellipse, centers, ra_errors, dec_errors)

    @classmethod
    def _sided(
        cls,
        form: Callable[..., Shapes],
        one: Callable[..., SkyRegion],
        centers: SkyCoord,
        ra_errors: u.Quantity,
        dec_errors: u.Quantity,
    ) -> SkyRegions:
        ra, dec = _places(centers)
        sides = []
        for name, pair, limit in (("ra_errors", ra_errors, 360.0), ("dec_errors", dec_errors, 180.0)):
            if np.ndim(pair) < 1 or len(pair) != 2:
                raise InputError(
                    f"{name} is {pair!r}.", "Give two, (plus, minus), each one angle or one for each."
                )
            sides += [
                _sizes(f"{name} {sign}", side, len(ra), limit) for sign, side in zip("+-", pair, strict=True)
            ]

        def make(i: int) -> SkyRegion:
            east, west, north, south = (side[i] for side in sides)
            return one(_at(ra[i], dec[i]), (east, west) * u.deg, (north, south) * u.deg)

        return cls(form(ra, dec, *sides), (ra, dec), make)

    @classmethod
    def polygons(cls, coords: Sequence[SkyCoord]) -> SkyRegions:
        """Polygons of great-circle arcs, each the smaller side of its vertices.

        Parameters
        ----------
        coords : sequence of SkyCoord
            The vertices of each.

        Returns
        -------
        SkyRegions

        Raises
        ------
        InputError
            As `SkyRegion.polygon` does.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegions
        >>> places = SkyCoord([10, 20, 30] * u.deg, [0, 5, 0] * u.deg)
        >>> SkyRegions.polygons([places])
        <SkyRegions: 1 regions>
        """
        return cls.of([SkyRegion.polygon(each) for each in coords])

    @classmethod
    def of(cls, regions: Sequence[SkyRegion]) -> SkyRegions:
        """Regions of any kind, in their order.

        Parameters
        ----------
        regions : sequence of SkyRegion

        Returns
        -------
        SkyRegions

        Raises
        ------
        InputError
            For something that is no region.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegions
        >>> places = SkyCoord([10, 20, 30] * u.deg, [0, 5, 10] * u.deg)
        >>> from skyexplorer import SkyRegion
        >>> mixed = [SkyRegion.circle(places[0], 1 * u.deg), SkyRegion.annulus(places[1], 1 * u.deg, 2 * u.deg)]
        >>> SkyRegions.of(mixed).match(places)["left"].tolist()
        [0]
        """
        for i, region in enumerate(regions):
            if not isinstance(region, SkyRegion):
                raise InputError(
                    f"Number {i} is a {type(region).__name__}.", "Give regions: SkyRegion.circle(...) …"
                )
        kept = list(regions)
        form = shapes.joined([region._form for region in kept])
        ra, dec = (
            np.array([float(getattr(region.center, axis).deg) for region in kept]) for axis in ("ra", "dec")
        )
        loose = [i for i, region in enumerate(kept) if not region._exact]
        return cls(form, (ra % 360.0, dec), lambda i: kept[i], loose)

    @classmethod
    def of_catalog(cls, catalog: SourceCatalog, containment: float | None = None) -> SkyRegions:
        """The errors of the positions of a catalogue: ellipses where it has them, else circles.

        Parameters
        ----------
        catalog : SourceCatalog
        containment : float, optional
            Probability that each region is to hold, for Gaussian errors; as published where not given.

        Returns
        -------
        SkyRegions
            One for each row; of a row without an error it holds nothing.

        Raises
        ------
        InputError
            If the catalogue has no errors, or the containment is none.

        Examples
        --------
        >>> from skyexplorer import SkyRegions, samples
        >>> fermi = samples.open("fermi-sources")
        >>> published, wider = SkyRegions.of_catalog(fermi), SkyRegions.of_catalog(fermi, containment=0.99)
        >>> print((wider[0].radius / published[0].radius).round(3))  # sqrt(ln 0.01 / ln 0.05)
        1.24
        """
        if containment is not None and not 0 < containment < 1:
            raise InputError(f"containment is {containment!r}.", "It lies between 0 and 1, such as 0.95.")
        wanted = float(containment_factor(containment or catalog.error_containment))
        if catalog.error_ellipse is not None:
            published = float(containment_factor(catalog.error_containment))
            a, b, pa = (np.asarray(each.to_value(u.deg), float) for each in catalog.error_ellipse)
            a, b = a * (wanted / published), b * (wanted / published)
        elif catalog.error is not None:
            a = b = np.asarray(catalog.error.to_value(u.deg), float) * wanted
            pa = np.zeros(len(a))
        else:
            raise InputError(
                f"{catalog.name} has no errors of position.", "Give circles: SkyRegions.circles(...)."
            )
        ra, dec = degrees(catalog, "catalog")
        with np.errstate(invalid="ignore"):
            rows = np.flatnonzero(
                np.isfinite(ra) & np.isfinite(pa) & (a > 0) & (b > 0) & (a <= 90) & (b <= 90)
            )
        return cls._ellipses(ra, dec, a, b, pa, rows)

    def __len__(self) -> int:
        return len(self._centers[0])

    def __getitem__(self, index: int) -> SkyRegion:
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"region {index} of {n}")
        return self._make(int(index) % n)

    def __iter__(self) -> Iterator[SkyRegion]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<SkyRegions: {len(self)} regions>"

    # Asking them

    def match(self, catalog: SourceCatalog | SkyCoord | Table) -> Table:
        """Which sources lie in which regions.

        Parameters
        ----------
        catalog : SourceCatalog, SkyCoord or Table
            Any frame; rows without a position lie in no region.

        Returns
        -------
        Table
            ``left`` (region), ``right`` (row of the catalogue), ``normalised_radius`` (1 on the edge; NaN of polygons, MOCs
            and combinations), ``separation`` (arcsec, from the centre), ``position_angle`` (deg, east of north, from the
            centre); sorted by left, then by right.

        Raises
        ------
        InputError
            If there are more pairs than memory should hold.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegions
        >>> places = SkyCoord([10, 20, 30] * u.deg, [0, 5, 10] * u.deg)
        >>> pairs = SkyRegions.circles(places, 8 * u.deg).match(places)
        >>> len(pairs), pairs["normalised_radius"][0].item()
        (3, 0.0)
        """
        from skyexplorer.core import footprints

        ra, dec = degrees(catalog, "catalog")
        with _counted():
            _, left, right = footprints.pairs(self._form, len(self), ra, dec, MOST_PAIRS)
        left, right = self._asked_again(left, right, ra, dec)
        args = (self._form, len(self), self._centers, ra, dec, left, right)
        radius, separation, angle = footprints.described(*args)
        for i in self._loose:
            radius[np.searchsorted(left, i) : np.searchsorted(left, i + 1)] = np.nan
        columns = {
            "left": left,
            "right": right,
            "normalised_radius": radius,
            "separation": np.multiply(separation, 3600.0, out=separation),
            "position_angle": angle,
        }
        table = Table(columns, copy=False)
        table["separation"].unit, table["position_angle"].unit = u.arcsec, u.deg
        return table

    def counts(self, catalog: SourceCatalog | SkyCoord | Table) -> Ints:
        """How many sources lie in each region: quicker than `match`, and in little memory.

        Parameters
        ----------
        catalog : SourceCatalog, SkyCoord or Table

        Returns
        -------
        (n,) int array

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegions
        >>> places = SkyCoord([10, 20, 30] * u.deg, [0, 5, 10] * u.deg)
        >>> SkyRegions.circles(places, [1, 12, 1] * u.deg).counts(places).tolist()
        [1, 3, 1]
        """
        from skyexplorer.core import footprints

        ra, dec = degrees(catalog, "catalog")
        out = footprints.counts(self._form, len(self), ra, dec)
        for i in self._loose:
            some = shapes.chosen(self._form, self._form.owner == i)
            with _counted():
                right = footprints.pairs(
                    some._replace(owner=np.zeros_like(some.owner)), 1, ra, dec, MOST_PAIRS
                ).right
            out[i] = np.count_nonzero(self[i]._contains(ra[right], dec[right]))
        return out

    def probability(self, skymap: SkyMap, accuracy: float = 1e-3) -> Floats:
        """Probability of a map inside each region.

        Cells that an edge cuts are divided until the sum is known to ``accuracy``; within a cell of the map the probability
        is even.

        Parameters
        ----------
        skymap : SkyMap
        accuracy : float
            Standard error to aim at, relative to each sum: 1e-6 to 0.1. Of intersections and differences, the small cells
            of `SkyRegion.to_moc` are summed instead.

        Returns
        -------
        (n,) array
            0 of regions that hold nothing.

        Raises
        ------
        InputError
            If the accuracy is none of these.

        Warns
        -----
        SkyExplorerWarning
            If a sum is not known so well when `sums.MOST_CUT` cells are divided, as in a region much longer than wide.

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyRegions
        >>> places = SkyCoord([10, 20, 30] * u.deg, [0, 5, 10] * u.deg)
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> pointings = SkyRegions.circles(merger.mode.reshape(1), 2.5 * u.deg)
        >>> pointings.probability(merger).round(2).tolist()
        [0.51]
        """
        from skyexplorer.core import sums

        if not isinstance(accuracy, (int, float)) or not 1e-6 <= accuracy <= 0.1:
            raise InputError(f"accuracy is {accuracy!r}.", "Give 1e-6 to 0.1.")
        cells = skymap._start, skymap._order, skymap._density
        out, error = sums.sums(self._form, len(self), *cells, accuracy)
        for i in self._loose:
            low, high = np.asarray(self[i].to_moc().to_depth29_ranges, np.int64).T
            moc = shapes.cells(0.0, 0.0, 180.0, [np.stack([low, high], axis=-1)])
            out[i] = sums.sums(moc, 1, *cells, accuracy)[0][0]
        error[self._of_small(skymap, out)] = 0.0
        rough = np.flatnonzero(error > 1.001 * accuracy * out)
        if len(rough):
            worst = float((error[rough] / np.maximum(out[rough], 1e-300)).max())
            warn(
                SkyExplorerWarning(
                    f"The sums in {len(rough)} regions (first: {rough[0]}) are known to {min(worst, 1.0):.2g} only, "
                    f"not to {accuracy:g}: they are too thin for the cells that can be divided."
                ),
                stacklevel=2,
            )
        return out

    def _of_small(self, skymap: SkyMap, out: Floats) -> Ints:
        """Regions that are no larger than the smallest cells, put right: density at the centre times area."""
        form = self._form
        alone = np.bincount(form.owner, minlength=len(self))[form.owner] == 1
        small = np.flatnonzero(
            alone & (form.kind <= shapes.ELLIPSE) & (form.numbers[:, shapes.REACH] < SMALL)
        )
        rows = np.setdiff1d(form.owner[small], self._loose)
        if not len(rows):
            return rows
        density = skymap.probability_density(SkyCoord(*(side[rows] * u.deg for side in self._centers)))
        areas = np.array([self[int(i)].area.to_value(u.sr) for i in rows])
        out[rows] = density.to_value(1 / u.sr) * areas
        return rows

    def _asked_again(self, left: Ints, right: Ints, ra: Floats, dec: Floats) -> tuple[Ints, Ints]:
        """Pairs without those that only a form holds."""
        if not self._loose:
            return left, right
        keep = np.ones(len(left), bool)
        for i in self._loose:
            low, high = np.searchsorted(left, [i, i + 1])
            keep[low:high] = self[i]._contains(ra[right[low:high]], dec[right[low:high]])
        return left[keep], right[keep]


@contextmanager
def _counted() -> Iterator[None]:
    """Too many pairs, as an error of ours."""
    try:
        yield
    except MemoryError as error:
        if not error.args or not isinstance(error.args[0], int):
            raise InputError(f"Memory is short: {error}", "Ask in parts.") from error
        raise InputError(
            f"There are {error.args[0]} or more pairs of regions and sources, over {MOST_PAIRS}.",
            "Ask in parts, or counts(catalog) for their numbers.",
        ) from error


def _at(ra: float, dec: float) -> SkyCoord:
    return SkyCoord(ra * u.deg, dec * u.deg)


def _places(centers: SkyCoord) -> tuple[Floats, Floats]:
    """Centres in degrees; InputError where one is none."""
    ra, dec = degrees(centers, "centers")
    bad = np.flatnonzero(~np.isfinite(ra))
    if len(bad):
        raise InputError(
            f"Centre {bad[0]} is no position.", "Give finite coordinates, or leave such rows out."
        )
    return ra, dec


def _sizes(name: str, value: Any, rows: int, limit: float | None) -> Floats:
    """Angles in degrees, one for each row; above 0 and at most ``limit``, or finite where there is none."""
    try:
        found = np.asarray(u.Quantity(value).to_value(u.deg), float)
    except (u.UnitsError, TypeError, ValueError) as error:
        raise InputError(f"{name} is {value!r}.", "Give angles, such as 0.5 * u.deg.") from error
    if found.ndim and found.shape != (rows,):
        raise InputError(
            f"{found.size} values of {name} for {rows} centres.", "Give one for all, or one for each."
        )
    bad = ~np.isfinite(found) if limit is None else ~((found > 0) & (found <= limit))
    if bad.any():
        what = "It must be finite." if limit is None else f"It must be above 0 and at most {limit:g} deg."
        raise InputError(f"{name} is {np.atleast_1d(found)[np.atleast_1d(bad)][0]} deg.", what)
    return np.broadcast_to(found, (rows,)).copy()
