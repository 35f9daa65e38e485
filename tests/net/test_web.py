"""Web: what servers do wrong, what is asked again, where it is sent on, and what must not be seen."""

from __future__ import annotations

import gc
import gzip
import logging
import os
import pickle
import socket
import threading
import time
import traceback
import warnings
import zlib
from functools import partial

import pytest
import requests

from skyexplorer import net
from skyexplorer.errors import (
    AnswerError,
    InputError,
    LateError,
    QueryError,
    RefusedError,
    ServiceError,
    UnreachableError,
)
from skyexplorer.net import Deadline, Web, cache, download, hosts
from skyexplorer.net.exchange import Exchange
from skyexplorer.progress import Progress
from tests.net.server import date


def failed(url, kind, match, *, service="svc", **options):
    with (
        Web(service, 5, retries=options.pop("retries", 0)) as web,
        pytest.raises(kind, match=match) as caught,
    ):
        web.fetch(url, **options)
    assert type(caught.value).__mro__[0] is kind or issubclass(type(caught.value), kind)
    return caught.value


# What comes, and what it is called


def test_a_reply(serve):
    server = serve(
        lambda talk: talk.answer(
            b'{"a": 1}', Content_Type="application/json", ETag='"1"', Set_Cookie="k=secret"
        )
    )
    with Web("svc", 5, user_agent="tests") as web:
        reply = web.fetch(server.url + "/x", params={"q": "M 31"}, headers={"Accept": "application/json"})
    assert reply.content == b'{"a": 1}'
    assert reply.json() == {"a": 1}
    assert reply.text == '{"a": 1}'
    assert (reply.status, reply.url, reply.cached_at) == (200, server.url + "/x?q=M+31", "")
    assert reply.headers["etag"] == '"1"'
    assert "Set-Cookie" not in reply.headers
    assert 0 < reply.seconds < 5
    assert reply.retrieved.endswith("+00:00")
    headers = server.talks[0].headers
    assert headers["accept"] == "application/json"
    assert headers["user-agent"].startswith("skyexplorer/")
    assert "IVOA-science" in headers["user-agent"]
    assert headers["user-agent"].endswith(" tests")
    assert "content" not in repr(reply)
    assert pickle.loads(pickle.dumps(reply)) == reply


def test_no_json(serve):
    server = serve(lambda talk: talk.answer(b"<html><title>x</title>Sorry, <b>closed</b></html>"))
    with Web("svc", 5) as web, pytest.raises(AnswerError, match=r"gave no JSON.*Sorry, closed"):
        Web.fetch(web, server.url).json()


def test_post_and_files(serve):
    server = serve(lambda talk: talk.answer(talk.body))
    with Web("svc", 5) as web:
        assert web.fetch(server.url, data={"QUERY": "SELECT 1"}).content == b"QUERY=SELECT+1"
        assert b"filename" in web.fetch(server.url, files={"t": ("t.xml", b"<x/>")}).content
        web.fetch(server.url, method="delete")
    assert [line.split()[0] for line in server.asked] == ["POST", "POST", "DELETE"]


@pytest.mark.parametrize("packed", ["gzip", "deflate", "x-gzip"])
def test_unpacked_once(packed, serve):
    content = b"one row\n" * 1000
    body = zlib.compress(content) if packed == "deflate" else gzip.compress(content)
    server = serve(lambda talk: talk.answer(body, Content_Encoding=packed))
    with Web("svc", 5) as web:
        assert web.fetch(server.url).content == content
        response = web.get(server.url, stream=True)
        assert response.raw.read() == content
        response = web.get(server.url, stream=True)
        assert response.raw.read(7, decode_content=True) == b"one row"
        assert b"".join(web.get(server.url, stream=True).iter_content(999)) == content
        assert web.get(server.url).content == content


def test_a_file_that_is_packed_stays_so(serve):
    content = gzip.compress(b"SIMPLE  =")
    server = serve(lambda talk: talk.answer(content, Content_Type="application/gzip"))
    with Web("svc", 5) as web:
        assert web.fetch(server.url + "/map.fits.gz").content == content


def test_nothing_comes(serve):
    server = serve(lambda talk: talk.head(204) if talk.path == "/204" else talk.answer(b""))
    with Web("svc", 5) as web:
        assert web.fetch(server.url).content == b""
        assert web.fetch(server.url + "/204").content == b""
        assert web.head(server.url).status_code == 200


