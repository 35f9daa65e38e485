"""ASAS-SN Sky Patrol: stars of 8 to 18 mag over the whole sky, in V until 2018 and in g since.

Two steps, as its own client takes them: the star is looked up by its place, then its block of light curves is fetched from
one of several servers, under a name that is made from the question. Both answers are columns in Arrow or Parquet.
"""

from __future__ import annotations

import io
import json
from base64 import encodebytes
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np
from astropy.table import Table

from skyexplorer.errors import AnswerError, FormatError, RefusedError, ServiceError
from skyexplorer.io.points import plain
from skyexplorer.model.lightcurve import LightCurve
from skyexplorer.services.curves.base import BLURRED, DAY, HOUR, Asking, Provider, Target

COLUMNS = ["asas_sn_id", "ra_deg", "dec_deg", "catalog_sources"]
CATALOG = "master_list"
BRIGHT, FAINT = 7.0, 18.5
MOST = 4
"""Stars within the radius whose curves are shown, the nearest first."""


def ask(asking: Asking) -> list[LightCurve]:
    """A light curve for each star near the target."""
    target = asking.target
    stars, question, kept = _stars(asking)
    if stars is None or not len(stars):
        asking.note("ASAS-SN has no star here.")
        return []
    block = _block(asking, question)
    if block is None and kept:  # the block was made for the lookup that is kept, and is gone by now
        stars, question, _ = _stars(asking, refresh=True)
        block = _block(asking, question)
    if stars is None or block is None or not len(block):
        asking.note("ASAS-SN knows the star, and has no light curve of it.")
        return []
    apart = target.separation(plain(stars["ra_deg"]), plain(stars["dec_deg"]))
    order = np.argsort(apart)
    ids = [str(star) for star in block["asas_sn_id"]]
    found = []
    for row in order[:MOST]:
        star = str(stars["asas_sn_id"][row])
        rows = block[np.array([own == star for own in ids], bool)]
        if "quality" in rows.colnames:
            bad = np.array([str(flag).strip().upper() == "B" for flag in rows["quality"]], bool)
            rows, lost = rows[~bad], int(bad.sum())
        else:
            lost = 0
        note = f'star {star}, {apart[row]:.1f}" away; zero points of its cameras differ'
        note += f"; {lost} points of bad quality are left out" if lost else ""
        try:
            found.append(asking.read(rows, f"ASAS-SN, star {star}", note))
        except FormatError:
            asking.note(f"star {star} has no point of good quality")
    if len(order) > MOST:
        asking.overflow = True
        asking.note(f"the {MOST} nearest of {len(order)} stars are shown")
    return found


def _stars(asking: Asking, *, refresh: bool = False) -> tuple[Table | None, str, bool]:
    """The stars within the radius, the name of the question for their curves, and whether that was kept."""
    target = asking.target
    ra, dec, radius = (f"{number:.6f}" for number in (target.ra, target.dec, target.radius / 3600))
    wanted = {"catalog": CATALOG, "cols": COLUMNS, "format": "arrow", "download": True}
    reply = asking.get(
        asking.url(path=f"/lookup_cone/radius{radius}_ra{ra}_dec{dec}"),
        data=json.dumps(wanted).encode(),
        headers={"Content-Type": "application/json"},
        keep=DAY,
        refresh=refresh,
        accept=(404,),
        check=lambda reply: reply.status == 404 or columns(reply, asking),
    )
    stars = None if reply.status == 404 else columns(reply, asking)
    question = f"conectr-{radius}_conera-{ra}_conedec-{dec}|catalog-{CATALOG}|cols-{'/'.join(COLUMNS)}"
    return stars, question, bool(reply.cached_at)


def _block(asking: Asking, question: str) -> Table | None:
    """The block of light curves that belongs to a question, from the first server that gives it."""
    root = asking.url()
    listed = asking.get(asking.url(path="/get_block_servers"), keep=HOUR)
    try:
        servers = json.loads(listed.content)
    except ValueError:
        servers = None
    if not isinstance(servers, list):
        raise AnswerError(
            f"ASAS-SN's list of servers cannot be read: {listed.content[:80]!r}.",
            "Ask again later.",
            service=asking.service.id,
            url=listed.url,
        )
    name = quote(encodebytes(question.encode()).decode(), safe="=")
    port = urlsplit(root).port or 9006
    trouble: ServiceError | None = None
    for server in map(str, servers):
        host = server if ":" in server else f"{server}:{port}"
        try:
            reply = asking.get(
                f"http://{host}/get_block/query_hash-{name}-block_idx-0-catalog-{CATALOG}",
                keep=DAY,
                accept=(404,),
                check=lambda reply: reply.status == 404 or columns(reply, asking),
            )
        except ServiceError as error:
            asking.deadline.check(asking.service.id, host)
            trouble = error  # one server is down now and then: the others have the same
            continue
        return None if reply.status == 404 else columns(reply, asking)
    raise trouble or RefusedError(
        "ASAS-SN names no server of light curves.", "Ask again later.", service=asking.service.id, url=root
    )


def columns(reply: Any, asking: Asking) -> Table:
    """The table in an answer: Parquet, or Arrow as a file or a stream."""
    import pyarrow as pa
    from pyarrow import ipc, parquet

    content = reply.content
    try:
        if content[:4] == b"PAR1":
            found = parquet.read_table(io.BytesIO(content))
        elif content[:6] == b"ARROW1":
            found = ipc.open_file(pa.BufferReader(content)).read_all()
        else:
            found = ipc.open_stream(pa.BufferReader(content)).read_all()
    except (pa.ArrowException, OSError) as error:
        start = content[:100].decode("utf-8", "replace").strip()
        raise AnswerError(
            f"ASAS-SN answered something else than columns: {start!r}.",
            "Its servers fail now and then: ask again later.", service=asking.service.id, url=reply.url,
        ) from error  # fmt: skip
    return Table({name: _values(found.column(name)) for name in found.column_names})


def _values(column: Any) -> Any:
    values = column.to_numpy(zero_copy_only=False)
    if values.dtype != object:
        return values
    return np.array(["" if value is None else str(value) for value in values])


def why_not(target: Target) -> str:
    """It measures the whole sky, stars of 8 to 18 mag."""
    if not target.sharp:
        return BLURRED
    if np.isfinite(target.magnitude) and not BRIGHT <= target.magnitude <= FAINT:
        return f"it measures stars of {BRIGHT:.0f} to {FAINT:.0f} mag"
    return ""


PROVIDER = Provider("asassn", "ASAS-SN", "optical", ask, why_not)
