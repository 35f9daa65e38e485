"""Light curves of archives: one adapter a provider, all asked through `base.bring`.

`providers` lists them: those with a protocol of their own, then the tables of observations of the Virtual Observatory. Which
of them can have anything of a target at all, `fitting` tells, with the reason of the others.
"""

from __future__ import annotations

from skyexplorer.services.curves import asassn, bat, fava, gaia, lcr, mast, maxi, vo, vsx, ztf
from skyexplorer.services.curves.base import Brought, Provider, Target, bring
from skyexplorer.services.curves.lcr import CADENCES

__all__ = ["CADENCES", "Brought", "Provider", "Target", "bring", "fitting", "providers"]

OWN = (
    lcr.PROVIDER, fava.PROVIDER, bat.PROVIDER, maxi.PROVIDER, ztf.PROVIDER, asassn.PROVIDER, gaia.PROVIDER, mast.PROVIDER,
    vsx.PROVIDER,
)  # fmt: skip
"""From high energies to low."""
VAGUE = 1800.0
"""Arcseconds: of what may lie this far away, the light curve of whatever is at the middle is none."""


def providers() -> dict[str, Provider]:
    """Who may have light curves, by the id of its row in the table of services."""
    return {provider.id: provider for provider in (*OWN, *vo.providers())}


def fitting(target: Target) -> dict[str, str]:
    """Why each provider can have nothing of a target, by id; an empty reason where it can.

    Examples
    --------
    >>> from skyexplorer.services.curves import Target, fitting
    >>> south = fitting(Target("a star", 80.0, -69.5, band="optical", magnitude=14.0))
    >>> south["ztf-lc"], south["asassn"]
    ('it does not look south of -31°', '')
    """
    if target.error > VAGUE:
        return dict.fromkeys(providers(), "its place is not known well enough")
    return {id: provider.why_not(target) for id, provider in providers().items()}
