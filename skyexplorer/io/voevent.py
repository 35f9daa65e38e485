"""VOEvent 1.1 and 2.0: the packets of LIGO/Virgo/KAGRA, AMON/IceCube, Fermi GBM, Swift and others, as a `Notice`.

What the parameters of each stream are called, and in which unit, is in the tables below; what they have in common
(WhereWhen, Citations, role) is read the same way of all.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from skyexplorer.errors import FormatError
from skyexplorer.io import xml
from skyexplorer.io.notice import NAN, ROLES, Notice, moment, number, words

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# What a packet type says where nothing else in the packet does (GCN's table of notice types).
PACKETS = {
    110: "alert", 111: "flight position", 112: "ground position", 115: "final position", 61: "position",
    150: "preliminary", 151: "initial", 152: "update", 163: "early warning", 164: "retraction",
    173: "gold track", 174: "bronze track", 176: "cascade",
}  # fmt: skip
MESSENGERS = (("lvc", "gw"), ("amon", "neutrino"), ("icecube", "neutrino"), ("km3net", "neutrino"),
              ("gbm", "gamma"), ("lat", "gamma"), ("bat", "gamma"), ("xrt", "x-ray"), ("uvot", "optical"),
              ("integral", "gamma"), ("maxi", "x-ray"), ("hawc", "gamma"), ("eclairs", "gamma"), ("grm", "gamma"),
              ("sk_sn", "neutrino"), ("snews", "neutrino"), ("gaia", "optical"), ("frb", "radio"))  # fmt: skip
SCALES = ("utc", "tt", "tdb", "tai", "tcb", "tcg")


def notice(raw: bytes) -> Notice:
    """What a VOEvent says.

    Raises
    ------
    FormatError
        If it is no VOEvent, or tells neither a name nor a time.
    """
    tree = xml.root(raw, "a VOEvent")
    if xml.local(tree.tag) != "VOEvent":
        raise FormatError(
            f"The root of this XML is {xml.local(tree.tag)!r}, not VOEvent.", "Open it as what it is."
        )
    ivorn = words(tree.get("ivorn"), 300)
    what = _first(tree, "What")
    params, groups = _params(what)
    stream = ivorn.rsplit("/", 1)[-1]
    low = stream.lower()
    notes: list[str] = []
    messenger = next((found for word, found in MESSENGERS if word in low), "")
    instrument, name, ids = _who(stream, params)
    role = _role(tree, params, groups, name, notes)
    packet = (
        int(number(params.get("Packet_Type"))) if math.isfinite(number(params.get("Packet_Type"))) else -1
    )
    alert_type = words(params.get("AlertType")).lower() or PACKETS.get(packet, "")
    related = _citations(tree)
    retracted = (
        alert_type == "retraction"
        or _true(groups, "Retraction")
        or (any(cite == "retraction" for cite, _ in related))
    )
    time, scale = _time(tree)
    if not name:
        name = stream or "VOEvent"
    if not (ivorn or time):
        raise FormatError("This VOEvent has neither an identifier nor a time.", "Fetch it again.")
    ra, dec, radius, frame = _position(tree, params, notes)
    far = number(params.get("FAR"))
    # AMON gives the unit as yr^-1, older packets of it not at all.
    told = _unit_of(what, "FAR")
    far_unit = "1/yr" if "yr" in told or "year" in told or (not told and messenger == "neutrino") else "Hz"
    containment, kind = _containment(low, radius, params)
    energy = number(params.get("energy"))
    unit = _unit_of(what, "energy")
    skymap_url = words(groups.get("GW_SKYMAP", {}).get("skymap_fits") or params.get("skymap_fits"))
    if skymap_url.lower() in ("null", "none"):
        skymap_url = ""
    elif skymap_url and "://" not in skymap_url:
        notes.append(f"the place of its sky map is given as {skymap_url[:80]!r}, which is no URL")
    return Notice(
        name,
        "VOEvent",
        time,
        scale,
        moment(_text(tree, "Date")),
        messenger,
        "LVK" if "GraceID" in params else instrument.split(" ")[0],
        instrument,
        role,
        alert_type,
        _revision(params),
        retracted,
        tuple(dict.fromkeys(filter(None, (*ids, ivorn)))),
        ra,
        dec,
        frame,
        radius,
        containment=containment,
        region_words=kind if math.isfinite(radius) else "",
        signalness=_share(number(params.get("signalness")), "signalness", notes),
        energy_tev=energy / 1000 if unit == "gev" else energy,
        far=far if far >= 0 else NAN,
        far_unit=far_unit,
        classification=_numbers(groups.get("Classification", {})),
        properties=_numbers(groups.get("Properties", {})),
        skymap_url=skymap_url,
        related=related,
        text=words(_text(tree, "Description")),
        notes=tuple(notes),
    )


def _first(tree: Element, name: str) -> Element | None:
    return next((element for element in tree.iter() if xml.local(element.tag) == name), None)


def _text(tree: Element | None, name: str) -> str:
    found = None if tree is None else _first(tree, name)
    return (found.text or "").strip() if found is not None else ""


def _params(what: Element | None) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Parameters by name, and those of each group by the group's name and by its type."""
    params: dict[str, str] = {}
    groups: dict[str, dict[str, str]] = {}
    for element in what if what is not None else ():
        if xml.local(element.tag) == "Param":
            params.setdefault(element.get("name", ""), element.get("value", ""))
        elif xml.local(element.tag) == "Group":
            inside = {p.get("name", ""): p.get("value", "") for p in element if xml.local(p.tag) == "Param"}
            for key in {element.get("name", ""), element.get("type", "")}:
                groups.setdefault(key, {}).update(inside)
    return params, groups


