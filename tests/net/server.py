"""A server of raw sockets on loopback that behaves as badly as a test says."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from typing import Any


class Talk:
    """One request, and what is answered."""

    def __init__(
        self,
        server: Server,
        conn: socket.socket,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
    ):
        self.server, self.conn = server, conn
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.n = 0
        self.counted = True

    def end(self) -> None:
        """It is no longer one of those that are answered now."""
        with self.server.lock:
            self.server.now -= self.counted
            self.counted = False

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def raw(self, content: bytes | str) -> None:
        self.conn.sendall(content.encode() if isinstance(content, str) else content)

    def head(self, status: int = 200, length: int | None = None, **headers: Any) -> None:
        lines = [f"HTTP/1.1 {status} {'OK' if status < 300 else 'So'}"]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.raw("\r\n".join(lines) + "\r\n\r\n")

    def answer(self, body: bytes | str = b"", status: int = 200, **headers: Any) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.end()  # before who asked can know: he may ask again at once
        self.head(status, len(content), **headers)
        if self.method != "HEAD":
            self.raw(content)

    def hang(self, seconds: float = 30.0) -> None:
        """Do nothing, until the test is over."""
        self.server.over.wait(seconds)

    def drip(self, content: bytes, every: float = 0.2) -> None:
        for n in range(len(content)):
            self.raw(content[n : n + 1])
            if self.server.over.wait(every):
                return

    def hang_up(self) -> None:
        self.conn.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        self.conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.conn.detach())  # close() would wait for the file that reads from it


class Server:
    """``Server(behave)`` calls ``behave(talk)`` for each request, in a thread for each connection."""

    def __init__(
        self, behave: Callable[[Talk], object], *, tls: Any = None, backlog: int = 64, accept: bool = True
    ):
        self.behave, self.tls = behave, tls
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.talks: list[Talk] = []
        self.connections = self.now = self.most = 0
        self.problems: list[BaseException] = []
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.port = self.sock.getsockname()[1]
        self.threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        if accept:
            self._start(self._accept)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def asked(self) -> list[str]:
        return [f"{talk.method} {talk.target}" for talk in self.talks]

    def _start(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.threads = [thread for thread in self.threads if thread.is_alive()]
            self._start(self._serve, conn)

    def _serve(self, conn: socket.socket) -> None:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self._open.add(conn)
        try:
            if self.tls:
                with self.lock:
                    self._open.discard(conn)
                conn = self.tls.wrap_socket(conn, server_side=True)
                with self.lock:
                    self._open.add(conn)
            with conn.makefile("rb") as file:
                while talk := self._request(conn, file):
                    with self.lock:
                        self.now += 1
                        self.most = max(self.most, self.now)
                        talk.n = len(self.talks)
                        self.talks.append(talk)
                    try:
                        self.behave(talk)
                    finally:
                        talk.end()
                    if conn.fileno() < 0 or talk.headers.get("connection", "").lower() == "close":
                        break
        except OSError:
            pass  # the other side went away: what many tests are about
        except BaseException as error:
            self.problems.append(error)
        finally:
            with self.lock:
                self._open.discard(conn)
            conn.close()

    def _request(self, conn: socket.socket, file: Any) -> Talk | None:
        first = file.readline()
        if not first:
            return None
        method, target, _ = first.decode().split()
        headers = {}
        while line := file.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Talk(self, conn, method, target, headers, file.read(int(headers.get("content-length", 0))))

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        with self.lock:
            conns = tuple(self._open)
        for conn in conns:
            with suppress(OSError):
                conn.shutdown(socket.SHUT_RDWR)
        for thread in tuple(self.threads):
            thread.join(5)
        assert not self.problems, self.problems


def date(seconds: float) -> str:
    """A date of HTTP."""
    return formatdate(seconds, usegmt=True)
