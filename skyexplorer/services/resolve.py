"""Sesame: the position of a name, as SIMBAD, NED or VizieR knows it; the service asks them in turn, the first wins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer.errors import AnswerError, FormatError, InputError, NotFoundError, ServiceError
from skyexplorer.io import xml
from skyexplorer.services import answers, registry

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from skyexplorer.net import Reply, Web

SERVICE = "sesame"
MONTH = 30 * 86400.0
RESOLVERS = "SNV"
"""SIMBAD, NED, VizieR."""
LONGEST = 200
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*>", re.I)


@dataclass(frozen=True)
class Resolved:
    """What a resolver knows of a name.

    Parameters
    ----------
    name : str
        As was asked.
    ra, dec : float
        ICRS degrees.
    resolver : str
        ``"Simbad"``, ``"NED"`` or ``"VizieR"``.
    known_as : str
        The main name there.
    type, reference : str
        Type of object, in the words of the resolver; bibcode of the position.
    redshift : float or None
    cached_at : str
        When it was asked, where the answer was kept.
    """

    name: str
    ra: float
    dec: float
    resolver: str
    known_as: str = ""
    type: str = ""
    reference: str = ""
    redshift: float | None = None
    cached_at: str = ""

    @property
    def coord(self) -> SkyCoord:
        """Its position, ICRS."""
        return SkyCoord(self.ra * u.deg, self.dec * u.deg)


def ask(name: str, web: Web, *, refresh: bool = False) -> Resolved:
    """The position of a name; kept for a month.

    Parameters
    ----------
    name : str
        Such as ``"M 87"``.
    web : Web
    refresh : bool
        Whether to ask although an answer is kept.

    Raises
    ------
    InputError
        For no name.
    NotFoundError
        Where no resolver knows it.
    ServiceError
        Of its kinds: where none could be asked, too.
    """
    text = " ".join(str(name).split())
    if not text or len(text) > LONGEST:
        raise InputError(f"{text[:60]!r} is no name.", 'Give one such as "M 87".')
    row = registry.get(SERVICE)

    def once(address: str) -> Reply:
        url = f"{address.rstrip('/')}/-oxp/{RESOLVERS}?{quote(text)}"
        return web.fetch(
            url, keep=MONTH, refresh=refresh, check=lambda reply: _known(reply.content, text, url)
        )

    reply = answers.mirrored(row, once)
    return read(reply.content, text, reply.url, cached_at=reply.cached_at)


class _Unsure(NotFoundError):
    """None of those that answered knows it, and not all did."""


def _known(raw: bytes, name: str, url: str) -> None:
    """Refuse what is a failure, and so not kept; that nobody knows the name is an answer like another."""
    try:
        read(raw, name, url)
    except NotFoundError as error:
        if isinstance(error, _Unsure):
            raise


def read(raw: bytes, name: str, url: str = "", cached_at: str = "") -> Resolved:
    """What Sesame's XML says of a name.

    Raises
    ------
    NotFoundError
        Where no resolver knows it.
    AnswerError
        Where it is not Sesame's XML.
    ServiceError
        Where no resolver could be asked, and so nobody can say whether it is known.
    """
    try:
        root = xml.root(_DOCTYPE.sub(b"", raw, count=1).strip(), "the answer of a name resolver")
    except FormatError as error:
        raise AnswerError(f"Sesame: {error.message}", "Try again later.", service=SERVICE, url=url) from error
    if xml.local(root.tag) != "Sesame":
        raise AnswerError(
            f"Sesame answered with <{xml.local(root.tag)}>.", "Try again later.", service=SERVICE, url=url
        )
    failures, quiet = [], 0
    for element in root.iter():
        if xml.local(element.tag) != "Resolver":
            continue
        ra, dec = (_number(_text(element, tag)) for tag in ("jradeg", "jdedeg"))
        if np.isfinite(ra) and abs(dec) <= 90:
            redshift = _number(_text(element, "z", "v"))
            return Resolved(
                name, ra % 360, dec, _who(element.get("name", "")), _text(element, "oname"), _text(element, "otype"),
                _text(element, "refPos"), redshift if np.isfinite(redshift) else None, cached_at,
            )  # fmt: skip
        said = _text(element, "ERROR")
        failures += [f"{_who(element.get('name', ''))}: {said}"] if said else []
        quiet += not said
    if failures and not quiet:
        raise ServiceError(
            f"No name resolver could be asked for {name!r}. {'; '.join(failures)[:300]}",
            "Try again later, or give coordinates.",
            service=SERVICE,
            url=url,
        )
    unsure = f" ({'; '.join(failures)[:200]})" if failures else ""
    raise (_Unsure if failures else NotFoundError)(
        f"SIMBAD, NED and VizieR know nothing called {name!r}{unsure}.",
        "Check its spelling, or give coordinates.",
    )


def _who(name: str) -> str:
    """The resolver in ``"S=Simbad (CDS, via client/server)"``."""
    return re.sub(r"\s*\(.*", "", name.partition("=")[2] or name).strip() or "Sesame"


def _text(element: Element, *path: str) -> str:
    """Text of the first child of this name, and so on down; empty where there is none."""
    for tag in path:
        found = next((child for child in element if xml.local(child.tag) == tag), None)
        if found is None:
            return ""
        element = found
    return " ".join((element.text or "").split())


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
