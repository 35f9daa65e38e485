"""The loopback VO is a real one: pyvo and PostgreSQL see what it is said to hold, and it comes back after its deaths."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import requests
from astropy import units as u
from astropy.coordinates import SkyCoord

from tests.vo import content, truth
from tests.vo.fixtures import Vo


@pytest.fixture
def tap(loopback: Vo) -> Any:
    import pyvo

    with requests.Session() as session:
        yield pyvo.dal.TAPService(loopback.tap, session=session)


def test_it_starts_soon(vo: Vo) -> None:
    assert vo.laps["made"] + vo.laps["serve"] < 90, vo.laps


def test_tables_hold_what_was_written(vo: Vo, tap: Any) -> None:
    tables, _ = content.tables(None if not truth.data_folder() else truth.data_folder())
    counts = {f"sky.{table.name}": len(table.rows) for table in tables}
    counts |= {"gaiadr3.gaia_source": content.GAIA_ROWS, "sky.images": len(content.IMAGES)}
    for name, rows in counts.items():
        assert vo.sql(f"select count(*) from {name}") == [[str(rows)]]
        assert int(tap.search(f"SELECT COUNT(*) AS n FROM {name}")["n"][0]) == rows
    assert {table.name for table in tap.tables} >= set(counts)


def test_the_large_table_is_where_the_formula_says(tap: Any) -> None:
    ra, dec = content.gaia_positions()
    at = [0, 1, 7, 500_000, content.GAIA_ROWS - 1]
    ids = ", ".join(str(i + 1) for i in at)
    rows = tap.search(
        f"SELECT * FROM gaiadr3.gaia_source WHERE source_id IN ({ids}) ORDER BY source_id"
    ).to_table()
    there = SkyCoord(rows["ra"], rows["dec"])
    assert np.max(there.separation(SkyCoord(ra[at], dec[at], unit=u.deg))) < 1e-6 * u.arcsec
    assert rows["parallax"].mask.tolist() == [
        False,
        False,
        False,
        (500_001 % 7) == 0,
        (content.GAIA_ROWS % 7) == 0,
    ]


def test_names_that_need_quotes(tap: Any) -> None:
    rows = tap.search('SELECT "3HWC", "ER-min" FROM sky.hwc3 WHERE "3HWC" IS NOT NULL').to_table()
    assert len(rows) == len(truth.column("hwc3", "3HWC"))
    assert not any(name in rows.colnames for name in ("er_min",))


def test_missing_values_are_missing(tap: Any) -> None:
    rows = tap.search("SELECT semi_major_axis_95 FROM sky.fermilpsc", maxrec=100_000).to_table()
    missing = sum(value is None for value in truth.column("fermilpsc", "semi_major_axis_95"))
    assert int(np.sum(np.ma.getmaskarray(rows["semi_major_axis_95"]))) == missing > 0


def test_regions_and_mocs_are_asked(tap: Any) -> None:
    moc = tap.search("SELECT name FROM sky.fields WHERE 1 = CONTAINS(POINT(ra, dec), coverage)").to_table()
    outline = tap.search("SELECT name FROM sky.fields WHERE 1 = CONTAINS(POINT(ra, dec), outline)").to_table()
    rows = len(truth.column("fields", "name"))
    assert len(moc) == rows
    assert 0 < len(outline) <= rows


def test_the_limit_is_told(tap: Any) -> None:
    from pyvo.dal import DALOverflowWarning

    with pytest.warns(DALOverflowWarning):
        found = tap.search("SELECT TOP 100 source_id FROM gaiadr3.gaia_source", maxrec=10)
    assert found.query_status == "OVERFLOW"
    assert len(found) in (10, 11)  # it gives one more than it was allowed, and says so


def test_a_server_that_was_killed_comes_back(vo: Vo, tap: Any) -> None:
    with vo.gone(), pytest.raises(Exception, match=r".") as caught:
        tap.search("SELECT TOP 1 name FROM sky.fermilpsc")
    assert "Connection" in repr(getattr(caught.value, "cause", caught.value))
    assert len(tap.search("SELECT TOP 1 name FROM sky.fermilpsc")) == 1


def test_a_data_base_that_was_killed_comes_back(vo: Vo, tap: Any) -> None:
    from pyvo.dal import DALServiceError
    from pyvo.dal.exceptions import DALQueryError

    with vo.gone("database"), pytest.raises((DALServiceError, DALQueryError)):
        tap.search("SELECT TOP 1 name FROM sky.fermilpsc")
    until = time.monotonic() + 20  # its pool of connections has to notice
    while True:
        try:
            assert len(tap.search("SELECT TOP 1 name FROM sky.fermilpsc")) == 1
            return
        except (DALServiceError, DALQueryError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def test_the_registry_finds_its_services(loopback: Vo) -> None:
    from pyvo import registry
    from pyvo.registry import regtap

    regtap.choose_RegTAP_service(loopback.tap)
    found = registry.search(keywords=["neutrino"])
    assert {r.ivoid for r in found} == {"ivo://loopback.test/sky/q/ice"}
    assert "ivo://loopback.test/sky/q/fermi" in {
        r.ivoid for r in registry.search(waveband="gamma-ray", servicetype="scs")
    }
