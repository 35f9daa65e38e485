"""Maps of events: fetched, found in an archive of many, read, and given to the event with where they are from."""

from __future__ import annotations

import re
import tarfile
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from skyexplorer.alerts.asking import FAILED, Bare, came
from skyexplorer.errors import FormatError, SkyExplorerError, SkyExplorerWarning
from skyexplorer.io import files
from skyexplorer.model import opening
from skyexplorer.model.event import Event
from skyexplorer.model.likelihood import LikelihoodMap
from skyexplorer.model.origin import Origin
from skyexplorer.model.region import SkyRegion
from skyexplorer.model.skymap import SkyMap
from skyexplorer.progress import turn

if TYPE_CHECKING:
    from skyexplorer.alerts.asking import Asker, Talk

FITS = re.compile(r"\.(fits?|fits?\.gz)$", re.I)
ARCHIVE = re.compile(r"\.(tar|tar\.gz|tgz|tar\.xz|tar\.bz2|zip)$", re.I)
LINK = re.compile(r"https?://[^\s\"'<>()]+\.fits?(?:\.gz)?\b", re.I)
TOLD = re.compile(r"healpix|skymap|multiorder|probdensity|bayestar|bilby", re.I)


@dataclass(frozen=True)
class Located:
    """What a map gives an event."""

    localization: SkyMap | SkyRegion
    origin: Origin
    kind: str
    notes: tuple[str, ...] = ()
    header: dict[str, Any] = field(default_factory=dict)


def located(
    talk: Talk,
    address: str,
    name: str,
    *,
    inside: Sequence[str] = (),
    file: str = "",
    note: str = "",
    **how: Any,
) -> Located:
    """Fetch a map and read it.

    Parameters
    ----------
    talk : Talk
        With the service that has it.
    address : str
        Of the file; of an archive of several, ``inside`` are names of the event by which its member is found.
    name : str
        Of the event.
    file : str
        What the file is called, where its address does not end with that.

    Raises
    ------
    ServiceError
        If it cannot be fetched.
    FormatError
        If it is no map.
    """
    path = talk.download(address, **how)
    return read(path, address, name, talk.place, inside=inside, file=file, note=note)


def read(
    path: Path,
    address: str,
    name: str,
    place: Any,
    *,
    inside: Sequence[str] = (),
    file: str = "",
    note: str = "",
) -> Located:
    """The map in a file that was fetched; see `located`."""
    raw: bytes | Path = path
    member = ""
    if ARCHIVE.search(file or address.partition("?")[0]):
        member, raw = _member(path, inside or (name,), file or path.name)
    stored = files.stored(raw)
    with turn(), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        opened = opening.read(stored, name=name)
    notes = tuple(str(w.message) for w in said if issubclass(w.category, SkyExplorerWarning))
    if isinstance(opened, LikelihoodMap):
        localization: SkyMap | SkyRegion = opened.region(0.9)
        kind, found = "90 % region of a likelihood scan", opened.origin
    elif isinstance(opened, SkyMap):
        localization, kind, found = opened, "sky map", opened.origin
    else:
        raise FormatError(f"{address} is a {type(opened).__name__}, and no map.", "Open it by its address.")
    origin = replace(
        found,
        title=name,
        service=place.id,
        location=address + (f" ({member})" if member else ""),
        reference=place.reference,
        licence=place.licence,
        note="; ".join(filter(None, (found.note, note))),
        retrieved=came(path),
    )
    if isinstance(opened, SkyMap):
        opened.origin = origin
    return Located(localization, origin, kind, notes, dict(found.header))


def give(event: Event, found: Located, **facts: Any) -> Event:
    """The event with this map as its localization."""
    skymap = found.localization
    position = event.position
    if position is None and isinstance(skymap, SkyMap):
        position = skymap.mode
    return replace(
        event,
        localization=skymap,
        position=position,
        region_kind=found.kind,
        containment=0.9 if isinstance(skymap, SkyRegion) else None,
        origin=found.origin,
        notes=event.notes + found.notes,
        **facts,
    )


