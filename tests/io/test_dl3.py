"""Event lists: what is refused, what is noted, and that damage leads to nothing but our errors."""

from __future__ import annotations

import gzip
import io
import random

import numpy as np
import pytest

from skyexplorer.errors import ColumnError, FormatError, SkyExplorerError
from skyexplorer.io import dl3

KEYS = {
    "MJDREFI": 51910, "MJDREFF": 7.428703703703703e-4, "TIMESYS": "TT", "TIMEUNIT": "s", "ONTIME": 100.0,
    "LIVETIME": 90.0, "RADECSYS": "FK5", "EQUINOX": 2000.0, "TSTART": 0.0, "TSTOP": 120.0,
}  # fmt: skip


def event_file(
    change=None, columns=None, gti=((0.0, 50.0), (60.0, 110.0)), units=None, gti_keys=None, name="EVENTS"
):
    """Bytes of a small list; ``change`` sets keywords, None takes one away."""
    from astropy.io import fits

    values = {
        "EVENT_ID": np.arange(4), "TIME": [1.0, 20.0, 55.0, 100.0], "RA": [83.6, 83.7, 83.5, 83.6],
        "DEC": [22.0, 22.1, 21.9, 22.0], "ENERGY": [1.0, 2.0, 0.5, 10.0],
    }  # fmt: skip
    values |= columns or {}
    unit = {"TIME": "s", "RA": "deg", "DEC": "deg", "ENERGY": "TeV"} | (units or {})
    made = [
        fits.Column(n, "K" if n == "EVENT_ID" else "D", unit=unit.get(n), array=np.asarray(v))
        for n, v in values.items()
        if v is not None
    ]
    events = fits.BinTableHDU.from_columns(made, name=name)
    for key, value in (KEYS | (change or {})).items():
        if value is not None:
            events.header[key] = value
    hdus = [fits.PrimaryHDU(), events]
    if gti is not None:
        start, stop = np.array(gti, float).reshape(-1, 2).T
        table = fits.BinTableHDU.from_columns(
            [
                fits.Column("START", "D", unit="s", array=start),
                fits.Column("STOP", "D", unit="s", array=stop),
            ],
            name="GTI",
        )
        table.header.update(gti_keys or {})
        hdus.append(table)
    out = io.BytesIO()
    fits.HDUList(hdus).writeto(out)
    return out.getvalue()


def test_a_plain_list():
    events = dl3.read(gzip.compress(event_file()))
    assert events.time.tolist() == [1.0, 20.0, 55.0, 100.0]
    assert events.energy_unit == "TeV"
    assert events.live == 0.9
    assert [part.tolist() for part in events.gti] == [[0.0, 60.0], [50.0, 110.0]]
    assert events.notes == ("1 of 4 events lie outside the good time intervals",)
    assert events.more["EVENT_ID"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"change": {"TIMESYS": None}}, "TIMESYS of EVENTS is missing"),
        ({"change": {"TIMESYS": "LOCAL"}}, "TIMESYS of EVENTS is LOCAL"),
        ({"change": {"MJDREFI": None}}, "MJDREFI = None"),
        ({"change": {"MJDREFI": "x"}}, "MJDREFI = x"),
        ({"change": {"RADECSYS": "FK4", "EQUINOX": 1950.0}}, "FK4"),
        ({"change": {"EQUINOX": 2017.7}}, "2017.7"),
        ({"units": {"ENERGY": "furlong"}}, "unit of ENERGY is 'furlong'"),
        ({"units": {"ENERGY": ""}}, "unit of ENERGY is ''"),
        ({"units": {"RA": "rad"}}, "unit of RA is 'rad'"),
        ({"units": {"TIME": "yr"}}, "unit of TIME is 'yr'"),
        ({"columns": {"TIME": [np.nan] * 4}}, "None of the 4 events has a time"),
        ({"columns": {"TIME": [1e300] * 4}}, "None of the 4 events has a time"),
        ({"columns": {"DEC": [100.0] * 4}}, "None of the 4 events has a position"),
        ({"gti_keys": {"TIMESYS": "UTC", "MJDREFI": 51910}}, "good time intervals in UTC"),
        ({"name": "PHOTONS"}, "No EVENTS table"),
    ],
)
def test_what_cannot_be_told_is_refused(changes, says):
    with pytest.raises(FormatError, match=says):
        dl3.read(event_file(**changes))


def test_a_missing_column_is_named():
    with pytest.raises(ColumnError, match="no column ENERGY") as caught:
        dl3.read(event_file(columns={"ENERGY": None}))
    assert "DEC" in caught.value.columns


def test_the_unit_of_energy_may_be_a_keyword_and_times_may_be_days():
    events = dl3.read(event_file({"EUNIT": "MeV"}, units={"ENERGY": "", "TIME": "d"}, gti=None))
    assert events.energy_unit == "MeV"
    assert events.time.tolist() == [86400.0, 20 * 86400.0, 55 * 86400.0, 100 * 86400.0]


def test_impossible_rows_are_kept_and_told():
    events = dl3.read(
        event_file(columns={"RA": [np.nan, 1, 2, 3], "ENERGY": [1, -1, 2, 3], "TIME": [1, 20, 1e30, 100]})
    )
    assert np.isnan(events.ra).tolist() == np.isnan(events.dec).tolist() == [True, False, False, False]
    assert np.isnan(events.energy).tolist() == [False, True, False, False]
    assert np.isnan(events.time).tolist() == [False, False, True, False]
    assert [note.split(" of ")[0] for note in events.notes] == ["1", "1", "1"]


