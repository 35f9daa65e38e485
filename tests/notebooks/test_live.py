"""The same cells live: the stories with those who publish the data in reach, as replicas and a VO on loopback."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from typing import Any

import jupytext
import pytest

from tests.notebooks.test_notebooks import ANSWER
from tests.notebooks.twins import NOTEBOOKS
from tests.replicas.dataverse import Dataverse
from tests.replicas.serving import rows_of


def _lived_through(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the cells of a story leave behind, with ``SOURCE = "live"`` and each answer put in and checked."""
    monkeypatch.syspath_prepend(str(NOTEBOOKS))
    space: dict[str, Any] = {}
    check = ""
    for cell in jupytext.read(NOTEBOOKS / f"{name}.py", fmt="py:percent").cells:
        if cell.cell_type == "code":
            exec(cell.source.replace('SOURCE = "sample"', 'SOURCE = "live"'), space)
            if re.search(r"^\w+ = \.\.\.", cell.source, re.M):
                check = ast.unparse(ast.parse(cell.source).body[-1])
            continue
        for answer in ANSWER.findall(cell.source):
            exec(answer, space)
            verdict = eval(check, space)
            assert verdict.right, repr(verdict)
    return space


def test_gw170817_with_the_map_of_the_collaboration(sources, monkeypatch):
    space = _lived_through("03_gw170817", monkeypatch)
    assert space["merger"].origin.service == "dcc"
    if sources.real:
        assert space["skymap"].credible_area(0.9).to_value("deg2") == pytest.approx(16.16, abs=0.02)
        assert space["galaxies"].names[space["weight"].argmax()] == "NGC 4993"


@pytest.mark.vo
def test_the_neutrino_as_icecube_lists_it_and_the_whole_catalogue(loopback, tmp_path: Path, monkeypatch):
    with Dataverse(None) as dataverse:
        rows = tmp_path / "icecube.toml"
        rows.write_text(rows_of({"dataverse-icecat": (dataverse, "")}))
        monkeypatch.setenv("SKYEXPLORER_SERVICES", f"{loopback.rows}{os.pathsep}{rows}")
        space = _lived_through("02_txs_0506", monkeypatch)
    assert space["neutrino"].origin.service == "dataverse-icecat"
    assert "fermi-4fgl" in space["sky"].layers


@pytest.mark.vo
def test_archives_that_answer(loopback, monkeypatch, capsys):
    space = _lived_through("05_archives", monkeypatch)
    assert {name: job.state for name, job in space["jobs"].items()} == {"fermi-4fgl": "done", "glade": "done"}
    assert space["answered"] == ["fermi-4fgl", "glade"]
    assert "galaxies of the package instead" not in capsys.readouterr().out
    assert space["search"].state == "done"
