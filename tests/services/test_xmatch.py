"""X-Match: lists sent in parts, one job at a time; a ban is told as one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table

from skyexplorer import SourceCatalog
from skyexplorer.errors import AnswerError, InputError, NotFoundError, QueryError, RefusedError
from skyexplorer.net import Web
from skyexplorer.services import xmatch
from tests.replicas import xmatch as replica_
from tests.replicas.serving import Answer, rows_of
from tests.replicas.xmatch import XMatch


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[XMatch]:
    with XMatch() as replica:
        rows = tmp_path / "rows.toml"
        rows.write_text(rows_of({"xmatch": (replica, "/xmatch/api/v1/sync")}))
        monkeypatch.setenv("SKYEXPLORER_SERVICES", str(rows))
        yield replica


def near(rows: int = 50) -> SkyCoord:
    """Positions 1 arcsec north of the first of those there."""
    ra, dec = replica_.sources()
    return SkyCoord(ra[:rows] * u.deg, (dec[:rows] + 1 / 3600) * u.deg)


def ask(catalog: object, right: str = "2mass", radius: u.Quantity = 2 * u.arcsec, **given: object) -> Table:
    with Web("xmatch", 20) as web:
        return xmatch.ask(catalog, right, radius, web, **given)  # type: ignore[arg-type]


def test_rows_of_both_sides_are_told(there: XMatch) -> None:
    found = ask(near())
    assert found.colnames[:2] == ["left", "separation"]
    assert found["left"].tolist() == list(range(50))
    assert found["separation"].unit == u.arcsec
    assert np.allclose(found["separation"], 1.0, atol=1e-3)
    assert found["Jmag"].unit == u.mag
    assert found["2MASS"][7] == "00000007-long"  # longer than is declared
    assert not {"sx_row", "sx_ra", "sx_dec", "angDist"} & set(found.colnames)
    assert found.meta["overflow"] is False


def test_rows_without_a_position_match_nothing_and_others_keep_their_number(there: XMatch) -> None:
    at = near(3)
    table = Table({"name": list("abcde"), "ra": np.full(5, np.nan), "dec": np.full(5, np.nan)})
    table["ra"][[0, 2, 4]], table["dec"][[0, 2, 4]] = at.ra.deg, at.dec.deg
    assert ask(SourceCatalog(table))["left"].tolist() == [0, 2, 4]


def test_many_rows_go_in_parts(there: XMatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmatch, "PART", 20)
    found = ask(near())
    assert there.lists == [20, 20, 10]
    assert found["left"].tolist() == list(range(50))
    assert found["2MASS"][49] == "00000049-long"


def test_one_job_at_a_time_over_threads(there: XMatch) -> None:
    errors: list[BaseException] = []

    def one(rows: int) -> None:
        try:
            ask(near(rows))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(rows,)) for rows in range(5, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert there.most == 1


def test_nearest_or_all(there: XMatch) -> None:
    wide = 170 * u.arcsec
    every, best = ask(near(), radius=wide), ask(near(), radius=wide, selection="best")
    assert len(every) > len(best) == 50
    assert (np.diff(every["left"]) >= 0).all()
    same = np.diff(every["left"]) == 0
    assert (np.diff(every["separation"])[same] >= 0).all()


def test_answers_are_kept_but_not_if_they_were_cut(there: XMatch) -> None:
    ask(near())
    assert ask(near()).meta["cached_at"]
    assert len(there.asked) == 1
    there.cap = 10
    for _ in range(2):
        found = ask(near(30))
        assert found.meta["overflow"] is True
        assert len(found) == 10
    assert len(there.asked) == 3


def test_a_ban_is_told(there: XMatch) -> None:
    there.banned = True
    with pytest.raises(RefusedError, match="has banned this address") as caught:
        ask(near())
    assert caught.value.status == 403
    assert len(there.asked) == 1  # and is not asked again


def test_a_table_that_it_does_not_have(there: XMatch) -> None:
    with pytest.raises(QueryError, match=r"Unknown table vizier:J/X/1|400"):
        ask(near(), "J/X/1")


@pytest.mark.parametrize("content", [b"<html>down</html>", b"", b"<VOTABLE><RESOURCE"])
def test_other_answers(there: XMatch, content: bytes) -> None:
    there.broken = Answer(content)
    with pytest.raises(AnswerError):
        ask(near())


def test_an_answer_without_its_columns(there: XMatch) -> None:
    there.broken = Answer(
        b'<VOTABLE version="1.2"><RESOURCE type="results"><TABLE><FIELD name="a" datatype="int"/>'
        b"<DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    )
    with pytest.raises(AnswerError, match="without the column angDist"):
        ask(near())


@pytest.mark.parametrize("radius", [0 * u.arcsec, 181 * u.arcsec, 1 * u.km, np.nan * u.deg])
def test_radii_that_cannot_be(there: XMatch, radius: u.Quantity) -> None:
    with pytest.raises(InputError):
        ask(near(), radius=radius)
    assert not there.asked


def test_whom_it_matches_with() -> None:
    assert xmatch.target("vizier: I/355/gaiadr3") == "vizier:I/355/gaiadr3"
    assert xmatch.target("SIMBAD") == "simbad"
    assert xmatch.target("J/ApJ/905/76/sources") == "vizier:J/ApJ/905/76/sources"
    with pytest.raises(InputError, match="neither in VizieR nor SIMBAD"):
        xmatch.target("gracedb")
    with pytest.raises(NotFoundError):
        xmatch.target("no-such-table")


def test_no_positions(there: XMatch) -> None:
    with pytest.raises(InputError, match="has a position"):
        ask(SkyCoord([np.nan] * u.deg, [0] * u.deg))
