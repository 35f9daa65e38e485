"""Cone search: regions by circles; an answer at the cap is one that was cut, whatever it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyRegion
from skyexplorer.errors import AnswerError, InputError, QueryError
from skyexplorer.net import Web
from skyexplorer.services import Service, ask, asking

CIRCLE = SkyRegion.circle(SkyCoord(0.3 * u.deg, 20 * u.deg), 12 * u.deg)
ARC = SkyRegion.ellipse(SkyCoord(200 * u.deg, -40 * u.deg), 60 * u.deg, 4 * u.deg, 70 * u.deg)


@pytest.fixture
def cones(archive):
    return Service(
        "cones", "Cones", "scs", archive.scs, row_cap=100_000,
        columns={"ra": "ra", "dec": "dec", "id": "id", "name": "name"},
    )  # fmt: skip


def asked(service, region, **given):
    with Web(service.id, 20) as web:
        return ask(service, region, web=web, **given)


def truth(table, region):
    return np.flatnonzero(region.contains(SkyCoord(table["ra"], table["dec"], unit="deg"))).tolist()


@pytest.mark.parametrize("region", [CIRCLE, ARC, CIRCLE | ARC], ids=["circle", "arc", "both"])
@pytest.mark.parametrize("by", ["id", "rows"])
def test_rows_inside_each_once(archive, cones, region, by):
    if by == "rows":
        cones = replace(cones, columns={"ra": "ra", "dec": "dec"})
    found = asked(cones, region)
    assert np.sort(found.table["id"]).tolist() == truth(archive.table, region)
    assert len(archive.questions) <= 32


def test_the_silent_cap_is_told(archive, cones):
    archive.cap, archive.silent = 40, True
    found = asked(replace(cones, row_cap=40), CIRCLE)
    assert found.overflow
    asked(replace(cones, row_cap=40), CIRCLE)
    assert len(archive.questions) == 2  # not kept
    with Web("cones", 30) as web:
        whole = asking.ask_whole(replace(cones, row_cap=40), CIRCLE, web=web, most=10**6)
    assert not whole.overflow
    assert np.sort(whole.table["id"]).tolist() == truth(archive.table, CIRCLE)


def test_max_rows(cones):
    found = asked(cones, CIRCLE, max_rows=5)
    assert found.overflow
    assert len(found.table) <= 5


def test_columns_are_chosen_here_and_conditions_refused(archive, cones):
    found = asked(cones, CIRCLE, columns=["mag"])
    assert found.table.colnames == ["mag", "ra", "dec", "id", "name"]
    assert "VERB=3" in archive.questions[-1]
    with pytest.raises(InputError, match="no condition"):
        asked(cones, CIRCLE, where="mag < 12")
    with pytest.raises(InputError, match="no column colour"):
        asked(cones, CIRCLE, columns=["colour"])


def test_kept_answers(archive, cones):
    asked(cones, CIRCLE)
    assert asked(cones, CIRCLE).cached_at
    assert len(archive.questions) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        ("html", AnswerError, "page"),
        ("truncated", AnswerError, "cut short"),
        ("scs error", QueryError, "SR is too large"),
    ],
)
def test_faults(archive, cones, fault, kind, told):
    archive.fault = fault
    with pytest.raises(kind, match=told):
        asked(cones, CIRCLE)
