"""A wheel built from the checkout, installed in a clean environment without Node, holds all and paints."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser.lab import Lab, Notebook, browser

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-build-isolation",
        "--no-deps",
        "-w",
        str(out),
        str(ROOT),
    ]
    subprocess.run(command, check=True, timeout=600)
    (path,) = out.glob("skyexplorer-*.whl")
    return path


@pytest.mark.build
def test_the_wheel_holds_bundle_notices_and_samples(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    static = "skyexplorer/views/static/"
    for name in ("sky.js", "sky.css", "panels.js", "panels.css", "licences/aladin-lite.COPYING.txt",
                 "licences/aladin-lite.LICENSE.txt", "licences/ipyaladin.LICENSE.txt"):  # fmt: skip
        assert static + name in names
    assert "skyexplorer/samples/milky_way.zip" in names
    assert "skyexplorer/samples/tables/icecube_alerts.ecsv" in names
    assert "skyexplorer/io/known_tables.toml" in names
    assert {name.rsplit("/", 1)[-1] for name in names if "dist-info/licenses" in name} >= {
        "LICENSE",
        "NOTICES.md",
    }
    assert not [name for name in names if "frontend" in name or "node_modules" in name]
    assert wheel.stat().st_size < 6e6


@pytest.mark.build
def test_no_real_data_file_is_in_the_wheel(wheel: Path, data_dir: Path) -> None:
    real = {path.read_bytes() for path in data_dir.rglob("*") if path.is_file() and path.stat().st_size > 100}
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if archive.read(name) in real]


@pytest.mark.build
@pytest.mark.usefixtures("_chromium")
def test_the_installed_wheel_paints_without_node(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "clean"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, timeout=120)
    python = str(place / "bin" / "python")
    install = [
        python,
        "-m",
        "pip",
        "install",
        "-q",
        "-c",
        str(ROOT / "constraints.txt"),
        str(wheel),
        "jupyterlab",
    ]
    subprocess.run(install, check=True, timeout=600, cwd=tmp_path)
    path = os.pathsep.join([str(place / "bin"), "/bin", "/usr/bin"])
    where = subprocess.run(
        [python, "-c", "import skyexplorer; print(skyexplorer.__file__)"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert str(place) in where.stdout, "the wheel, not the checkout"
    with Lab(python, PATH=path, PYTHONPATH="") as lab, browser(width=1300, height=900) as context:
        lab.write("clean.ipynb", ["from skyexplorer import SkyExplorer\nsky = SkyExplorer()\nsky"])
        notebook = Notebook(context, lab, "clean.ipynb")
        notebook.only_outputs()
        notebook.run_all()
        notebook.wait_sky()
        notebook.page.wait_for_timeout(2500)
        shot = notebook.page.locator(".skx-sky").first.screenshot()
        assert np.asarray(Image.open(io.BytesIO(shot)).convert("L")).std() > 12
        assert notebook.foreign_requests() == []
        assert not notebook.errors()
