"""Releases: the records in which catalogues of gravitational waves publish their sky maps, at Zenodo and the DCC.

A record holds one file an event, or archives of the maps of all; an archive is fetched once, kept, and the map of each
event is taken out of it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import md5
from importlib import resources
from pathlib import Path
from typing import Any

from skyexplorer.alerts import maps
from skyexplorer.alerts.asking import DAY, MOST_MAP, Asker, Bare, Talk, Unknown
from skyexplorer.errors import AnswerError
from skyexplorer.io.notice import number, words

ARCHIVED = re.compile(r"sky[\s_-]?(?:map|loc)", re.I)


@cache
def releases() -> tuple[Mapping[str, Any], ...]:
    """The rows of ``releases.toml``."""
    text = resources.files(__package__).joinpath("releases.toml").read_text("utf-8")
    return tuple(tomllib.loads(text)["release"])


def of_catalog(catalog: str) -> Mapping[str, Any] | None:
    """The release of a catalogue, or None.

    >>> of_catalog("GWTC-2.1-confident")["concept"]
    5117702
    """
    return next((row for row in releases() if catalog.upper().startswith(row["catalog"].upper())), None)


def located(asker: Asker, catalog: str, names: Iterable[str]) -> maps.Located:
    """The map of an event in the release of its catalogue.

    Parameters
    ----------
    asker : Asker
    catalog : str
        Such as ``"GWTC-2.1-confident"``.
    names : iterable of str
        Names of the event, that of the catalogue first.

    Raises
    ------
    Unknown
        If no record is known of the catalogue, or none has a map of the event.
    """
    event, *others = names
    row = of_catalog(catalog)
    if row is None:
        raise Unknown(f"No record of the maps of {catalog} is known here.")
    if "address" in row:
        place = asker.places.get(row["service"]) or Bare(
            row["service"], row["base"], reference=f"{catalog}, public data"
        )
        with asker.talking(place) as talk:
            talk.rows = 1
            return maps.located(talk, place.address.rstrip("/") + row["address"].format(event=event), event)
    with asker.talk("zenodo") as talk:
        found = _in_records(talk, row, (event, *others))
        if found is None:
            raise Unknown(f"The records of {catalog} at Zenodo have no map of {event}.")
        key, address, size, checksum, reference = found
        if size > MOST_MAP:
            raise Unknown(
                f"The maps of {catalog} come in one file, {key}, of {size / 1e9:.1f} GB.",
                f"Fetch it from {address}, and open the map of {event} in it.",
            )
        how: dict[str, Any] = {"check": _md5(checksum, address)} if checksum else {}
        talk.rows = 1
        return maps.located(
            talk,
            address,
            event,
            inside=(event, *others),
            file=key,
            note=f"from {reference}",
            size=int(size) or None,
            **how,
        )


def _in_records(
    talk: Talk, row: Mapping[str, Any], names: tuple[str, ...]
) -> tuple[str, str, float, str, str] | None:
    """Key, address, bytes, checksum and record of the file that has the map."""
    best = None
    for number_ in _records(talk, row):
        document = talk.json(f"{number_}", keep=7 * DAY, missing=f"record {number_}")
        for key, link, size, checksum in _files(document):
            address = talk.near(link)
            if (rank := _rank(key, names)) and (best is None or rank > best[0]):
                best = (rank, (key, address, size, checksum, f"Zenodo record {number_}"))
        if best is not None and best[0] > 1:
            break
    return None if best is None else best[1]


def _records(talk: Talk, row: Mapping[str, Any]) -> list[int]:
    """The records to be looked into: the latest version first, those that are known to have maps after it."""
    known = list(row.get("records", ()))
    if "concept" not in row:
        return known
    try:
        latest = talk.json(f"{row['concept']}", keep=7 * DAY, missing=f"record {row['concept']}")
    except Unknown:
        return known
    links = latest.get("links") if isinstance(latest, dict) else None
    link = words(links.get("latest")) if isinstance(links, dict) else ""
    found = re.search(r"records/(\d+)$", link)
    told = int(found[1]) if found else int(number(latest.get("id"))) if number(latest.get("id")) > 0 else 0
    if link and not found:  # …/versions/latest, which leads to it
        newest = talk.json(talk.own(link), keep=7 * DAY)
        told = (
            int(number(newest.get("id")))
            if isinstance(newest, dict) and number(newest.get("id")) > 0
            else told
        )
    return list(dict.fromkeys(filter(None, (told, *known))))


def _files(document: Any) -> list[tuple[str, str, float, str]]:
    rows = document.get("files") if isinstance(document, dict) else None
    out = []
    for row in rows if isinstance(rows, list) else ():
        links = row.get("links") if isinstance(row, dict) else None
        address = words(links.get("content") or links.get("self")) if isinstance(links, dict) else ""
        key = words(row.get("key") or row.get("filename"), 300) if isinstance(row, dict) else ""
        if key and address:
            size = number(row.get("size"))
            out.append((key, address, size if size > 0 else 0.0, words(row.get("checksum"), 80)))
    return out


def _rank(key: str, names: tuple[str, ...]) -> int:
    """2 for the map of the event, 1 for an archive of maps, 0 for anything else."""
    named = any(re.search(rf"(?<![0-9A-Za-z]){re.escape(name)}(?![0-9A-Za-z])", key, re.I) for name in names)
    if maps.FITS.search(key) and named:
        return 2
    return 1 if maps.ARCHIVE.search(key) and ARCHIVED.search(key) else 0


def _md5(checksum: str, address: str) -> Any:
    """A check of a file against the checksum of its record; other sums than MD5 are not published there."""
    kind, _, wanted = checksum.rpartition(":")

    def check(path: Path) -> None:
        if kind not in ("", "md5"):
            return
        with Path(path).open("rb") as stream:
            sum_ = md5(usedforsecurity=False)
            while part := stream.read(2**20):
                sum_.update(part)
        if sum_.hexdigest() != wanted.lower():
            raise AnswerError(
                f"{address} has the checksum {sum_.hexdigest()}, and its record says {wanted}.", "Fetch it again.",
                service="zenodo", url=address,
            )  # fmt: skip

    return check
