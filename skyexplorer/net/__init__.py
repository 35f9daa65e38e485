"""The one way to the network: deadlines, retries, limits per host, a cache.

What asks a service makes a `Web` for the question and hands it to pyvo or astroquery as their session, or calls its
``fetch``; files come by `download`. ``Web`` loads requests, so it is looked up when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from skyexplorer.net import cache
from skyexplorer.net.deadline import Deadline, offline

if TYPE_CHECKING:
    from skyexplorer.net import credentials
    from skyexplorer.net.downloads import download
    from skyexplorer.net.web import Reply, Web

__all__ = ["Deadline", "Reply", "Web", "cache", "credentials", "download", "offline"]

_HOME = {"Web": "web", "Reply": "web", "download": "downloads", "credentials": "credentials"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'skyexplorer.net' has no attribute {name!r}")
    module = importlib.import_module(f"skyexplorer.net.{_HOME[name]}")
    value = module if name == _HOME[name] else getattr(module, name)
    globals()[name] = value
    return value
