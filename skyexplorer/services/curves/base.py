"""What the providers of light curves share: what is asked about, who is asked, and what came.

A provider is a row here and a function ``ask(asking)`` in a module of its own. It asks through `Asking`, which knows the
address from the table of services, goes through `skyexplorer.net`, and remembers from where and when each answer came;
it returns light curves, or none where the service knows of none. "No data" is an answer, not a failure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from skyexplorer.core import sphere
from skyexplorer.errors import AnswerError, FormatError
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.model.origin import Origin
from skyexplorer.progress import current

if TYPE_CHECKING:
    from skyexplorer.net import Deadline, Web

HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0
SHARP = 3.0
"""Arcseconds: how well a position is known at least where one star is to be told from the next."""
BLURRED = "its position does not tell one star from the next"
"""Why those who measure stars are not asked about it."""


@dataclass(frozen=True)
class Target:
    """What light curves are asked of.

    Parameters
    ----------
    name : str
    ra, dec : float
        ICRS, degrees.
    names : tuple of str
        All its names, its own first; associations too.
    band : str
        Of the catalogue it comes from, such as ``"gamma"``; empty where that is not known.
    error : float
        Radius, in arcseconds, within which it lies with 95 %; NaN where that is not known.
    magnitude : float
        Where it is known, else NaN.
    facts : mapping
        What else its row tells, by the name of the column in small letters.
    radius : float
        Arcseconds around the position within which a star is taken for it.
    """

    name: str
    ra: float
    dec: float
    names: tuple[str, ...] = ()
    band: str = ""
    error: float = np.nan
    magnitude: float = np.nan
    facts: Mapping[str, Any] = field(default_factory=dict)
    radius: float = SHARP

    @property
    def sharp(self) -> bool:
        """Whether its position tells one star from the next."""
        return bool(self.error <= SHARP) if np.isfinite(self.error) else self.band not in COARSE

    def separation(self, ra: Any, dec: Any) -> Any:
        """Arcseconds from it to other places, in degrees."""
        return sphere.separation(self.ra, self.dec, np.asarray(ra, float), np.asarray(dec, float)) * 3600

    def fact(self, *columns: str) -> float:
        """A number that its row tells, by the first of these columns that has one; else NaN."""
        for column in columns:
            try:
                value = float(self.facts.get(column, np.nan))
            except (TypeError, ValueError):
                continue
            if np.isfinite(value):
                return value
        return np.nan


COARSE = ("gamma", "tev", "neutrino", "gw", "cosmic-ray")
"""Bands whose catalogues do not tell one star from the next."""


@dataclass(frozen=True)
class Provider:
    """Who may have light curves.

    Parameters
    ----------
    id : str
        Of its row in the table of services.
    title : str
        What a legend calls it.
    band : str
        What it looks at: ``"gamma"``, ``"x-ray"``, ``"optical"`` or ``""`` (any).
    ask : callable
        ``ask(asking)`` returns the light curves.
    why_not : callable
        ``why_not(target)`` says why it can have none of this, or nothing.
    """

    id: str
    title: str
    band: str
    ask: Callable[[Asking], Iterable[LightCurve]]
    why_not: Callable[[Target], str]


@dataclass(frozen=True)
class Brought:
    """What a provider brought; `curves` may be none, and `note` then says why."""

    provider: str
    curves: tuple[LightCurve, ...] = ()
    note: str = ""
    address: str = ""
    query: str = ""
    cached_at: str = ""
    overflow: bool = False
    seconds: float = 0.0

    def __len__(self) -> int:
        """Number of points of all its curves."""
        return sum(len(curve) for curve in self.curves)


class Asking:
    """One provider being asked about one target, within a deadline.

    Parameters
    ----------
    provider : Provider
    target : Target
    deadline : Deadline
    options : mapping
        What the caller wants of particular providers, such as ``cadence``.
    """

    def __init__(
        self, provider: Provider, target: Target, deadline: Deadline, options: Mapping[str, Any] | None = None
    ) -> None:
        from skyexplorer.services import registry

        self.provider, self.target, self.deadline = provider, target, deadline
        self.service = registry.get(provider.id)
        self.options = dict(options or {})
        self.overflow = False
        self._notes: list[str] = []
        self._replies: list[Any] = []
        self._kept: list[str] = []

    @cached_property
    def web(self) -> Web:
        """The connection to the service."""
        from skyexplorer.net import Web

        return Web(self.service.id, self.deadline, per_host=self.service.per_host or 1)

    def url(self, part: str = "", path: str = "") -> str:
        """The address of a part of the service, as its row names it in ``extra``; and a path below it."""
        extra = str(self.service.extra.get(part, ""))
        return self.service.address.rstrip("/") + extra + path

    def get(self, url: str = "", params: Mapping[str, Any] | None = None, **how: Any) -> Any:
        """Ask an address, by default that of the service; see `Web.fetch`."""
        reply = self.web.fetch(url or self.url(), params, **how)
        self._replies.append(reply)
        self._kept.append(reply.cached_at)
        return reply

    def kept(self, times: Iterable[str]) -> None:
        """When answers that came by another way were kept; empty for those that were not."""
        self._kept += times

    def note(self, text: str) -> None:
        """Something that a reader must know of the answer."""
        if text and text not in self._notes:
            self._notes.append(text)

    def wait(self, seconds: float) -> None:
        """Wait before the service is asked again, as long as the deadline and the user let."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            current().check()
            self.deadline.check(self.service.id, self.service.address)
            time.sleep(min(left, 0.1))

    def origin(self, title: str, reply: Any = None, **facts: Any) -> Origin:
        """Where a curve comes from: the last answer, and what the table of services says of its service."""
        import hashlib

        reply = reply or (self._replies[-1] if self._replies else None)
        content = getattr(reply, "content", b"")
        return Origin(
            title=title,
            service=self.service.id,
            location=str(getattr(reply, "url", "") or self.service.address),
            reference=self.service.reference,
            licence=self.service.licence or "unknown",
            retrieved=str(getattr(reply, "retrieved", "")),
            checksum="sha256:" + hashlib.sha256(content).hexdigest() if content else "",
            **facts,
        )

    def read(self, table: Any, title: str, note: str = "", band: str = "") -> LightCurve:
        """The light curve in a table of a form that is known, with its origin, and the name of the target."""
        curve = LightCurve.from_table(table, name=self.target.name)
        said = "; ".join(dict.fromkeys(text for text in (curve.origin.note, note) if text))
        origin = self.origin(title, rows=len(table), note=said)
        return replace(curve, name=self.target.name, band=band or curve.band, origin=origin)

    def brought(self, curves: Iterable[LightCurve], seconds: float = 0.0) -> Brought:
        """All that came."""
        first = self._replies[0] if self._replies else None
        return Brought(
            self.provider.id,
            tuple(curves),
            "; ".join(self._notes),
            address=self.service.address,
            query=str(getattr(first, "url", "")),
            cached_at=min(self._kept) if self._kept and all(self._kept) else "",
            overflow=self.overflow,
            seconds=seconds,
        )

    def close(self) -> None:
        """Close the connection."""
        if "web" in self.__dict__:
            self.web.close()


def bring(
    provider: Provider, target: Target, deadline: Deadline, options: Mapping[str, Any] | None = None
) -> Brought:
    """Ask one provider; whatever is wrong with its answer is one of our errors.

    Raises
    ------
    ServiceError
        If it does not answer, says no, or answers something else.
    Cancelled
        If the work was to stop.
    """
    start = time.monotonic()
    asking = Asking(provider, target, deadline, options)
    try:
        curves = list(provider.ask(asking))
        return asking.brought(curves, time.monotonic() - start)
    except FormatError as error:
        if isinstance(error, AnswerError):
            raise
        url = str(getattr(asking._replies[-1], "url", "")) if asking._replies else asking.service.address
        raise AnswerError(error.message, error.advice, service=provider.id, url=url) from error
    finally:
        asking.close()
