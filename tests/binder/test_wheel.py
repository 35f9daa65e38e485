"""What a wheel holds, built in the clean tree."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.binder.place import Place

pytestmark = pytest.mark.build


@pytest.fixture(scope="module")
def wheel(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the tree, in which the front end was built when the environment was made."""
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
    ]
    subprocess.run([*command, str(place.tree)], check=True, timeout=300)
    (path,) = out.glob("skyexplorer-*.whl")
    return path


def test_it_holds_bundle_notices_and_samples(wheel: Path) -> None:
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


def test_no_real_data_file_is_in_it(wheel: Path, data_dir: Path) -> None:
    real = {path.read_bytes() for path in data_dir.rglob("*") if path.is_file() and path.stat().st_size > 100}
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if archive.read(name) in real]
