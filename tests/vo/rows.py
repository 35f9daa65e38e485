"""``loopback.toml``: the services of the table, and some of our own, pointed at the loopback VO.

Those that nothing here stands in for are pointed at a port where nobody is: no test asks the world.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

NOBODY = "http://127.0.0.1:1"


def toml(url: str, data: Path | None = None) -> str:
    """Rows for ``SKYEXPLORER_SERVICES``; those of known ids keep what they do not name here."""
    tap = f"{url}/tap"
    packaged = tomllib.loads(
        resources.files("skyexplorer.services").joinpath("services.toml").read_text("utf-8")
    )
    rows = []
    done: set[str] = set()

    def write(kind: str, id: str, fields: dict[str, object]) -> None:
        lines = [f"{key} = {_value(value)}" for key, value in fields.items()]
        rows.append("\n".join([f"[[{kind}]]", f'id = "{id}"', *lines, ""]))

    def row(id: str, **fields: object) -> None:
        done.add(id)
        write("service", id, fields)

    for host in packaged["host"]:
        elsewhere = {"upload_address": tap} if "upload_address" in host else {}
        write("host", host["id"], {"address": tap, "mirrors": [], **elsewhere})

    row("fermi-4fgl", address=tap, table="sky.fermilpsc", moc=True)
    row("glade", address=tap, table="sky.gladep")
    row("3hwc", address=tap, table="sky.hwc3")
    row("gaia-dr3", address=tap, table="gaiadr3.gaia_source", upload=20000)
    row("gaia-dr3-ari", address=tap, table="gaiadr3.gaia_source", mirrors=[])
    row("gavo-obscore", address=tap, mirrors=[])
    row("hess-dr1", address=tap, table="ivoa.obscore")
    row("regtap", address=tap)
    if data is not None:
        row("icecat-1", address=str(data / "neutrino" / "IceCube_Gold_Bronze_Tracks.csv"))
        row("hgps", address=str(data / "vhe" / "hgps_catalog_v1.fits.gz"))

    stars = {"ra": "ra", "dec": "dec", "id": "source_id", "magnitude": "phot_g_mean_mag"}
    few = ["source_id", "ra", "dec", "phot_g_mean_mag"]
    common = {"address": tap, "protocol": "tap"}
    row("loopback-stars", title="Made stars", table="gaiadr3.gaia_source", columns=stars, select=few, row_cap=1_000_000,
        upload=20000, moc=True, per_host=4, band="optical", place=[83.6, 22.0, 2.0], **common)  # fmt: skip
    row(
        "loopback-plane",
        title="Galactic plane",
        table="sky.plane",
        columns={"name": "name"},
        band="gamma",
        **common,
    )
    row("loopback-fields", title="Pointings", table="sky.fields", **common,
        columns={"ra": "ra", "dec": "dec", "name": "name", "region": "outline", "moc": "coverage"})  # fmt: skip
    for id, protocol, path, title in (
        ("loopback-cone", "scs", "sky/q/fermi/scs.xml?", "Fermi sources by cone"),
        ("loopback-few", "scs", "sky/q/few/scs.xml?", "Fermi sources, 50 at most"),
        ("loopback-alerts", "scs", "sky/q/ice/scs.xml?", "Neutrino alerts by cone"),
        ("loopback-images", "sia1", "sky/q/sia/siap.xml?", "Images"),
        ("loopback-images2", "sia2", "__system__/siap2/sitewide/siap2.xml?", "Images, version 2"),
        ("loopback-curves", "ssa", "sky/q/ssa_curves/ssap.xml?", "Light curves"),
        ("loopback-spectra", "ssa", "sky/q/ssa_spectra/ssap.xml?", "Spectra"),
    ):
        row(id, title=title, protocol=protocol, address=f"{url}/{path}", place=[83.6331, 22.0145, 2.0])
    row("loopback-observations", title="Observations", protocol="obstap", address=tap, table="ivoa.obscore",
        columns={"ra": "s_ra", "dec": "s_dec", "id": "obs_publisher_did", "name": "target_name"})  # fmt: skip
    for known in packaged["service"]:
        if known["id"] not in done and "address" in known:
            write("service", known["id"], {"address": NOBODY, "mirrors": []})
    return "\n".join(rows)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
