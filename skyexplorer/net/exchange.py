"""Exchange: one question on its way. Whoever waits for its turn, a name, a line or bytes waits here, and can be stopped.

Two things end a wait early. The deadline: waits on sockets are bounded by what is left of it, anew at each read
(`lines`), so that a server which drips does not get around it, and no watchdog is needed. And the wish to stop, from any
thread: the sockets in use are shut, which wakes whoever reads from them, and all other waits are on one condition.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from skyexplorer import progress
from skyexplorer.errors import Cancelled, ServiceError
from skyexplorer.net.deadline import Deadline

REST = "the rest of the answer"


class Exchange:
    """A question on its way, from its first request to the end of its answer.

    Parameters
    ----------
    service, url : str
        Who is asked, and where: for messages, so without secrets.
    deadline : Deadline

    Attributes
    ----------
    waiting : str
        What it waits for just now, for messages.
    patience : float
        Seconds of silence that whoever asked allows for a single read.
    tries : int
        Requests that were made again so far.
    ended : bool
        Whether the other side has hung up.
    """

    def __init__(self, service: str, url: str, deadline: Deadline) -> None:
        self.service, self.url, self.deadline = service, url, deadline
        self.waiting = "its turn"
        self.patience = float("inf")
        self.tries = 0
        self.ended = False
        self._stopped = ""
        self._news = threading.Condition()
        self._grips: dict[int, socket.socket] = {}
        self._unhook: Callable[[], None] = lambda: None

    def __enter__(self) -> Exchange:
        self._unhook = progress.current().on_cancel(self.stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unhook()
        self.let_go()

    def stop(self, why: str = "cancelled") -> None:
        """End it now, from any thread."""
        with self._news:
            self._stopped = self._stopped or why
            for grip in self._grips.values():
                with suppress(OSError):  # not connected any more: what was wanted
                    grip.shutdown(socket.SHUT_RDWR)
            self._news.notify_all()

    def hold(self, sock: socket.socket) -> None:
        """Shut this socket when it is to stop. What is held is a duplicate: TLS takes the socket itself over."""
        with self._news:
            if not self._stopped and sock.fileno() not in self._grips:
                twin = socket.dup(sock.fileno())
                self._grips[sock.fileno()] = socket.socket(sock.family, sock.type, sock.proto, twin)
        self.check()

    def let_go(self) -> None:
        """The sockets are no longer its own."""
        with self._news:
            grips, self._grips = self._grips, {}
        for grip in grips.values():
            grip.close()

    def left(self) -> float:
        """Seconds that a single read may take, for sockets: above 0."""
        self.check()
        return max(min(self.deadline.left(), self.patience, 1e6), 1e-3)

    def check(self) -> None:
        """Raise LateError or Cancelled if it is to end; late is late, even if somebody stopped it for that."""
        if not self.deadline.left():
            raise self.late()
        if self._stopped:
            what = f"The question to {self.service}" if self.service else "The question"
            raise Cancelled(f"{what} was {self._stopped}.")

    def late(self) -> ServiceError:
        """The error of a deadline that has passed."""
        return self.deadline.missed(self.service, self.url, self.waiting)

    def wake(self) -> None:
        """Let it look again at what it waits for, from any thread."""
        with self._news:
            self._news.notify_all()

    def until(self, ready: Callable[[], bool], seconds: float = float("inf")) -> bool:
        """Wait until it is ready, at most so long; False if it is not. ``ready`` takes no locks."""
        end = Deadline(seconds)
        with self._news:
            while not ready():
                self.check()
                if not end.left():
                    return False
                self._news.wait(min(end.left(), self.deadline.left(), 3600))
        return True
