"""Every example in a docstring runs, and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import skyexplorer

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(skyexplorer.__path__, "skyexplorer.")
    if ".frontend" not in module.name and ".static" not in module.name
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
    assert failed == 0
