"""Where the pixels of a HEALPix map lie: told by ORDERING, and by nothing else."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy.io import fits

from skyexplorer.core import healpix
from skyexplorer.errors import FormatError
from skyexplorer.io import healpix_fits


def table(columns=(), **header) -> bytes:
    values = fits.Column("EBV", "D", array=np.arange(48.0))
    hdu = fits.BinTableHDU.from_columns([*columns, values])
    hdu.header.update(PIXTYPE="HEALPIX", NSIDE=2, COORDSYS="C", **header)
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(out)
    return out.getvalue()


@pytest.mark.parametrize("ordering", ["NESTED", "nest", "RING"])
def test_orderings_that_are_known(ordering) -> None:
    found, _ = healpix_fits.read(table(ORDERING=ordering))
    at = healpix.nested_of_ring(np.arange(48), 1) if ordering == "RING" else np.arange(48)
    assert np.array_equal(found.values[at], np.arange(48.0))


def test_cells_by_uniq_need_none() -> None:
    uniq = fits.Column("UNIQ", "K", array=healpix.join_uniq(1, np.arange(48)))
    for keys in ({}, {"ORDERING": "NUNIQ"}):
        assert np.array_equal(healpix_fits.read(table([uniq], **keys))[0].ipix, np.arange(48))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "does not tell its ORDERING"),
        ({"ORDERING": "SPIRAL"}, "'SPIRAL'"),
        ({"ORDERING": "NUNIQ"}, "no column UNIQ"),
    ],
)
@pytest.mark.parametrize("part", [False, True])
def test_others_are_refused(keys, said, part) -> None:
    columns = [fits.Column("PIXEL", "K", array=np.arange(48))] if part else []
    with pytest.raises(FormatError, match=said):
        healpix_fits.read(table(columns, **keys, **({"INDXSCHM": "EXPLICIT"} if part else {})))
