"""``make services``: writes docs/reference/services.md from the table of services."""

from __future__ import annotations

from pathlib import Path

from skyexplorer.services import Service, registry

DOC = Path(__file__).resolve().parents[2] / "docs" / "reference" / "services.md"

INTRO = """# Services

Made by `make services` from `skyexplorer/services/services.toml`; do not edit it here.

`sky.query_region(region, service="<id>")` asks those of the first table. Nobody has asked any of them from where this
table was written: its rows come from documentation (**[A]** official, **[B]** seen working by others in 2026, **[C]** to
be checked), and `verified` is *never* until `skyexplorer doctor --services --write` was run on a machine with a network.
Of a row that turns out wrong, that command names the column and the service's own that are spelled alike.

A service of your own, or a better row of one that is here, goes into a TOML file:

```toml
[[service]]
id = "mine"                                   # of a row that is here: only what differs need be said
title = "My catalogue"
protocol = "tap"                              # tap, obstap, scs, sia1, sia2, ssa, file …
address = "https://example.org/tap"           # of a file: its address or path
table = "schema.sources"
columns = { ra = "ra", dec = "dec", name = "designation", id = "designation" }
band = "optical"
reference = "Doe et al. 2026, ApJ 1, 1"
licence = "CC BY 4.0"
place = [83.633, 22.014, 0.5]                 # a circle (deg) that has rows, for the doctor
```

It is read from `services.toml` in the configuration folder (`skyexplorer doctor` names it), from the files that
`SKYEXPLORER_SERVICES` names, by `skyexplorer.services.registry.add(path)`, or from an entry point of the group
`skyexplorer.services` that is the path of such a file or a function that returns it. What each field means stands at
`skyexplorer.services.registry.Service`. `[[host]]` rows hold what services of one host have in common;
`"vizier:II/246/out"` is any table of the host `vizier`.

"""


def line(row: Service) -> str:
    """One service."""
    place = row.table or row.protocol
    caps = [f"{row.row_cap:,} rows"] if row.searched and row.protocol != "file" else []
    caps += [f"uploads of {row.upload:,}"] if row.upload and row.searched else []
    caps += ["MOC"] if row.moc and row.searched else []
    cells = (
        f"`{row.id}`", row.title, row.protocol, f"{row.address} `{place}`" if row.table else row.address,
        row.band, ", ".join(caps), row.reference, row.licence, row.verified, row.note,
    )  # fmt: skip
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |\n"


def document() -> str:
    """All of it."""
    head = (
        "| id | title | protocol | address and table | band | limits | cite | terms | verified | note |\n"
        + "|---" * 10
        + "|\n"
    )
    rows = list(registry.services().values())
    asked = [line(row) for row in rows if row.searched]
    tables = [line(row) for row in rows if not row.searched and row.protocol == "tap"]
    others = [line(row) for row in rows if not row.searched and row.protocol != "tap"]
    return (
        f"{INTRO}## Asked by region\n\n{head}{''.join(asked)}\n## Any table of a host\n\n{head}{''.join(tables)}\n"
        f"## Asked by other verbs\n\n{head}{''.join(others)}"
    )


def main() -> None:
    """Write the document."""
    DOC.parent.mkdir(parents=True, exist_ok=True)
    DOC.write_text(document(), "utf-8")


if __name__ == "__main__":
    main()