# What goes wrong


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    start = time.perf_counter()
    error = failed(
        f"http://127.0.0.1:{port}/", UnreachableError, "Nobody answers at 127.0.0.1:.*refused", retries=3
    )
    assert time.perf_counter() - start < 0.3
    assert (error.state, error.service, error.status) == ("unreachable", "svc", None)
    assert isinstance(error, ConnectionError)


def test_no_such_name():
    error = failed(
        "http://no-such-host.invalid/", UnreachableError, "The name no-such-host.invalid is not known"
    )
    assert "internet" in error.advice
    failed("http://a..b/", UnreachableError, "The name a..b is not known")


@pytest.mark.parametrize(
    "url", ["nonsense", "", "http://", "ftp://host/x", "http://[bad", "http://host:port/"]
)
def test_no_address(url):
    failed(url, InputError, "is no address of the web")
    failed(url, InputError, "is no address of the web", keep=60)
    with pytest.raises(InputError, match="is no address of the web"):
        download(url)


def test_no_question(serve):
    server = serve()
    failed(server.url, InputError, "A header of the question cannot be sent", headers={"X-Token": "a\nb"})
    with Web("svc", 5) as web, pytest.raises(InputError, match="cannot be sent"):
        web.post(server.url, json={"a": float("nan")})
    assert server.asked == []


def drop(talk):
    talk.hang_up()


def reset(talk):
    talk.reset()


def drop_in_headers(talk):
    talk.raw("HTTP/1.1 200 OK\r\nContent-Le")
    talk.hang_up()


def reset_in_body(talk):
    talk.head(200, 100_000)
    talk.raw(b"x" * 50_000)
    talk.hang(0.1)
    talk.reset()


def truncate(talk):
    talk.head(200, 1000)
    talk.raw(b"x" * 400)
    talk.hang_up()


def truncate_at_once(talk):
    talk.head(200, 1000)
    talk.hang_up()


def truncate_chunks(talk):
    talk.head(200, Transfer_Encoding="chunked")
    talk.raw(b"5\r\nhello\r\n100\r\nhel")
    talk.hang_up()


def end_without_last_chunk(talk):
    talk.head(200, Transfer_Encoding="chunked")
    talk.raw(b"5\r\nhello\r\n")
    talk.hang_up()


def truncate_gzip(talk):
    body = gzip.compress(bytes(range(256)) * 1000)
    talk.head(200, len(body), Content_Encoding="gzip")
    talk.raw(body[:200])
    talk.hang_up()


def no_gzip(talk):
    talk.answer(b"this is not packed at all", Content_Encoding="gzip")


def no_http(talk):
    talk.raw(b"220 ftp.example.org ready\r\n")
    talk.hang_up()


def bad_length(talk):
    talk.raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello")
    talk.hang_up()


def bad_chunk(talk):
    talk.head(200, Transfer_Encoding="chunked")
    talk.raw(b"zz\r\nhello\r\n")
    talk.hang_up()


def endless_headers(talk):
    talk.raw("HTTP/1.1 200 OK\r\n")
    for n in range(200):
        talk.raw(f"X-{n}: {'x' * 100}\r\n")
    talk.hang_up()


