"""SkyMap: a probability map of the sky, in one multi-order form inside."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO
from warnings import warn

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from numpy.typing import ArrayLike, NDArray

from skyexplorer.core import credible, distance, healpix, overlap, resample, sphere
from skyexplorer.core.credible import Floats
from skyexplorer.core.finder import Finder
from skyexplorer.errors import FormatError, InputError, SkyExplorerWarning
from skyexplorer.io import files, skymap_fits, skymap_write
from skyexplorer.model import outline
from skyexplorer.model.distances import Distances, plain
from skyexplorer.model.origin import Origin
from skyexplorer.model.region import SkyRegion

EVEN = (
    "no place in it is more likely than another, and the credible levels follow the numbering of the cells."
)
KEPT = (
    "DATE-OBS",
    "MJD-OBS",
    "INSTRUME",
    "REFERENC",
)  # of the header, which a written map keeps: what stays true of it
DENSITY, LEVEL = "probability_density", "credible_level"
"""Columns of a catalogue that is ranked by a map."""
NO_MAP = "A map is a sum of cells that hold probability."


class SkyMap:
    """A probability density on the sphere.

    Parameters
    ----------
    uniq : (n,) int array
        UNIQ = 4 · 4**order + nested index of each cell; in any order, not overlapping. Absent cells
        hold no probability.
    density : (n,) float array
        Probability per steradian.
    distmu, distsigma, distnorm : (n,) float array, optional
        Parameters of the conditional distance distribution, Mpc, Mpc, Mpc⁻² (Singer et al. 2016).
    name : str
        Name of the event.
    origin : Origin, optional
        Where it comes from.

    Raises
    ------
    InputError
        If arrays differ in length, values are negative or not finite, or cells overlap.

    Examples
    --------
    >>> from skyexplorer import SkyMap
    >>> import numpy as np
    >>> flat = SkyMap(np.arange(4, 16), np.full(12, 1 / (4 * np.pi)))  # the whole sky, even
    >>> flat.order
    0
    >>> round(flat.credible_area(0.5).to_value("deg2"))
    20626
    """

    def __init__(
        self,
        uniq: ArrayLike,
        density: ArrayLike,
        distmu: ArrayLike | None = None,
        distsigma: ArrayLike | None = None,
        distnorm: ArrayLike | None = None,
        *,
        name: str = "",
        origin: Origin | None = None,
    ) -> None:
        cells = np.atleast_1d(np.asarray(uniq, np.int64))
        values = np.atleast_1d(np.asarray(density, np.float64))
        if cells.shape != values.shape or not len(cells):
            raise InputError(
                f"A sky map needs one density a cell; got {cells.shape} and {values.shape}.", NO_MAP
            )
        bad = ~(values >= 0) | ~np.isfinite(values)
        if bad.any():
            raise InputError(
                f"{int(bad.sum())} densities are negative or not finite (first: {values[bad][0]}).", NO_MAP
            )
        if (cells < 4).any():
            raise InputError(
                f"{int(cells[cells < 4][0])} is no UNIQ of a HEALPix cell.", "The smallest is 4 (order 0)."
            )
        order, ipix = healpix.split_uniq(cells)
        start = healpix.starts29(order, ipix)
        sort = np.argsort(start, kind="stable")
        self.name = name
        self.origin = origin or Origin(title=name or "sky map", service="user")
        self._order, self._ipix, self._start = order[sort], ipix[sort], start[sort]
        stop = self._start + (np.int64(1) << (2 * (healpix.MAX_ORDER - self._order)))
        if (stop[:-1] > self._start[1:]).any():
            raise InputError(
                "Cells of the sky map overlap.", "Each place on the sky may be in one cell only."
            )
        self._area = healpix.cell_area(self._order)
        self._density = values[sort]
        total = float(np.sum(self._density * self._area))
        if not total > 0:
            raise InputError("The sky map holds no probability at all.", NO_MAP)
        if abs(total - 1) > 1e-3:
            warn(
                SkyExplorerWarning(
                    f"The probabilities of {name or 'the map'} add up to {total:.6g}; normalised to 1."
                ),
                stacklevel=2,
            )
            self._density = self._density / total
        self._density.flags.writeable = False
        self._grain: int | None = None  # order of the pixels of the flat map of which the cells are merged
        columns = [column for column in (distmu, distsigma, distnorm) if column is not None]
        if len(columns) not in (0, 3) or any(np.shape(column) != cells.shape for column in columns):
            raise InputError(
                f"Distances of {[np.shape(column) for column in columns]} for {cells.shape} cells.",
                "Give distmu, distsigma and distnorm, one value a cell each, or none of them.",
            )
        self._distance: tuple[NDArray[np.float64], ...] | None = None
        if columns:
            self._distance = tuple(np.asarray(column, np.float64)[sort] for column in columns)

    @classmethod
    def read(cls, source: str | Path | bytes | BinaryIO, name: str = "") -> SkyMap:
        """Read a flat or multi-order sky map from FITS, gzipped or not; the name of the file does not matter.

        Parameters
        ----------
        source : str, Path, bytes or binary file
        name : str, optional
            Of the event; that of the header goes first.

        Returns
        -------
        SkyMap
            ``origin`` has the header as published.

        Raises
        ------
        FormatError
            If it is not a sky map; the message lists what was found.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> import tempfile, pathlib
        >>> path = merger.write(pathlib.Path(tempfile.mkdtemp(), "map.fits.gz"))
        >>> SkyMap.read(path)
        <SkyMap GW170817: 24030 cells to order 10, 90 % in 27.95 deg2>
        """
        path = source if isinstance(source, (str, Path)) else ""
        raw = files.stored(source)
        cells, header = skymap_fits.read(raw)
        note = ""
        if cells.frame == "galactic":
            cells, note = _turned(cells)
        known = str(header.get("OBJECT", "") or "").strip() or name or (Path(path).name if path else "")
        origin = Origin.of_file(path, raw, title=known, header=header, rows=len(cells.uniq), note=note)
        try:
            found = cls(cells.uniq, cells.density, *(cells.distance or ()), name=known, origin=origin)
        except InputError as error:
            raise FormatError(error.message, error.advice) from error
        found._grain = cells.grain
        return found

    def __repr__(self) -> str:
        area = self.credible_area(0.9).to_value(u.deg**2)
        return f"<SkyMap {self.name}: {len(self.uniq)} cells to order {self.order}, 90 % in {area:.4g} deg2>"

    @property
    def uniq(self) -> NDArray[np.int64]:
        """UNIQ of the cells, in the order of the sky."""
        return healpix.join_uniq(self._order, self._ipix)

    @property
    def density(self) -> NDArray[np.float64]:
        """Probability per steradian of the cells, in the order of `uniq`."""
        return self._density

    @property
    def order(self) -> int:
        """The finest order of the cells."""
        return int(self._order.max())

    @property
    def area(self) -> u.Quantity:
        """Area that the cells cover."""
        return (self._area.sum() * u.sr).to(u.deg**2)

    @cached_property
    def _greedy(self) -> credible.Greedy:
        return credible.Greedy(self._density, self._area)

    @cached_property
    def even(self) -> bool:
        """Whether all cells that hold probability are equally dense (more than one), so that none comes first."""
        filled = self._density[self._density > 0]
        return len(filled) > 1 and bool(np.ptp(filled) <= 1e-9 * filled[0])

    @property
    def mode(self) -> SkyCoord:
        """Centre of the densest cell."""
        at = self._greedy.rank[0]
        lon, lat = healpix.centers(self._order[at : at + 1], self._ipix[at : at + 1])
        return SkyCoord(lon[0] * u.deg, lat[0] * u.deg)

    def credible_area(self, q: float) -> u.Quantity:
        """Area of the smallest region that holds probability ``q``, linear between cells (deg²).

        Parameters
        ----------
        q : float
            Above 0 and at most 1: 0.9 is 90 %.

        Returns
        -------
        Quantity
            deg².

        Raises
        ------
        InputError
            For a level that is none.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> print(merger.credible_area(0.9).round(1))
        27.9 deg2
        """
        return (credible.credible_area(self._greedy, _level(q)) * u.sr).to(u.deg**2)

    def _region_cells(self, q: float) -> NDArray[np.intp]:
        return self._greedy.rank[: credible.crossing(self._greedy, _level(q))]

    def credible_region(self, q: float) -> SkyRegion:
        """The cells of the ``q`` credible region, the crossing cell included.

        The cells are those of the file: where equal pixels of a flat map were merged, the crossing cell is
        one of its pixels.

        Parameters
        ----------
        q : float
            Above 0 and at most 1.

        Returns
        -------
        SkyRegion
            Its area is a little above `credible_area`: the crossing cell belongs to it whole.

        Raises
        ------
        InputError
            For a level that is none.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> host = samples.resolve("NGC 4993")
        >>> region = merger.credible_region(0.9)
        >>> bool(region.contains(host)), print(region.area.round(2))
        27.95 deg2
        (True, None)
        """
        cells = self._region_cells(q)
        from mocpy import MOC

        order, ipix = self._order[cells], self._ipix[cells]
        if self._grain is not None and order[-1] < self._grain:
            pixels = np.int64(1) << (2 * (self._grain - order[-1]))
            last = cells[-1]
            held = float(self._greedy.probability[len(cells) - 1] - self._density[last] * self._area[last])
            each = float(self._density[last]) * float(healpix.cell_area(self._grain))
            count = pixels if each <= 0 else int(np.clip(np.ceil((q - held) / each), 1, pixels))
            order = np.concatenate([order[:-1], np.full(count, self._grain)])
            ipix = np.concatenate([ipix[:-1], self._ipix[last] * pixels + np.arange(count)])
        moc = MOC.from_healpix_cells(
            ipix.astype(np.uint64), order.astype(np.uint8), max_depth=int(order.max())
        )
        return replace(SkyRegion.from_moc(moc), _credible=(self, q))

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self._order, self._ipix, self._grain)

    def _valued(
        self, coords: SkyCoord, values: Floats, missing: float, slope: Floats | None = None
    ) -> NDArray[np.float64]:
        lon, lat, shape = plain(coords)
        return self._finder.valued(lon, lat, values, missing, slope).reshape(shape)

    def probability_density(self, coords: SkyCoord) -> u.Quantity:
        """Probability per steradian at positions; 0 where the map has no cell, NaN where there is no position.

        Parameters
        ----------
        coords : SkyCoord, any shape
            Any frame.

        Returns
        -------
        Quantity, shape of ``coords``
            1/sr.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> host = samples.resolve("NGC 4993")
        >>> print(merger.probability_density(host).round(1))
        190.3 1 / sr
        """
        return self._valued(coords, self._density, 0.0) << 1 / u.sr

    def credible_level(self, coords: SkyCoord) -> NDArray[np.float64]:
        """Cumulative probability down to the cell of each position, own cell included; 1 outside the cells.

        NaN where there is no position.

        Parameters
        ----------
        coords : SkyCoord, any shape
            Any frame.

        Returns
        -------
        float array, shape of ``coords``
            From 0 to 1.

        Warns
        -----
        SkyExplorerWarning
            If the map is even: which of its cells come first is then arbitrary, and a level is no more than the
            part of the area that comes before.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> host = samples.resolve("NGC 4993")
        >>> round(float(merger.credible_level(host)), 2)  # inside the 30 % region
        0.3
        """
        if self.even:
            warn(SkyExplorerWarning(f"{self.name or 'The map'} is even: {EVEN}"), stacklevel=2)
        running, slope = self._levels
        level = self._valued(coords, running, 1.0, slope)
        return level.clip(0.0, 1.0, out=level)

    def searched_probability(self, coords: SkyCoord) -> NDArray[np.float64]:
        """Probability that a search from the densest cell down has covered when it reaches each position.

        The credible level of the position under the name that goes with `searched_area`.

        Parameters
        ----------
        coords : SkyCoord, any shape
            Any frame.

        Returns
        -------
        float array, shape of ``coords``

        Examples
        --------
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> host = samples.resolve("NGC 4993")
        >>> float(merger.searched_probability(host)) == float(merger.credible_level(host))
        True
        """
        return self.credible_level(coords)

    def searched_area(self, coords: SkyCoord) -> u.Quantity:
        """Area of all cells as dense as that of each position, or denser, own cell included (deg²).

        The area of the whole map outside its cells, NaN where there is no position.

        Parameters
        ----------
        coords : SkyCoord, any shape
            Any frame.

        Returns
        -------
        Quantity, shape of ``coords``
            deg².

        Examples
        --------
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> host = samples.resolve("NGC 4993")
        >>> print(merger.searched_area(host).round(1))
        4.3 deg2
        """
        running, slope = self._searched
        return self._valued(coords, running, running.max(), slope) << u.deg**2

    @cached_property
    def _levels(self) -> tuple[Floats, Floats | None]:
        return self._cumulated(self._greedy.probability)

    @cached_property
    def _searched(self) -> tuple[Floats, Floats | None]:
        return self._cumulated(self._greedy.area * sphere.DEG2_PER_SR)

    def _cumulated(self, running: Floats) -> tuple[Floats, Floats | None]:
        """A running sum, cell by cell; and where cells are merged of pixels, what each pixel adds to it."""
        total = self._greedy.by_cell(running)
        if self._grain is None:
            return total, None
        own = self._greedy.by_cell(np.diff(running, prepend=0.0))
        return total, own / 4.0 ** (self._grain - self._order)

    def probability_within(self, area: u.Quantity) -> float:
        """Probability of the densest ``area``: what a search of the best so many square degrees can find.

        Parameters
        ----------
        area : Quantity
            A solid angle.

        Returns
        -------
        float

        Examples
        --------
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> from astropy import units as u
        >>> round(merger.probability_within(10 * u.deg**2), 2)
        0.56
        """
        return credible.within(self._greedy, area.to_value(u.sr))

    def overlap(self, other: SkyMap) -> float:
        """Overlap integral with another map, I = 4π ∫ p₁ p₂ dΩ, exact at the union of their orders.

        1 where either map is even over the sky, above 1 where both favour the same places, 0 where they have none in
        common. With a point it is 4π times the density there.

        Parameters
        ----------
        other : SkyMap
            From other data: where both stand on the same data the number means nothing.

        Notes
        -----
        Ashton et al. 2018 (ApJ 860, 6), for a prior that is even over the sky. Absent cells hold no probability.

        Examples
        --------
        >>> from skyexplorer import SkyMap
        >>> import numpy as np
        >>> even = SkyMap(np.arange(4, 16), np.full(12, 1 / (4 * np.pi)))
        >>> north = SkyMap(np.arange(4, 8), np.full(4, 3 / (4 * np.pi)))
        >>> round(north.overlap(even), 6), round(north.overlap(north), 6)
        (1.0, 3.0)
        """
        both = self._order, self._ipix, self._density, other._order, other._ipix, other._density
        return 4 * np.pi * overlap.integral(*both)

    @cached_property
    def distances(self) -> Distances:
        """What the map says of distance: along lines of sight, over the sky, in volume; and the ranking of galaxies.

        Raises
        ------
        InputError
            If the map has no distances.
        """
        if self._distance is None:
            raise InputError(f"The map {self.name} has no distances.", "It tells only where on the sky.")
        return Distances(self)

    @cached_property
    def distance(self) -> tuple[u.Quantity, u.Quantity] | None:
        """Mean and standard deviation of the luminosity distance (Mpc), recomputed from the cells.

        None where the map has no distances. E[rᵏ] = Σ Pᵢ Eᵢ[rᵏ], to which cells without support for any distance
        add nothing, as the field's tools have it. The values that the producer put into the header stand in
        ``origin.header`` (DISTMEAN, DISTSTD) and may differ by about 1 %.
        """
        if self._distance is None:
            return None
        mean, std, _ = distance.moments(self._distance[0], self._distance[1])
        weight = self._density * self._area
        good = np.isfinite(mean) & np.isfinite(std) & (weight > 0)
        weight = weight[good]
        first = float(np.sum(weight * mean[good]))
        spread = float(np.sum(weight * (std[good] ** 2 + mean[good] ** 2))) - first**2
        return first * u.Mpc, np.sqrt(spread) * u.Mpc

    def distance_density(self, coords: SkyCoord, distance: u.Quantity) -> u.Quantity:
        """Probability per volume dP/dV at positions and luminosity distances, Euclidean in distance (Mpc⁻³).

        0 where the map has no cell; NaN where there is no position or no distance.

        Parameters
        ----------
        coords : SkyCoord, any shape
        distance : Quantity, a shape that goes with it
            Luminosity distances.

        Returns
        -------
        Quantity
            Mpc⁻³.

        Raises
        ------
        InputError
            If the map has no distances.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> host = samples.resolve("NGC 4993")
        >>> from astropy import units as u
        >>> print(merger.distance_density(host, 40 * u.Mpc).round(4))
        0.0059 1 / Mpc3
        """
        return self.distances.density(coords, distance)

    def sample(self, n: int, seed: int = 0) -> SkyCoord:
        """Draw positions with the probability of the map, even within a cell.

        Parameters
        ----------
        n : int
        seed : int
            The same seed gives the same positions.

        Returns
        -------
        SkyCoord, shape (n,)
            With luminosity distances, where the map has them; NaN in cells without.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> places = merger.sample(1000, seed=1)
        >>> bool(0.85 < (merger.credible_level(places) <= 0.9).mean() < 0.95)
        True
        """
        dice = np.random.default_rng(seed)
        weight = self._density * self._area
        at = dice.choice(len(weight), size=n, p=weight / weight.sum())
        depth = 2 * (healpix.MAX_ORDER - self._order[at])
        inside = (dice.random(n) * (np.int64(1) << depth)).astype(np.int64)
        lon, lat = healpix.centers(healpix.MAX_ORDER, self._start[at] + inside)
        if self._distance is None:
            return SkyCoord(lon * u.deg, lat * u.deg)
        mu, sigma, norm = (column[at] for column in self._distance)
        return SkyCoord(lon * u.deg, lat * u.deg, distance.ppf(dice.random(n), mu, sigma, norm) * u.Mpc)

    @classmethod
    def from_region(cls, region: SkyRegion, name: str = "", max_depth: int | None = None) -> SkyMap:
        """A map of even density inside a region, and none outside: what a search region says without more.

        Parameters
        ----------
        region : SkyRegion
        name : str, optional
        max_depth : int, optional
            Order of the smallest cells; by default as `SkyRegion.to_moc` chooses.

        Returns
        -------
        SkyMap

        Examples
        --------
        >>> from astropy import units as u
        >>> from astropy.coordinates import SkyCoord
        >>> from skyexplorer import SkyMap, SkyRegion
        >>> disc = SkyRegion.circle(SkyCoord(83.633 * u.deg, 22.014 * u.deg), 2 * u.deg)
        >>> even = SkyMap.from_region(disc)
        >>> print((even.credible_area(0.5) / disc.area).round(2))
        0.5
        """
        cells = np.asarray(region.to_moc(max_depth).uniq_hpx).astype(np.int64)
        area = float(healpix.cell_area(healpix.split_uniq(cells)[0]).sum())
        return cls(cells, np.full(len(cells), 1.0 / area), name=name or f"even in a {region.kind}")

    def write(self, path: str | Path, order: int | None = None) -> Path:
        """Write the map as FITS: multi-order (UNIQ, PROBDENSITY), or flat (PROB, NESTED) at an order.

        Parameters
        ----------
        path : str or Path
            Overwritten; gzipped where it ends in ".gz".
        order : int, optional
            Of the pixels of a flat map (nside = 2**order), up to 12; distances are not averaged and stay out.

        Returns
        -------
        Path

        Raises
        ------
        InputError
            For an order outside 0 to 12, or a place where nothing can be written.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> import tempfile, pathlib
        >>> merger.write(pathlib.Path(tempfile.mkdtemp(), "flat.fits.gz"), order=6).name
        'flat.fits.gz'
        """
        published = self.origin.header
        header = {key: published[key] for key in KEPT if key in published}
        header["OBJECT"] = self.name.encode("ascii", "replace").decode()[:68]  # FITS has no other letters
        if order is None:
            if self.distance is not None and np.isfinite(self.distance[1]):
                header |= {"DISTMEAN": self.distance[0].value, "DISTSTD": self.distance[1].value}
            return skymap_write.multi_order(path, self.uniq, self._density, self._distance, header)
        if not 0 <= order <= 12:
            raise InputError(
                f"order is {order}.", "From 0 to 12: a flat map of order 12 has 201 million pixels."
            )
        density = self._mean_density(np.arange(12 * 4**order, dtype=np.int64), order)
        return skymap_write.flat(path, density * float(healpix.cell_area(order)), header)

    def contours(self, q: float) -> list[NDArray[np.float64]]:
        """Lines around the ``q`` credible region, for drawing.

        The region itself is made of cells (`credible_region`); these lines are its picture: the density is
        smoothed over the nearest cells of one order, and the level chosen so that they enclose the
        region's area.

        Parameters
        ----------
        q : float
            Above 0 and at most 1.

        Returns
        -------
        list of (n, 2) float arrays
            Right ascension and declination in degrees along each closed line.

        Examples
        --------
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> lines = merger.contours(0.9)
        >>> len(lines), lines[0].shape[1]
        (1, 2)
        """
        return outline.lines(self, self._region_cells(q))

    def _mean_density(self, ipix: NDArray[np.int64], order: int) -> NDArray[np.float64]:
        """Density averaged over cells of one order."""
        width = np.int64(1) << (2 * (healpix.MAX_ORDER - order))
        lo = ipix * width
        total = np.concatenate([[0.0], np.cumsum(self._density * self._area)])
        first = np.searchsorted(self._start, lo, side="left")
        last = np.searchsorted(self._start, lo + width, side="left")
        mean = (total[last] - total[first]) / healpix.cell_area(order)
        at = np.maximum(np.searchsorted(self._start, lo, side="right") - 1, 0)
        covered = (self._order[at] <= order) & (
            lo < self._start[at] + (np.int64(1) << (2 * (healpix.MAX_ORDER - self._order[at])))
        )
        covered &= self._start[at] <= lo
        return np.where(covered, self._density[at], np.maximum(mean, 0.0))

    def renamed(self, name: str) -> SkyMap:
        """The same map under another name.

        Parameters
        ----------
        name : str

        Returns
        -------
        SkyMap

        Examples
        --------
        >>> from skyexplorer import samples
        >>> merger = samples.open("GW170817").localization
        >>> merger.renamed("mine").name
        'mine'
        """
        twin = object.__new__(SkyMap)
        twin.__dict__.update(self.__dict__, name=name, origin=replace(self.origin, title=name))
        return twin


def _turned(cells: skymap_fits.Cells) -> tuple[skymap_fits.Cells, str]:
    """A galactic map in equatorial cells, and what was done to it."""
    try:
        uniq, source = resample.equatorial(cells.uniq)
    except (IndexError, ValueError) as error:
        raise FormatError("The cells of the galactic map do not tile the sky.", "Fetch it again.") from error
    density = cells.density[source]
    area = healpix.cell_area(healpix.split_uniq(uniq)[0])
    before = float(np.sum(cells.density * healpix.cell_area(healpix.split_uniq(cells.uniq)[0])))
    after = float(np.sum(density * area))
    if after > 0:
        density = density * (before / after)
    distance = None if cells.distance is None else tuple(column[source] for column in cells.distance)
    note = (
        "published in galactic coordinates; sampled at the centres of equatorial cells, one order finer"
        f" (which changed the sum by {100 * abs(after / before - 1):.2g} %, put right)"
    )
    return skymap_fits.Cells(uniq, density, distance), note


def _level(q: float) -> float:
    if not 0 < q <= 1:
        raise InputError(f"A credible level lies in (0, 1]; got {q!r}.", "0.9 is 90 %.")
    return float(q)
