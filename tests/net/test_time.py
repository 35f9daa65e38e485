"""Deadlines and cancelling, in each phase of a question."""

from __future__ import annotations

import contextvars
import math
import socket
import ssl
import threading
import time

import pytest

from skyexplorer.errors import Cancelled, InputError, LateError
from skyexplorer.net import Deadline, Web, download, hosts
from skyexplorer.progress import Progress

LIMIT = 0.4  # s, of the deadlines here
LATE = 1.5  # s: no later than this after it
AT_ONCE = 1.0  # s: no later than this after it was cancelled


def stall(talk):
    talk.hang()


def stall_in_headers(talk):
    talk.raw("HTTP/1.1 200 OK\r\nContent-")
    talk.hang()


def drip_headers(talk):
    talk.drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000)


def stall_in_body(talk):
    talk.head(200, 1000)
    talk.raw(b"x" * 100)
    talk.hang()


def drip_body(talk):
    talk.head(200, 1000)
    talk.drip(b"x" * 1000)


def drip_chunks(talk):
    talk.head(200, Transfer_Encoding="chunked")
    talk.drip(b"1\r\nx\r\n" * 1000, every=0.05)


def drip_until_closed(talk):
    talk.head(200, Connection="close")
    talk.drip(b"x" * 1000)


def drip_error(talk):
    talk.head(500, 1000)
    talk.drip(b"x" * 1000)


def wait_to_ask_again(talk):
    talk.answer(b"", 429)


def wait_as_told(talk):
    talk.answer(b"", 503, Retry_After=3)


def send_on_slowly(talk):
    talk.hang(0.15)
    talk.answer(b"", 302, Location=talk.path + "x")


PHASES = [
    stall, stall_in_headers, drip_headers, stall_in_body, drip_body, drip_chunks, drip_until_closed, drip_error,
    send_on_slowly,
]  # fmt: skip


def name(phase):
    return phase.__name__


def late(seconds, ask):
    start = time.perf_counter()
    with pytest.raises(LateError) as caught:
        ask()
    took = time.perf_counter() - start
    assert seconds - 0.05 <= took < seconds + LATE
    assert f"within {seconds:g} s" in str(caught.value)
    assert caught.value.state == "late"
    return caught.value


@pytest.mark.parametrize("phase", PHASES, ids=name)
def test_a_deadline_holds(phase, serve):
    server = serve(phase)
    with Web("slow", LIMIT) as web:
        error = late(LIMIT, lambda: web.fetch(server.url + "/?token=hush"))
    assert error.service == "slow"
    assert error.url.startswith(server.url)
    assert "hush" not in f"{error} {error.url}"


def test_it_is_told_at_once_that_the_time_to_wait_is_too_long(serve):
    server = serve(lambda talk: talk.answer(b"", 503, Retry_After=30))
    start = time.perf_counter()
    with Web("busy", 2) as web, pytest.raises(Exception, match="alone for 30 s") as caught:
        web.fetch(server.url)
    assert caught.value.state == "refused"
    assert caught.value.retry_after == 30
    assert time.perf_counter() - start < 1
    with Web("busy", 2) as web, pytest.raises(Exception, match="asked to be left alone") as caught:
        web.fetch(server.url)
    assert len(server.asked) == 1
    assert 25 < caught.value.retry_after <= 30


def cancelled(ask, after=0.2):
    """Run it in a thread and cancel it; gives the error and how long it took from there."""
    progress, end = Progress("asking"), []

    def work():
        with progress:
            try:
                ask()
            except BaseException as error:
                end.append((error, time.perf_counter()))
            else:
                end.append((None, time.perf_counter()))

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(after)
    start = time.perf_counter()
    progress.cancel()
    thread.join(10)
    return end[0][0], end[0][1] - start


@pytest.mark.parametrize("phase", [*PHASES[:-1], wait_to_ask_again, wait_as_told], ids=name)
def test_cancelled_in_each_phase(phase, serve):
    server = serve(phase)
    with Web("slow", 20) as web:
        error, took = cancelled(lambda: web.fetch(server.url))
    assert isinstance(error, Cancelled), error
    assert took < AT_ONCE
    assert "slow" in str(error)


