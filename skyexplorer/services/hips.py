"""HiPS: pictures of the whole sky that can be the background, from MocServer's list, and what their makers say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from skyexplorer.errors import AnswerError, InputError
from skyexplorer.services import mocserver
from skyexplorer.services.registry import BANDS

if TYPE_CHECKING:
    from skyexplorer.model.region import SkyRegion
    from skyexplorer.net import Web

WEEK = 7 * 86400.0
MOST = 3000
DRAWN = ("png", "jpeg", "webp")
"""Tiles that a browser draws without being told how."""


@dataclass(frozen=True)
class Survey:
    """A picture of the sky.

    Parameters
    ----------
    id, title : str
        Such as ``"CDS/P/2MASS/color"``; ``viewport.survey = id`` puts it behind all layers.
    band : str
    address : str
        Of its tiles.
    attribution, reference, licence : str
        Whom to name; what to cite; the terms.
    frame : str
        ``"equatorial"`` or ``"galactic"``.
    order : int
        Of its smallest tiles.
    sky_fraction : float
        Part of the sky it covers.
    """

    id: str
    title: str
    band: str
    address: str
    attribution: str
    reference: str = ""
    licence: str = ""
    frame: str = ""
    order: int = 0
    sky_fraction: float = 0.0
    facts: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


def surveys(
    band: str = "", *, web: Web, region: SkyRegion | None = None, refresh: bool = False
) -> list[Survey]:
    """Pictures of a band, those that cover most of the sky first.

    Parameters
    ----------
    band : str
        One of the bands of the table of services, or empty: all.
    web : Web
    region : SkyRegion, optional
        Only those that have something there.
    refresh : bool
        Whether to ask although an answer is kept.

    Raises
    ------
    InputError
        For a band that is none.
    ServiceError
        Of its kinds.
    """
    if band and not mocserver.regime_of(band):
        raise InputError(
            f"There are no pictures of the band {band!r}.",
            f"Give one of {', '.join(word for word in BANDS if mocserver.regime_of(word))}.",
        )
    expr = mocserver.HIPS + (f"&&obs_regime={mocserver.regime_of(band)}" if band else "")
    found, _, _ = mocserver.ask(region, web=web, expr=expr, max_rows=MOST, refresh=refresh)
    made = [survey(one) for one in found if one.hips and _drawn(one)]
    return sorted(made, key=lambda one: (-one.sky_fraction, one.title.lower()))


def _drawn(one: mocserver.DataSet) -> bool:
    tiles = one.facts.get("hips_tile_format", "png").lower()
    return any(word in tiles for word in DRAWN)


def survey(one: mocserver.DataSet) -> Survey:
    """A data set that has pictures, as one of them."""
    facts = one.facts
    order = facts.get("hips_order", "")
    return Survey(
        one.id,
        one.title,
        one.band,
        one.hips[0],
        one.attribution,
        facts.get("bib_reference", ""),
        facts.get("obs_copyright", "") or facts.get("hips_copyright", ""),
        facts.get("hips_frame", ""),
        int(order) if order.isdigit() else 0,
        one.sky_fraction if one.sky_fraction > 0 else 0.0,
        facts,
    )


def properties(address: str, *, web: Web) -> dict[str, str]:
    """What the maker of a HiPS says of it: the file ``properties`` at its address.

    Raises
    ------
    AnswerError
        Where there is no such file.
    ServiceError
        Of its kinds.

    Examples
    --------
    >>> from skyexplorer.services.hips import read_properties
    >>> read_properties("# made by hand\\nhips_order = 3\\nobs_title=The sky = ours\\n")
    {'hips_order': '3', 'obs_title': 'The sky = ours'}
    """
    url = f"{address.rstrip('/')}/properties"
    reply = web.fetch(url, keep=WEEK)
    found = read_properties(reply.content.decode("utf-8", "replace"))
    if not any(key.startswith("hips_") for key in found):
        raise AnswerError(
            f"{url} is no description of a HiPS.", "Check the address.", service="hips", url=url
        )
    return found


def read_properties(text: str) -> dict[str, str]:
    """Keys and values of lines ``key = value``; ``#`` begins a comment."""
    found = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not key.lstrip().startswith("#") and key.strip():
            found[key.strip()] = value.strip()
    return found
