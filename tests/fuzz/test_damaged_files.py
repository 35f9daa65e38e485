"""Damaged files: a clear error of ours or an answer, in bounded time and memory, and never anything else.

``make test`` tries 500 mutations, ``make soak`` 10 000 (``SKYEXPLORER_MUTATIONS``). Each is made from a seed that a
failure prints, so that it can be had again.
"""

from __future__ import annotations

import io
import os
import random
import signal
import time
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from skyexplorer.errors import SkyExplorerError, SkyExplorerWarning
from skyexplorer.model import opening
from tests.fuzz.mutate import mutated

MUTATIONS = int(os.environ.get("SKYEXPLORER_MUTATIONS", "500"))
LONGEST_S = 20
MOST_MEMORY = 1500  # MB
SEEDS = (
    "gw/S200129m_bayestar.multiorder.fits",
    "gw/GW150914_bayestar_gstlal_C01.fits.gz",
    "gw/gwosc_events.json",
    "gamma/2PC_catalog_v04.fits.gz",
    "gamma/gll_psch_v13_3FHL.fit.gz",
    "gamma/LAT_extended_sources_16years.fits.gz",
    "vhe/hgps_catalog_v1.fits.gz",
    "vhe/2HWC.ecsv",
    "vhe/3HWC.ecsv",
    "vhe/hess-dl3-dr1/obs-index.fits.gz",
    "vhe/hess-dl3-dr1/data/hess_dl3_dr1_obs_id_033787.fits.gz",
    "neutrino/IceCube_Gold_Bronze_Tracks.csv",
    "neutrino/uhecr_auger_ta.h5",
    "neutrino/txs0506_056/events_IC86b.txt",
    "neutrino/nucat_icecube_notices.json",
    "sky/5BZCAT.csv",
    "sky/chimefrbcat1.csv",
    "sky/d3-celestial/messier.json",
    "lightcurves/AT2017gfo_optical.csv",
    "lightcurves/lcr/4FGL_J1104.4+3812_weekly_2_20_2025.csv",
    "lightcurves/pks2155_hess_lc.fits",
    "lightcurves/vtscat/2018ApJ...861L..20A__VER-000168-lc.ecsv",
    "alerts/voevent/GW190814.xml",
    "alerts/voevent/AMON_ICECUBE_GOLD_190730.xml",
    "alerts/voevent/GRB180116A_Fermi_GBM_Fin_Pos.xml",
    "alerts/voevent/SWIFT_1125809-092.xml",
    "alerts/EP240508.json",
    "alerts/igwn_gwalert_preliminary.json",
    "alerts/gcn-schema/notices/icecube/single_neutrino_alerts.gold_bronze_track_alerts.example.json",
    "alerts/gcn-schema/notices/fermi/gbm/trigger.flight1.example.json",
    "alerts/gcn-schema/notices/maxi/gsc.unknown.rectangle.example.json",
    "alerts/gcn-schema/notices/swift/bat/Guano.example.json",
    "vo/moc/SMOC.fits",
    "vo/moc/STMOC.fits",
    "vo/moc/smoc.ascii.txt",
    "vo/footprints/DECam_Region.reg",
    "vo/astroquery/vizier_kang2010.xml",
    "vo/astroquery/gaia_1710099405832VAL-result.vot",
    "vo/pyvo/scs_result.xml",
    "vo/pyvo/query_overflowstatus.xml",
)  # fmt: skip


class Hang(BaseException):
    """Raised by the clock: no `except Exception` may swallow it."""


@contextmanager
def clock(seconds: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_damaged_files_give_an_answer_or_our_error(data_dir, grown) -> None:
    seeds = [(name, (data_dir / name).read_bytes()) for name in SEEDS if (data_dir / name).exists()]
    assert len(seeds) >= 40
    raws = [raw for _, raw in seeds]
    answers = errors = 0
    wrong: list[str] = []
    slowest = (0.0, "")
    for k in range(MUTATIONS):
        name, raw = seeds[k % len(seeds)]
        bad = mutated(raw, random.Random(k), raws)
        began = time.monotonic()
        try:
            with clock(LONGEST_S), warnings.catch_warnings():
                warnings.simplefilter("error")
                warnings.simplefilter("ignore", SkyExplorerWarning)
                opening.read(bad, name=name)
            answers += 1
        except SkyExplorerError as error:
            errors += 1
            if not error.message.strip():
                wrong.append(f"{k} {name}: an error without words")
        except Hang:
            wrong.append(f"{k} {name}: longer than {LONGEST_S} s")
        except Exception as error:
            wrong.append(f"{k} {name}: {type(error).__name__}: {str(error)[:200]}")
        slowest = max(slowest, (time.monotonic() - began, f"{k} {name}"))
    memory = grown()
    print(f"{MUTATIONS} mutations: {answers} answers, {errors} errors of ours, {len(wrong)} others; "
          f"slowest {slowest[0]:.1f} s ({slowest[1]}); {memory:.0f} MB more at the peak")  # fmt: skip
    assert not wrong, "\n".join(wrong[:40])
    assert answers
    assert errors
    assert memory < MOST_MEMORY


def test_a_gzip_bomb_is_refused_by_its_size() -> None:
    # Zeros pack a thousandfold: a few megabytes that would unpack to gigabytes.
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    out = io.BytesIO()
    piece = bytes(2**24)
    out.write(packer.compress(b"ra,dec\n" * 1000))
    for _ in range(2**31 // len(piece)):
        out.write(packer.compress(piece))
    out.write(packer.flush())
    began = time.monotonic()
    with pytest.raises(SkyExplorerError, match=r"unpacks to more than|binary"):
        opening.read(out.getvalue())
    assert time.monotonic() - began < 10
