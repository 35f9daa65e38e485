"""Findings as rows: services, what is in the view, the registry's resources and images, as the archives panel shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from astropy import units as u

from skyexplorer.model.ledger import GOOD
from skyexplorer.session.archives import Archives, Finding
from skyexplorer.session.text import _
from skyexplorer.views.states import going, partial, status

if TYPE_CHECKING:
    from skyexplorer.model.record import Record

MOST = 300  # rows in the page at once
TABLES = 20  # of one service, with all their columns
MJD_ZERO = datetime(1858, 11, 17, tzinfo=UTC)
_bands: dict[tuple[float, float], str] = {}
OBJECTS, OBSERVATIONS, PICTURES = "objects", "observations", "pictures"
WHAT = {OBJECTS: "", OBSERVATIONS: _("files"), PICTURES: _("surveys")}
TIPS = {
    OBJECTS: _("Bring {title} as a layer"),
    OBSERVATIONS: _("List the images of {title}"),
    PICTURES: _("Lay {title} behind"),
}
HINTS = {
    "field": _(
        "Each mission and band is asked how many objects it has here; a click brings them as a layer."
    ),
    "registry": _("Searches all that the Virtual Observatory knows; what is found can be added as a layer."),
    "images": _("Lists what images the archives have of this place, and outlines them on the sky."),
}
WAVEBANDS = ("gamma-ray", "x-ray", "euv", "uv", "optical", "infrared", "millimeter", "radio", "neutrino")
"""As the registry calls them."""
KINDS = {
    "scs": _("cone search"), "sia1": _("images"), "sia2": _("images"), "ssa": _("spectra"), "tap": _("tables"),
    "obstap": _("observations"), "hips": _("surveys"),
}  # fmt: skip
BANDS = {
    "tev": _("TeV gamma rays"),
    "gamma": _("Gamma rays"),
    "x-ray": _("X-rays"),
    "ultraviolet": _("Ultraviolet"),
    "optical": _("Optical"),
    "infrared": _("Infrared"),
    "radio": _("Radio"),
    "neutrino": _("Neutrinos"),
    "gw": _("Gravitational waves"),
    "cosmic-ray": _("Cosmic rays"),
    "many": _("Many bands"),
}
"""By rising wavelength, then the other messengers."""
MESSENGERS = {
    "photon": _("light"),
    "neutrino": _("neutrinos"),
    "gravitational wave": _("gravitational waves"),
    "cosmic ray": _("cosmic rays"),
    "many": _("several"),
}


def service_rows(services: Iterable[Any]) -> list[dict[str, Any]]:
    """Services for the list, by band."""
    order = list(BANDS)
    ranked = sorted(
        services, key=lambda service: order.index(service.band) if service.band in order else len(order)
    )
    return [_service(service) for service in ranked]


def _service(service: Any) -> dict[str, Any]:
    verified = service.verified != "never"
    where = f"{service.address} {service.table}".strip()
    facts = [service.protocol.upper(), _("≤ {count} rows").format(count=f"{service.row_cap:,}")]
    tip = [
        service.title,
        f"{service.id}: {where}",
        _("messenger: {messenger}").format(messenger=service.messenger),
        _("reference: {reference}").format(reference=service.reference),
        _("licence: {licence}").format(licence=service.licence),
        service.note,
    ]
    band = BANDS.get(service.band, service.band)
    return {
        "id": service.id,
        "title": service.title,
        "band": band,
        "messenger": MESSENGERS.get(service.messenger, service.messenger),
        "facts": " · ".join(facts),
        "check": _("checked {date}").format(date=service.verified) if verified else _("never checked"),
        "verified": verified,
        "tip": [line for line in tip if line],
        "search": " ".join((service.id, service.title, band, service.messenger, service.note)).casefold(),
    }


def field(finding: Finding) -> dict[str, Any]:
    """What is in the field, by band."""
    found = finding.result
    if found is None:
        return {"rows": [], "about": "", "status": status(finding.job, HINTS["field"])}
    at = found.region.center
    about = _("{area} at {ra:.2f} {dec:+.2f}").format(area=area(found.region), ra=at.ra.deg, dec=at.dec.deg)
    rows = [
        {
            "row": number,
            "group": BANDS.get(row.band, row.band),
            "title": row.title,
            "kind": WHAT.get(row.what, row.what),
            "count": row.count or 0,
            "text": row.text,
            "estimate": row.estimate,
            "can": bool(row.surveys) if row.what == PICTURES else bool(row.service and row.count != 0),
            "state": "" if row.state in GOOD else row.state,
            "tip": "\n".join(
                part for part in (TIPS.get(row.what, "").format(title=row.title), row.note) if part
            ),
        }
        for number, row in enumerate(found[:MOST])
    ]
    estimated = _("≈ is estimated from the whole sky.") if any(row["estimate"] for row in rows) else ""
    text = " ".join(part for part in (estimated, partial(found.ledger)) if part)
    return {"rows": rows, "about": about, "status": status(finding.job, text)}


def area(region: Any) -> str:
    """Area of a region, for people."""
    value = region.area.to_value(u.deg**2)
    return f"{brief(value)} deg²" if value >= 0.01 else f"{brief(3600 * value)} arcmin²"


def brief(value: float) -> str:
    """A number in few characters: two digits, or all before the point.

    Examples
    --------
    >>> from skyexplorer.views.findings import brief
    >>> brief(0.1234), brief(3.456), brief(123.4)
    ('0.12', '3.5', '123')
    """
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def registry(finding: Finding, opened: Mapping[int, Any]) -> dict[str, Any]:
    """Services that the registry knows; those that were opened tell their columns.

    Parameters
    ----------
    finding : Finding
        With a sequence of services found.
    opened : mapping of int to Job
        Jobs that ask for the columns of a row.
    """
    found = finding.result
    text = HINTS["registry"]
    if found is not None:
        count = len(found)
        text = _("{count} services.").format(count=f"{count:,}") if count else _("The registry knows none.")
        if count > MOST:
            text += " " + _("The first {most} are listed; say more words.").format(most=MOST)
        notes = (getattr(found, "note", ""), partial(getattr(found, "ledger", ())))
        text = " ".join(filter(None, (text, *notes)))
    rows = [
        {**_resource(one), "row": row, **_columns(one, opened.get(row))}
        for row, one in enumerate(list(found or ())[:MOST])
    ]
    return {
        "rows": rows,
        "bands": list(WAVEBANDS),
        "status": status(finding.job, text),
        "question": {name: value for name, value in finding.question.items() if isinstance(value, str)},
    }


def _resource(found: Any) -> dict[str, Any]:
    facts = [
        KINDS.get(found.kind, found.kind),
        ", ".join(found.wavebands),
        found.short_name,
        found.capability,
    ]
    reference = _("reference: {reference}").format(reference=found.reference) if found.reference else ""
    licence = _("licence: {licence}").format(licence=found.licence) if found.licence else ""
    tip = [found.title, ", ".join(found.creators), found.ivoid, found.address, reference, licence]
    return {
        "title": found.title,
        "facts": " · ".join(fact for fact in facts if fact),
        "tip": "\n".join(line for line in tip if line),
        "description": found.description,
        "askable": True,
    }


def _columns(found: Any, job: Any) -> dict[str, Any]:
    """What an opened row tells: the columns of its tables, or why not."""
    if job is None:
        return {"open": False}
    if job.state != "done":
        return {
            "open": True,
            "asking": going(job),
            **{k: v for k, v in status(job).items() if k in ("said", "advice")},
        }
    tables: dict[str, list[dict[str, str]]] = {}
    for column in job.result(0):
        told = {name: str(column[name] or "").strip() for name in ("name", "unit", "ucd", "description")}
        tables.setdefault(str(column["table"] or "").strip(), []).append(
            {name: "" if value == "--" else value for name, value in told.items()}
        )
    listed = [{"name": name, "columns": columns} for name, columns in list(tables.items())[:TABLES]]
    text = _("{count} tables; the first {most} are shown.").format(count=len(tables), most=TABLES)
    none = _("The registry lists no columns of it.")
    return {
        "open": True,
        "tables": listed,
        "note": none if not tables else text if len(tables) > TABLES else "",
    }


def images(finding: Finding, archives: Archives, cuts: Mapping[int, Any]) -> dict[str, Any]:
    """Images that were found."""
    records = finding.result
    text = HINTS["images"]
    if records is not None:
        count = len(records)
        text = _("No image is known here.") if not count else _("{count} images.").format(count=f"{count:,}")
        if count > MOST:
            text += " " + _("The first {most} are listed.").format(most=MOST)
        text = " ".join(filter(None, (text, partial(records.ledger))))
    rows = [
        {**_image(record), "row": row, "chosen": row == archives.chosen, **_cut(cuts.get(row))}
        for row, record in enumerate(list(records or ())[:MOST])
    ]
    return {"rows": rows, "status": status(finding.job, text), "footprints": archives.footprints}


def _image(record: Record) -> dict[str, Any]:
    mjd = record.mjd[0]
    when = f"{MJD_ZERO + timedelta(days=mjd):%Y-%m-%d}" if 0 < mjd < 1e5 else ""
    if record.metres not in _bands:
        _bands[record.metres] = record.band
    band = _bands[record.metres]  # many images have the same, and units take their time
    facts = [record.collection or record.service, when, record.instrument, band, _size(record.size)]
    title = record.title.rpartition("/")[2] if "://" in record.title else record.title
    tip = [record.title, record.target, record.facility, record.address]
    return {
        "title": title or record.identifier or record.collection or _("image"),
        "facts": " · ".join(dict.fromkeys(fact for fact in facts if fact)),
        "tip": "\n".join(line for line in tip if line),
    }


def _size(bytes_: int | None) -> str:
    return "" if not bytes_ else f"{bytes_ / 1e6:.3g} MB"


def _cut(job: Any) -> dict[str, Any]:
    if job is None:
        return {"state": ""}
    if job.state == "done":
        return {"state": "ok", "text": _("cut out")}
    return status(job)