def without(event: Event, why: SkyExplorerError) -> Event:
    """The event without the map that could not be had, which its notes tell."""
    return replace(event, notes=(*event.notes, f"its sky map could not be had ({why.message})"))


def given_or_without(talk: Talk, event: Event, address: str, *, guessed: bool = False, **how: Any) -> Event:
    """The event with the map that lies at an address; without it, and told so, where it cannot be had.

    Where the address is guessed from the name of the event, nothing being there is no fault.
    """
    try:
        return give(event, located(talk, address, event.name, **how), skymap_url=address)
    except FAILED as error:
        if guessed and getattr(error, "status", None) == 404:
            talk.rows = 0
            return event
        talk.failed = error
        return without(replace(event, skymap_url=address), error)


def named(asker: Asker, event: Event, *, trusted: str = "") -> Event:
    """The event with the map whose address it carries (a notice's ``healpix_url``, a link in a circular).

    It is fetched from those services only that are known here, and from where the event itself came, ``trusted``: an
    address in a text is no reason to ask anybody.
    """
    if not event.skymap_url or isinstance(event.localization, SkyMap):
        return event
    host = urlsplit(event.skymap_url).netloc
    known = [id for id, place in asker.places.items() if host and host in _hosts(place)]
    # HEASARC has several rows: maps of Fermi GBM are in the folders.
    known.sort(key=lambda id: not event.skymap_url.startswith(asker.places[id].address))
    if not known and not (host and host == urlsplit(trusted).netloc):
        note = f"it names a sky map at {host}, which is none of the known services: {event.skymap_url}"
        return replace(event, notes=(*event.notes, note))
    with asker.talk(known[0]) if known else asker.talking(Bare(host, trusted)) as talk:
        talk.rows = 1
        return given_or_without(talk, event, event.skymap_url)


def _hosts(place: Any) -> set[str]:
    return {urlsplit(address).netloc for address in (place.address, *getattr(place, "mirrors", ()))}


# Archives of many maps


def _member(path: Path, names: Sequence[str], called: str) -> tuple[str, bytes]:
    """The name and the bytes of the map of an event in an archive; the best of several.

    Releases have a map for each analysis: that of several waveforms mixed is preferred, then multi-order ones.
    """
    wanted = re.compile(
        "|".join(rf"(?<![0-9A-Za-z]){re.escape(name)}(?![0-9A-Za-z])" for name in names), re.I
    )
    with files.reading("an archive of sky maps"):
        known = [name for name, _ in _members(path) if FITS.search(name) and wanted.search(name)]
        if not known:
            raise FormatError(
                f"The archive {called} has no map of {' or '.join(names)}.",
                "Look for it on the page of the release.",
            )
        best = max(known, key=lambda name: ("mixed" in name.lower(), "multiorder" in name.lower(), name))
        for name, stream in _members(path, best):
            if name == best and stream is not None:
                raw = stream.read(files.MOST_UNPACKED + 1)
                if len(raw) > files.MOST_UNPACKED:
                    raise FormatError(
                        f"{best} has more than {files.MOST_UNPACKED / 2**20:.0f} MiB.", "Unpack it yourself."
                    )
                return best, raw
    raise FormatError(f"{best} cannot be read from {called}.", "Fetch it again.")


def _members(path: Path, wanted: str = "") -> Iterator[tuple[str, IO[bytes] | None]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.filename == wanted:
                    with archive.open(entry) as stream:
                        yield entry.filename, stream
                else:
                    yield entry.filename, None
        return
    with tarfile.open(path, "r:*") as tar:
        for member in tar:
            if member.isfile():
                yield member.name, tar.extractfile(member) if member.name == wanted else None


def links(text: str) -> list[str]:
    """Addresses of sky maps that a text names.

    >>> links("see https://example.org/bn1/quicklook/glg_healpix_all_bn1.fit. Light curve: https://example.org/lc.fit")
    ['https://example.org/bn1/quicklook/glg_healpix_all_bn1.fit']
    """
    return list(dict.fromkeys(found for found in LINK.findall(text) if TOLD.search(found.rpartition("/")[2])))