@pytest.mark.parametrize(
    ("behave", "kind", "match", "times"),
    [
        (drop, UnreachableError, "broke before it answered", 2),
        (reset, UnreachableError, "broke before it answered", 2),
        (drop_in_headers, AnswerError, "cut short at its beginning", 2),
        (reset_in_body, UnreachableError, r"broke after \d+ bytes", 2),
        (truncate, AnswerError, "cut short", 2),
        (truncate_at_once, AnswerError, "cut short", 2),
        (truncate_chunks, AnswerError, "cut short", 2),
        (end_without_last_chunk, AnswerError, "cut short", 2),
        (truncate_gzip, AnswerError, "cut short", 2),
        (no_gzip, AnswerError, "cannot be unpacked", 1),
        (no_http, AnswerError, "does not speak HTTP", 1),
        (bad_length, AnswerError, "does not speak HTTP", 1),
        (bad_chunk, AnswerError, "cut short", 2),
        (endless_headers, AnswerError, "does not speak HTTP", 1),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_faults(behave, kind, match, times, serve):
    server = serve(behave)
    error = failed(server.url + "/?token=hush", kind, match, retries=3)
    assert times is None or len(server.asked) == times
    assert error.url == server.url + "/?token=***"
    assert not isinstance(error, LateError)
    assert error.__cause__ is None


def test_a_broken_line_is_asked_again_once(serve):
    server = serve(lambda talk: drop(talk) if talk.n == 0 else talk.answer(b"whole"))
    with Web("svc", 5) as web:
        assert web.fetch(server.url).content == b"whole"
    assert len(server.asked) == 2


def test_what_may_do_something_is_not_asked_again(serve):
    server = serve(drop)
    failed(server.url, UnreachableError, "broke", data={"PHASE": "RUN"}, retries=3)
    failed(server.url, UnreachableError, "broke", method="DELETE", retries=3)
    assert len(server.asked) == 2


def test_a_job_is_not_posted_on_a_line_that_was_idle(serve):
    """A server closes idle lines just when a question is on its way."""
    server = serve()
    with Web("svc", 10) as web:
        web.fetch(server.url)
        web.fetch(server.url, data=b"quick")
        assert server.connections == 1
        time.sleep(1.1)
        web.fetch(server.url)
        assert server.connections == 1
        time.sleep(1.1)
        web.fetch(server.url, data=b"slow")
        assert server.connections == 2


def test_length_of_something_else(serve):
    """More than was announced: the rest is not taken for the next answer."""
    server = serve(lambda talk: (talk.head(200, 5), talk.raw(b"hello and more")))
    with Web("svc", 5) as web:
        for _ in range(3):
            assert web.fetch(server.url).content == b"hello"
            time.sleep(0.02)


def test_certificates(serve, certificate):
    server = serve(tls=certificate[0])
    error = failed(server.url, UnreachableError, "No secure line to svc: self-signed certificate")
    assert error.state == "unreachable"
    with Web("svc", 5) as web:
        web.verify = certificate[1]
        assert web.fetch(server.url).content == b"hello"
        assert web.fetch(server.url).content == b"hello"
    assert server.connections == 2
    with Web("svc", 5) as web, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # urllib3's own, of lines that are not verified
        web.verify = False
        assert web.fetch(server.url).content == b"hello"


def test_tls_with_somebody_who_has_none(serve):
    server = serve(lambda talk: talk.answer(b"plain"))
    server.problems = _Ignored()
    failed(server.url.replace("http", "https"), UnreachableError, "No secure line|broke")


class _Ignored(list):
    def append(self, _):
        """A handshake is no request."""


# Statuses


def test_statuses(serve):
    server = serve(
        lambda talk: talk.answer(b"no\x1b[31m such\ntable \xe2\x80\xae'x'" + b"." * 1000, int(talk.path[1:]))
    )
    error = failed(server.url + "/400", QueryError, "HTTP 400")
    assert "no\\x1b[31m such table \\u202e'x'" in error.message
    assert len(error.message) < 700
    assert (error.state, error.status, error.url) == ("error", 400, server.url + "/400")
    failed(server.url + "/422", QueryError, "HTTP 422")
    for status in (401, 403, 404, 410, 500, 502, 504):
        error = failed(f"{server.url}/{status}", RefusedError, f"HTTP {status}")
        assert (error.state, error.status, error.retry_after) == ("refused", status, None)
        assert error.advice
    with Web("svc", 5) as web:
        assert web.fetch(server.url + "/404", accept=(404,)).status == 404
        assert web.get(server.url + "/500").status_code == 500
        with pytest.raises(requests.HTTPError):
            web.get(server.url + "/500").raise_for_status()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<?xml version="1.0"?><VOTABLE><RESOURCE><INFO name="QUERY_STATUS" value="ERROR">No column &lt;b> in\n t'
         '</INFO></RESOURCE></VOTABLE>', "No column <b> in t"),
        ('<VOTABLE><DESCRIPTION>Cone</DESCRIPTION><INFO ID="Error" name="Error" value="SR &gt; 10"/></VOTABLE>', "SR > 10"),
        ("<ExceptionReport><!-- 7 --><Text><![CDATA[time & again]]></Text></ExceptionReport>", "time & again"),
        ("<!DOCTYPE html><html><head><title>t</title></head><body onload='x'>Busy <i>now</i></body>", "Busy now"),
        ('{"error": "no such <table>"}', '{"error": "no such <table>"}'),
        ("a < b", "a < b"),
    ],
)  # fmt: skip
def test_what_a_body_says(body, said, serve):
    server = serve(lambda talk: talk.answer(body, 400))
    assert failed(server.url, QueryError, "HTTP 400").message.endswith(f"It says: {said}")


