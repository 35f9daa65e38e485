"""Sky maps in the forms that producers write, made here from one set of values, and real ones."""

from __future__ import annotations

import gzip
import io

import healpy
import numpy as np
import pytest
from astropy.io import fits

from skyexplorer.core import healpix
from skyexplorer.errors import FormatError
from skyexplorer.io import skymap_fits

ORDER = 4
PIXELS = 12 * 4**ORDER


def values() -> np.ndarray:
    """Nested values of which the first quarter of the sky is empty and the last one even."""
    p = np.random.default_rng(1).uniform(1, 2, PIXELS)
    p[: PIXELS // 4] = 0
    p[-PIXELS // 4 :] = 1.5
    return p / p.sum()


def table(columns: dict[str, np.ndarray], **keys: object) -> bytes:
    made = [
        fits.Column(
            name, format=f"{'' if v.ndim == 1 else v.shape[1]}{'K' if v.dtype.kind == 'i' else 'D'}", array=v
        )
        for name, v in columns.items()
    ]
    hdu = fits.BinTableHDU.from_columns(made)
    hdu.header.update(keys)
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(out)
    return out.getvalue()


def flattened(cells: skymap_fits.Cells) -> np.ndarray:
    """Nested values at ORDER of the cells; fails where they do not tile the sky once."""
    order, ipix = healpix.split_uniq(cells.uniq)
    out, hits = np.zeros(PIXELS), np.zeros(PIXELS, int)
    for k, i, rho in zip(order, ipix, cells.density, strict=True):
        fan = 4 ** (ORDER - k)
        out[i * fan : (i + 1) * fan] = rho * healpix.cell_area(ORDER)
        hits[i * fan : (i + 1) * fan] += 1
    assert (hits == 1).all()
    return out


@pytest.mark.parametrize("name", ["PROB", "PROBABILITY", "prob", "PROBDENSITY"])
@pytest.mark.parametrize("ordering", ["NESTED", "RING"])
@pytest.mark.parametrize("width", [1, 256])
def test_flat_maps(name, ordering, width) -> None:
    p = values()
    written = p[healpy.ring2nest(2**ORDER, np.arange(PIXELS))] if ordering == "RING" else p
    if name == "PROBDENSITY":
        written = written / healpix.cell_area(ORDER)
    if width > 1:
        written = written.reshape(-1, width)
    cells, header = skymap_fits.read(table({name: written}, ORDERING=ordering, NSIDE=2**ORDER))
    assert header["ORDERING"] == ordering
    assert flattened(cells) == pytest.approx(p, rel=1e-12)
    assert cells.grain == ORDER
    assert len(cells.uniq) == 6 + PIXELS // 2, "the even quarters became base cells"


@pytest.mark.parametrize("ordering", ["NESTED", "RING"])
def test_cells_of_other_distances_are_not_merged(ordering) -> None:
    p = np.full(PIXELS, 1 / PIXELS)
    mu = np.where(np.arange(PIXELS) < PIXELS // 2, np.inf, np.nan)  # nested
    mu[7] = 100.0
    as_written = healpy.ring2nest(2**ORDER, np.arange(PIXELS)) if ordering == "RING" else np.arange(PIXELS)
    columns = {
        "PROB": p,
        "DISTMU": mu[as_written],
        "DISTSIGMA": np.ones(PIXELS),
        "DISTNORM": np.zeros(PIXELS),
    }
    cells, _ = skymap_fits.read(table(columns, ORDERING=ordering))
    assert flattened(cells) == pytest.approx(p)
    assert len(cells.uniq) == 11 + 3 * ORDER + 1, "inf and NaN merge with their like, around pixel 7 nothing"
    assert cells.distance is not None
    order, ipix = healpix.split_uniq(cells.uniq)
    assert cells.distance[0][(order == ORDER) & (ipix == 7)].tolist() == [100.0]


def test_multi_order_rows_may_come_in_any_order_and_as_probabilities() -> None:
    uniq = np.arange(4, 16)[::-1].copy()
    rho = np.linspace(1, 2, 12)
    cells, _ = skymap_fits.read(table({"UNIQ": uniq, "PROBDENSITY": rho}, ORDERING="NUNIQ"))
    assert cells.uniq.tolist() == uniq.tolist()
    assert cells.density == pytest.approx(rho)
    assert cells.grain is None
    other, _ = skymap_fits.read(table({"UNIQ": uniq, "PROB": rho * np.pi / 3}, ORDERING="NUNIQ"))
    assert other.density == pytest.approx(rho)


def test_gzip_is_told_by_content_and_sources_may_be_files(tmp_path) -> None:
    raw = table({"PROB": values()}, ORDERING="NESTED")
    path = tmp_path / "bayestar.fits,1"
    path.write_bytes(gzip.compress(raw))
    for source in (path, str(path), gzip.compress(raw), io.BytesIO(raw), raw):
        assert flattened(skymap_fits.read(source)[0]) == pytest.approx(values())


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"not FITS at all", "FITS"),
        (table({"RA": np.ones(3), "FLUX": np.ones(3)}), "FLUX"),
        (table({"PROB": np.ones(100)}, ORDERING="NESTED"), "100 pixels"),
        (table({"PROB": np.ones(PIXELS)}), "ORDERING"),
        (table({"PROB": np.ones(PIXELS)}, ORDERING="NESTED", COORDSYS="E"), "COORDSYS"),
        (table({"PROB": np.ones(PIXELS)}, ORDERING="NESTED")[:20000], "FITS|cut short"),
    ],
)
def test_what_is_no_map_is_said(raw, said) -> None:
    with pytest.raises(FormatError, match=said):
        skymap_fits.read(raw)


def test_a_map_without_any_probability_is_read_as_empty_cells() -> None:
    cells, _ = skymap_fits.read(table({"PROB": np.zeros(PIXELS)}, ORDERING="RING"))
    assert flattened(cells).sum() == 0


def test_the_ipn_ring_map_tiles_the_sky_in_few_cells(data_dir) -> None:
    """50 million pixels, most of them empty."""
    cells, _ = skymap_fits.read(data_dir / "gamma/GRB220617A_IPN_map_hpx.fits.gz")
    order, _ = healpix.split_uniq(cells.uniq)
    area = healpix.cell_area(order)
    assert area.sum() == pytest.approx(4 * np.pi, rel=1e-12)
    assert (cells.density * area).sum() == pytest.approx(1, abs=1e-3)
    assert len(cells.uniq) < 100_000


def test_the_gw170817_map_costs_no_384_mib(data_dir) -> None:
    import tracemalloc

    tracemalloc.start()
    try:
        cells, header = skymap_fits.read(data_dir / "gw/GW170817_skymap.fits.gz")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 150 * 2**20
    assert header["DISTMEAN"] == pytest.approx(38.034, abs=1e-3)
    order, _ = healpix.split_uniq(cells.uniq)
    assert cells.distance is not None
    missing = ~np.isfinite(cells.distance[0])
    assert (4 ** (10 - order[missing])).sum() == 1_060_608  # data/README.md, counted in pixels