def never_accepts():
    """A server whose queue is full: who comes is not answered at all."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(0)
    full = []
    for _ in range(3):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(sock.getsockname())
        full.append(one)
    time.sleep(0.05)
    return sock, full


def test_a_line_that_is_never_made():
    sock, full = never_accepts()
    url = "http://{}:{}".format(*sock.getsockname())
    try:
        with Web("full", LIMIT) as web:
            assert "a line to" in str(late(LIMIT, lambda: web.fetch(url)))
        with Web("full", 20) as web:
            error, took = cancelled(lambda: web.fetch(url))
        assert isinstance(error, Cancelled)
        assert took < AT_ONCE
    finally:
        for one in (sock, *full):
            one.close()


def test_a_server_that_does_not_accept(serve):
    server = serve(accept=False)
    with Web("asleep", LIMIT) as web:
        late(LIMIT, lambda: web.fetch(server.url))
    with Web("asleep", 20) as web:
        error, took = cancelled(lambda: web.fetch(server.url))
    assert isinstance(error, Cancelled)
    assert took < AT_ONCE


def test_a_server_that_does_not_read(serve):
    server = serve(accept=False)
    upload = b"x" * 20_000_000
    with Web("deaf", LIMIT) as web:
        late(LIMIT, lambda: web.fetch(server.url, data=upload))
    with Web("deaf", 20) as web:
        error, took = cancelled(lambda: web.fetch(server.url, files={"t": upload}))
    assert isinstance(error, Cancelled)
    assert took < AT_ONCE


def test_a_handshake_that_does_not_end(serve):
    server = serve(accept=False)
    url = server.url.replace("http", "https")
    with Web("tls", LIMIT) as web:
        late(LIMIT, lambda: web.fetch(url))
    with Web("tls", 20) as web:
        error, took = cancelled(lambda: web.fetch(url))
    assert isinstance(error, Cancelled)
    assert took < AT_ONCE


def test_a_name_that_is_looked_up_for_ever(monkeypatch):
    looked_up, end, real = [], threading.Event(), socket.getaddrinfo

    def slow(host, *args, **kwargs):
        if host == "slow.example":
            if args[-1:] == (socket.AI_NUMERICHOST,):
                raise socket.gaierror(socket.EAI_NONAME, "no numbers")
            looked_up.append(host)
            end.wait(10)
            raise socket.gaierror(socket.EAI_AGAIN, "Try again")
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    before = threading.active_count()
    try:
        for _ in range(3):
            with Web("nameless", 0.2) as web:
                assert "the address of slow.example" in str(
                    late(0.2, lambda web=web: web.fetch("http://slow.example/"))
                )
        with Web("nameless", 20) as web:
            error, took = cancelled(lambda: web.fetch("http://slow.example/"))
        assert isinstance(error, Cancelled)
        assert took < AT_ONCE
        assert looked_up == ["slow.example"]
        assert threading.active_count() == before + 1
    finally:
        end.set()
    until = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.01)
    assert threading.active_count() == before


def test_waiting_for_a_turn(serve):
    entered = threading.Event()

    def behave(talk):
        entered.set()
        talk.hang(3)

    server = serve(behave)
    with Web("first", 20) as first, Progress("first") as progress:
        context = contextvars.copy_context()

        def ask():
            with pytest.raises(Cancelled):
                first.fetch(server.url)

        thread = threading.Thread(target=context.run, args=(ask,))
        thread.start()
        entered.wait(5)
        with Web("second", LIMIT) as web:
            assert "its turn at 127.0.0.1" in str(late(LIMIT, lambda: web.fetch(server.url)))
        with Web("second", 20) as web:
            error, took = cancelled(lambda: web.fetch(server.url))
        assert isinstance(error, Cancelled)
        assert took < AT_ONCE
        progress.cancel()
        thread.join(5)
    assert len(server.asked) == 1
    assert hosts.key(server.url) not in hosts._HOSTS


def test_one_deadline_for_all_that_a_web_asks(serve):
    server = serve(lambda talk: (talk.hang(0.15), talk.answer(b"x")))
    start = time.perf_counter()
    with Web("many", 0.5) as web, pytest.raises(LateError):
        [web.fetch(server.url) for _ in range(40)]
    assert time.perf_counter() - start < 0.5 + LATE
    assert 2 <= len(server.asked) <= 4


def test_a_web_that_is_closed_ends_what_is_on_its_way(serve):
    server = serve(stall)
    web, caught = Web("closing", 20), []

    def ask():
        try:
            web.fetch(server.url)
        except Cancelled as error:
            caught.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.2)
    web.close()
    thread.join(5)
    assert caught == ["The question to closing was closed."]


def test_cancelled_before_it_began(serve):
    server = serve()
    with Progress("over") as progress, Web("never", 20) as web:
        progress.cancel()
        with pytest.raises(Cancelled):
            web.fetch(server.url)
    assert server.asked == []


def test_silence_that_is_not_allowed(serve):
    server = serve(stall)
    start = time.perf_counter()
    with Web("silent", 20) as web, pytest.raises(LateError, match=r"silent for 0\.3 s"):
        web.get(server.url, timeout=0.3)
    assert time.perf_counter() - start < 0.3 + LATE


def test_a_download_is_cancelled_and_late(serve):
    server = serve(drip_body)
    error, took = cancelled(lambda: download(server.url + "/map.fits", deadline=20))
    assert isinstance(error, Cancelled)
    assert took < AT_ONCE
    late(LIMIT, lambda: download(server.url + "/map.fits", deadline=LIMIT))


def test_deadlines():
    assert Deadline(0).left() == 0
    with pytest.raises(LateError, match="gaia gave no whole answer within 0 s"):
        Deadline(0).check("gaia")
    Deadline(math.inf).check()
    assert Deadline(math.inf).left() == math.inf
    assert Deadline.of(deadline := Deadline(1)) is deadline
    for wrong in (-1, math.nan):
        with pytest.raises(InputError):
            Deadline(wrong)


def test_without_a_deadline(serve):
    server = serve()
    with Web("patient", math.inf) as web:
        assert web.fetch(server.url).content == b"hello"


def test_under_tls_too(serve, certificate):
    context, bundle = certificate
    for phase in (stall, drip_body):
        server = serve(phase, tls=context)
        with Web("tls", LIMIT) as web:
            web.verify = bundle
            late(LIMIT, lambda web=web, server=server: web.fetch(server.url))
        with Web("tls", 20) as web:
            web.verify = bundle
            error, took = cancelled(lambda web=web, server=server: web.fetch(server.url))
        assert isinstance(error, Cancelled)
        assert took < AT_ONCE
    assert isinstance(context, ssl.SSLContext)
