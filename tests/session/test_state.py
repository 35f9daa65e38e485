"""Selection, viewport, notices, curves."""

from __future__ import annotations

import logging

import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time

from skyexplorer.errors import FormatError, InputError
from skyexplorer.session.session import Session
from skyexplorer.session.viewport import LOCAL_SURVEY, SURVEYS
from tests.session.fakes import FakeCatalog, FakeCurve, FakeEvent


@pytest.fixture
def session():
    return Session()


def test_three_views_that_echo_come_to_rest(session):
    catalog, told = FakeCatalog("a", "b"), []

    def echo(name):
        def hear(sources, by):
            told.append((name, by))
            if by != name:
                session.selection.select(sources, by=name)

        return hear

    for name in ("sky", "table", "curve"):
        session.selection.sources_changed.connect(echo(name))
    session.selection.select(catalog[1], by="sky")
    session.selection.select(FakeCatalog.__getitem__(catalog, 1), by="table")  # an equal row: not told
    assert told == [("sky", "sky"), ("table", "sky"), ("curve", "sky")]


def test_select_takes_one_many_or_none(session):
    catalog, event = FakeCatalog("a", "b"), FakeEvent()
    session.selection.select(catalog[0])
    assert session.selection.sources == (catalog[0],)
    session.selection.select([catalog[0], event, catalog[0]])
    assert session.selection.sources == (catalog[0], event)
    session.selection.select(None)
    assert session.selection.sources == ()


@pytest.mark.parametrize("wrong", ["TXS 0506+056", 3, [1, 2]])
def test_what_is_no_source_is_refused(session, wrong):
    catalog = FakeCatalog("a")
    session.selection.select(catalog[0])
    with pytest.raises(InputError, match="cannot be selected"):
        session.selection.select(wrong)
    assert session.selection.sources == (catalog[0],)


def test_brush(session):
    told = []
    session.selection.time_range_changed.connect(lambda *what: told.append(what))
    span = Time("2017-01-01"), Time("2018-01-01")
    session.selection.brush(span, by="curve")
    session.selection.brush((Time("2017-01-01"), Time("2018-01-01")))
    session.selection.brush(None)
    session.selection.brush(None)
    assert told == [(span, "curve"), (None, "")]


@pytest.mark.parametrize(
    "wrong",
    [(1, 2), Time("2017-01-01"), (Time("2018-01-01"), Time("2017-01-01")), (Time(["2017-01-01"]),) * 2, ()],
)
def test_a_wrong_range_is_refused(session, wrong):
    with pytest.raises(InputError):
        session.selection.brush(wrong)
    assert session.selection.time_range is None


def test_viewport_tells_each_field_once(session):
    told, view = [], session.viewport
    view.changed.connect(lambda *what: told.append(what))
    at = SkyCoord(10 * u.deg, 20 * u.deg)
    view.move(target=at.galactic, fov=5 * u.deg, survey="DSS2 colour", grid=True, by="sky")
    view.move(target=SkyCoord(view.target.ra, view.target.dec), fov=5, survey="DSS2 colour", grid=True)
    assert told == [("target", "sky"), ("fov", "sky"), ("survey", "sky"), ("grid", "sky")]
    assert view.target.frame.name == "icrs"
    assert view.target.separation(at) < 1e-9 * u.deg
    view.fov = 7
    assert view.fov == 7.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"fov": 0},
        {"fov": 400},
        {"fov": float("nan")},
        {"fov": 1 * u.s},
        {"fov": "wide"},
        {"target": "M 31"},
        {"target": SkyCoord([1, 2] * u.deg, [1, 2] * u.deg)},
        {"target": SkyCoord(float("nan") * u.deg, 0 * u.deg)},
        {"survey": "nothing"},
    ],
)
def test_a_wrong_view_moves_nothing(session, wrong):
    with pytest.raises(InputError):
        session.viewport.move(**{"fov": 3, "grid": True, **wrong})
    assert session.viewport.fov == 180
    assert not session.viewport.grid


def test_the_local_survey_is_the_default(session):
    assert session.viewport.survey == LOCAL_SURVEY
    assert next(iter(SURVEYS)) == LOCAL_SURVEY


def test_notices_keep_the_last_fifty(session):
    for number in range(60):
        session.notices.post(f"{number}")
    assert [n.text for n in session.notices.items] == [str(n) for n in range(10, 60)]
    told = []
    session.notices.cleared.connect(lambda: told.append(True))
    session.notices.clear()
    session.notices.clear()
    assert told == [True]
    with pytest.raises(InputError, match="level"):
        session.notices.post("x", "fatal")


def test_guard_turns_an_exception_into_a_notice_and_a_log_entry(session, caplog):
    @session.notices.guard("A click")
    def click():
        raise FormatError("The file is no FITS file.", "Open another.")

    with caplog.at_level(logging.ERROR, "skyexplorer"):
        click()
    (notice,) = session.notices.items
    assert (notice.level, notice.text, notice.advice) == (
        "error",
        "A click: The file is no FITS file.",
        "Open another.",
    )
    assert caplog.records[0].exc_info[0] is FormatError


def test_guard_names_the_cause_below_the_signal(session):
    def hear(sources, by):
        raise ValueError("inner")

    session.selection.sources_changed.connect(hear)
    with session.notices.guard("Selecting"):
        session.selection.select(FakeEvent())
    assert session.notices.items[0].text == "Selecting: ValueError: inner"


def test_a_guarded_listener_leaves_the_others_served(session):
    served = []
    session.selection.sources_changed.connect(session.notices.guard("A view")(lambda sources, by: 1 / 0))
    session.selection.sources_changed.connect(lambda sources, by: served.append(sources))
    session.selection.select(FakeEvent())
    assert len(served) == 1
    assert session.notices.items[0].level == "error"


def test_guard_lets_an_interrupt_through(session):
    with pytest.raises(KeyboardInterrupt), session.notices.guard("A click"):
        raise KeyboardInterrupt


def test_curves(session):
    told, curve = [], FakeCurve("TXS 0506+056")
    session.curves.changed.connect(lambda: told.append(session.curves.title))
    session.curves.show(curve, "TXS")
    session.curves.show([curve], "TXS")
    session.curves.show((), "M 31", "M 31 has no light curve here.")
    session.curves.log_y = True
    session.curves.log_y = True
    assert told == ["TXS", "M 31", "M 31"]
    assert session.curves.message
    session.curves.keep(curve, curve.name)
    assert session.curves.opened("txs0506+056") is curve
    assert session.curves.opened("txs0506-056") is None
    with pytest.raises(InputError):
        session.curves.show("text")
