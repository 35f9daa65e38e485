"""ZTF, ASAS-SN, Gaia and VSX: one star among its neighbours, in filters, with limits and flags."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u

from skyexplorer.errors import AnswerError, LateError, RefusedError, UnreachableError
from skyexplorer.services.curves import asassn, gaia, ztf
from tests.replicas.asassn import STAR as ASASSN_STAR
from tests.replicas.asassn import Asassn, N
from tests.replicas.asassn import curve as asassn_curve
from tests.replicas.gaia import SOURCE, TRANSITS, Gaia
from tests.replicas.serving import Answer
from tests.replicas.vsx import Vsx
from tests.replicas.ztf import HEAD, OIDS, Ztf, magnitude, oid
from tests.services.curves.conftest import MRK_421, STAR

AWAY = replace(STAR, dec=STAR.dec + 0.02)


class TestZtf:
    @pytest.fixture
    def service(self, started, moved, data_dir) -> Ztf:
        found = started(Ztf(data_dir))
        moved(ztf_lc=(found, "/cgi-bin/ZTF/nph_light_curves"))
        return found

    def test_objects_and_filters_stay_apart(self, service: Ztf, bring) -> None:
        brought = bring("ztf-lc", STAR)
        ids = [curve.origin.title.rsplit(" ", 1)[1] for curve in brought.curves]
        assert sorted(ids) == sorted(str(each) for own in OIDS.values() for each in own)
        assert {curve.band for curve in brought.curves} == {"g", "r", "i"}
        for curve in brought.curves:
            real = [
                row for n, row in enumerate(service.rows)
                if str(oid(n, row)) == curve.origin.title.rsplit(" ", 1)[1] and n % 97 != 96 and n % 50 != 49
            ]  # fmt: skip
            real.sort(key=lambda row: float(row["mjd"]))
            assert len(curve) == len(real), "points with any flag are left out"
            assert curve.time.utc.mjd == pytest.approx([float(row["mjd"]) for row in real], abs=1e-6)
            assert curve.value.to_value(u.mag) == pytest.approx([magnitude(row)[0] for row in real], abs=1e-4)
            assert curve.error[0].to_value(u.mag) == pytest.approx(
                [magnitude(row)[1] for row in real], abs=1e-4
            )
            assert curve.time.scale == "utc"
            assert not curve.upper_limit.any(), "the depth of an image is no limit of a star that was seen"

    def test_the_question(self, service: Ztf, bring) -> None:
        bring("ztf-lc", STAR)
        query = service.asked[0].query
        assert query["BAD_CATFLAGS_MASK"] == "32768"
        ra, dec, radius = map(float, query["POS"].split()[1:])
        assert (ra, dec, radius * 3600) == pytest.approx((STAR.ra, STAR.dec, 3.0), abs=1e-2)

    def test_a_header_alone_is_no_data(self, service: Ztf, bring) -> None:
        brought = bring("ztf-lc", AWAY)
        assert brought.curves == ()
        assert "no star" in brought.note

    def test_something_else_than_csv(self, service: Ztf, bring) -> None:
        service.broken = Answer(b"<html>Too many requests from your host</html>", kind="text/html")
        with pytest.raises(AnswerError, match="something else"):
            bring("ztf-lc", STAR)

    def test_an_object_of_which_all_is_flagged(self, service: Ztf, bring) -> None:
        rows = [
            f"1,1,2458000.5,58000.1,17.0,0.1,64,zg,{STAR.ra},{STAR.dec}",
            f"2,1,2458000.5,58000.1,17.0,0.1,0,zr,{STAR.ra},{STAR.dec}",
        ]
        service.broken = Answer("\n".join([",".join(HEAD.split(",")[:10]), *rows]).encode(), kind="text/csv")
        brought = bring("ztf-lc", STAR)
        assert [curve.band for curve in brought.curves] == ["r"]
        assert "1 objects" in brought.note

    def test_who_is_asked(self) -> None:
        assert ztf.why_not(STAR) == ""
        assert "south" in ztf.why_not(replace(STAR, dec=-45.0))
        assert "mag" in ztf.why_not(replace(STAR, magnitude=4.0))
        assert ztf.why_not(MRK_421), "an ellipse of Fermi does not tell one star from the next"


class TestAsassn:
    @pytest.mark.parametrize("form", ["parquet", "file", "stream"])
    def test_a_curve_in_every_form(self, started, moved, bring, form: str) -> None:
        moved(asassn=(started(Asassn(form)), ""))
        (curve,) = bring("asassn", STAR).curves
        real = asassn_curve()
        good = np.array([flag == "G" for flag in real["quality"]])
        limit = real["mag_err"][good] > 99
        assert len(curve) == good.sum() < N
        assert (curve.upper_limit == limit).all()
        assert curve.value.value[limit] == pytest.approx(real["limit"][good][limit]), "of a limit, the depth"
        assert curve.value.value[~limit] == pytest.approx(real["mag"][good][~limit])
        assert np.isnan(curve.error[0].value[limit]).all()
        assert curve.time.utc.mjd == pytest.approx(real["jd"][good] - 2400000.5)
        assert set(curve.bands) == {"V", "g"}
        assert str(ASASSN_STAR) in curve.origin.title

    def test_no_star(self, started, moved, bring) -> None:
        moved(asassn=(started(Asassn()), ""))
        brought = bring("asassn", AWAY)
        assert brought.curves == ()
        assert "no star" in brought.note

    def test_a_server_of_blocks_that_is_down(self, started, moved, bring) -> None:
        moved(asassn=(started(Asassn(down=1)), ""))
        assert len(bring("asassn", STAR)) == 52

    def test_all_servers_of_blocks_are_down(self, started, moved, bring) -> None:
        service = started(Asassn(down=2))
        moved(asassn=(service, ""))
        right = service.answer
        service.answer = lambda asked: Answer(b'["127.0.0.1:9"]') if "servers" in asked.path else right(asked)
        with pytest.raises((UnreachableError, LateError)):
            bring("asassn", STAR, deadline=4)

    def test_an_error_with_status_200(self, started, moved, bring) -> None:
        service = started(Asassn())
        moved(asassn=(service, ""))
        service.broken = Answer(
            b'{"error": "lightcurve servers temporarily unavailable"}', kind="application/json"
        )
        with pytest.raises(AnswerError, match="temporarily unavailable"):
            bring("asassn", STAR)

    def test_who_is_asked(self) -> None:
        assert asassn.why_not(STAR) == ""
        assert asassn.why_not(replace(STAR, magnitude=20.5))
        assert asassn.why_not(MRK_421)


class TestGaia:
    @pytest.mark.parametrize("form", ["plain", "zip"])
    def test_magnitudes_with_the_errors_of_the_fluxes(self, started, moved, bring, form: str) -> None:
        service = started(Gaia(form))
        moved(gaia_dr3=(service, "/tap"), gaia_datalink=(service, "/data"))
        (curve,) = bring("gaia-datalink", STAR).curves
        good = sorted((t for t in TRANSITS if t[3] is not None and not (t[6] or t[7])), key=lambda t: t[2])
        assert curve.value.to_value(u.mag) == pytest.approx([t[3] for t in good])
        # By first principles: m = -2.5 log10 F, so that a change of F by σ changes m by 2.5 / ln 10 · σ / F.
        by_difference = [
            (-2.5 * math.log10(t[4] - t[5] / 2)) - (-2.5 * math.log10(t[4] + t[5] / 2)) for t in good
        ]
        assert curve.error[0].to_value(u.mag) == pytest.approx(by_difference, rel=1e-4)
        assert curve.bands == [t[1] for t in good]
        assert str(SOURCE) in curve.origin.title

    def test_times_are_barycentric_in_tcb(self, started, moved, bring) -> None:
        service = started(Gaia())
        moved(gaia_dr3=(service, "/tap"), gaia_datalink=(service, "/data"))
        (curve,) = bring("gaia-datalink", STAR).curves
        assert curve.time.scale == "tcb"
        # TDB = TCB - L_B (JD_TCB - 2443144.5003725) · 86400 s - 6.55e-5 s (IAU 2006 B3).
        tcb = 2455197.5 + 1600.0
        tdb = tcb - 1.550519768e-8 * (tcb - 2443144.5003725) - 6.55e-5 / 86400
        assert (curve.time.tdb.jd1[0] + curve.time.tdb.jd2[0] - tdb) * 86400 == pytest.approx(0, abs=1e-3)
        # UTC = TT - 32.184 s - 35 leap seconds in 2014; TDB is TT to 2 ms.
        utc = tdb - (32.184 + 35) / 86400
        assert (curve.time.utc.jd1[0] + curve.time.utc.jd2[0] - utc) * 86400 == pytest.approx(0, abs=3e-3)
        assert (tcb - utc) * 86400 == pytest.approx(85.5, abs=1), (
            "TCB is 18 s ahead of TDB by now: it must not be taken for it"
        )

    def test_an_empty_answer_is_no_data(self, started, moved, bring) -> None:
        service = started(Gaia("empty"))
        moved(gaia_dr3=(service, "/tap"), gaia_datalink=(service, "/data"))
        brought = bring("gaia-datalink", STAR)
        assert brought.curves == ()
        assert "no epoch photometry" in brought.note

    def test_sources_without_epoch_photometry_are_not_asked_for(self, started, moved, bring) -> None:
        service = started(Gaia(photometry=False))
        moved(gaia_dr3=(service, "/tap"), gaia_datalink=(service, "/data"))
        assert bring("gaia-datalink", STAR).curves == ()
        assert all(asked.path != "/data" for asked in service.asked)

    def test_a_row_of_gaia_is_asked_for_by_its_id(self, started, moved, bring) -> None:
        service = started(Gaia())
        moved(gaia_dr3=(service, "/tap"), gaia_datalink=(service, "/data"))
        known = replace(STAR, facts={"source_id": SOURCE, "has_epoch_photometry": True})
        assert len(bring("gaia-datalink", known)) == 5
        assert [asked.path for asked in service.asked] == ["/data"]

    def test_a_page_in_place_of_data(self, started, moved, bring) -> None:
        service = started(Gaia())
        moved(gaia_dr3=(service, "/tap"), gaia_datalink=(service, "/data"))
        service.broken = Answer(b"<!DOCTYPE html><html>maintenance</html>", kind="text/html")
        known = replace(STAR, facts={"source_id": SOURCE, "has_epoch_photometry": "True"})
        with pytest.raises(AnswerError, match="page"):
            bring("gaia-datalink", known)

    def test_who_is_asked(self) -> None:
        assert gaia.why_not(STAR) == ""
        assert gaia.why_not(replace(STAR, facts={"has_epoch_photometry": False}))
        assert gaia.why_not(replace(STAR, magnitude=22.0))


class TestVsx:
    @pytest.mark.parametrize("form", ["list", "single"])
    def test_the_nearest_variable_in_a_line(self, started, moved, bring, form: str) -> None:
        moved(vsx_api=(started(Vsx(form)), "/index.php"))
        brought = bring("vsx-api", STAR)
        assert brought.curves == ()
        assert brought.note == "VSX: ZTF J224950.30+511548.1, RRAB, period 0.5123 d, 14.2 V to 15.1 V"

    def test_no_variable(self, started, moved, bring) -> None:
        moved(vsx_api=(started(Vsx("empty")), "/index.php"))
        assert "no variable" in bring("vsx-api", STAR).note

    def test_programs_are_turned_away(self, started, moved, bring) -> None:
        moved(vsx_api=(started(Vsx("bots")), "/index.php"))
        with pytest.raises(RefusedError):
            bring("vsx-api", STAR)
