"""Sky maps to FITS, in the two forms that all of the field reads: multi-order (NUNIQ) and flat (NESTED)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyexplorer.core import healpix
from skyexplorer.errors import InputError

Floats = NDArray[np.float64]


def multi_order(
    path: str | Path,
    uniq: NDArray[np.int64],
    density: Floats,
    distance: tuple[Floats, ...] | None,
    header: Mapping[str, Any],
) -> Path:
    """Write UNIQ, PROBDENSITY (1/sr) and, where given, DISTMU, DISTSIGMA (Mpc), DISTNORM (1/Mpc²)."""
    from astropy.io import fits

    columns = [
        fits.Column("UNIQ", "K", array=uniq),
        fits.Column("PROBDENSITY", "D", "sr-1", array=density),
    ]
    if distance is not None:
        units = ("Mpc", "Mpc", "Mpc-2")
        columns += [
            fits.Column(name, "D", unit, array=values)
            for name, unit, values in zip(("DISTMU", "DISTSIGMA", "DISTNORM"), units, distance, strict=True)
        ]
    hdu = fits.BinTableHDU.from_columns(columns)
    hdu.header.update(PIXTYPE="HEALPIX", ORDERING="NUNIQ", COORDSYS="C", INDXSCHM="EXPLICIT")
    hdu.header["MOCORDER"] = int(healpix.split_uniq(uniq)[0].max())
    return _written(path, hdu, header)


def flat(path: str | Path, probability: Floats, header: Mapping[str, Any]) -> Path:
    """Write PROB, the probability of each pixel in nested order."""
    from astropy.io import fits

    hdu = fits.BinTableHDU.from_columns([fits.Column("PROB", "D", "pix-1", array=probability)])
    nside = int(np.sqrt(len(probability) // 12))
    hdu.header.update(PIXTYPE="HEALPIX", ORDERING="NESTED", COORDSYS="C", INDXSCHM="IMPLICIT", NSIDE=nside)
    hdu.header.update(FIRSTPIX=0, LASTPIX=len(probability) - 1)
    return _written(path, hdu, header)


def _written(path: str | Path, hdu: Any, header: Mapping[str, Any]) -> Path:
    from astropy.io import fits

    for key, value in header.items():
        if value not in ("", None):
            hdu.header[key] = value
    target = Path(path)
    try:
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(target, overwrite=True)
    except OSError as error:
        raise InputError(
            f"{str(target)!r} cannot be written: {error.strerror or error}.", "Choose another place."
        ) from error
    return target