def test_no_text_of_what_is_none(serve):
    server = serve(lambda talk: talk.answer(b"\x89PNG\0\0\0", 500))
    assert "It says" not in failed(server.url, RefusedError, "HTTP 500").message


@pytest.mark.parametrize(
    ("status", "headers", "method", "asked"),
    [
        (429, {"Retry_After": "0"}, "GET", 3),
        (429, {"Retry_After": "0"}, "POST", 3),
        (503, {"Retry_After": "0"}, "GET", 3),
        (503, {"Retry_After": "0"}, "POST", 3),
        (429, {}, "POST", 1),
        (503, {}, "GET", 1),
        (502, {}, "POST", 1),
        (500, {}, "GET", 1),
        (404, {"Retry_After": "0"}, "GET", 1),
    ],
)
def test_what_is_asked_again(status, headers, method, asked, serve):
    server = serve(lambda talk: talk.answer(b"later", status, **headers))
    with Web("svc", 5, retries=2) as web, pytest.raises(RefusedError) as caught:
        web.fetch(server.url, data={"a": "b"} if method == "POST" else None)
    assert len(server.asked) == asked
    assert caught.value.status == status
    assert len({talk.body for talk in server.talks}) == 1


@pytest.mark.parametrize("status", [408, 429, 502, 504])
def test_asked_again_after_a_pause(status, serve, monkeypatch):
    monkeypatch.setattr("skyexplorer.net.attempts.FIRST", 0.1)
    times = []
    server = serve(
        lambda talk: (times.append(time.perf_counter()), talk.answer(b"x", 200 if talk.n == 2 else status))
    )
    with Web("svc", 5) as web:
        assert web.fetch(server.url).status == 200
    assert 0.07 < times[1] - times[0] < 1
    assert 0.15 < times[2] - times[1] < 1


@pytest.mark.parametrize("as_date", [False, True])
def test_it_waits_as_long_as_told(as_date, serve):
    now = int(time.time())
    headers = {"Retry_After": date(now + 1), "Date": date(now)} if as_date else {"Retry_After": "1"}
    server = serve(lambda talk: talk.answer(b"at last") if talk.n else talk.answer(b"", 503, **headers))
    start = time.perf_counter()
    with Web("svc", 5) as web:
        assert web.fetch(server.url).content == b"at last"
    assert 1 <= time.perf_counter() - start < 3


def test_others_leave_the_host_alone_too(serve):
    server = serve(lambda talk: talk.answer(b"ok") if talk.n else talk.answer(b"", 429, Retry_After=1))
    start, done = time.perf_counter(), []

    def ask():
        with Web("svc", 5, per_host=5) as web:
            web.fetch(server.url)
        done.append(time.perf_counter() - start)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
        time.sleep(0.1)
    for thread in threads:
        thread.join(5)
    assert len(server.asked) == 4
    assert all(1 <= seconds < 3 for seconds in done)


def test_retries_do_not_multiply_with_redirects(serve):
    def behave(talk):
        if talk.path == "/start":
            talk.answer(b"", 302, Location="/end") if talk.n % 2 else talk.answer(b"", 503, Retry_After=0)
        else:
            talk.answer(b"", 503, Retry_After=0)

    server = serve(behave)
    failed(server.url + "/start", RefusedError, "HTTP 503", retries=3)
    assert len(server.asked) == 1 + 3 + 1


# Sent on


def test_sent_on(serve):
    other = serve(lambda talk: talk.answer(b"there"))
    server = serve(lambda talk: talk.answer(b"", 303, Location=other.url + "/end"))
    with Web("svc", 5) as web:
        reply = web.fetch(server.url, data=b"question", headers={"X-Auth-Token": "hush", "X-Other": "seen"})
    assert (reply.content, reply.url) == (b"there", other.url + "/end")
    assert other.talks[0].method == "GET"
    assert "x-auth-token" not in other.talks[0].headers
    assert other.talks[0].headers["x-other"] == "seen"
    assert server.talks[0].headers["x-auth-token"] == "hush"


def test_sent_round_and_round(serve):
    server = serve(lambda talk: talk.answer(b"", 302, Location=talk.target))
    failed(server.url, AnswerError, "sends on and on, more than 10 times", retries=3)
    assert len(server.asked) == 11


