"""Origin: where a layer's data come from, carried with it wherever it is shown."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Origin:
    """Provenance of a piece of data.

    Parameters
    ----------
    title : str
        What it is, in a few words.
    service : str
        Who answered: ``"file"``, ``"sample"``, ``"user"`` or the id of a service.
    location : str
        Path or address.
    query : str
        What was asked there, without secrets.
    reference, licence : str
        Where to cite it from, and under which licence it may be used; unknown is ``"unknown"``.
    note : str
        What a reader must know: a caveat, a flag, what was left out.
    retrieved : str
        Time of reading, ISO UTC.
    rows : int, optional
        Number of rows.
    overflow : bool
        True where the answer was cut.
    checksum : str
        ``sha256:…`` of the bytes read.
    header : mapping
        Header values as published.
    versions : mapping
        Names and versions of what read it.

    Examples
    --------
    >>> from skyexplorer.model.origin import Origin
    >>> Origin("IceCat-1", service="sample", reference="ApJS 269, 25").lines()
    ['IceCat-1', 'from: sample', 'reference: ApJS 269, 25', 'licence: unknown']
    """

    title: str
    service: str = "file"
    location: str = ""
    reference: str = ""
    licence: str = "unknown"
    note: str = ""
    retrieved: str = ""
    rows: int | None = None
    overflow: bool = False
    checksum: str = ""
    header: Mapping[str, Any] = field(default_factory=dict, compare=False)
    versions: Mapping[str, str] = field(default_factory=dict, compare=False)
    query: str = ""

    @property
    def address(self) -> str:
        """Where it was asked or read: the same as ``location``."""
        return self.location

    @classmethod
    def of_file(cls, path: str | Path, raw: bytes, **facts: Any) -> Origin:
        """Origin of bytes read from a file (or handed over, where ``path`` is empty)."""
        location = str(path)
        return cls(
            title=facts.pop("title", "") or (Path(location).name if location else "bytes"),
            location=location,
            retrieved=datetime.now(UTC).isoformat(timespec="seconds"),
            checksum="sha256:" + hashlib.sha256(raw).hexdigest(),
            **facts,
        )

    def lines(self) -> list[str]:
        """What a tooltip shows, one fact a line."""
        facts = [
            ("from", f"{self.service} {self.location}".strip()),
            ("note", self.note),
            ("reference", self.reference),
            ("licence", self.licence),
            (
                "rows",
                "" if self.rows is None else f"{self.rows}{' (cut: overflow)' if self.overflow else ''}",
            ),
            ("retrieved", self.retrieved),
            ("checksum", self.checksum[:23] + "…" if self.checksum else ""),
        ]
        return [self.title, *(f"{name}: {value}" for name, value in facts if value)]