def _unit_of(what: Element | None, name: str) -> str:
    for element in what if what is not None else ():
        if xml.local(element.tag) == "Param" and element.get("name") == name:
            return element.get("unit", "").lower()
    return ""


def _numbers(values: dict[str, str]) -> dict[str, float]:
    return {key: number(value) for key, value in values.items() if math.isfinite(number(value))}


def _who(stream: str, params: dict[str, str]) -> tuple[str, str, tuple[str, ...]]:
    """Instrument, name of the event and its further identifiers."""
    low = stream.lower()
    grace = words(params.get("GraceID"))
    if grace:
        return words(params.get("Instruments")) or "LVK", grace, (grace,)
    run, event = words(params.get("run_id")), words(params.get("event_id"))
    if run and event:
        time = re.search(r"(\d\d)(\d\d)-(\d\d)-(\d\d)T", stream)
        # The letter that follows the date in the name of a neutrino is not in the packet.
        name = f"IceCube-{''.join(time.groups()[1:])}" if time else f"IceCube {run}_{event}"
        return "IceCube", name, (f"{run}_{event}", words(params.get("AMON_ID")))
    trigger = words(params.get("TrigID")) or words(params.get("Trigger_ID"))
    for word, title in (("gbm", "Fermi GBM"), ("lat", "Fermi LAT"), ("bat", "Swift BAT"), ("xrt", "Swift XRT"),
                        ("uvot", "Swift UVOT"), ("integral", "INTEGRAL"), ("maxi", "MAXI")):  # fmt: skip
        if word in low:
            return title, f"{title} {trigger}".strip(), (trigger,)
    return "", f"{stream.split('#')[0]} {trigger}".strip() if trigger else "", (trigger,)


def _true(groups: dict[str, dict[str, str]], name: str) -> bool:
    return any(inside.get(name, "").strip().lower() == "true" for inside in groups.values())


def _role(
    tree: Element, params: dict[str, str], groups: dict[str, dict[str, str]], name: str, notes: list[str]
) -> str:
    role = ROLES.get(words(tree.get("role")).lower(), "observation")
    if role != "test" and (
        _true(groups, "Test") or _true(groups, "InternalTest") or _true(groups, "Test_Submission")
    ):
        notes.append("a flag in the packet says that it is a test, though its role does not")
        role = "test"
    if role != "test" and re.fullmatch(r"[MT]S\d{6}[a-z]+", name):
        notes.append(f"{name} is the name of a {'mock' if name[0] == 'M' else 'test'} event")
        role = "test"
    if words(params.get("HardwareInj")) == "1":
        notes.append("a hardware injection: a signal put into the detectors on purpose")
        role = "test"
    return role


