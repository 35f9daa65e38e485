"""A Web as the session of pyvo and astroquery."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from pyvo.dal import SCSService, TAPService
from pyvo.dal.exceptions import DALAccessError, DALQueryError
from pyvo.dal.tap import AsyncTAPJob

from skyexplorer.errors import AnswerError, Cancelled, LateError, RefusedError, UnreachableError
from skyexplorer.net import Web
from skyexplorer.progress import Progress

TABLE = """<?xml version="1.0"?><VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results"><INFO name="QUERY_STATUS" value="{status}">{text}</INFO><TABLE>
<FIELD name="ra" datatype="double" unit="deg" ucd="pos.eq.ra"/><FIELD name="dec" datatype="double" unit="deg"/>
<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""
ROWS = "".join(f"<TR><TD>{n}</TD><TD>-{n}</TD></TR>" for n in range(3000))
JOB = """<?xml version="1.0"?><uws:job xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink">
<uws:jobId>7</uws:jobId><uws:phase>{phase}</uws:phase><uws:results>
<uws:result id="result" xlink:href="{url}/async/7/results/result"/></uws:results></uws:job>"""


@pytest.fixture
def tap(serve):
    """A TAP service, as far as pyvo looks."""

    def behave(talk):
        whole = TABLE.format(status="OK", text="", rows=ROWS)
        match talk.method, talk.path:
            case "POST", "/sync" if b"wrong" in talk.body:
                talk.answer(TABLE.format(status="ERROR", text="Unknown column: wrong", rows=""), 400)
            case "POST", "/sync" if b"busy" in talk.body:
                talk.answer("later", 503)
            case "POST", "/sync" if b"cut" in talk.body:
                talk.head(200, len(whole))
                talk.raw(whole[:5000])
                talk.hang_up()
            case "POST", "/sync" if b"slow" in talk.body:
                talk.head(200, len(whole))
                talk.drip(whole.encode())
            case "POST", "/sync" | "/async/7/results/result":
                talk.answer(
                    gzip.compress(whole.encode()),
                    Content_Encoding="gzip",
                    Content_Type="application/x-votable+xml",
                )
            case "GET", "/async/7/results/result" | "/scs":
                talk.answer(whole)
            case "POST", "/async" | "/async/7/phase":
                talk.answer(b"", 303, Location=f"{talk.server.url}/async/7")
            case "GET", "/async/7":
                talk.answer(JOB.format(phase="COMPLETED", url=talk.server.url))
            case "DELETE", "/async/7":
                talk.answer(b"")
            case _:
                talk.answer("nothing here", 404)

    return serve(behave)


def test_sync(tap):
    with Web("tap", 20) as web:
        found = TAPService(tap.url, session=web).run_sync("SELECT ra, dec FROM t")
    np.testing.assert_array_equal(found["ra"], np.arange(3000))


def test_async(tap):
    with Web("tap", 20) as web:
        found = TAPService(tap.url, session=web).run_async("SELECT ra, dec FROM t")
        assert len(found) == 3000
        again = AsyncTAPJob(f"{tap.url}/async/7", session=web)
        assert again.phase == "COMPLETED"
        again.delete()
    assert tap.asked[-1] == "DELETE /async/7"


def test_cone(tap):
    with Web("scs", 20) as web:
        assert len(SCSService(f"{tap.url}/scs?", session=web).search(pos=(1, 2), radius=1)) == 3000


def test_what_the_service_says_gets_through(tap):
    with Web("tap", 20) as web, pytest.raises(DALQueryError, match="Unknown column: wrong"):
        TAPService(tap.url, session=web).run_sync("SELECT wrong")


@pytest.mark.parametrize(
    ("query", "kind"),
    [("busy", RefusedError), ("cut", AnswerError), ("slow", LateError), ("gone", UnreachableError)],
)
def test_failures_are_the_cause(query, kind, tap):
    if query == "gone":
        tap.close()
    with Web("tap", 0.6) as web, pytest.raises((kind, DALAccessError)) as caught:
        TAPService(tap.url, session=web).run_sync(f"SELECT {query}")
    error = caught.value
    assert isinstance(error if isinstance(error, kind) else error.cause, kind)


def test_cancelled(tap):
    with Progress("asking") as progress, Web("tap", 20) as web:
        progress.cancel()
        with pytest.raises((Cancelled, DALAccessError)) as caught:
            TAPService(tap.url, session=web).run_sync("SELECT 1")
    assert isinstance(getattr(caught.value, "cause", caught.value), Cancelled)


def test_astroquery(serve, tmp_path):
    from astroquery.query import BaseQuery

    server = serve(lambda talk: talk.answer(b"hello" * 1000, Content_Type="text/plain"))

    class Archive(BaseQuery):
        """As those of astroquery are made."""

    archive = Archive()
    archive.cache_location = tmp_path
    with Web("archive", 20) as web:
        archive._session = web
        assert archive._request("GET", server.url + "/x", cache=False).text == "hello" * 1000
        assert archive._request("POST", server.url, data={"a": "b"}, cache=False).content == b"hello" * 1000
        path = archive._request("GET", server.url + "/file.txt", save=True, savedir=tmp_path, cache=False)
    with open(path) as file:
        assert file.read() == "hello" * 1000
