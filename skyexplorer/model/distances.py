"""Distances of a sky map: along a line of sight, over the whole sky, and in volume."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord, SphericalRepresentation, UnitSphericalRepresentation
from numpy.typing import NDArray

from skyexplorer.core import distance, volume
from skyexplorer.errors import InputError

if TYPE_CHECKING:
    from skyexplorer.model.skymap import SkyMap


def plain(coords: SkyCoord) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[int, ...]]:
    """Right ascension and declination in one row (deg), without a copy where they are ICRS degrees; and the shape."""
    icrs = coords if coords.frame.name == "icrs" else coords.icrs
    at = icrs.data  # `ra` and `dec` of ten million positions take longer than their look-up
    if not isinstance(at, (UnitSphericalRepresentation, SphericalRepresentation)):
        at = icrs.represent_as(UnitSphericalRepresentation)
    return np.ravel(at.lon.to_value(u.deg)), np.ravel(at.lat.to_value(u.deg)), coords.shape


class Conditional(NamedTuple):
    """The distance along lines of sight, each of the shape of the positions; NaN where the map has none.

    Attributes
    ----------
    mu, sigma : Quantity, Mpc
        DISTMU and DISTSIGMA: parameters, not moments.
    norm : Quantity, 1/Mpc²
    mean, std : Quantity, Mpc
        The moments.
    """

    mu: u.Quantity
    sigma: u.Quantity
    norm: u.Quantity
    mean: u.Quantity
    std: u.Quantity

    def pdf(self, r: u.Quantity) -> u.Quantity:
        """Probability per distance (1/Mpc)."""
        return distance.pdf(r.to_value(u.Mpc), *self._plain) / u.Mpc

    def cdf(self, r: u.Quantity) -> NDArray[np.float64]:
        """Probability of a distance below ``r``."""
        return distance.cdf(r.to_value(u.Mpc), *self._plain)

    def ppf(self, q: float | NDArray[np.float64]) -> u.Quantity:
        """Distance below which lies the probability ``q`` (Mpc)."""
        return distance.ppf(q, *self._plain) * u.Mpc

    @property
    def _plain(self) -> tuple[NDArray[np.float64], ...]:
        return self.mu.value, self.sigma.value, self.norm.value


class Distances:
    """What a sky map says of luminosity distance; made by `SkyMap.distances`.

    Parameters
    ----------
    skymap : SkyMap
        One that has distances.

    Notes
    -----
    The ansatz is that of Singer et al. 2016 (ApJL 829, L15). Cells without support for any distance keep their
    probability on the sky and have none in distance: `cdf` goes to `supported`, which is below 1 by what they hold.
    Volumes are Euclidean in luminosity distance unless a cosmology is given.

    Examples
    --------
    >>> from skyexplorer import samples
    >>> distances = samples.open("GW170817").localization.distances
    >>> round(distances.quantile(0.5).to_value("Mpc"))
    40
    """

    def __init__(self, skymap: SkyMap) -> None:
        self._map = skymap

    @cached_property
    def _cells(self) -> volume.Cells:
        assert self._map._distance is not None
        return volume.supported(self._map._density, self._map._area, *self._map._distance)

    @cached_property
    def _weights(self) -> NDArray[np.float64]:
        return self._cells.density * self._cells.area

    @property
    def supported(self) -> float:
        """Probability of the cells that have a distance."""
        return float(self._weights.sum())

    def at(self, coords: SkyCoord) -> Conditional:
        """The distance along the lines of sight to positions."""
        row, inside = self._rows(coords)
        assert self._map._distance is not None
        columns = self._map._distance
        if row.size < len(columns[0]):
            columns = tuple(column[row] for column in columns)
            mean, std, _ = distance.moments(*columns[:2])
            columns = *columns, mean, std
        else:  # more positions than cells
            columns = tuple(column[row] for column in (*columns, *self._moments))
        mu, sigma, norm, mean, std = (np.where(inside, column, np.nan) for column in columns)
        return Conditional(mu << u.Mpc, sigma << u.Mpc, norm << u.Mpc**-2, mean << u.Mpc, std << u.Mpc)

    def _rows(self, coords: SkyCoord) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Rows of the cells that hold positions, and whether there is one."""
        lon, lat, shape = plain(coords)
        row = self._map._finder.rows(lon, lat).reshape(shape)
        return row, row >= 0

    @cached_property
    def _moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation of each cell."""
        assert self._map._distance is not None
        return distance.moments(*self._map._distance[:2])[:2]

    @cached_property
    def _line(self) -> NDArray[np.float64]:
        assert self._map._distance is not None
        return distance.in_volume(self._map._density, *self._map._distance)

    def cdf(self, r: u.Quantity) -> NDArray[np.float64]:
        """Probability of a distance below ``r``, over the whole sky; of the shape of ``r``."""
        near = np.atleast_1d(r.to_value(u.Mpc))
        _, _, mu, sigma, norm = self._cells
        found = np.array([np.sum(self._weights * distance.cdf(x, mu, sigma, norm)) for x in near.ravel()])
        return found.reshape(np.shape(r.value))

    def pdf(self, r: u.Quantity) -> u.Quantity:
        """Probability per distance over the whole sky (1/Mpc)."""
        near = np.atleast_1d(r.to_value(u.Mpc))
        _, _, mu, sigma, norm = self._cells
        found = np.array([np.sum(self._weights * distance.pdf(x, mu, sigma, norm)) for x in near.ravel()])
        return found.reshape(np.shape(r.value)) / u.Mpc

    def quantile(self, q: float) -> u.Quantity:
        """Distance below which lies the part ``q`` of all probability that has a distance (Mpc).

        Raises
        ------
        InputError
            If ``q`` is not between 0 and 1.
        """
        if not 0 < q < 1:
            raise InputError(f"A quantile lies between 0 and 1; got {q!r}.", "0.5 is the median.")
        low, high = 0.0, float(np.max(self._cells.mu + 10 * self._cells.sigma))
        for _ in range(50):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.cdf(middle * u.Mpc) < q * self.supported else (low, middle)
        return 0.5 * (low + high) * u.Mpc

    def density(self, coords: SkyCoord, r: u.Quantity) -> u.Quantity:
        """Probability per volume dP/dV at positions and distances (Mpc⁻³).

        Parameters
        ----------
        coords : SkyCoord
        r : Quantity
            Luminosity distances; their shape and that of ``coords`` are broadcast.

        Returns
        -------
        Quantity
            0 where the map has no cell, and for a negative distance; NaN where there is no position or no distance.
        """
        lon, lat, shape = plain(coords)
        far = np.asarray(r.to_value(u.Mpc), float)
        if far.ndim and far.shape != shape:
            lon, lat, far = np.broadcast_arrays(lon.reshape(shape), lat.reshape(shape), far)
            shape = far.shape
        found = self._map._finder.in_volume(lon.ravel(), lat.ravel(), self._line, far.ravel())
        return found.reshape(shape) << u.Mpc**-3

    def credible_level(self, coords: SkyCoord, r: u.Quantity) -> NDArray[np.float64]:
        """Probability of all places in space that are denser than each of these: the 3-D credible level."""
        return volume.level(self._cells, np.asarray(self.density(coords, r).value))

    def credible_volume(self, q: float, cosmology: Any = None) -> u.Quantity:
        """Smallest volume that holds the probability ``q`` (Mpc³).

        Parameters
        ----------
        q : float
            Between 0 and 1.
        cosmology : astropy.cosmology.FLRW, optional
            Where given, the volume is comoving; else Euclidean in luminosity distance.

        Raises
        ------
        InputError
            If ``q`` is not between 0 and 1.
        """
        if not 0 < q < 1:
            raise InputError(f"A credible level lies between 0 and 1; got {q!r}.", "0.9 is 90 %.")
        if cosmology is None:
            return volume.credible(self._cells, q) * u.Mpc**3
        return volume.credible_shells(self._cells, q, _stretch(cosmology, self._cells)) * u.Mpc**3

    def rank(
        self,
        coords: SkyCoord,
        r: u.Quantity,
        r_error: u.Quantity | None = None,
        luminosity: NDArray[np.float64] | u.Quantity | None = None,
    ) -> NDArray[np.float64]:
        """Weights of galaxies as hosts, w ∝ dP/dV · L, adding up to 1 over the list.

        Parameters
        ----------
        coords : SkyCoord, shape (n,)
        r : Quantity, shape (n,)
            Luminosity distances; NaN gives weight 0.
        r_error : Quantity, shape (n,), optional
            Gaussian errors of the distances, over which dP/dV is averaged: ∫ p(r|n)/r² N(r|D, σ_D) dr.
        luminosity : array, shape (n,), optional
            Weight of each by light, or by whatever traces the hosts.

        Returns
        -------
        (n,) array
            How likely each is *if the host is in the list*: the list is not complete, and no term for what it
            lacks is in these weights. All 0 where nothing in the list is possible.
        """
        at, inside = self._rows(coords)
        assert self._map._distance is not None
        mu, sigma, norm = (column[at] for column in self._map._distance)
        d = r.to_value(u.Mpc)
        if r_error is None:
            value = distance.radial(d, mu, sigma, norm)
        else:
            # A Gaussian times a Gaussian; what of it lies below 0 is no distance, and is left out.
            from scipy.special import ndtr

            e = np.where(np.isfinite(r_error.to_value(u.Mpc)), r_error.to_value(u.Mpc), 0.0)
            wide = np.hypot(sigma, e)
            with np.errstate(all="ignore"):
                joint, spread = (mu * e**2 + d * sigma**2) / wide**2, sigma * e / wide
                part = np.where(spread > 0, ndtr(joint / np.where(spread > 0, spread, 1.0)), 1.0)
            value = distance.radial(d, mu, wide, norm) * part
        weight = self._map._density[at] * np.where(inside & np.isfinite(d) & (d > 0), value, 0.0)
        if luminosity is not None:
            light = np.asarray(u.Quantity(luminosity).value, float)
            weight = weight * np.where(np.isfinite(light) & (light > 0), light, 0.0)
        total = float(weight.sum())
        return weight / total if total > 0 else np.zeros(weight.shape)


def _stretch(cosmology: Any, cells: volume.Cells) -> Any:
    """dV_L / dV_C at luminosity distances: (1 + z)² [(1 + z) + D_C H(z)/c], for a flat universe."""
    from astropy.constants import c

    mean, _, _ = distance.moments(cells.mu, cells.sigma)
    far = volume.REACH * 1.1 * float(np.nanmax(np.where(np.isfinite(mean), mean, np.nan)))
    z_max = 0.1
    while cosmology.luminosity_distance(z_max).to_value(u.Mpc) < far and z_max < 1000:
        z_max *= 2
    z = np.linspace(0.0, z_max, 4000)
    known = cosmology.luminosity_distance(z).to_value(u.Mpc)

    def stretch(r: NDArray[np.float64]) -> NDArray[np.float64]:
        at = np.interp(r, known, z)
        rate = (cosmology.H(at) / c).to_value(1 / u.Mpc)
        return (1 + at) ** 2 * ((1 + at) + r / (1 + at) * rate)

    return stretch