@pytest.mark.parametrize(
    "target", ["ftp://example.org/x", "file:///etc/passwd", "javascript:alert(1)", "http://[bad"]
)
def test_sent_to_what_is_not_the_web(target, serve):
    server = serve(lambda talk: talk.answer(b"", 302, Location=target))
    failed(server.url, AnswerError, "sends on")


def test_not_from_a_secure_line_to_an_open_one(serve, certificate):
    plain = serve()
    server = serve(
        lambda talk: talk.answer(b"", 301, Location=plain.url + "/?token=hush"), tls=certificate[0]
    )
    web = Web("svc", 5)
    web.verify = certificate[1]
    with web, pytest.raises(AnswerError, match=r"sends on from https to .http:") as caught:
        web.fetch(server.url)
    assert plain.asked == []
    assert "hush" not in str(caught.value)
    back = serve(lambda talk: talk.answer(b"", 301, Location=secure.url))
    secure = serve(tls=certificate[0])
    with Web("svc", 5) as web:
        web.verify = certificate[1]
        assert web.fetch(back.url).content == b"hello"


# Too much


def test_two_gigabytes(serve, grown):
    block = b"x" * 1_000_000

    def behave(talk):
        if talk.path == "/told":
            talk.head(200, 2_000_000_000)
        elif talk.path == "/chunks":
            talk.head(200, Transfer_Encoding="chunked")
        else:
            talk.head(200, Connection="close")
        for _ in range(2000):
            talk.raw(b"f4240\r\n" + block + b"\r\n" if talk.path == "/chunks" else block)

    server = serve(behave)
    with Web("svc", 30) as web:
        start = time.perf_counter()
        with pytest.raises(AnswerError, match=r"too large: 2000 MB or more, of at most 130 MB"):
            web.fetch(server.url + "/told")
        assert time.perf_counter() - start < 0.5
    with Web("svc", 30, max_bytes=50_000_000) as web:
        for path in ("/chunks", "/until-closed"):
            with pytest.raises(AnswerError, match=r"too large.*at most 50 MB") as caught:
                web.fetch(server.url + path)
            assert caught.value.state == "malformed"
    assert grown() < 15
    assert len(server.asked) == 3


def test_a_bomb(serve, grown):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join([*(packer.compress(bytes(10_000_000)) for _ in range(20)), packer.flush()])
    assert len(body) < 300_000
    server = serve(lambda talk: talk.answer(body, Content_Encoding="gzip"))
    with Web("svc", 30, max_bytes=20_000_000) as web, pytest.raises(AnswerError, match="too large"):
        web.fetch(server.url)
    assert grown() < 15


def test_what_is_long_is_held_once(serve, grown):
    size = 80_000_000
    server = serve(lambda talk: (talk.head(200, size), [talk.raw(b"y" * 1_000_000) for _ in range(80)]))
    with Web("svc", 30) as web:
        response = web.get(server.url, stream=True)
        assert grown() < 15
        assert response.raw.read(10) == b"y" * 10
        assert len(web.fetch(server.url).content) == size
    assert grown() < 110


# Secrets


def test_secrets_are_nowhere(serve, caplog):
    caplog.set_level(logging.DEBUG)
    server = serve(lambda talk: talk.answer(b"who is tok-123 or p4ss/w0rd or b64c0de?", 403))
    address = server.url.replace("http://", "http://user:p4ss%2Fw0rd@") + "/?access_token=tok-123&q=1"
    code = "b64" + "c0de"
    with Web("svc", 5) as web, pytest.raises(RefusedError) as caught:
        web.fetch(address, headers={"X-Auth-Token": code})
    error = caught.value
    assert error.url == f"http://***@127.0.0.1:{server.port}/?access_token=***&q=1"
    with Web("svc", 5) as web:
        response = web.get(address)
        assert response.url == error.url
    seen = "".join(traceback.format_exception(error)) + repr(error) + str(error.__dict__) + caplog.text
    for secret in ("tok-123", "p4ss", "b64c0de", "user:"):
        assert secret not in seen
    assert "who is ***" in error.message
    assert "access_token=***" in caplog.text


def test_an_address_in_an_error_of_urllib3_is_not_shown():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    error = failed(f"http://127.0.0.1:{port}/?token=hush", UnreachableError, "Nobody")
    assert "hush" not in "".join(traceback.format_exception(error))


