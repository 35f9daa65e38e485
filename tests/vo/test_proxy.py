"""The fault proxy does what its rules say: only then do the tests behind it mean anything. Its server is of a few lines."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.vo.faults import FAULTS, Proxy

BODY = b'<VOTABLE><FIELD datatype="double"/><TR><TD>' + b"x" * 20_000 + b"</TD></TR></VOTABLE>"


class _Plain(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = self.path.encode()
        body = BODY if self.path.startswith("/big") else asked
        if self.path.startswith("/wait"):
            time.sleep(0.3)
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        if self.path.endswith("pieces"):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(body), 7000):
                part = body[at : at + 7000]
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def before() -> Iterator[Proxy]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Plain)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with Proxy(server.server_port) as proxy:
        yield proxy
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(before: Proxy) -> Proxy:
    before.clear()
    return before


def _get(proxy: Proxy, path: str = "/big", timeout: float = 5.0) -> tuple[int, dict[str, str], bytes]:
    line = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=timeout)
    try:
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        line.close()


@pytest.mark.parametrize("path", ["/big", "/big/pieces"])
def test_without_rules_it_is_not_there(proxy: Proxy, path: str) -> None:
    line = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
    for _ in range(3):  # on one connection
        line.request("GET", path)
        assert line.getresponse().read() == BODY
    line.close()
    assert [r["status"] for r in proxy.seen()] == [200] * 3


def test_a_status_some_times_then_the_answer(proxy: Proxy) -> None:
    proxy.fault("status", "/big", code=429, retry_after=7, times=2, skip=1)
    found = [_get(proxy) for _ in range(4)]
    assert [status for status, _, _ in found] == [200, 429, 429, 200]
    assert found[1][1]["retry-after"] == "7"
    assert _get(proxy, "/other")[0] == 200


def test_rules_find_questions_by_what_they_ask(proxy: Proxy) -> None:
    proxy.fault("status", text="FROM stars")
    line = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
    states = []
    for query in ("QUERY=SELECT+1+FROM+stars", "QUERY=SELECT+1+FROM+dust"):
        line.request("POST", "/sync", query)
        answer = line.getresponse()
        states.append(answer.status)
        answer.read()
    line.close()
    assert states == [503, 200]
    assert proxy.seen("/sync")[1]["text"] == "QUERY=SELECT 1 FROM dust"


def test_a_lower_limit_is_asked_for(proxy: Proxy) -> None:
    proxy.fault("cap", rows=5)
    assert _get(proxy, "/tap?MAXREC=100&A=b")[2] == b"/tap?A=b&MAXREC=5"
    assert _get(proxy, "/tap?MAXREC=3")[2] == b"/tap?MAXREC=3"


def test_the_line_breaks(proxy: Proxy) -> None:
    proxy.fault("drop")
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        _get(proxy)


@pytest.mark.parametrize("path", ["/big", "/big/pieces"])
@pytest.mark.parametrize("reset", [False, True])
def test_less_comes_than_was_told(proxy: Proxy, path: str, reset: bool) -> None:
    proxy.fault("truncate", share=0.25, reset=reset)
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        _get(proxy, path)


@pytest.mark.parametrize("kind", ["silent", "stall"])
def test_nothing_more_comes(proxy: Proxy, kind: str) -> None:
    proxy.fault(kind)
    with pytest.raises(TimeoutError):
        _get(proxy, timeout=0.3)
    time.sleep(0.2)
    seen = proxy.seen("/big")[0]
    assert seen["gone"]
    assert seen["seconds"] < 1


def test_a_slow_answer_is_whole(proxy: Proxy) -> None:
    proxy.fault("slow", seconds=0.3)
    started = time.monotonic()
    assert _get(proxy)[2] == BODY
    assert time.monotonic() - started >= 0.3


def test_it_drips(proxy: Proxy) -> None:
    proxy.fault("drip", bytes=len(BODY) // 4, every=0.1)
    started = time.monotonic()
    assert _get(proxy)[2] == BODY
    assert time.monotonic() - started > 0.35


@pytest.mark.parametrize("how", ["cut", "noise", "type", "row"])
def test_what_comes_is_wrong_and_well_sent(proxy: Proxy, how: str) -> None:
    proxy.fault("garble", how=how)
    status, headers, body = _get(proxy)
    assert status == 200
    assert body != BODY
    assert len(body) == int(headers["content-length"])


def test_a_page_and_nothing_and_redirects(proxy: Proxy) -> None:
    proxy.fault("html", "/page")
    proxy.fault("empty", "/empty")
    proxy.fault("loop", "/loop")
    proxy.fault("elsewhere", "/there", to="http://127.0.0.1:1/x")
    assert b"sign in" in _get(proxy, "/page")[2]
    assert _get(proxy, "/empty")[2] == b""
    assert _get(proxy, "/loop?a")[1]["location"] == "/loop?a"
    assert _get(proxy, "/there")[1]["location"] == "http://127.0.0.1:1/x"


def test_large_answers_are_made_on_the_way(proxy: Proxy) -> None:
    proxy.fault("huge", "/huge", size=3_000_000)
    _, headers, body = _get(proxy, "/huge")
    assert len(body) == int(headers["content-length"])
    assert body.endswith(b"</VOTABLE>\n")
    assert abs(len(body) - 3_000_000) < 100_000
    proxy.fault("huge", "/untold", size=3_000_000, told=False)
    assert _get(proxy, "/untold")[2] == body
    proxy.fault("bomb", "/bomb", size=30_000_000)
    packed = _get(proxy, "/bomb")[2]
    assert len(packed) < 1_000_000
    with pytest.raises(EOFError):  # its end is missing, on purpose
        gzip.decompress(packed)


def test_a_head_without_end(proxy: Proxy) -> None:
    proxy.fault("endless")
    with pytest.raises(http.client.HTTPException):
        _get(proxy)


def test_who_asks_at_once_is_counted(proxy: Proxy) -> None:
    asking = [threading.Thread(target=_get, args=(proxy, f"/wait/{i % 2}")) for i in range(6)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert proxy.peak() == 6
    assert proxy.peak("/wait/0") == 3
    assert proxy.open() == []


def test_what_is_held_back_is_broken_off_by_clear(proxy: Proxy) -> None:
    proxy.fault("silent")
    broken: list[BaseException] = []

    def ask() -> None:
        try:
            _get(proxy, timeout=20)
        except (ConnectionError, http.client.HTTPException) as error:
            broken.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not proxy.seen():
        time.sleep(0.01)
    proxy.clear()
    thread.join(5)
    assert broken


def test_a_server_that_is_not_there_breaks_the_line() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        with (
            Proxy(sock.getsockname()[1]) as alone,
            pytest.raises((ConnectionError, http.client.HTTPException)),
        ):
            _get(alone)


def test_unknown_faults_are_told(proxy: Proxy) -> None:
    with pytest.raises(ValueError, match="knows no fault 'flood'"):
        proxy.fault("flood")
    assert len(FAULTS) == 16


def test_it_ends_with_who_started_it() -> None:
    proxy = Proxy(1)
    proxy.close()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", proxy.port), 1):
        pass


def test_bodies_that_come_in_pieces_are_passed_on(proxy: Proxy) -> None:
    line = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
    line.request("POST", "/sync", iter([b"QUERY=", b"SELECT+1"]), encode_chunked=True)
    assert line.getresponse().read() == b"QUERY=SELECT+1"
    line.close()


def test_who_asks_again_at_once_is_not_taken_for_gone(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as line:
        line.sendall(
            b"GET /wait/1 HTTP/1.1\r\nHost: a\r\n\r\n"
            + b"GET /wait/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        said = b""
        while piece := line.recv(65536):
            said += piece
    assert said.endswith(b"/wait/2")
    assert said.count(b"HTTP/1.1 200") == 2
