"""Visible text goes through ``_``, so that it can be translated; without a translation it stays."""

from __future__ import annotations

import gettext
from pathlib import Path

_catalogue = gettext.translation(
    "skyexplorer", localedir=Path(__file__).resolve().parent.parent / "locale", fallback=True
)


def _(message: str) -> str:
    """The message in the language of the reader, or as it is.

    Examples
    --------
    >>> from skyexplorer.session.text import _
    >>> _("{name} has no light curve here.").format(name="M 31")
    'M 31 has no light curve here.'
    """
    return _catalogue.gettext(message)