def test_a_reference_of_the_good_times_of_its_own_is_reckoned():
    keys = {"TIMESYS": "TT", "MJDREFI": 51909, "MJDREFF": KEYS["MJDREFF"]}
    assert dl3.read(event_file(gti_keys=keys)).gti[0].tolist() == [-86400.0, -86340.0]


@pytest.mark.parametrize(
    ("gti", "found", "says"),
    [
        (((60, 110), (0, 50)), ([0, 60], [50, 110]), None),
        (((0, 50), (40, 80), (80, 90)), ([0], [90]), "2 good time intervals"),
        (((0, 50), (70, 60), (np.nan, 80)), ([0], [50]), "2 good time intervals"),
        ((), ([0], [120]), "from TSTART to TSTOP"),
        (None, ([0], [120]), "from TSTART to TSTOP"),
    ],
)
def test_good_times_are_sorted_and_made_one_where_they_touch(gti, found, says):
    events = dl3.read(event_file(gti=gti))
    assert tuple(part.tolist() for part in events.gti) == found
    if says:
        assert any(says in note for note in events.notes)


def test_without_any_good_times_those_of_the_events_are_taken():
    events = dl3.read(event_file({"TSTART": None, "TSTOP": None}, gti=None))
    assert [part.tolist() for part in events.gti] == [[1.0], [100.0]]
    assert "from the first to the last event" in events.notes[0]


@pytest.mark.parametrize(
    ("keys", "live"),
    [
        ({"DEADC": 0.5}, 0.9),
        ({"LIVETIME": None, "DEADC": 0.5}, 0.5),
        ({"LIVETIME": 120.0}, 1.0),
        ({"ONTIME": 0.0}, 1.0),
        ({"ONTIME": "x"}, 1.0),
    ],
)
def test_live_fraction(keys, live):
    assert dl3.read(event_file(keys)).live == live


@pytest.mark.parametrize(
    ("value", "circle"),
    [
        ("CIRCLE(267.6812,-29.6075,5)", (267.6812, -29.6075, 5.0)),
        ("circle( 10, 20, 1e1 )", (10.0, 20.0, 10.0)),
        ("CIRCLE(a,b,c)", None),
        ("BOX(1,2,3,4)", None),
        ("CIRCLE(0,0,-1)", None),
    ],
)
def test_selection_keywords(value, circle):
    assert dl3.read(event_file({"DSTYP3": "POS(RA,DEC)", "DSVAL3": value})).circle == circle


def test_other_files_are_refused_with_what_they_are(data_dir):
    with pytest.raises(FormatError, match="JSON, not a FITS event list"):
        dl3.read(b'{"a": 1}')
    image = (data_dir / "gamma/fermi-3fhl-gc-counts.fits.gz").read_bytes()
    with pytest.raises(FormatError, match="No EVENTS table"):
        dl3.read(image)


def test_cut_files_are_refused_or_read(data_dir):
    packed = (data_dir / "vhe/hess-dl3-dr1/data/hess_dl3_dr1_obs_id_033787.fits.gz").read_bytes()
    with pytest.raises(FormatError):
        dl3.read(packed[:5000])
    plain = gzip.decompress(packed)
    whole = dl3.read(plain)
    for size in (1, 2879, 2880, 5760, 8640, 12_000, 100_000, 200_000, 210_000, 215_000, 230_000):
        try:
            part = dl3.read(plain[:size])
        except FormatError:
            continue
        assert len(part.time) == len(whole.time)


def test_damaged_files_lead_to_our_errors_only():
    dice = random.Random(20261124)
    good = event_file({"DSTYP1": "POS(RA,DEC)", "DSVAL1": "CIRCLE(1,2,3)"})
    read = 0
    for _ in range(300):
        raw = bytearray(good)
        for _ in range(dice.choice((1, 3, 20))):
            at = dice.randrange(2880, len(raw))
            raw[at] = dice.choice((raw[at] ^ (1 << dice.randrange(8)), dice.choice(b"0123456789-.EPQJ '")))
        if dice.random() < 0.2:
            del raw[dice.randrange(len(raw)) :]
        try:
            events = dl3.read(bytes(raw))
        except SkyExplorerError:
            continue
        read += 1
        assert len(events.time) == len(events.ra) == len(events.energy)
        assert np.all(events.gti[1] > events.gti[0])
    assert 20 < read < 290


def test_each_kind_of_file_is_told_by_its_headers(data_dir):
    from skyexplorer.io import files, fits_headers

    def lists(name):
        headers, _ = fits_headers.peek(files.stored(data_dir / name))
        return [
            h.name for h in headers if dl3.is_event_list(h.columns, h.name, str(h.keys.get("HDUCLAS1", "")))
        ]

    assert lists("vhe/hess-dl3-dr1/data/hess_dl3_dr1_obs_id_023523.fits.gz") == ["EVENTS"]
    assert lists("vhe/cta-1dc/gps_baseline_110380.fits") == ["EVENTS"]
    assert lists("gamma/fermi-3fhl-gc-events.fits.gz") == ["EVENTS"]
    assert lists("vhe/hess-dl3-dr1/obs-index.fits.gz") == []
    assert lists("vhe/gammacat.fits.gz") == []
