"""Events by name, each route from end to end through ``sky.open``."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import Event, SkyMap
from skyexplorer.errors import InputError, NotFoundError, RefusedError, ServiceError


def area(event) -> float:
    return event.localization.credible_region(0.9).area.to_value("deg2")


def test_a_superevent_comes_with_its_latest_map_and_where_it_is_from(sources):
    event = sources.open("s190814BV")
    assert isinstance(event, Event)
    assert (event.name, event.messenger, event.role, event.retracted) == (
        "S190814bv",
        "gw",
        "observation",
        False,
    )
    assert event.time.utc.iso == "2019-08-14 21:10:39.013"  # 18 leap seconds off GPS
    assert event.far == 2.033e-33 * u.Hz
    assert event.classification["NSBH"] == 0.99789
    assert event.properties["HasNS"] == 1.0
    assert (event.revision, event.alert_type, event.issued.iso[:19]) == (4, "update", "2019-08-15 11:27:17")
    assert "GW190814" in event.ids
    assert event.properties["skymap"] == "LALInference.v1.multiorder.fits,0"
    assert event.localization.distance[0].unit == u.Mpc
    origin = event.origin
    assert origin.service == "gracedb"
    assert (
        origin.location
        == f"{sources.gracedb.address}/api/superevents/S190814bv/files/LALInference.v1.multiorder.fits,0"
    )
    assert origin.checksum.startswith("sha256:")
    assert origin.retrieved
    assert "gracedb" in origin.reference
    layer = sources.explorer.layers["S190814bv"]
    assert layer.kind == "skymap"
    assert layer.origin == origin
    assert sources.states() == [("gracedb", "ok")]
    if sources.real:
        assert area(event) == pytest.approx(23.09, abs=0.01)


def test_opened_again_it_is_the_same_layer(sources):
    event = sources.open("S190814bv")
    assert sources.open("S190814bv") is event
    assert list(sources.explorer.layers) == ["S190814bv"]


@pytest.mark.parametrize(
    ("revision", "file", "real"),
    [(1, "bayestar.multiorder.fits,1", 37.61), (0, "LALInference.v1.multiorder.fits,0", 23.09),
     ("bayestar.multiorder.fits,0", "bayestar.multiorder.fits,0", 772.15), ("Bayestar", "bayestar.multiorder.fits,1", 37.61),
     ("LALInference.v1.multiorder.fits", "LALInference.v1.multiorder.fits,0", 23.09)],
)  # fmt: skip
def test_a_revision_is_pinned(sources, revision, file, real):
    event = sources.open("S190814bv", revision=revision)  # of two files that have a version 0, the later one
    assert event.properties["skymap"] == file
    told = {
        "bayestar.multiorder.fits,0": 1,
        "bayestar.multiorder.fits,1": 2,
        "LALInference.v1.multiorder.fits,0": 4,
    }
    assert event.revision == told[file]  # that of the alert which told of this map
    assert event.origin.location.endswith(file)
    if sources.real:
        assert area(event) == pytest.approx(real, abs=0.01)


def test_a_revision_that_is_not_there_lists_those_that_are(sources):
    with pytest.raises(NotFoundError, match=r"bayestar\.multiorder\.fits,1"):
        sources.open("S190814bv", revision=7)
    assert not list(sources.explorer.layers)


def test_without_the_log_samples_are_preferred_and_it_is_told(sources):
    sources.gracedb.missing.add("S190814bv/logs/")
    event = sources.open("S190814bv")
    assert event.properties["skymap"] == "LALInference.v1.multiorder.fits,0"
    assert any("its log could not be had" in note for note in event.notes)


def test_a_rapid_map_that_is_newer_than_samples_is_taken(sources):
    sources.gracedb.logs["S190814bv"][1]["created"] = "2019-09-01 00:00:00 UTC"
    assert sources.open("S190814bv").properties["skymap"] == "bayestar.multiorder.fits,1"


def test_retracted(sources):
    event = sources.open("S190822c")
    assert event.retracted
    assert event.alert_type == "retraction"
    assert any("retracted" in note for note in event.notes)
    assert isinstance(event.localization, SkyMap)


def test_null_fields_and_no_files(sources):
    event = sources.open("S230518h")
    assert event.far is None
    assert event.localization is None
    assert "it has no sky map" in event.notes
    assert event.time.utc.iso[:19] == "2023-05-18 12:59:08"
    assert sources.explorer.layers["S230518h"].rows == 1


def test_a_mock_event_is_a_test(sources):
    event = sources.open("MS260408x")
    assert event.role == "test"
    assert event.related == (("coincident", "M632681"),)
    assert event.properties["space_coinc_far"] == 5.04e-18 * u.Hz


def test_busy_is_waited_for(sources):
    sources.gracedb.busy = 2
    assert sources.open("S190814bv").name == "S190814bv"


def test_maintenance_is_told_at_once_and_the_next_is_asked(sources):
    from tests.replicas.serving import Answer

    sources.gracedb.broken = Answer(b"<html>Down for maintenance</html>", 503, "text/html")
    event = sources.open("S190814bv")
    # The catalogue knows it by this name too, and has its map.
    assert event.name == "GW190814"
    assert dict(sources.states())["gracedb"] == "refused"
    assert len([asked for asked in sources.gracedb.asked if asked.path.endswith("S190814bv/")]) == 1


def test_a_download_that_breaks_goes_on_where_it_ended(sources):
    file = "LALInference.v1.multiorder.fits,0"
    sources.gracedb.cuts[file] = 30_000
    event = sources.open("S190814bv")
    asked = [a for a in sources.gracedb.asked if a.path.endswith(file)]
    assert [a.headers.get("Range", "") for a in asked] == ["", "bytes=30000-"]
    assert asked[1].headers["If-Range"]
    assert isinstance(event.localization, SkyMap)


def test_a_map_that_cannot_be_had_leaves_the_event(sources):
    sources.gracedb.files["S190814bv"]["LALInference.v1.multiorder.fits,0"] = b"SIMPLE  = no map"
    event = sources.open("S190814bv")
    assert event.localization is None
    assert any("sky map could not be had" in note for note in event.notes)
    assert event.far is not None
    assert not sources.explorer.ledger.complete


# GWOSC


def test_a_catalogued_event_with_its_linked_map(sources):
    path = "/api/v2/files/GW190814_PublicationSamples.multiorder.fits"
    sources.gwosc.linked["GW190814"] = sources.gwosc.address + path
    sources.gwosc.throttled = 1
    event = sources.open("GW190814")
    assert (event.name, event.revision, event.properties["catalog"]) == ("GW190814", 3, "GWTC-2.1-confident")
    assert event.far_as_given == 1e-5 / u.yr
    assert event.far.to_value("Hz") == pytest.approx(1e-5 / (365.25 * 86400))
    assert any("upper limit" in note for note in event.notes)
    assert event.properties["luminosity_distance"] == 230.0 * u.Mpc
    assert event.properties["kind_by_mass"] == "NSBH"
    assert event.time.utc.iso[:19] == "2019-08-14 21:10:39"
    assert {"S190814bv", "GW190814_211039"} <= set(event.ids)
    assert event.origin.location.endswith(path)
    assert sources.states() == [("gwosc", "ok"), ("gwosc", "ok")]
    if sources.real:
        assert area(event) == pytest.approx(18.84, abs=0.01)


def test_a_map_in_the_archive_of_a_release(sources):
    event = sources.open("GW190814")
    assert event.origin.service == "zenodo"
    assert "C01:Mixed" in event.origin.location
    assert "record 6513631" in event.origin.note
    massive = sources.open("GW190521")
    at = massive.localization.mode
    assert at.separation(SkyCoord(5.039 * u.deg, -66.163 * u.deg)) < 5 * u.deg
    # The archive came once; the second time it was asked whether it still holds.
    asked = [a.headers.get("If-None-Match") for a in sources.zenodo.asked if a.path.endswith("/content")]
    assert [mark is not None for mark in asked] == [False, True]
    if sources.real:
        assert area(event) == pytest.approx(18.84, abs=0.01)


def test_an_archive_that_is_not_what_its_record_says_is_refused_and_gracedb_serves(sources):
    sources.zenodo.wrong = True
    event = sources.open("GW190814")
    assert event.origin.service == "gracedb"
    assert any("checksum" in note for note in event.notes)
    assert any("GraceDB's of S190814bv" in note for note in event.notes)
    assert dict(sources.states())["zenodo"] == "malformed"
    assert event.name == "GW190814"


def test_the_map_of_gw170817_is_at_the_dcc(sources):
    event = sources.open("gw170817")
    assert event.origin.service == "dcc"
    assert event.origin.location.endswith("/public/0157/P1800381/007/GW170817_skymap.fits.gz")
    assert event.far_as_given == 1e-7 / u.yr
    assert sources.explorer.layers["GW170817"].kind == "skymap"
    if sources.real:
        assert area(event) == pytest.approx(16.16, abs=0.02)


def test_the_live_event_is_not_the_sample(sources):
    sample = sources.explorer.open("GW170817")
    live = sources.open("GW170817")
    assert live is not sample
    assert live.origin.service == "dcc"
    assert list(sources.explorer.layers) == ["GW170817", "GW170817 (2)"]


@pytest.mark.parametrize("pinned", ["GW190814-v2", "GW190814@GWTC-2"])
def test_a_version_in_the_name(sources, pinned):
    event = sources.open(pinned)
    assert (event.revision, event.properties["catalog"]) == (2, "GWTC-2")


def test_a_version_that_is_not_there(sources):
    with pytest.raises(NotFoundError, match=r"v3 \(GWTC-2.1-confident\)"):
        sources.open("GW190814", revision="v9")


def test_missing_parameters(sources):
    event = sources.open("GW170817", revision=2)
    assert event.far is None
    assert "no parameters of it are published" in event.notes


def test_no_release_and_no_map_at_all(sources):
    event = sources.open("GW230529_181500", revision="O4_Discovery_Papers")
    assert event.localization is None
    assert any("No record of the maps of O4_Discovery_Papers" in note for note in event.notes)
    assert event.name in sources.explorer.layers


def test_links_of_the_original_are_followed_where_it_was_asked(sources):
    """Mirrors, and services behind proxies, give addresses of another host."""
    for replica, original in ((sources.gwosc, "https://gwosc.org"), (sources.zenodo, "https://zenodo.org")):
        right = replica.answer

        def answer(asked, right=right, here=replica.address, original=original):
            found = right(asked)
            if found.kind == "application/json":
                found.content = found.content.replace(here.encode(), original.encode())
            return found

        replica.answer = answer
    event = sources.open("GW190814")
    assert event.origin.service == "zenodo"
    assert isinstance(event.localization, SkyMap)
    assert "GW170817" in [row.name for row in sources.explorer.events("gw", deadline=20)]


def test_nobody_is_followed_to_another_host(sources):
    right = sources.gwosc.answer

    def answer(asked):
        found = right(asked)
        found.content = found.content.replace(
            sources.gwosc.address.encode(), b"https://example.org/elsewhere"
        )
        return found

    sources.gwosc.answer = answer
    with pytest.raises(ServiceError, match=r"another host, example\.org"):
        sources.open("GW190521")
    assert sources.open("GW190814").origin.service == "gracedb"  # which knows it by this name too


# IceCube


@pytest.mark.parametrize(
    "spelling", ["IC170922A", "IC-170922A", "icecube-170922a", "IceCube 170922A", "130033_50579430"]
)
def test_icecube_by_every_spelling(sources, spelling):
    event = sources.open(spelling)
    assert (event.name, event.messenger) == ("IC170922A", "neutrino")
    assert event.localization.kind == "quarter-ellipse"
    assert event.signalness == pytest.approx(0.631, abs=0.001)
    assert event.far_as_given.unit == 1 / u.yr
    assert event.origin.service == "dataverse-icecat"
    assert "datafile/8123456" in event.origin.location  # not the number of an older version
    assert event.position.separation(SkyCoord(77.43 * u.deg, 5.79 * u.deg)) < 1 * u.arcsec


def test_the_table_as_tab_separated_text(sources):
    sources.dataverse.as_text = True
    assert sources.open("IC170922A").position.ra.deg == pytest.approx(77.43)


def test_what_the_catalogue_lacks_is_in_the_archive_with_its_last_revision(sources):
    sources.dataverse.csv = "\n".join(sources.dataverse.csv.splitlines()[:2]) + "\n"
    event = sources.open("IceCube-230707A")
    assert (event.revision, event.alert_type, event.ids) == (1, "gold", ("137910_43657862",))
    assert event.localization.radius.to_value("deg") == pytest.approx(59.40 / 60)
    assert event.energy == 210 * u.TeV
    assert event.time.utc.iso == "2023-07-07 16:58:50.120"
    assert any("only alert of that day" in note for note in event.notes)
    assert [answer.rows for answer in sources.explorer.ledger] == [
        0,
        7,
        0,
    ]  # the last are its circulars, which could take it back
    assert "2 rows are no notices" in sources.explorer.ledger[1].message


def test_a_circular_takes_an_alert_of_the_archive_back(sources):
    sources.gcn.add(
        34567, "IceCube-230707A", "IceCube-230707A: Retraction of the alert", "It was a muon bundle."
    )
    sources.dataverse.csv = "\n".join(sources.dataverse.csv.splitlines()[:2]) + "\n"
    event = sources.open("IceCube-230707A")
    assert event.origin.service == "gcn-archive"
    assert event.retracted
    assert any("taken back by a circular" in note for note in event.notes)
    sources.gcn.texts[34567]["subject"] = "IceCube-230707A: a candidate counterpart"
    sources.explorer.layers.remove("IceCube-230707A")
    from skyexplorer.net import cache

    cache.clear()
    assert not sources.open("IceCube-230707A").retracted


def test_a_revision_of_the_archive_is_pinned(sources):
    first = sources.open("IceCube-230707A", revision=0)
    assert (first.revision, first.position.ra.deg) == (0, 303.0)
    with pytest.raises(NotFoundError, match="There are: 0, 1"):
        sources.open("IceCube-230707A", revision=4)
    with pytest.raises(NotFoundError, match="one revision"):
        sources.open("IC110514A", revision=1)


def test_two_alerts_of_one_day_are_told_apart_by_time(sources):
    sources.dataverse.csv = "\n".join(sources.dataverse.csv.splitlines()[:2]) + "\n"
    second = sources.open("IceCube-230708B")
    with pytest.raises(
        NotFoundError, match="IceCube-230708"
    ):  # the archive has two of that day: no third is made of them
        sources.open("IceCube-230708C")
    assert second.ids == ("137911_61000000",)
    assert any("137911_57034692" in note for note in second.notes)
    by_number = sources.open("137911_57034692")
    assert by_number.position.ra.deg == pytest.approx(127.19)


def test_an_event_under_two_numbers_and_one_in_gev(sources):
    sources.dataverse.csv = "\n".join(sources.dataverse.csv.splitlines()[:2]) + "\n"
    assert sources.open("IceCube-240412A").ids == ("139279_10803235",)
    old = sources.open("IceCube-190730A")
    assert old.energy is None
    assert any("GeV" in note for note in old.notes)


def test_the_collaborations_map_of_a_new_alert(sources):
    from tests.replicas import gcn
    from tests.replicas.files import small_map

    name = "IceCube-260110A_skymap_probdensity_multiorder.fits.gz"
    sources.roc.files[name] = small_map(100.0, 20.0, sigma=2.0)
    row = gcn.cells("142000_12345678|1|26/01/10|10:00:00.00|GOLD|100.0|20.0|60.0|30.0|200|0.5|1.0|")
    rows, gcn.TRACKS = gcn.TRACKS, gcn.TRACKS + row
    try:
        event = sources.open("IceCube-260110A")
    finally:
        gcn.TRACKS = rows
    assert isinstance(event.localization, SkyMap)
    assert event.origin.service == "icecube-roc"
    assert event.revision == 1


# Fermi GBM


@pytest.mark.parametrize("spelling", ["bn180116026", "GRB180116026", "GRB 180116026", "180116026"])
def test_a_trigger_of_gbm(sources, spelling):
    event = sources.open(spelling)
    assert (event.messenger, event.revision) == ("gamma", 1)
    assert event.origin.location.endswith("/2018/bn180116026/current/glg_healpix_all_bn180116026_v01.fit")
    assert "systematic" in event.origin.note
    if sources.real:
        assert area(event) == pytest.approx(571.98, abs=0.05)
        assert event.time.utc.iso == "2018-01-16 00:36:52.807"  # TRIGTIME, in TT since 2001
        assert event.position.separation(SkyCoord(212.77 * u.deg, 27.05 * u.deg)) < 1 * u.arcsec


def test_a_burst_by_its_letter_is_the_trigger_that_its_circulars_tell(sources):
    event = sources.open("GRB 180116A")
    assert event.name == "GRB 180116A"
    assert "bn180116026" in event.ids
    assert isinstance(event.localization, SkyMap)
    assert (
        "circular",
        "GCN Circular 22329: GRB 180116A: Fermi GBM Final Real-time Localization",
    ) in event.related
    assert sources.states() == [("gcn-circulars", "ok"), ("heasarc-gbm", "ok")]


def test_a_letter_without_circulars_lists_the_triggers_of_the_day(sources):
    sources.gcn.texts.clear()
    with pytest.raises(NotFoundError) as caught:
        sources.open("GRB 180116A")
    assert "GRB180116026" in str(caught.value)
    assert "GRB180116678" in str(caught.value)
    sources.heasarc.folders["2023/bn230410476/current/"] = sources.heasarc.folders[
        "2023/bn230410476/quicklook/"
    ]
    event = sources.open("GRB 230410A")
    assert any("only burst of Fermi GBM that day" in note for note in event.notes)


def test_a_pinned_version_of_a_map_of_gbm(sources):
    assert sources.open("bn180116026", revision=0).origin.location.endswith("_v00.fit")
    with pytest.raises(NotFoundError, match="v00, v01"):
        sources.open("bn180116026", revision=5)


def test_a_burst_without_a_map_has_its_circle_of_the_table(sources):
    event = sources.open("bn180116678")
    assert event.containment == 0.68
    assert event.localization.radius.to_value("deg") == pytest.approx(6.8)
    assert event.time.utc.iso[:16] == "2018-01-16 16:16"
    assert any("no map" in note for note in event.notes)


# Circulars


@pytest.mark.parametrize("spelling", ["GCN Circular 33603", "gcn 33603", "33603"])
def test_a_circular_with_the_map_that_it_names(sources, spelling):
    text, file = sources.gcn.texts[33603], "bn230410476/quicklook/glg_healpix_all_bn230410476.fit"
    text["body"] = text["body"].replace("https://heasarc.gsfc.nasa.gov", sources.heasarc.address)
    text["body"] += f"\n{sources.heasarc.address}/FTP/fermi/data/gbm/triggers/2023/{file}"
    event = sources.open(spelling)
    assert (event.name, event.messenger, event.alert_type) == ("GRB 230410A", "gamma", "circular")
    assert isinstance(event.localization, SkyMap)
    assert event.origin.service == "heasarc-gbm"
    assert "trigger 702818765" in event.text


def test_a_map_elsewhere_is_told_and_not_fetched(sources):
    sources.gcn.texts[36000]["body"] = "see https://example.org/skymap_of_it.fits.gz"
    event = sources.open("GCN 36000")
    assert event.localization is None
    assert any("none of the known services" in note for note in event.notes)


def test_a_version_of_a_circular(sources):
    sources.gcn.texts[36000] |= {"version": 2}
    assert sources.open("GCN 36000", revision=2).revision == 2
    for wrong in (1, "../36001", "x"):
        with pytest.raises(NotFoundError):
            sources.open("GCN 36000", revision=wrong)


def test_an_event_of_which_there_are_only_circulars(sources):
    event = sources.open("EP240414a")
    assert (event.name, event.messenger, event.localization) == ("EP240414a", "x-ray", None)
    assert "191.5" in event.text
    sources.gcn.add(36002, None, "a remark without the name of its event", "more")
    sources.gcn.texts[36002]["eventId"] = "EP240414A"
    assert sources.open("ep240414A").name in ("EP240414a", "EP240414A")


def test_a_circular_takes_an_event_back(sources):
    assert sources.open("GCN 36001").retracted


# What is not found


def test_an_unknown_name_says_who_was_asked_and_what_is_near(sources):
    with pytest.raises(NotFoundError) as caught:
        sources.open("GW190813")
    text = str(caught.value)
    assert "gwosc knows no event GW190813" in text
    assert "gracedb knows no superevent" in text
    assert "Near it: " in text
    assert "GW190814" in text
    assert caught.value.ledger.complete
    with pytest.raises(NotFoundError, match="IC170922A"):
        sources.open("IC170922B")
    assert not list(sources.explorer.layers)
    assert len(sources.explorer.steps) == 0


def test_a_name_that_somebody_may_know_who_could_not_be_asked(sources):
    from tests.replicas.serving import Answer

    sources.gwosc.broken = Answer(b"no", 403)
    with pytest.raises(RefusedError) as caught:
        sources.open("GW190813")
    assert "gracedb knows no superevent" in str(caught.value)
    assert [state for service, state in sources.states() if service == "gwosc"] == ["refused"]


@pytest.mark.parametrize("broken", [b"<html>Hello</html>", b"{", b"[]", b"null", b'{"superevent_id": 3}'])
def test_other_answers_are_told_and_change_nothing(sources, broken):
    from tests.replicas.serving import Answer

    for replica in (sources.gracedb, sources.gwosc, sources.gcn):
        replica.broken = Answer(broken)
    with pytest.raises((ServiceError, NotFoundError)):
        sources.open("S190814bv")
    assert not list(sources.explorer.layers)


def test_what_cannot_be_asked(sources):
    for wrong in (None, 3, b"S190814bv", "", "  "):
        with pytest.raises(InputError):
            sources.open(wrong)
    with pytest.raises(InputError, match="nonsense"):
        sources.explorer.open("S190814bv", source="nonsense")
    with pytest.raises(InputError, match="revision"):
        sources.open("S190814bv", revision=1.5)
    with pytest.raises(InputError, match="live"):
        sources.explorer.open("GW170817", revision=1)
    assert sources.gracedb.asked == []


def test_the_step_is_recorded_as_it_was_called(sources):
    sources.explorer.open("S190814bv", source="live", revision=1)
    assert "sky.open('S190814bv', source='live', revision=1)" in sources.explorer.steps.to_source()


def test_a_listed_name_opens(sources):
    sources.dataverse.csv = "\n".join(sources.dataverse.csv.splitlines()[:2]) + "\n"
    listed = sources.explorer.events("neutrino", "2023-07-07", "2023-07-09", deadline=20)
    assert {event.source for event in listed} == {"gcn-archive"}
    assert len(listed) == 3
    for event in listed:
        assert sources.open(event.name).position.separation(event.position) < 1 * u.arcmin
    assert np.isfinite([event.mjd for event in listed]).all()
