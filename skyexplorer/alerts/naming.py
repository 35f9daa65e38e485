"""Names of events: what kind of event a name is of, told by its form, and how that kind is spelled.

Kinds: ``"superevent"`` (S190814bv; MS, TS are mock and test), ``"gw"`` (GW170817, GW190814_211039, with ``-v3`` or
``@GWTC-1-confident`` a version), ``"icecube"`` (IC170922A, IceCube-170922A), ``"icecube-id"`` (run and event number),
``"gbm"`` (bn180116026, GRB180116026), ``"grb"`` (GRB 180116A), ``"circular"`` (GCN Circular 33603), else ``"other"``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DASHES = str.maketrans("‐‑‒–—−", "------")


@dataclass(frozen=True)
class Name:
    """A name as its field spells it.

    Attributes
    ----------
    kind : str
        See this module.
    text : str
        The name, spelled as its source does: ``"IC170922A"``, ``"bn180116026"``.
    version : str
        What the name itself says of a version: ``"v3"``, ``"GWTC-1-confident"``; else empty.
    given : str
        As it was typed.
    """

    kind: str
    text: str
    version: str = ""
    given: str = ""

    @property
    def date(self) -> str:
        """``yymmdd`` in it, or empty."""
        found = re.search(r"\d{6}", self.text)
        return found.group(0) if found and self.kind not in ("circular", "icecube-id") else ""


_SUPEREVENT = re.compile(r"([MT]?S)(\d{6})([a-z]+)", re.I)
_GW = re.compile(r"GW[\s-]?(\d{6}(?:_\d{6})?)(?:-(v\d+)|@([\w.+-]+))?", re.I)
_ICECUBE = re.compile(r"(?:IceCube|IC)[\s_-]?(\d{6})([A-Z]?)", re.I)
_ICECUBE_ID = re.compile(r"(?:IceCube\s+)?(\d{5,6}_\d{4,9}|\d{7,9}_\d{6})", re.I)
_GBM = re.compile(
    r"(?:bn|(?:GRB|SGR|TGF|SFL\w*?|TRANSNT|DISTPAR|LOCLPAR|UNCERT|BN)\s?|Fermi\s+GBM\s+)?(\d{9})", re.I
)
_GRB = re.compile(r"GRB[\s_-]?(\d{6})([A-Z]?)", re.I)
_CIRCULAR = re.compile(r"(?:GCN\s*)?(?:Circ(?:ular)?s?\.?)?\s*#?\s*(\d{1,6})", re.I)


def told(text: str) -> Name:
    """The kind and the spelling of a name.

    Examples
    --------
    >>> from skyexplorer.alerts.naming import told
    >>> [told(name).text for name in ("s190814BV", "IceCube-170922a", "GRB180116026", "gcn circular 33603")]
    ['S190814bv', 'IC170922A', 'bn180116026', '33603']
    >>> told("GW190814@GWTC-2.1-confident").version
    'GWTC-2.1-confident'
    """
    given = " ".join(str(text).split())
    plain = given.translate(DASHES)
    if found := _SUPEREVENT.fullmatch(plain):
        return Name("superevent", found[1].upper() + found[2] + found[3].lower(), given=given)
    if found := _GW.fullmatch(plain):
        return Name("gw", f"GW{found[1]}", (found[2] or "").lower() or found[3] or "", given)
    if found := _ICECUBE.fullmatch(plain):
        return Name("icecube", f"IC{found[1]}{found[2].upper()}", given=given)
    if found := _ICECUBE_ID.fullmatch(plain):
        return Name("icecube-id", found[1], given=given)
    if found := _GBM.fullmatch(plain):
        return Name("gbm", f"bn{found[1]}", given=given)
    if found := _GRB.fullmatch(plain):
        return Name("grb", f"GRB {found[1]}{found[2].upper()}", given=given)
    if found := _CIRCULAR.fullmatch(plain):
        return Name("circular", found[1].lstrip("0") or "0", given=given)
    return Name("other", plain, given=given)


MESSENGERS = (
    (re.compile(r"(GW|[MT]?S)\d{6}|LIGO|LVC|LVK|KAGRA", re.I), "gw"),
    (re.compile(r"Ice\s?Cube|\bIC-?\d{6}|KM3|ANTARES|neutrino|\bKM3-", re.I), "neutrino"),
    (re.compile(r"\bEP\s?-?\d{6}|\bMAXI\b|\bXRF", re.I), "x-ray"),
    (re.compile(r"\bGRB|\bSGR|\bTGF|\bbn\d{9}", re.I), "gamma"),
    (re.compile(r"\bFRB", re.I), "radio"),
    (re.compile(r"\bAT\s?\d{4}|\bSN\s?\d{4}|\bZTF|\bGaia", re.I), "optical"),
)


def messenger(text: str) -> str:
    """The messenger that a name or a subject tells of, or empty.

    >>> messenger("GRB 230410A: Fermi GBM Final Real-time Localization"), messenger("EP240414a")
    ('gamma', 'x-ray')
    """
    return next((found for form, found in MESSENGERS if form.search(text)), "")
