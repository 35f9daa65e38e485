"""Lines: the sockets under requests, bounded by what is left of the deadline at each read, and shut when the question is
to stop.

urllib3 gives a time-out to each read, so that a server which sends one byte a second never times out. Here each read, write
and handshake asks the exchange of its thread how long it may take. Names are looked up in a thread of their own,
because ``getaddrinfo`` cannot be bounded: one for each name at a time, which ends when the resolver gives up.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import allowed_gai_family
from urllib3.util.ssl_ import create_urllib3_context, resolve_cert_reqs
from urllib3.util.wait import wait_for_write

from skyexplorer.errors import ServiceError, UnreachableError
from skyexplorer.net.exchange import Exchange

SLICE = 0.05  # s: how often a connection that is being made looks whether it is to stop
NEXT = 3.0  # s: an address that does not answer is given so long where there is another
IDLE = 1.0  # s: what must not be sent twice is not sent on a line that was idle for longer, the server may just hang up

_now = threading.local()


@contextmanager
def carrying(exchange: Exchange) -> Iterator[None]:
    """All sockets of this thread serve this exchange."""
    before = getattr(_now, "exchange", None)
    _now.exchange = exchange
    try:
        yield
    finally:
        _now.exchange = before


def _carried() -> Exchange | None:
    return getattr(_now, "exchange", None)


def _heard(count: int) -> int:
    exchange = _carried()
    if exchange is not None and not count:
        exchange.ended = True
    return count


class _Bounds(socket.socket):
    """What both kinds of sockets share: every wait ends with the deadline."""

    def _bound(self) -> None:
        exchange = _carried()
        if exchange is not None:
            self.settimeout(exchange.left())

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self._bound()
        return _heard(super().recv_into(*args, **kwargs))

    def send(self, *args: Any, **kwargs: Any) -> int:
        self._bound()
        return super().send(*args, **kwargs)


class _Bounded(_Bounds):
    """An open socket."""

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self._bound()
        return super().sendall(*args, **kwargs)


class _BoundedTLS(_Bounds, ssl.SSLSocket):
    """One under TLS, whose ``sendall`` is made of ``send``."""


class _Lookup:
    """A name that is being looked up, for all who want to know it."""

    def __init__(self) -> None:
        self.done = False
        self.found: list[Any] = []
        self.error: OSError | None = None
        self.askers: list[Exchange] = []


_LOOKUPS: dict[tuple[str, int], _Lookup] = {}
_LOCK = threading.Lock()


def _look_up(place: tuple[str, int], lookup: _Lookup) -> None:
    try:
        lookup.found = socket.getaddrinfo(*place, allowed_gai_family(), socket.SOCK_STREAM)
    except OSError as error:
        lookup.error = error
    except UnicodeError as error:
        lookup.error = OSError(str(error))
    with _LOCK:
        lookup.done = True
        del _LOOKUPS[place]
        askers = lookup.askers
    for exchange in askers:
        exchange.wake()


def addresses(host: str, port: int, exchange: Exchange) -> list[Any]:
    """What ``getaddrinfo`` gives, within the deadline.

    Raises
    ------
    UnreachableError
        If there is no such name.
    """
    exchange.waiting = f"the address of {host}"
    try:
        return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        pass  # a name, not numbers
    with _LOCK:
        lookup = _LOOKUPS.get((host, port))
        if lookup is None:
            lookup = _LOOKUPS[host, port] = _Lookup()
            threading.Thread(
                target=_look_up,
                args=((host, port), lookup),
                daemon=True,
                name=f"skyexplorer: address of {host}",
            ).start()
        lookup.askers.append(exchange)
    exchange.until(lambda: lookup.done)
    if lookup.error is not None or not lookup.found:
        raise UnreachableError(
            f"The name {host} is not known ({_reason(lookup.error)}).",
            advice="Is this machine on the internet, and the address of the service right?",
            service=exchange.service, url=exchange.url,
        )  # fmt: skip
    return lookup.found


def _reason(error: OSError | None) -> str:
    return (error.strerror or str(error)) if error is not None else "it has no address"


def connect(
    host: str, port: int, exchange: Exchange, options: Any = None, source: Any = None
) -> socket.socket:
    """A line to the first address of the host that answers, within the deadline.

    Raises
    ------
    UnreachableError
        If none does.
    """
    failure = 0
    found = addresses(host, port, exchange)
    exchange.waiting = f"a line to {host}"
    for n, (family, kind, protocol, _, address) in enumerate(found, 1):
        sock = _Bounded(family, kind, protocol)
        try:
            for option in options or ():
                sock.setsockopt(*option)
            if source:
                sock.bind(source)
            sock.setblocking(False)
            failure = sock.connect_ex(address)
            until = time.monotonic() + (NEXT if n < len(found) else 1e6)
            if failure in (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN):
                while not (answered := wait_for_write(sock, timeout=SLICE)) and time.monotonic() < until:
                    exchange.check()
                exchange.check()
                failure = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if answered else errno.ETIMEDOUT
            if not failure:
                exchange.hold(sock)
                sock.settimeout(exchange.left())
                return sock
            sock.close()
        except OSError as error:
            sock.close()
            if isinstance(error, ServiceError):
                raise
            failure = error.errno or errno.EIO
        except BaseException:
            sock.close()
            raise
    raise UnreachableError(
        f"Nobody answers at {host}:{port} ({os.strerror(failure).lower()}).",
        advice="The service may be down, or this machine offline: try again later.",
        service=exchange.service, url=exchange.url,
    )  # fmt: skip


class _Connection(HTTPConnection):
    """A connection whose socket belongs to the exchange that uses it."""

    _used = 0.0

    def _new_conn(self) -> socket.socket:
        exchange = _carried()
        if exchange is None:
            return super()._new_conn()
        self._used = time.monotonic()
        try:
            return connect(self._dns_host, self.port, exchange, self.socket_options, self.source_address)
        except UnreachableError as error:
            raise NewConnectionError(self, error.message) from error

    def request(self, method: str, *args: Any, **kwargs: Any) -> None:
        exchange, sock = _carried(), self.sock
        if sock is not None and method not in ("GET", "HEAD") and time.monotonic() - self._used > IDLE:
            self.close()  # it is opened again by what follows
        elif sock is not None and exchange is not None:
            exchange.hold(sock)
        super().request(method, *args, **kwargs)
        self._used = time.monotonic()
        if exchange is not None:
            exchange.waiting = "an answer"


class _ConnectionTLS(_Connection, HTTPSConnection):
    """The same under TLS."""

    ssl_context: Any

    def connect(self) -> None:
        if self.ssl_context is None:
            self.ssl_context = create_urllib3_context(cert_reqs=resolve_cert_reqs(self.cert_reqs))
            self.ssl_context.sslsocket_class = _BoundedTLS
        super().connect()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _ConnectionTLS


class Lines(HTTPAdapter):
    """The adapter of requests whose connections are those above."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As in requests."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """As in requests."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}
        return manager