def test_credentials_go_where_they_belong(serve, monkeypatch):
    monkeypatch.setenv("SKYEXPLORER_SVC_TOKEN", "tok-123")
    other = serve()
    server = serve(
        lambda talk: (
            talk.answer(b"", 302, Location=other.url) if talk.path == "/on" else talk.answer(b"hello")
        )
    )
    with Web("svc", 5, auth=net.credentials.of("svc")) as web:
        web.fetch(server.url)
        web.fetch(other.url)
        web.fetch(server.url + "/on")
        web.get(server.url)
    assert [talk.headers.get("authorization") for talk in server.talks] == ["Bearer tok-123"] * 3
    assert [talk.headers.get("authorization") for talk in other.talks] == [None] * 2
    with Web("svc", 5, auth=net.credentials.of("svc")) as web, pytest.raises(RefusedError, match="open line"):
        web.fetch("http://archive.example/")


def test_answers_to_whoever_has_credentials_are_kept_apart(serve, monkeypatch, own_cache):
    monkeypatch.setenv("SKYEXPLORER_SVC_TOKEN", "tok-123")
    server = serve(lambda talk: talk.answer("mine" if "authorization" in talk.headers else "public"))
    with Web("svc", 5, auth=net.credentials.of("svc")) as web:
        assert web.fetch(server.url + "?token=abcdef", keep=60).content == b"mine"
    with Web("svc", 5) as web:
        assert web.fetch(server.url + "?token=abcdef", keep=60).content == b"public"
    written = b"".join(path.read_bytes() for path in own_cache.rglob("*") if path.is_file())
    assert b"mine" in written
    for secret in (b"tok-123", b"abcdef"):
        assert secret not in written


# Kept, and offline


def test_kept(serve):
    server = serve(lambda talk: talk.answer(f"answer {talk.n}"))
    with Web("svc", 5) as web:
        first = web.fetch(server.url, params={"q": "1"}, keep=60)
        again = web.fetch(server.url, params={"q": "1"}, keep=60)
        assert (again.content, again.cached_at, again.seconds) == (b"answer 0", first.retrieved, 0)
        assert again.headers == first.headers
        assert again.url == first.url
        assert web.fetch(server.url, params={"q": "2"}, keep=60).content == b"answer 1"
        assert web.fetch(server.url, params={"q": "1"}).content == b"answer 2"
        assert web.fetch(server.url, params={"q": "1"}, keep=60, refresh=True).content == b"answer 3"
        assert web.fetch(server.url, params={"q": "1"}, keep=60).content == b"answer 3"
        assert web.fetch(server.url, params={"q": "1"}, keep=0).content == b"answer 4"
        assert web.fetch(server.url, data={"q": "1"}, keep=60).content == b"answer 5"
        assert web.fetch(server.url, data={"q": "2"}, keep=60).content == b"answer 6"
        assert web.fetch(server.url, files={"t": b"1"}, keep=60).content == b"answer 7"
        assert web.fetch(server.url, files={"t": b"2"}, keep=60).content == b"answer 8"
        assert web.fetch(server.url, files={"t": b"1"}, keep=60).content == b"answer 7"
        accept = {"Accept": "text/csv"}
        assert web.fetch(server.url, params={"q": "1"}, headers=accept, keep=60).content == b"answer 9"
    with Web("other", 5) as web:
        assert web.fetch(server.url, params={"q": "1"}, keep=60).content == b"answer 10"


def test_what_failed_is_not_kept(serve):
    def check(reply):
        if b"OVERFLOW" in reply.content:
            raise AnswerError("not all rows")

    server = serve(lambda talk: talk.answer(b"OVERFLOW", int(talk.path[1:] or 200)))
    with Web("svc", 5) as web:
        for path, options in (
            ("/200", {}),
            ("/404", {}),
            ("/400", {}),
            ("/404", {"accept": (404,), "check": None}),
        ):
            for _ in range(2):
                try:
                    web.fetch(server.url + path, keep=60, **{"check": check, **options})
                except ServiceError:
                    continue
                assert "accept" in options
    assert len(server.asked) == 8
    assert cache.entries() == []


def test_asked_whether_it_still_holds(serve):
    def behave(talk):
        etag = '"2"' if server.changed else '"1"'
        if talk.headers.get("if-none-match") == etag:
            talk.head(304, ETag=etag)
        else:
            talk.answer(f"state {etag}", ETag=etag)

    server = serve(behave)
    server.changed = False
    with Web("svc", 5) as web:
        first = web.fetch(server.url, keep=0)
        time.sleep(0.01)
        again = web.fetch(server.url, keep=0)
        assert (again.content, again.cached_at) == (first.content, first.retrieved)
        assert len(server.asked) == 2
        assert cache.entries()[0].facts["confirmed"]
        server.changed = True
        changed = web.fetch(server.url, keep=0)
        assert (changed.content, changed.cached_at) == (b'state "2"', "")


