"""The gallery: each picture of ``docs/pictures`` that ``make screenshots`` has taken, in the theme of the page."""

from __future__ import annotations

from site_parts.tree import DOCS

CAPTIONS = {
    "txs": "IC-170922A and TXS 0506+056: the footprint of the neutrino, the blazar in it, and its light curve at the time.",
    "gw170817": "GW170817: the probability map, galaxies, and the kilonova of NGC 4993.",
    "archives": "The region of GW170817, asked of two archives: those of the tests, which hold rows of 4FGL-DR2 and GLADE.",
    "events": "Events, recent and historical.",
    "spectrum": "The spectrum of TXS 0506+056, from all catalogues on the sky that have it.",
    "scatter": "Two columns against each other; what is dragged over is marked on the sky, in the table and in the plots.",
    "styled": "A catalogue coloured, sized and shaped by its columns.",
    "narrow": "The same on a narrow page.",
}


def themed(name: str, alt: str) -> str:
    """The picture of a name in the theme of the page; where it was taken in one theme only, that one."""
    shots = {
        theme: next(iter(sorted((DOCS / "pictures").glob(f"{name}-{theme}.*"))), None)
        for theme in ("light", "dark")
    }
    both = None not in shots.values()
    parts = []
    for theme, path in shots.items():
        if path is not None:
            only = f":class: only-{theme}\n" if both else ""
            parts.append(f"```{{image}} /pictures/{path.name}\n:alt: {alt}\n{only}```\n")
    return "\n".join(parts)


def gallery(_: str = "") -> str:
    """Each story with its caption; those that were not taken are left out."""
    parts = []
    for name, caption in CAPTIONS.items():
        if picture := themed(name, caption.replace("\n", " ")):
            parts.append(f"{picture}\n{caption}\n")
    return "\n".join(parts)
