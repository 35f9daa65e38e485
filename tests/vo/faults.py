"""A proxy that misbehaves by rules, in front of a server that does not.

It runs in a process of its own, so that a test which measures this process does not measure the proxy too: two gigabytes
that it makes cost us nothing until we read them. `Proxy` starts it, and ends it by closing its standard input.

A rule says which requests it takes (``path``, searched in "GET /tap/sync?…"; ``text``, in the decoded body), how many of
them (``times``; 0: all), after how many it leaves alone (``skip``), and what becomes of them:

==============  ===================================================================================================
``status``      answered with ``code``, ``retry_after`` and ``body``, and never asked
``drop``        the line breaks where the answer should come
``silent``      no answer at all, for ``seconds``
``slow``        the answer, after ``seconds``
``truncate``    of the answer's body, only ``share``, under the Content-Length of all of it; ``reset`` breaks the line
``stall``       the answer's head and ``share`` of its body, then nothing for ``seconds``
``drip``        the answer, a few bytes (``bytes``) every ``every`` seconds
``garble``      the answer, well sent and wrong: ``how`` is "cut", "noise", "type" or "row"
``html``        a web page that wants a login, with status 200
``empty``       status 200 and no body
``loop``        a redirect to itself, for ever
``elsewhere``   a redirect to ``to``
``huge``        a VOTable of ``size`` bytes that are made while they are sent; ``told``: with its Content-Length
``bomb``        the same, as gzip
``endless``     a head of the answer that never ends
``cap``         asked with MAXREC no more than ``rows``
==============  ===================================================================================================
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

FAULTS = (
    "status", "drop", "silent", "slow", "truncate", "stall", "drip", "garble", "html", "empty", "loop", "elsewhere",
    "huge", "bomb", "endless", "cap",
)  # fmt: skip
PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in to go on.</body></html>"
TOP = (
    b'<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
    b'<INFO name="QUERY_STATUS" value="OK"/><TABLE>'
    b'<FIELD name="name" datatype="char" arraysize="*" ucd="meta.id;meta.main"/>'
    b'<FIELD name="ra" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main"/>'
    b'<FIELD name="dec" datatype="double" unit="deg" ucd="pos.eq.dec;meta.main"/><DATA><TABLEDATA>\n'
)
ROWS = b"<TR><TD>a made source</TD><TD>83.6331</TD><TD>22.0145</TD></TR>\n" * 1000
END = b"</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>\n"
KEPT = 20_000  # requests that are remembered


class Proxy:
    """The proxy, from the side of a test: a context manager.

    Parameters
    ----------
    upstream : int
        Port of the server on 127.0.0.1.
    port : int
        Of the proxy itself; 0: a free one.
    """

    def __init__(self, upstream: int, port: int = 0) -> None:
        self._lock = Lock()
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(upstream), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.port = int(self._tell({"do": "port"}))
        self.url = f"http://127.0.0.1:{self.port}"

    def _tell(self, order: dict[str, Any]) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with self._lock:
            stdin.write(json.dumps(order).encode() + b"\n")
            stdin.flush()
            line = stdout.readline()
        if not line:
            raise RuntimeError(f"The fault proxy has ended: {self._process.wait(5)}.")
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["is"]

    def fault(
        self, kind: str, path: str = "", *, text: str = "", times: int = 0, skip: int = 0, **how: Any
    ) -> None:
        """Add a rule; the one added last is looked at first."""
        self._tell(
            {
                "do": "fault",
                "rule": {"kind": kind, "path": path, "text": text, "times": times, "skip": skip, **how},
            }
        )

    def clear(self) -> None:
        """Forget the rules, and what was seen; answers that are held back are broken off."""
        self._tell({"do": "clear"})

    def seen(self, path: str = "") -> list[dict[str, Any]]:
        """The requests since `clear`: what, text, status, sent (bytes), started, seconds, fault, gone (the client left)."""
        return [request for request in self._tell({"do": "seen"}) if re.search(path, request["what"])]

    def peak(self, path: str = "") -> int:
        """The greatest number of requests that were under way at once, of those whose path has ``path`` in it."""
        return int(self._tell({"do": "peak", "path": path}))

    def open(self) -> list[str]:
        """What was asked last on each of the connections that are open now."""
        return list(self._tell({"do": "open"}))

    def close(self) -> None:
        """End it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# What follows runs in the process of the proxy.


