"""XML from outside, parsed with its teeth drawn: no entities, no external documents, no endless depth."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from skyexplorer.errors import FormatError
from skyexplorer.io.files import reading

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

DEEPEST = 200
_DANGER = re.compile(rb"<!\s*(ENTITY|DOCTYPE[^>\[]*\b(SYSTEM|PUBLIC)\b)", re.IGNORECASE)


def refuse_entities(raw: bytes) -> None:
    """Refuse XML that declares entities or an external document type.

    Entities can blow a kilobyte up to gigabytes ("billion laughs") or read files of this machine; no table or alert of
    astronomy needs them. To be asked before any parser that does not refuse them itself.

    Parameters
    ----------
    raw : bytes
        In UTF-8 or another encoding with ASCII letters, or in UTF-16 or UTF-32.

    Raises
    ------
    FormatError
        If the bytes declare any.

    Examples
    --------
    >>> from skyexplorer.io.xml import refuse_entities
    >>> refuse_entities(b"<VOTABLE/>")
    """
    # Wide encodings put zeros between the letters of ASCII.
    plain = raw.replace(b"\0", b"") if b"\0" in raw[:200] else raw
    found = _DANGER.search(plain)
    if found:
        raise FormatError(
            f"The XML declares {found.group(0)[:40].decode('ascii', 'replace')!r}: they are not read.",
            "Ask its producer for one without a document type.",
        )


def root(raw: bytes, what: str) -> Element:
    """The root element of a document.

    Parameters
    ----------
    raw : bytes
    what : str
        What an error calls it, such as ``"a VOEvent"``.

    Raises
    ------
    FormatError
        If it cannot be parsed, declares entities, or is nested more than 200 deep.
    """
    from defusedxml import ElementTree

    refuse_entities(raw)
    with reading(what):
        tree: Element = ElementTree.fromstring(raw, forbid_dtd=False)
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise FormatError(
                f"This XML is nested more than {DEEPEST} deep.", "It is no document of astronomy."
            )
        level = [child for element in level for child in element]
    return tree


def local(tag: object) -> str:
    """The name of an element without its namespace.

    >>> local("{http://www.ivoa.net/xml/VOEvent/v2.0}VOEvent")
    'VOEvent'
    """
    return str(tag).rsplit("}", 1)[-1]
