"""A service that the registry knows: what it says of itself, and it as a row that can be asked."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from skyexplorer.errors import InputError
from skyexplorer.services import products, registry
from skyexplorer.services.registry import Service

_BANDS = {
    "gamma-ray": "gamma", "uv": "ultraviolet", "euv": "ultraviolet", "millimeter": "radio", "proton": "cosmic-ray",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class ServiceFound:
    """A service that the registry knows.

    Parameters
    ----------
    id : str
        As it is asked by: ``reg:`` and its place in the registry.
    ivoid : str
        Its identifier.
    title, short_name, description : str
    kind : str
        Its protocol: ``"scs"``, ``"sia1"``, ``"sia2"``, ``"ssa"``, ``"tap"``, ``"obstap"`` or ``"hips"``.
    address : str
    wavebands : tuple of str
        As published.
    reference, licence : str
        Bibcode or page; terms, as published.
    capability : str
        What this interface of it is for, where it has several.
    """

    id: str
    ivoid: str
    title: str
    kind: str
    address: str
    short_name: str = ""
    description: str = ""
    wavebands: tuple[str, ...] = ()
    reference: str = ""
    licence: str = ""
    capability: str = ""
    creators: tuple[str, ...] = field(default=(), repr=False)
    tables: Mapping[str, tuple[str, str]] | None = field(default=None, repr=False)
    """Of TAP: tables that have positions, and the columns of those; None where they were not asked for."""

    @property
    def band(self) -> str:
        """As in the table of services: several are ``"many"``."""
        ours = {_BANDS.get(band, band) for band in self.wavebands}
        return ours.pop() if len(ours) == 1 and ours <= set(registry.BANDS) else "many"

    @functools.cached_property
    def columns(self) -> Any:
        """Its columns, as the registry lists them: table, name, unit, ucd, type and description. Asked for once.

        Raises
        ------
        ServiceError
            Of its kinds.
        """
        from skyexplorer.net import Web
        from skyexplorer.services import regtap

        with Web(regtap.SERVICE, regtap.PREVIEW) as web:
            return regtap.columns(self, web)

    @functools.cached_property
    def service(self) -> Service:
        """It as a row that can be asked for a region; of TAP, its first table that has positions.

        Raises
        ------
        InputError
            Where it has none.
        ServiceError
            Where the registry has to be asked for its tables, and fails.
        """
        made = Service(
            id=self.id,
            title=self.title,
            protocol=self.kind,
            address=self.address,
            band=self.band,
            reference=self.reference or "unknown",
            licence=self.licence or "unknown",
            note=f"From the registry: {self.ivoid}",
        )
        if self.kind == "obstap":
            roles = {
                "ra": "s_ra",
                "dec": "s_dec",
                "name": "target_name",
                "id": "obs_publisher_did",
                "region": "s_region",
            }
            return replace(made, table="ivoa.obscore", columns=roles)
        if self.kind != "tap":
            return made
        tables = self.tables if self.tables is not None else placed(named(self.columns))
        for table, (ra, dec) in tables.items():
            return replace(made, table=table, columns={"ra": ra, "dec": dec})
        raise InputError(
            f"{self.title} lists no table with right ascension and declination.",
            "Ask its TAP service for its tables.",
        )

    def __repr__(self) -> str:
        return f"<ServiceFound {self.title}: {self.kind}, {', '.join(self.wavebands) or 'any band'}>"


def named(rows: Any) -> dict[str, list[tuple[str, str]]]:
    """Names and UCDs of columns, by table."""
    tables: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        table = row["table"] if "table" in row.colnames else row["table_name"]
        name, ucd = (products.plain(row[key]) or "" for key in ("name", "ucd"))
        tables.setdefault(str(products.plain(table) or ""), []).append((str(name), str(ucd).lower()))
    return tables


def placed(tables: Mapping[str, list[tuple[str, str]]]) -> dict[str, tuple[str, str]]:
    """Tables that have right ascension and declination, and the columns of those.

    Examples
    --------
    >>> from skyexplorer.services.resource import placed
    >>> placed({"notes": [("text", "meta.note")], "main": [("raj", "pos.eq.ra;meta.main"), ("dej", "pos.eq.dec;meta.main")]})
    {'main': ('raj', 'dej')}
    """
    found = {table: (_by_ucd(named, "ra"), _by_ucd(named, "dec")) for table, named in tables.items()}
    return {table: axes for table, axes in found.items() if all(axes)}


def _by_ucd(named: list[tuple[str, str]], axis: str) -> str:
    for ucd in (f"pos.eq.{axis};meta.main", f"pos_eq_{axis}_main", f"pos.eq.{axis}"):
        for name, own in named:
            if own == ucd:
                return name
    return ""