class _Broken(Exception):
    """The connection is to be broken off."""


class _Request:
    def __init__(self, start: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.method, self.target, _ = start.split(" ", 2)
        self.headers, self.body = headers, body
        self.text = unquote_plus(body[:100_000].decode("utf-8", "replace"))
        self.path = self.target.partition("?")[0]
        self.over: Callable[[], None] = lambda: (
            None
        )  # to be called before the last bytes leave: then the client may go on

    def header(self, name: str) -> str:
        return next((v for k, v in self.headers if k.lower() == name), "")


async def _head(reader: asyncio.StreamReader, ahead: bytes = b"") -> tuple[str, list[tuple[str, str]]] | None:
    try:
        raw = ahead + await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as end:
        if end.partial or ahead:
            raise _Broken from None
        return None
    start, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return start, [(name.strip(), value.strip()) for name, _, value in pairs]


async def _body(
    start: str, headers: list[tuple[str, str]], reader: asyncio.StreamReader
) -> tuple[str, list[tuple[str, str]], bytes]:
    """A request with its body in one piece, under its length."""
    if not any(k.lower() == "transfer-encoding" for k, _ in headers):
        length = next((int(v) for k, v in headers if k.lower() == "content-length"), 0)
        return start, headers, await reader.readexactly(length)
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readuntil(b"\r\n")
    body = b"".join(parts)
    kept = [(k, v) for k, v in headers if k.lower() != "transfer-encoding"]
    return start, [*kept, ("Content-Length", str(len(body)))], body


class _Server:
    def __init__(self, upstream: int) -> None:
        self.upstream = upstream
        self.rules: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.now: Counter[str] = Counter()
        self.crowds: set[tuple[str, ...]] = set()  # paths that were under way together
        self.connections: dict[asyncio.StreamWriter, str] = {}
        self.let_go = asyncio.Event()

    # one connection

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections[writer] = "nothing yet"
        try:
            ahead: bytes | None = b""
            while ahead is not None:
                ahead = await self.one(reader, writer, ahead)
            writer.close()
        except (_Broken, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            self.reset(writer)
        finally:
            del self.connections[writer]

    @staticmethod
    def reset(writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    async def one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ahead: bytes
    ) -> bytes | None:
        """Serve one request; what was read of the next, or None where there is none on this connection."""
        head = await _head(reader, ahead)
        if head is None:
            return None
        request = _Request(*await _body(*head, reader))
        rule = self.rule_for(request)
        self.connections[writer] = f"{rule['kind'] if rule else ''} {request.method} {request.target}"
        record: dict[str, Any] = {
            "what": f"{request.method} {request.target}", "text": request.text[:4000], "started": time.time(),
            "seconds": None, "status": 0, "sent": 0, "fault": rule["kind"] if rule else "", "gone": False,
        }  # fmt: skip
        self.requests.append(record)
        del self.requests[:-KEPT]
        self.now[request.path] += 1
        request.over = self.ended(request.path)
        self.crowds.add(tuple(sorted(self.now.elements())))
        began = time.monotonic()
        leaves = asyncio.ensure_future(reader.read(1))
        work = asyncio.ensure_future(self.answer(request, rule, writer, record))
        lets_go = asyncio.ensure_future(self.let_go.wait())
        try:
            await asyncio.wait({leaves, work, lets_go}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done() and leaves.done() and leaves.result():  # the next request already
                await asyncio.wait({work, lets_go}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                record["gone"] = leaves.done()
                raise _Broken
            if not work.result():
                return None
            return leaves.result() if leaves.done() else b""
        finally:
            for task in (leaves, work, lets_go):
                task.cancel()
            await asyncio.gather(leaves, work, lets_go, return_exceptions=True)
            request.over()
            record["seconds"] = time.monotonic() - began

    def ended(self, path: str) -> Callable[[], None]:
        """What takes a request off the count, once."""
        counted = [path]

        def over() -> None:
            while counted:
                self.now[counted.pop()] -= 1

        return over

    def rule_for(self, request: _Request) -> dict[str, Any] | None:
        for rule in reversed(self.rules):
            if (
                not re.search(rule["path"], f"{request.method} {request.target}")
                or rule["text"] not in request.text
            ):
                continue
            if rule["skip"] > 0:
                rule["skip"] -= 1
                continue
            if rule["times"] and rule["used"] >= rule["times"]:
                continue
            rule["used"] += 1
            return rule
        return None

    # answers; True where the connection may be used again

    async def answer(
        self,
        request: _Request,
        rule: dict[str, Any] | None,
        writer: asyncio.StreamWriter,
        record: dict[str, Any],
    ) -> bool:
        kind = rule["kind"] if rule else ""
        how = rule or {}
        if kind == "drop":
            raise _Broken
        if kind in ("silent", "slow"):
            await asyncio.sleep(how.get("seconds", 3600.0 if kind == "silent" else 1.0))
            if kind == "silent":
                raise _Broken
        if kind in _MADE:
            status, headers, body = _MADE[kind](request, how)
            request.over()
            return await self.give(writer, record, status, headers, body)
        if kind == "endless":
            return await self.endless(writer, record)
        if kind in ("huge", "bomb"):
            return await self.huge(
                writer, record, int(how.get("size", 2_000_000_000)), kind == "bomb", how.get("told", True)
            )
        if kind == "cap":
            request = _capped(request, int(how.get("rows", 10)))
        return await self.relay(
            request, writer, record, how if kind in ("truncate", "stall", "drip", "garble") else None
        )

    async def give(
        self,
        writer: asyncio.StreamWriter,
        record: dict[str, Any],
        status: str,
        headers: dict[str, str],
        body: bytes,
    ) -> bool:
        record["status"] = int(status.split()[0])
        lines = [
            f"HTTP/1.1 {status}",
            *(f"{k}: {v}" for k, v in headers.items()),
            f"Content-Length: {len(body)}",
        ]
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        record["sent"] = len(body)
        await writer.drain()
        return True

    async def endless(self, writer: asyncio.StreamWriter, record: dict[str, Any]) -> bool:
        record["status"] = 200
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-More: and so on\r\n" * 100)
            record["sent"] += 1900
            await writer.drain()

    async def huge(
        self, writer: asyncio.StreamWriter, record: dict[str, Any], size: int, packed: bool, told: bool
    ) -> bool:
        record["status"] = 200
        blocks = max(1, (size - len(TOP) - len(END)) // len(ROWS))
        lines = ["HTTP/1.1 200 OK", "Content-Type: application/x-votable+xml", "Connection: close"]
        top, block, end = TOP, ROWS, END
        if packed:
            lines.append("Content-Encoding: gzip")
            packer = zlib.compressobj(9, zlib.DEFLATED, 31)
            top = packer.compress(TOP) + packer.flush(zlib.Z_FULL_FLUSH)
            block = packer.compress(ROWS) + packer.flush(zlib.Z_FULL_FLUSH)
            end = b""  # its checksum would have to be made of all; nobody should read that far
        elif told:
            lines.append(f"Content-Length: {len(top) + blocks * len(block) + len(end)}")
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + top)
        for _ in range(blocks):
            writer.write(block)
            record["sent"] += len(block)
            await writer.drain()
        writer.write(end)
        await writer.drain()
        return False

    async def relay(
        self,
        request: _Request,
        writer: asyncio.StreamWriter,
        record: dict[str, Any],
        how: dict[str, Any] | None,
    ) -> bool:
        try:
            reader, server = await asyncio.open_connection("127.0.0.1", self.upstream, limit=1 << 20)
        except OSError:
            raise _Broken from None  # without us there would be no connection either
        try:
            left_out = ["connection", "keep-alive"] + ["accept-encoding"] * (
                how is not None
            )  # packed, it is no text
            kept = [(k, v) for k, v in request.headers if k.lower() not in left_out]
            lines = [
                f"{request.method} {request.target} HTTP/1.1",
                *(f"{k}: {v}" for k, v in kept),
                "Connection: close",
            ]
            server.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + request.body)
            await server.drain()
            head = await _head(reader)
            if head is None:
                raise _Broken
            record["status"] = int(head[0].split()[1])
            headers = [(k, v) for k, v in head[1] if k.lower() != "connection"]
            if how:
                return await self.spoil(head[0], headers, reader, writer, record, how)
            return await self.pass_on(request, head[0], headers, reader, writer, record)
        finally:
            server.transport.abort()

    async def pass_on(
        self, request: _Request, start: str, headers: list[tuple[str, str]], reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter, record: dict[str, Any],
    ) -> bool:  # fmt: skip
        length = next((int(v) for k, v in headers if k.lower() == "content-length"), None)
        pieces = any(k.lower() == "transfer-encoding" for k, _ in headers)
        bodiless = request.method == "HEAD" or record["status"] in (204, 304)
        again = (length is not None or pieces or bodiless) and request.header("connection").lower() != "close"
        if bodiless or length == 0:
            request.over()
        writer.write(_raw_head(start, [*headers, ("Connection", "keep-alive" if again else "close")]))
        tail, left = b"", 0 if bodiless else length
        while left != 0:
            data = await reader.read(65536)
            if not data:
                break
            tail = (tail + data)[-5:]
            left = None if left is None else left - len(data)
            if left == 0 or (pieces and tail == b"0\r\n\r\n"):
                request.over()
            writer.write(data)
            record["sent"] += len(data)
            await writer.drain()
        if not bodiless and (left or (pieces and tail != b"0\r\n\r\n")):
            raise _Broken  # the server broke off, and so do we
        return again

    async def spoil(
        self, start: str, headers: list[tuple[str, str]], reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
        record: dict[str, Any], how: dict[str, Any],
    ) -> bool:  # fmt: skip
        body = await reader.read(-1)
        if any(k.lower() == "transfer-encoding" for k, _ in headers):
            body = _joined(body)
        if how["kind"] == "garble":
            body = _garbled(body, how.get("how", "cut"))
        headers = [(k, v) for k, v in headers if k.lower() not in ("content-length", "transfer-encoding")]
        writer.write(
            _raw_head(start, [*headers, ("Content-Length", str(len(body))), ("Connection", "close")])
        )
        step = int(how.get("bytes", 8)) if how["kind"] == "drip" else 65536
        stop = int(len(body) * how.get("share", 0.5)) if how["kind"] in ("truncate", "stall") else len(body)
        for at in range(0, stop, step):
            data = body[at : min(at + step, stop)]
            writer.write(data)
            record["sent"] += len(data)
            await writer.drain()
            if how["kind"] == "drip":
                await asyncio.sleep(how.get("every", 0.2))
        if how["kind"] == "stall":
            await asyncio.sleep(how.get("seconds", 3600.0))
        if how["kind"] == "truncate" and how.get("reset"):
            await asyncio.sleep(0.1)  # what was sent shall arrive before the line breaks
            raise _Broken
        return False

    # orders

    def order(self, order: dict[str, Any]) -> Any:
        do = order["do"]
        if do == "fault":
            rule = order["rule"]
            if rule["kind"] not in FAULTS:
                raise ValueError(f"The proxy knows no fault {rule['kind']!r}; it has {', '.join(FAULTS)}.")
            self.rules.append({**rule, "used": 0})
        elif do == "clear":
            self.rules, self.requests, self.crowds = [], [], set()
            self.let_go.set()
            self.let_go = asyncio.Event()
        elif do == "seen":
            return self.requests
        elif do == "peak":
            return max((sum(order["path"] in path for path in crowd) for crowd in self.crowds), default=0)
        elif do == "open":
            return list(self.connections.values())
        return None


def _raw_head(start: str, headers: list[tuple[str, str]]) -> bytes:
    return "\r\n".join([start, *(f"{k}: {v}" for k, v in headers)]).encode("latin-1") + b"\r\n\r\n"


def _status(_: _Request, how: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    headers = {"Content-Type": how.get("content_type", "text/plain")}
    if how.get("retry_after") is not None:
        headers["Retry-After"] = str(how["retry_after"])
    code = int(how.get("code", 503))
    return f"{code} As Told", headers, str(how.get("body", f"status {code}, as told\n")).encode()


def _loop(request: _Request, _: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    return "302 Found", {"Location": request.target}, b""


_MADE: dict[str, Any] = {
    "status": _status,
    "html": lambda _, how: ("200 OK", {"Content-Type": "text/html; charset=utf-8"}, PAGE),
    "empty": lambda _, how: ("200 OK", {"Content-Type": "application/x-votable+xml"}, b""),
    "loop": _loop,
    "elsewhere": lambda _, how: ("302 Found", {"Location": how["to"]}, b""),
}


def _capped(request: _Request, rows: int) -> _Request:
    """The same request with a lower MAXREC; in a form or in the address."""
    path, _, query = request.target.partition("?")
    form = request.header("content-type").startswith("application/x-www-form-urlencoded")
    pairs = parse_qsl(request.body.decode() if form else query, keep_blank_values=True)
    asked = [int(v) for k, v in pairs if k.upper() == "MAXREC"]
    pairs = [(k, v) for k, v in pairs if k.upper() != "MAXREC"] + [("MAXREC", str(min([*asked, rows])))]
    text = urlencode(pairs)
    headers = [(k, v) for k, v in request.headers if k.lower() != "content-length"]
    if not form:
        return _Request(f"{request.method} {path}?{text} HTTP/1.1", request.headers, request.body)
    body = text.encode()
    return _Request(
        f"{request.method} {request.target} HTTP/1.1", [*headers, ("Content-Length", str(len(body)))], body
    )


def _joined(body: bytes) -> bytes:
    """The chunks of an answer as one."""
    parts, at = [], 0
    while True:
        line = body.index(b"\r\n", at)
        size = int(body[at:line].split(b";")[0], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(body[line + 2 : line + 2 + size])
        at = line + 4 + size


def _garbled(body: bytes, how: str) -> bytes:
    if how == "cut":
        return body[: len(body) * 2 // 3]
    if how == "noise":
        return bytes((i * 197 + 31) % 256 for i in range(len(body)))
    if how == "type":
        return body.replace(b'datatype="', b'datatype="quark')
    at = body.find(b"</STREAM>") - 9  # of rows in base64 the end of the last; else the first cell of a row
    return body[:at] + body[at + 8 :] if at > 0 else body.replace(b"<TD>", b"", 1)


async def _main(upstream: int, port: int) -> None:
    proxy = _Server(upstream)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", port, limit=1 << 20, backlog=512)
    own = server.sockets[0].getsockname()[1]
    orders = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order = json.loads(line)
        try:
            answer = {"is": own if order["do"] == "port" else proxy.order(order)}
        except (ValueError, KeyError) as wrong:
            answer = {"error": str(wrong)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    # Ended by the end of its orders: whatever is under way then is nobody's any more.
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(_main(int(sys.argv[1]), int(sys.argv[2])))
    import os

    os._exit(0)
