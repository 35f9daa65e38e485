"""LikelihoodMap: a scan of how well each direction fits an event, which is not a map of probability."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from numpy.typing import ArrayLike, NDArray

from skyexplorer.core import healpix
from skyexplorer.errors import FormatError, InputError
from skyexplorer.io import files, skymap_fits
from skyexplorer.model.origin import Origin
from skyexplorer.model.region import SkyRegion

# Thresholds on TS = 2 ΔLLH for IceCube alert scans, from simulations of one event with systematic errors
# (IC160427A), as IceCube's own plotting of its scans has them.
CALIBRATED = {0.5: 22.2, 0.9: 64.2}


class LikelihoodMap:
    """A scan of −log likelihood over the sky, as IceCube made for its alerts until 2024.

    Parameters
    ----------
    uniq : (n,) int array
        UNIQ of each scanned cell.
    llh : (n,) float array
        −log likelihood, from any zero; NaN where nothing was scanned.
    name : str
    origin : Origin, optional

    Raises
    ------
    InputError
        If no value is finite.

    Notes
    -----
    Its regions are where TS = 2 (LLH − least LLH) is below a threshold. For IceCube's alerts that is 22.2 (50 %) and 64.2
    (90 %), found with simulations; Wilks' theorem would give 1.39 and 4.61, far too small. exp(−TS/2) is no probability
    here, and is not offered.

    Examples
    --------
    >>> import numpy as np
    >>> from skyexplorer.model.likelihood import LikelihoodMap
    >>> scan = LikelihoodMap(np.arange(4, 16), np.arange(12) * 10.0)
    >>> round(scan.region(0.9).area.to_value("deg2"))  # cells with TS 0, 20, 40, 60
    13751
    """

    def __init__(
        self, uniq: ArrayLike, llh: ArrayLike, *, name: str = "", origin: Origin | None = None
    ) -> None:
        self.uniq: NDArray[np.int64] = np.atleast_1d(np.asarray(uniq, np.int64))
        self._llh = np.atleast_1d(np.asarray(llh, float))
        if self.uniq.shape != self._llh.shape or not np.isfinite(self._llh).any():
            raise InputError(
                f"A likelihood map of {self.uniq.size} cells has {self._llh.size} values, "
                f"{int(np.isfinite(self._llh).sum())} of them finite.",
                "Give one value a cell, and at least one that is finite.",
            )
        self.name = name
        self.origin = origin or Origin(title=name or "likelihood map", service="user")

    @classmethod
    def read(cls, source: str | Path | bytes, name: str = "") -> LikelihoodMap:
        """Read a scan from a HEALPix FITS table; its first column is −log likelihood.

        Raises
        ------
        FormatError
            If it is no HEALPix map, or one of probability.
        """
        raw = files.stored(source)
        uniq, values, header = skymap_fits.read_scan(raw)
        path = source if isinstance(source, (str, Path)) else ""
        known = name or (
            f"IceCube {header['RUNID']}_{header['EVENTID']}" if {"RUNID", "EVENTID"} <= set(header) else ""
        )
        known = known or (Path(path).name if path else "likelihood map")
        note = "a likelihood scan: regions by thresholds on 2 ΔLLH, not a map of probability"
        origin = Origin.of_file(path, raw, title=known, header=header, rows=len(uniq), note=note)
        try:
            return cls(uniq, values, name=known, origin=origin)
        except InputError as error:
            raise FormatError(error.message, error.advice) from error

    def __repr__(self) -> str:
        return f"<LikelihoodMap {self.name}: {len(self.uniq)} cells>"

    @cached_property
    def ts(self) -> NDArray[np.float64]:
        """Test statistic 2 ΔLLH from the best fit of each cell; infinite where nothing was scanned."""
        return np.where(np.isfinite(self._llh), 2 * (self._llh - np.nanmin(self._llh)), np.inf)

    @property
    def best_fit(self) -> SkyCoord:
        """Centre of the cell that fits best."""
        order, ipix = healpix.split_uniq(self.uniq)
        at = int(np.argmin(self.ts))
        lon, lat = healpix.centers(order[at : at + 1], ipix[at : at + 1])
        return SkyCoord(lon[0] * u.deg, lat[0] * u.deg)

    def threshold(self, q: float, calibrated: bool = True) -> float:
        """TS below which the region of confidence ``q`` lies.

        Parameters
        ----------
        q : float
            0.5 or 0.9 where calibrated: only these were simulated.
        calibrated : bool
            Whether IceCube's thresholds are taken, or those of Wilks' theorem for two parameters.

        Raises
        ------
        InputError
            For another ``q``.
        """
        if not calibrated:
            if not 0 < q < 1:
                raise InputError(f"A confidence lies between 0 and 1; got {q!r}.", "0.9 is 90 %.")
            return float(-2 * np.log1p(-q))
        if q not in CALIBRATED:
            raise InputError(
                f"There is no calibrated threshold for {q!r}.", "Take 0.5 or 0.9, or calibrated=False."
            )
        return CALIBRATED[q]

    def region(self, q: float, calibrated: bool = True) -> SkyRegion:
        """Where TS is at most the threshold of ``q``, as cells."""
        from mocpy import MOC

        inside = self.ts <= self.threshold(q, calibrated)
        order, ipix = healpix.split_uniq(self.uniq[inside])
        moc: Any = MOC.from_healpix_cells(
            ipix.astype(np.uint64), order.astype(np.uint8), max_depth=int(order.max())
        )
        return SkyRegion.from_moc(moc)
