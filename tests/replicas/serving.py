"""A service on loopback: answers as documented, counts who asks what, and misbehaves on request."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    headers: dict[str, str]
    raw_query: str = ""


@dataclass
class Answer:
    """One answer."""

    content: bytes
    status: int = 200
    kind: str = "text/plain"
    headers: dict[str, str] = field(default_factory=dict)


class Replica:
    """A server on a free port of 127.0.0.1; a context manager.

    Attributes
    ----------
    asked : list of Asked
        What was asked so far.
    busy : int
        So many requests are refused next, with 503 and Retry-After.
    broken : Answer or None
        Given to all, in place of what is right.
    stalled : threading.Event or None
        Answers wait for it.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.busy = 0
        self.broken: Answer | None = None
        self.stalled: threading.Event | None = None

    def answer(self, asked: Asked) -> Answer:
        """What is right; subclasses give it."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        replica = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = (
                True  # head and body are two writes: the second would wait 40 ms for an ACK
            )

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query)),
                    body,
                    dict(self.headers),
                    parts.query,
                )
                replica.asked.append(asked)
                if replica.stalled is not None:
                    replica.stalled.wait(60)
                if replica.busy > 0:
                    replica.busy -= 1
                    answer = Answer(b"busy", 503, headers={"Retry-After": "0"})
                else:
                    answer = replica.broken or replica.answer(asked)
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.kind)
                self.send_header("Content-Length", str(len(answer.content)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.content)

            do_GET = do_POST = do_HEAD = _serve

            def log_message(self, *_: object) -> None:
                pass

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:  # who asked has gone
                    self.close_connection = True

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self.stalled is not None:
            self.stalled.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


def rows_of(replicas: dict[str, tuple[Replica, str]]) -> str:
    """Rows for ``SKYEXPLORER_SERVICES`` that move services here: by id, the replica and the path of its address."""
    return "\n".join(
        f'[[service]]\nid = "{id}"\naddress = "{replica.address}{path}"\nmirrors = []\n'
        for id, (replica, path) in replicas.items()
    )
