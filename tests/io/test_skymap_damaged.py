"""Damaged sky maps of every form: a map, or an error of ours, and never more memory than a map may take."""

from __future__ import annotations

import gzip
import random
import warnings
from contextlib import suppress

import numpy as np
import pytest
from astropy.io import fits

from skyexplorer import SkyMap
from skyexplorer.core import healpix
from skyexplorer.errors import FormatError, SkyExplorerError, SkyExplorerWarning
from skyexplorer.model.likelihood import LikelihoodMap
from tests.fuzz.mutate import mutated
from tests.io.test_skymap_fits import PIXELS, table, values

CUTS = 60
MUTATIONS = 60  # of each form


def forms() -> dict[str, bytes]:
    p = values()
    uniq = healpix.join_uniq(4, np.arange(PIXELS))
    density = p / healpix.cell_area(4)
    far = {
        "DISTMU": np.full(PIXELS, 100.0),
        "DISTSIGMA": np.full(PIXELS, 9.0),
        "DISTNORM": np.full(PIXELS, 1e-4),
    }
    keys = {"PIXTYPE": "HEALPIX", "NSIDE": 16, "COORDSYS": "C"}
    return {
        "flat": table({"PROB": p, **far}, ORDERING="NESTED", **keys),
        "ring": table({"PROBABILITY": p}, ORDERING="RING", **keys),
        "vector": table({"T": p.reshape(-1, 1024)}, ORDERING="NESTED", **keys),
        "multi-order": table(
            {"UNIQ": uniq, "PROBDENSITY": density, **far}, ORDERING="NUNIQ", PIXTYPE="HEALPIX"
        ),
        "galactic": table({"UNIQ": uniq, "PROBDENSITY": density}, ORDERING="NUNIQ", COORDSYS="G"),
        "partial": table(
            {"PIXEL": np.arange(16), "PROB": np.full(16, 1 / 16)},
            ORDERING="RING",
            INDXSCHM="EXPLICIT",
            **keys,
        ),
        "scan": table({"T": np.linspace(0, 90, PIXELS)}, ORDERING="RING", I3TYPE="gfu-gold", **keys),
        "packed": gzip.compress(table({"PROB": p}, ORDERING="NESTED", **keys), 1),
    }


FORMS = forms()


def opened(raw: bytes) -> None:
    """Read as either noun and used; what is not ours comes through, warnings too."""
    for noun in (SkyMap, LikelihoodMap):
        with suppress(SkyExplorerError), warnings.catch_warnings():
            warnings.simplefilter("ignore", SkyExplorerWarning)
            found = noun.read(raw)
            if isinstance(found, SkyMap):
                assert found.credible_region(0.9).area.value > 0
                assert found.distance is None or len(found.distance) == 2
            else:
                assert found.region(0.9).area.value > 0


@pytest.mark.parametrize("form", FORMS)
def test_cut_anywhere(form) -> None:
    raw = FORMS[form]
    for size in np.unique(np.geomspace(1, len(raw) - 1, CUTS).astype(int)):
        opened(raw[:size])


@pytest.mark.parametrize("form", FORMS)
def test_damaged_anywhere(form, grown) -> None:
    for seed in range(MUTATIONS):
        try:
            opened(mutated(FORMS[form], random.Random(seed), list(FORMS.values())))
        except (Exception, Warning) as error:
            raise AssertionError(f"mutation {seed} of {form}") from error
    assert grown() < 1000  # MB


def declared(second: str = "", **keys: object) -> bytes:
    """A header that promises what does not come."""
    more = [fits.Column(second, "K", array=np.arange(12))] if second else []
    hdu = fits.BinTableHDU.from_columns([fits.Column("PROB", "D", array=np.zeros(12)), *more])
    hdu.header.update(PIXTYPE="HEALPIX", **keys)
    return (fits.PrimaryHDU().header.tostring() + hdu.header.tostring()).encode() + bytes(2880)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (declared(ORDERING="NESTED", NAXIS2=12 * 4**13), "805306368 pixels"),
        (
            declared(ORDERING="NESTED", NAXIS1=8 * 12 * 4**12, NAXIS2=1, TFORM1=f"{12 * 4**12}D"),
            "A row of the map",
        ),
        (declared(ORDERING="NESTED", NAXIS2=12 * 4**12), "cut short"),
        (declared(ORDERING="NUNIQ", second="UNIQ", NAXIS2=2**30), "16.0 GiB"),
        (declared(ORDERING="NUNIQ", second="UNIQ", NAXIS2=2**24), "more than 13,000,000 cells"),
        (declared(ORDERING="RING", INDXSCHM="EXPLICIT", TTYPE1="PIXEL", NAXIS2=2**30), "pixels"),
    ],
)
def test_what_is_declared_is_bounded(raw, said) -> None:
    with pytest.raises(FormatError, match=said):
        SkyMap.read(raw)


def test_more_cells_than_fit_are_refused(monkeypatch) -> None:
    """The cap of a map without distances is all of nside 1024; lowered here, as one of that size takes half a minute."""
    from skyexplorer.io import skymap_fits

    assert skymap_fits.MOST_VALUES // 4 > 12 * 1024**2
    monkeypatch.setattr(skymap_fits, "MOST_VALUES", 4 * 1000)
    for ordering in ("NESTED", "RING"):
        with pytest.raises(FormatError, match="1,000 cells"):
            SkyMap.read(table({"PROB": values()}, ORDERING=ordering))


@pytest.mark.parametrize("width", [3, 12, 48, PIXELS])
def test_rows_of_any_width_merge(width) -> None:
    """Pieces end with blocks that merge, however many pixels stand in a row."""
    raw = table({"PROB": values().reshape(-1, width)}, ORDERING="NESTED")
    assert SkyMap.read(raw).credible_area(0.5) == SkyMap.read(FORMS["flat"]).credible_area(0.5)
