"""Cut-outs: a part of an image, by its archive's SODA service where there is one, else cut here from the whole file."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np
from astropy import units as u

from skyexplorer.errors import AnswerError, FormatError, InputError, QueryError, RefusedError
from skyexplorer.io.files import reading
from skyexplorer.model import record as records
from skyexplorer.model.origin import Origin
from skyexplorer.model.picture import Picture
from skyexplorer.model.record import Processing, Record
from skyexplorer.model.region import SkyRegion
from skyexplorer.progress import turn
from skyexplorer.services import answers, datalink, meeting

if TYPE_CHECKING:
    from skyexplorer.net import Web

CUTOUTS = ("#cutout", "#proc")
GONE = (404, 405, 410, 501)
"""Statuses of a service that is not there, whatever its description says."""
MOST_WHOLE = 500_000_000
"""Bytes of a whole file that is fetched to be cut here."""


@dataclass(frozen=True, eq=False)
class CutOut:
    """A part of an image, as a FITS file.

    Parameters
    ----------
    path : Path
        The file, in the cache.
    header : mapping
        Of its image.
    shape : tuple of int
        Of its image, rows first.
    region : SkyRegion or None
        What it covers.
    record : Record
        The image it is from.
    origin : Origin
        Who made it, and how.
    """

    path: Path
    header: Any
    shape: tuple[int, ...]
    region: SkyRegion | None
    record: Record
    origin: Origin
    picture: Picture | None = None
    """To be laid on the sky; None where no pixel has a value."""

    @property
    def raw(self) -> bytes:
        """The bytes of the file."""
        return self.path.read_bytes()

    def __repr__(self) -> str:
        return f"<CutOut {self.record.title}: {' × '.join(map(str, self.shape[::-1]))} pixels>"


def cutout(record: Record, region: SkyRegion, web: Web, *, deadline: float = 600) -> CutOut:
    """The part of an image that a region covers.

    Parameters
    ----------
    record : Record
        The image.
    region : SkyRegion
        Circles and polygons are asked as they are, where the service knows them; others by a circle around them.
    web : Web
        For DataLink; the file itself comes by `net.download`, with progress.
    deadline : float
        Seconds for the file.

    Raises
    ------
    InputError
        Where region and image have no place in common, or the whole file is too large to be cut here.
    NotFoundError
        Where the archive has no file.
    ServiceError
        Of its kinds; `AnswerError` for something else than a FITS image.
    """
    if record.region is not None and not meeting.overlap(record.region, region):
        raise InputError(f"{record.title} lies beside the region.", "Choose an image that covers it.")
    try:
        processing = record.processing or _found(record, web)
        if processing is not None:
            return _asked(record, processing, region, deadline)
    except RefusedError as error:
        # Who told of a cutting service has none, or none of this file: the file itself may be there.
        if error.status not in GONE:
            raise
    return _cut_here(record, region, web, deadline)


def _found(record: Record, web: Web) -> Processing | None:
    """The service that cuts a file, by its DataLink document."""
    rows = datalink.links(record, web)
    makers = [row for row in rows if row.processing is not None and not row.error]
    for row in makers:
        assert row.processing is not None
        if row.semantics in CUTOUTS and row.processing.accepts & {"CIRCLE", "POLYGON", "POS"}:
            return row.processing
    return None


def question(processing: Processing, region: SkyRegion) -> str:
    """The address of a cut-out: ``CIRCLE``, ``POLYGON`` or ``POS``, whichever the service takes.

    Raises
    ------
    InputError
        If it takes none of them.
    """
    numbers = meeting.dali(region)
    text = " ".join(f"{value:.10g}" for value in numbers)
    word = "CIRCLE" if len(numbers) == 3 else "POLYGON"
    if word in processing.accepts:
        shape = {word: text}
    elif "POS" in processing.accepts:
        shape = {"POS": f"{word} {text}"}
    elif "CIRCLE" in processing.accepts:
        circle = (region.center.ra.deg, region.center.dec.deg, region.radius.to_value(u.deg))
        shape = {"CIRCLE": " ".join(f"{value:.10g}" for value in circle)}
    else:
        raise InputError(
            f"{processing.address} cuts by {', '.join(sorted(processing.accepts)) or 'nothing'}, not by regions.",
            "Download the whole image.",
        )
    joint = "&" if "?" in processing.address else "?"
    return processing.address + joint + urlencode({**processing.given, **shape})


def _asked(record: Record, processing: Processing, region: SkyRegion, deadline: float) -> CutOut:
    from skyexplorer import net

    url = question(processing, region)
    path = net.download(
        url, service=record.service, deadline=deadline, check=checked(record, url), keep=datalink.MONTH,
        auth=datalink.login(record, url),
    )  # fmt: skip
    return opened(path, record, f"cut by {processing.address}", url)


def _cut_here(record: Record, region: SkyRegion, web: Web, deadline: float) -> CutOut:
    if record.size is not None and record.size > MOST_WHOLE:
        raise InputError(
            f"{record.title} has {record.size / 1e6:.0f} MB, and its archive does not cut it.",
            "Download it whole: skyexplorer.services.datalink.download(record, web).",
        )
    whole = datalink.download(record, web, deadline=deadline)
    checked(record, record.address)(whole)
    name = hashlib.sha256(f"{whole}|{region.to_stcs()}".encode()).hexdigest()[:24]
    path = whole.with_name(f"cut-{name}.fits")
    if not path.exists():
        path.write_bytes(cut(whole.read_bytes(), region, record.title))
    return opened(path, record, "cut here from the whole file", record.address)


@turn()
def cut(raw: bytes, region: SkyRegion, title: str = "The image") -> bytes:
    """A FITS file with the part of an image that holds a region's bounding box.

    Parameters
    ----------
    raw : bytes
        A FITS file; its first image with two axes on the sky is cut.
    region : SkyRegion
    title : str
        For errors.

    Raises
    ------
    FormatError
        Where there is no such image.
    InputError
        Where the image and the region have no pixel in common.
    """
    from astropy.io import fits

    with reading("a FITS image"), fits.open(io.BytesIO(raw), memmap=False) as hdus:
        number = _image(hdus)
        wcs, data, header = _sky(hdus[number].header), hdus[number].data, hdus[number].header
        flat = np.asarray(data).reshape(-1, *data.shape[-2:])[0]
        line = np.concatenate(region.outline(64))
        from astropy.coordinates import SkyCoord

        x, y = wcs.world_to_pixel(SkyCoord(line[:, 0] * u.deg, line[:, 1] * u.deg))
        good = np.isfinite(x) & np.isfinite(y)
        rows, columns = flat.shape
        if good.any():
            x0, x1 = (
                int(v) for v in np.clip([np.floor(x[good].min()), np.ceil(x[good].max()) + 1], 0, columns)
            )
            y0, y1 = (int(v) for v in np.clip([np.floor(y[good].min()), np.ceil(y[good].max()) + 1], 0, rows))
        if not good.any() or x1 <= x0 or y1 <= y0:
            raise InputError(f"{title} has no pixel in the region.", "Choose an image that covers it.")
        part = wcs[y0:y1, x0:x1].to_header(relax=True)
        kept = {key: header[key] for key in _KEPT if key in header}
        new = fits.PrimaryHDU(np.ascontiguousarray(flat[y0:y1, x0:x1]))
        new.header.update(part)
        new.header.update(kept)
        new.header["HISTORY"] = f"Pixels {x0 + 1}:{x1}, {y0 + 1}:{y1} of the whole image."
        out = io.BytesIO()
        fits.HDUList([new]).writeto(out)
    return out.getvalue()


_KEPT = (
    "OBJECT",
    "TELESCOP",
    "INSTRUME",
    "FILTER",
    "DATE-OBS",
    "MJD-OBS",
    "EXPTIME",
    "BUNIT",
    "ORIGIN",
    "OBSERVER",
)


def _image(hdus: Any) -> int:
    """Number of the first image that lies on the sky."""
    for number, hdu in enumerate(hdus):
        header = hdu.header
        axes = [str(header.get(f"CTYPE{axis}", ""))[:4].rstrip("-") for axis in (1, 2)]
        if getattr(hdu, "is_image", False) and int(header.get("NAXIS", 0)) >= 2 and set(axes) in _AXES:
            return number
    raise FormatError("No image with two axes on the sky in this FITS file.", "Open it elsewhere.")


_AXES = ({"RA", "DEC"}, {"GLON", "GLAT"}, {"ELON", "ELAT"})


def _sky(header: Any) -> Any:
    from astropy.wcs import WCS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # headers that are not quite as the standard says
        return WCS(header).celestial


def checked(record: Record, url: str) -> Any:
    """What sees that a file is FITS: `AnswerError` for an error in its place, with the text of the service."""

    def check(path: Path) -> None:
        with path.open("rb") as file:
            start = file.read(4000)
        if start.startswith(b"SIMPLE  ="):
            return
        if not start:
            raise QueryError(
                f"{record.service} has no pixel of {record.title} in the region.",
                "Choose an image that covers it.",
                service=record.service,
                url=url,
            )
        if b"<VOTABLE" in start or b":VOTABLE" in start:
            answers.parse(path.read_bytes(), service=record.service, url=url)
        text = " ".join(start.decode("utf-8", "replace").split())
        raise AnswerError(
            f"{record.service or url} gave something else than a FITS file: {text[:120]!r}.",
            "Choose another image, or ask again.",
            service=record.service,
            url=url,
        )

    return check


@turn()
def opened(path: Path, record: Record, how: str, url: str) -> CutOut:
    """A FITS file as a cut-out.

    Raises
    ------
    AnswerError
        Where it has no image on the sky.
    """
    from astropy.io import fits

    raw = path.read_bytes()
    try:
        with reading("a FITS image"), fits.open(io.BytesIO(raw), memmap=False) as hdus:
            number = _image(hdus)
            header, shape = hdus[number].header.copy(), tuple(hdus[number].shape)
            covered = records.of_pixels(_sky(header), shape[-1], shape[-2])
            flat = np.asarray(hdus[number].data).reshape(-1, *shape[-2:])[0]
    except FormatError as error:
        raise AnswerError(
            f"{record.service}: {error.message}", error.advice, service=record.service, url=url
        ) from error
    origin = Origin.of_file(path, raw, title=record.title, service=record.service, note=how)
    try:
        picture = Picture.of(flat, _sky(header))
    except FormatError:
        picture = None  # of pixels without a value; the file is what was asked for nevertheless
    return CutOut(path, header, shape, covered, record, replace(origin, location=url), picture)