@pytest.mark.parametrize("how", ["environment", "call"])
def test_offline(how, serve, monkeypatch):
    server = serve()
    with Web("svc", 5) as web:
        first = web.fetch(server.url, keep=1e-9)
        if how == "call":
            assert net.offline(True)
        else:
            monkeypatch.setenv("SKYEXPLORER_OFFLINE", "1")
        assert web.fetch(server.url, keep=1e-9).cached_at == first.retrieved
        for options in ({"params": {"q": "new"}, "keep": 60}, {}):
            with pytest.raises(UnreachableError, match="svc is not asked: skyexplorer works offline"):
                web.fetch(server.url, **options)
        with pytest.raises(UnreachableError, match="offline"):
            web.get(server.url)
    assert len(server.asked) == 1


def test_what_is_kept_is_named_where_nobody_answers(serve):
    server = serve()
    with Web("svc", 5) as web:
        first = web.fetch(server.url, keep=0)
    server.close()
    with Web("svc", 5) as web, pytest.raises(UnreachableError, match="Nobody answers") as caught:
        web.fetch(server.url, keep=0)
    assert first.retrieved in caught.value.advice


# Turns


def test_no_more_at_once_than_allowed(serve):
    server = serve(lambda talk: (talk.hang(0.03), talk.answer(b"x")))

    def ask(limit):
        with Web("svc", 20, per_host=limit) as web:
            web.fetch(server.url)

    for limit, most in ((1, 1), (3, 3)):
        server.most = 0
        threads = [threading.Thread(target=ask, args=(limit,)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert server.most == most


def test_the_strictest_counts(serve):
    alone = []

    def behave(talk):
        with talk.server.lock:
            now = talk.server.now
        if talk.path == "/strict":
            alone.append(now)
        talk.hang(0.05)
        if talk.path == "/strict":
            alone.append(talk.server.now)
        talk.answer(b"x")

    server = serve(behave)

    def ask(path, limit):
        with Web("svc", 20, per_host=limit) as web:
            web.fetch(server.url + path)

    threads = [
        threading.Thread(target=ask, args=("/strict", 1) if n % 3 == 1 else ("/lax", 4)) for n in range(12)
    ]
    for thread in threads:
        thread.start()
        time.sleep(0.005)
    for thread in threads:
        thread.join(20)
    assert alone == [1] * 8
    assert server.most > 1


def test_hosts_do_not_wait_for_each_other(serve):
    slow, quick = serve(lambda talk: talk.hang(5)), serve()
    with Web("svc", 3) as web:

        def ask():
            with pytest.raises(LateError):
                web.fetch(slow.url)

        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.1)
        start = time.perf_counter()
        web.fetch(quick.url)
        assert time.perf_counter() - start < 1.5
        thread.join(5)


def test_who_has_a_turn_does_not_wait_for_another(serve):
    server = serve(lambda talk: talk.answer(b"x"))
    with (
        Exchange("svc", server.url, Deadline(5)) as exchange,
        hosts.turn(hosts.key(server.url), 1, exchange),
        Web("svc", 2) as web,
    ):
        assert web.fetch(server.url).content == b"x"
    assert hosts.key(server.url) not in hosts._HOSTS


def test_one_web_in_many_threads(serve):
    server = serve(lambda talk: talk.answer(talk.target * 1000))
    wrong = []
    with Web("svc", 20, per_host=4) as web:

        def ask(n):
            for k in range(10):
                target = f"/{n}/{k}"
                if web.fetch(server.url + target).content != (target * 1000).encode():
                    wrong.append(target)

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert wrong == []
    assert len(server.asked) == 100
    assert server.most <= 4
    assert server.connections <= 8


# Neither threads nor sockets stay


def handles():
    return len(os.listdir("/proc/self/fd")), threading.active_count()


def test_nothing_is_left_behind_by_a_thousand_questions(serve):
    def behave(talk):
        kinds = (
            lambda: talk.answer(b"fine"), lambda: talk.answer(b"no", 404), lambda: drop(talk),
            lambda: talk.answer(b"", 302, Location="/0"), lambda: truncate(talk), lambda: reset(talk),
            lambda: talk.answer(b"x" * 10_000), lambda: talk.hang(0.06),
        )  # fmt: skip
        kinds[int(talk.path[1:])]()

    server = serve(behave)
    failed(server.url + "/1", RefusedError, "404")
    before = handles()

    def ask(n):
        for k in range(n, 1000, 8):
            try:
                with Web("svc", 0.05 if k % 8 == 7 else 5, per_host=8, retries=0) as web:
                    if k % 3:
                        web.fetch(f"{server.url}/{k % 8}")
                    else:
                        web.get(f"{server.url}/{k % 8}", stream=True)  # not even read
            except ServiceError:
                continue

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(server.asked) >= 1000
    until = time.monotonic() + 5
    while (now := handles()) != before and time.monotonic() < until:
        time.sleep(0.02)  # the server's side of the last ones
    assert now <= before
    assert hosts.key(server.url) not in hosts._HOSTS


def test_a_long_answer_that_nobody_reads(serve):
    server = serve(lambda talk: talk.answer(b"x" * 5_000_000))
    before = handles()
    with Web("svc", 5) as web:
        web.get(server.url, stream=True)
        kept = web.get(server.url, stream=True)
    assert handles()[0] <= before[0] + 3  # both sides of what the server has not closed yet, and what is kept
    assert len(kept.content) == 5_000_000  # also when its Web is closed


def test_a_long_answer_that_pyvo_leaves_in_a_circle(serve, recwarn):
    server = serve(lambda talk: talk.answer(b"x" * 5_000_000))
    warnings.simplefilter("always")
    with Web("svc", 30) as web:
        for _ in range(5):
            raw = web.get(server.url, stream=True).raw
            raw.read = partial(raw.read, decode_content=True)  # as pyvo does
            del raw
            gc.collect()
    assert [str(warning.message) for warning in recwarn] == []


def test_nothing_stays_hooked(serve):
    server = serve()
    with Progress("asking") as progress, Web("svc", 5) as web:
        web.fetch(server.url)
        download(server.url + "/x")
        with pytest.raises(UnreachableError):
            web.fetch("http://127.0.0.1:1/")
    assert progress._hooks == []


# Proxies


def test_through_a_proxy(serve, monkeypatch):
    proxy = serve(lambda talk: talk.answer(f"for {talk.target}"))
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    with Web("svc", 5) as web:
        assert web.fetch("http://archive.example/tap").content == b"for http://archive.example/tap"


@pytest.mark.parametrize("phase", ["refuses", "stalls", "is not there"])
def test_a_proxy_that_does_not_let_through(phase, serve, monkeypatch):
    proxy = serve(lambda talk: talk.answer(b"", 403) if phase == "refuses" else talk.hang())
    if phase == "is not there":
        proxy.close()
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    start = time.perf_counter()
    with (
        Web("svc", 0.5) as web,
        pytest.raises(LateError if phase == "stalls" else UnreachableError) as caught,
    ):
        web.fetch("https://archive.example/tap")
    assert time.perf_counter() - start < 2
    assert phase == "stalls" or "roxy" in str(caught.value) or "Nobody answers" in str(caught.value)


def test_a_packing_that_was_not_asked_for(serve):
    server = serve(lambda talk: talk.answer(b"\x1f\x9d", Content_Encoding="compress"))
    failed(server.url, AnswerError, "packed with compress")
    assert server.talks[0].headers["accept-encoding"] == "gzip, deflate"


def test_pages_are_not_taken_for_secrets(serve):
    server = serve(lambda talk: talk.answer(f"page {talk.n}"))
    with Web("svc", 5) as web:
        first = web.fetch(server.url, {"resumptionToken": "abc"}, keep=60)
        second = web.fetch(server.url, {"resumptionToken": "def"}, keep=60)
        assert (first.content, second.content) == (b"page 0", b"page 1")
        assert first.url.endswith("resumptionToken=abc")
        for n, token in enumerate(["tok-1", "tok-2"]):
            assert web.fetch(server.url, {"token": token}, keep=60).content == f"page {n + 2}".encode()
            assert web.fetch(server.url, {"token": token}, keep=60).content == f"page {n + 2}".encode()
        assert web.kept(server.url, {"token": "tok-2"}).content == b"page 3"
        assert web.kept(server.url, {"token": "tok-3"}) is None
        assert web.kept(server.url, data={"token": "tok-2"}) is None
