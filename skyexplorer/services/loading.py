"""pyvo, loaded whole and once.

Its modules import one another in a circle. Python lets a thread that closes such a circle see a module that another one is
still loading, half of it: of six services asked side by side in a new process, four failed so. So whoever takes something
from pyvo calls `pyvo` first; who comes second waits.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

_loading = Lock()


def pyvo() -> Any:
    """The package, with what is used of it.

    Examples
    --------
    >>> from skyexplorer.services import loading
    >>> loading.pyvo().dal.SIAService.__name__
    'SIAService'
    """
    with _loading:
        import pyvo
        import pyvo.dal
        import pyvo.registry
    return pyvo