def _citations(tree: Element) -> tuple[tuple[str, str], ...]:
    cited = _first(tree, "Citations")
    return tuple(
        (words(element.get("cite")).lower(), words(element.text, 300))
        for element in (cited if cited is not None else ())
        if xml.local(element.tag) == "EventIVORN"
    )


def _observed(tree: Element) -> Element | None:
    """Where and when it was seen: where the observatory stands has coordinates as well, on the Earth."""
    where = _first(tree, "WhereWhen")
    inner = None if where is None else _first(where, "ObservationLocation")
    return where if inner is None else inner


def _system(where: Element | None) -> str:
    """Name of the coordinate system, such as UTC-FK5-GEO."""
    for element, key in (("AstroCoordSystem", "id"), ("AstroCoords", "coord_system_id")):
        found = None if where is None else _first(where, element)
        if found is not None and found.get(key):
            return found.get(key, "").strip().upper()
    return ""


def _time(tree: Element) -> tuple[str, str]:
    """ISO time and its scale, which the name of the coordinate system begins with (UTC where it does not)."""
    where = _observed(tree)
    scale = _system(where).split("-")[0].lower()
    return moment(_text(where, "ISOTime")), scale if scale in SCALES else "utc"


def _position(tree: Element, params: dict[str, str], notes: list[str]) -> tuple[float, float, float, str]:
    observed = _observed(tree)
    where = None if observed is None else _first(observed, "Position2D")
    if where is None:
        return NAN, NAN, NAN, "icrs"
    factor = {"rad": 180 / math.pi, "radian": 180 / math.pi}.get(
        where.get("unit", "deg").strip().lower(), 1.0
    )
    ra, dec, radius = (number(_text(where, name)) * factor for name in ("C1", "C2", "Error2Radius"))
    placeholder = ra == 0 and dec == 0 and not radius > 0
    if placeholder or "unavailable" in params.get("Coords_String", ""):
        notes.append("the packet has no position: 0, 0 with radius 0 stands for none")
        return NAN, NAN, NAN, "icrs"
    if not (math.isfinite(ra) and math.isfinite(dec) and abs(dec) <= 90):
        notes.append(
            f"its position ({_text(where, 'C1')}, {_text(where, 'C2')}) is none on the sky, and is left out"
        )
        return NAN, NAN, NAN, "icrs"
    if not radius > 0:
        notes.append("no error is published: the position has no footprint")
        radius = NAN
    named = _system(observed)
    frame = "galactic" if "GAL" in named else "fk4" if "FK4" in named or "B1950" in named else "icrs"
    return ra % 360, dec, min(radius, 180.0), frame  # J2000 of a notice is ICRS to 30 mas


def _containment(low: str, radius: float, params: dict[str, str]) -> tuple[float, str]:
    """Probability inside the error circle, and what it is called.

    AMON publishes radii of 90 % and of 50 %: that which the circle has tells. Else GBM means 68 %, IceCube 90 %.
    """
    if not math.isfinite(radius):
        return NAN, ""
    for percent in (90, 50):
        if abs(number(params.get(f"src_error_{percent}")) - radius) < 1e-6:
            return percent / 100, f"{percent} % circle"
    if "icecube" in low:
        return 0.9, "90 % circle"
    if "gbm" in low:
        return 0.68, "68 % circle, statistical errors only"
    return NAN, "error circle; the packet does not say of which probability"


def _revision(params: dict[str, str]) -> int:
    # Only the packets of LIGO/Virgo count the notices of an event by Pkt_Ser_Num; elsewhere it counts all packets.
    for name in ("Rev", "Pkt_Ser_Num" if "GraceID" in params else "Sequence_Num"):
        found = number(params.get(name))
        if math.isfinite(found) and 0 <= found < 1e6:
            return int(found)
    return 0


def _share(value: float, name: str, notes: list[str]) -> float:
    if math.isfinite(value) and not 0 <= value <= 1:
        notes.append(f"its {name} of {value:g} is no probability, and is left out")
        return NAN
    return value
