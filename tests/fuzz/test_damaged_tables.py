"""Damaged tables in the formats that have no real file here: an answer or our error, in bounded time.

As many mutations as ``SKYEXPLORER_MUTATIONS`` asks for, spread over the formats.
"""

from __future__ import annotations

import io
import os
import random
import warnings

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import uproot
from astropy.io.votable import from_table
from astropy.table import Table

from skyexplorer import SourceCatalog
from skyexplorer.errors import SkyExplorerError
from tests.fuzz.mutate import mutated
from tests.fuzz.test_damaged_files import clock

MUTATIONS = int(os.environ.get("SKYEXPLORER_MUTATIONS", "500")) // 2
LONGEST_S = 20


def seeds(folder):
    dice = np.random.default_rng(3)
    columns = {
        "name": [f"s{i}" for i in range(100)],
        "ra": dice.uniform(0, 360, 100),
        "dec": dice.uniform(-90, 90, 100),
    }
    table = Table(columns)
    out = {}
    for form in ("binary", "binary2", "tabledata"):
        votable, stream = from_table(table), io.BytesIO()
        votable.get_first_table().format = form
        votable.to_xml(stream)
        out[form] = stream.getvalue()
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    out["parquet"] = stream.getvalue()
    table.write(folder / "table.parquet")
    out["parquet of astropy"] = (folder / "table.parquet").read_bytes()
    table.write(folder / "table.h5", path="sources", serialize_meta=True)
    out["hdf5 of astropy"] = (folder / "table.h5").read_bytes()
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for name in ("a", "b"):
            for column in ("ra", "dec"):
                file.create_dataset(f"{name}/{column}", data=columns[column], compression="gzip")
    out["hdf5"] = stream.getvalue()
    with uproot.recreate(folder / "table.root") as tree:
        tree["sources"] = {"ra": columns["ra"], "dec": columns["dec"]}
    out["root"] = (folder / "table.root").read_bytes()
    return out


def test_damaged_tables_give_an_answer_or_our_error(tmp_path) -> None:
    raws = seeds(tmp_path)
    wrong: list[str] = []
    answers = errors = 0
    for k in range(MUTATIONS):
        name = list(raws)[k % len(raws)]
        bad = mutated(raws[name], random.Random(f"{name} {k}"), list(raws.values()))
        try:
            with clock(LONGEST_S), warnings.catch_warnings():
                warnings.simplefilter("error")
                SourceCatalog.read(bad)
            answers += 1
        except SkyExplorerError:
            errors += 1
        except BaseException as error:
            wrong.append(f"{k} {name}: {type(error).__name__}: {str(error)[:200]}")
    assert not wrong, "\n".join(wrong[:20])
    assert answers
    assert errors
