"""``make workshop``: dist/skyexplorer-workshop.zip, all that a seat needs where there is no network.

Wheels of the package and of everything below it, for the platform and the Python that run this; the tutorials; a page to
print; and a script that makes an environment of them and opens the first tutorial. A zip serves one platform and one version
of Python, as wheels do: make one on each that is needed.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from docs.workshop.sheet import print_sheet
from skyexplorer import __version__

ROOT = Path(__file__).parents[2]
EXTRAS = "skyexplorer[lab,scale]"
NAME = "skyexplorer-workshop"


def wheels(into: Path) -> None:
    """The wheel of the checkout, then those that it needs, pinned as the tests are."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "wheel",
        "--quiet",
        "--wheel-dir",
        str(into),
    ]
    subprocess.run([*pip, "--no-build-isolation", "--no-deps", str(ROOT)], check=True)
    (own,) = into.glob("skyexplorer-*.whl")
    wanted = EXTRAS.replace("skyexplorer", str(own))
    subprocess.run([*pip, "--constraint", str(ROOT / "constraints.txt"), wanted], check=True)


def texts(into: Path, disk: str) -> None:
    """Start scripts and README, with what is true of this zip filled in."""
    facts = {
        "@PYTHON@": f"{sys.version_info.major}.{sys.version_info.minor}",
        "@EXTRAS@": f'"{EXTRAS}"',
        "@VERSION@": __version__,
        "@PLATFORM@": f"{platform.system()} on {platform.machine()}",
        "@DISK@": disk,
    }
    for template in sorted((ROOT / "docs/workshop/zip").iterdir()):
        text = template.read_text(encoding="utf-8")
        for mark, fact in facts.items():
            text = text.replace(mark, fact)
        ends = "\r\n" if template.suffix in {".bat", ".txt"} else "\n"
        (into / template.name).write_text(text, encoding="utf-8", newline=ends)
        (into / template.name).chmod(0o755 if template.suffix == ".sh" else 0o644)


def tutorials(into: Path) -> None:
    """The notebooks, without their twins, and the module of their exercises."""
    into.mkdir()
    for path in [*sorted((ROOT / "notebooks").glob("*.ipynb")), ROOT / "notebooks/exercises.py"]:
        shutil.copy(path, into)


def zipped(folder: Path, to: Path) -> None:
    """As one file. Wheels are zips themselves, and are only stored."""
    with zipfile.ZipFile(to, "w") as archive:
        for path in sorted(folder.rglob("*")):
            how = zipfile.ZIP_STORED if path.suffix == ".whl" else zipfile.ZIP_DEFLATED
            archive.write(path, path.relative_to(folder.parent), how)


def main() -> int:
    """Make the zip, and say where it is."""
    with tempfile.TemporaryDirectory(prefix="skx-workshop-") as place:
        folder = Path(place) / NAME
        folder.mkdir()
        wheels(folder / "wheels")
        tutorials(folder / "notebooks")
        print_sheet(folder / "participants.pdf")
        unpacked = sum(
            entry.file_size
            for wheel in (folder / "wheels").iterdir()
            for entry in zipfile.ZipFile(wheel).infolist()
        )
        stored = sum(wheel.stat().st_size for wheel in (folder / "wheels").iterdir())
        # Bytecode, and what is compiled, come to what is unpacked.
        texts(folder, disk=f"{(1.3 * unpacked + stored) / 1e9:.1f}")
        to = ROOT / "dist" / f"{NAME}.zip"
        to.parent.mkdir(exist_ok=True)
        zipped(folder, to)
        count = len(list((folder / "wheels").iterdir()))
    print(f"{to.relative_to(ROOT)}: {to.stat().st_size / 1e6:.0f} MB, {count} wheels")
    return 0


if __name__ == "__main__":
    sys.exit(main())
