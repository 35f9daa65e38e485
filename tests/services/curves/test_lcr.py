"""Fermi LCR and FAVA: detections and limits, times with leap seconds, bins by their cadence, names of another release."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u

from skyexplorer.errors import AnswerError, InputError, RefusedError
from skyexplorer.services.curves import Target, lcr
from tests.replicas.lcr import FILES, Lcr
from tests.replicas.serving import Answer
from tests.services.curves.conftest import MRK_421, STAR

# Leap seconds since 2001 (IERS Bulletin C), the last day before each: independent of any library.
LEAPS = (
    datetime(2006, 1, 1),
    datetime(2009, 1, 1),
    datetime(2012, 7, 1),
    datetime(2015, 7, 1),
    datetime(2017, 1, 1),
)


def utc_of_met(met: float) -> datetime:
    """UTC of seconds since 2001-01-01 UTC that count leap seconds too."""
    when = datetime(2001, 1, 1) + timedelta(seconds=met)
    for leap in LEAPS:
        if when - timedelta(seconds=1) >= leap:
            when -= timedelta(seconds=1)
    return when


@pytest.fixture
def service(started, moved, data_dir: Path) -> Lcr:
    found = started(Lcr(data_dir))
    moved(fermi_lcr=(found, "/LCR"), fermi_fava=(found, "/FAVA"))
    return found


def rows(data_dir: Path, cadence: str = "weekly") -> list[dict[str, str]]:
    with (data_dir / "lightcurves/lcr" / FILES["4FGL J1104.4+3812", cadence]).open() as file:
        return list(csv.DictReader(file))


def test_detections_limits_and_errors_are_those_of_the_export(service: Lcr, bring, data_dir: Path) -> None:
    (curve,) = bring("fermi-lcr", MRK_421).curves
    real = rows(data_dir)
    name = next(name for name in real[0] if " Flux [" in name)
    assert len(curve) == 850
    assert int(curve.upper_limit.sum()) == 10 == sum(row[name].startswith("<") for row in real)
    value = np.array([float(row[name].lstrip("< ")) for row in real])
    assert curve.value.to_value("cm-2 s-1") == pytest.approx(value)
    limit = np.array([row[name].startswith("<") for row in real])
    assert (curve.upper_limit == limit).all()
    sigma = np.array(
        [float(e) if (e := row["Photon Flux Error(photons cm-2 s-1)"]) != "-" else np.nan for row in real]
    )
    for error in curve.error:  # the ends of the interval became its half widths
        assert error.to_value("cm-2 s-1")[~limit] == pytest.approx(sigma[~limit], rel=1e-6)
        assert np.isnan(error.value[limit]).all(), "a limit has no error"
    assert (curve.band, curve.quantity) == ("0.1–100 GeV", "photon flux")


def test_times_are_utc_with_the_leap_seconds_since_2001(service: Lcr, bring, data_dir: Path) -> None:
    (curve,) = bring("fermi-lcr", MRK_421).curves
    real = rows(data_dir)
    told = [utc_of_met(int(row["MET"])) for row in real]
    found = curve.time.utc.to_datetime()
    assert max(abs((a - b).total_seconds()) for a, b in zip(told, found, strict=True)) < 1e-3
    # The export's own Julian dates are UTC, and say the same to its second.
    julian = np.array([float(row["Julian Date"]) for row in real])
    assert np.abs(curve.time.utc.jd - julian).max() * 86400 < 1.1


@pytest.mark.parametrize(("cadence", "days"), [("weekly", 7), ("monthly", 30)])
def test_bins_have_the_width_of_the_cadence(service: Lcr, bring, cadence: str, days: float) -> None:
    (curve,) = bring("fermi-lcr", MRK_421, cadence=cadence).curves
    start, stop = curve.time_bounds
    assert (stop - start).to_value(u.day) == pytest.approx(days)
    assert ((curve.time - start) - (stop - curve.time)).to_value(u.s) == pytest.approx(0, abs=1e-3)


def test_daily_is_three_days() -> None:
    document = {
        "ts": [[0, 1.0]],
        "flux": [[0, 2e-7]],
        "flux_error": [[0, 1e-7, 4e-7]],
        "flux_upper_limits": [],
    }
    time, value, minus, plus, _limit, (start, stop), _ = lcr.curve(document, "daily")
    assert (stop - start).to_value(u.day) == pytest.approx(3)
    assert time.utc.isot[0].startswith("2001-01-01T00:00:00")
    assert (value[0], minus[0], plus[0]) == pytest.approx((2e-7, 1e-7, 2e-7))


def test_bins_whose_fit_did_not_converge_are_left_out(service: Lcr, bring) -> None:
    service.unconverged = {0, 5, 7}
    (curve,) = bring("fermi-lcr", MRK_421).curves
    assert len(curve) == 847
    assert "3 bins" in curve.origin.note


def test_plain_lists_missing_keys_nulls_and_errors_of_no_width() -> None:
    document = {
        "ts": [[0, 1.0], [604800, 9.0], [1209600, None], [1814400, 30.0]],
        "flux": [[0, 1e-7], [604800, 2e-7], [1209600, None], [1814400, 4e-7]],
        "flux_error": [[0, 1e-7, 1e-7], [604800, 1e-7, 3e-7], None, [1814400]],
        "fit_convergence": [0, 0, 0, 0],
    }
    _, value, minus, _, limit, _, notes = lcr.curve(document, "weekly")
    assert value == pytest.approx([2e-7, 4e-7]), "an error of no width, and a null, are no measurements"
    assert np.isnan(minus[1])
    assert not limit.any()
    assert "1 bins" in " ".join(notes)
    assert lcr.curve({"ts": [], "flux": None}, "weekly") is None
    _, value, *_ = lcr.curve({**document, "fit_convergence": [0, 3, 0, 0]}, "weekly")
    assert value == pytest.approx([4e-7])


def test_a_source_that_is_not_monitored_is_no_failure(service: Lcr, bring) -> None:
    brought = bring(
        "fermi-lcr", Target("4FGL J0001.2-0747", 0.3151, -7.7971, ("4FGL J0001.2-0747",), "gamma")
    )
    assert brought.curves == ()
    assert "does not monitor" in brought.note


def test_a_name_of_a_later_release_is_found_by_association(service: Lcr, bring) -> None:
    moved = replace(MRK_421, name="4FGL J1104.5+3813", names=("4FGL J1104.5+3813", "Mkn 421"))
    brought = bring("fermi-lcr", moved)
    assert len(brought) == 850
    assert "4FGL J1104.4+3812" in brought.note
    asked = [(a.query.get("typeOfRequest"), a.query.get("source_name")) for a in service.asked]
    assert [kind for kind, _ in asked] == ["lightCurveData", "SourceList", "lightCurveData"]
    bring("fermi-lcr", moved)
    assert len(service.asked) == 3, "all of it was kept"


def test_a_source_of_another_catalogue_is_found_by_its_place(service: Lcr, bring) -> None:
    brought = bring("fermi-lcr", Target("3FHL J1104.4+3812", 166.12, 38.21, ("3FHL J1104.4+3812",), "gamma"))
    assert len(brought) == 850
    far = bring("fermi-lcr", Target("far", 200.0, -80.0, ("far",), "gamma"))
    assert far.curves == ()


def test_a_page_in_place_of_json_is_malformed_and_not_kept(service: Lcr, bring) -> None:
    service.broken = Answer(b"<html><body>The database is down</body></html>", kind="text/html")
    with pytest.raises(AnswerError, match="something else than JSON"):
        bring("fermi-lcr", MRK_421)
    service.broken = None
    assert len(bring("fermi-lcr", MRK_421)) == 850


def test_a_busy_service_is_asked_again_and_then_it_is_the_cache(service: Lcr, bring) -> None:
    service.busy = 1
    first = bring("fermi-lcr", MRK_421)
    assert (len(first), first.cached_at, len(service.asked)) == (850, "", 2)
    again = bring("fermi-lcr", MRK_421)
    assert len(service.asked) == 2
    assert again.cached_at
    assert again.curves[0].origin.retrieved == first.curves[0].origin.retrieved


def test_an_error_of_the_server_is_told(service: Lcr, bring) -> None:
    service.broken = Answer(b"gone", 410)
    with pytest.raises(RefusedError) as told:
        bring("fermi-lcr", MRK_421)
    assert told.value.status == 410


def test_an_unknown_cadence_is_refused(service: Lcr, bring) -> None:
    with pytest.raises(InputError, match="3-day"):
        bring("fermi-lcr", MRK_421, cadence="3-day")
    assert service.asked == []


def test_origin_says_who_where_when_and_what_to_cite(service: Lcr, bring) -> None:
    (curve,) = bring("fermi-lcr", MRK_421).curves
    origin = curve.origin
    assert origin.service == "fermi-lcr"
    assert "source_name=4FGL" in origin.location
    assert "265, 31" in origin.reference
    assert "CC0" in origin.licence
    assert origin.retrieved.startswith("20")
    assert origin.checksum.startswith("sha256:")


# FAVA


def test_fava_tells_the_excess_of_counts_with_its_error(service: Lcr, bring) -> None:
    (curve,) = bring("fermi-fava", MRK_421).curves
    assert len(curve) == 20, "the high band expects nothing, and tells nothing"
    assert set(curve.bands) == {"0.1–0.8 GeV"}
    assert curve.value.value == pytest.approx(np.arange(20) / 100)
    assert curve.error[0].value == pytest.approx(np.sqrt(100 + np.arange(20)) / 100)
    assert utc_of_met(239557418.0) == curve.time.utc.to_datetime()[0].replace(microsecond=0)


def test_fava_without_weeks(service: Lcr, bring) -> None:
    service.weeks = []
    brought = bring("fermi-fava", MRK_421)
    assert brought.curves == ()
    assert "no week" in brought.note


def test_who_is_asked() -> None:
    assert lcr.why_not(MRK_421) == ""
    assert lcr.why_not(STAR)
