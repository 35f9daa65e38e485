"""Each real file opens, or is refused with a reason, as docs/reference/files.md says."""

from __future__ import annotations

import pytest

from tests import walk

DOCUMENT = walk.rows_of(walk.DOC.read_text("utf-8")) if walk.DOC.exists() else {}


@pytest.mark.parametrize("name", sorted(DOCUMENT))
def test_it_becomes_what_the_table_says(data_dir, name):
    assert walk.becomes(data_dir / name) == DOCUMENT[name]


def test_the_table_has_every_file(data_dir):
    assert sorted(DOCUMENT) == walk.real_files(data_dir)


def test_most_files_open(data_dir):
    refused = [name for name, text in DOCUMENT.items() if text.startswith("*refused*")]
    assert len(refused) < 45, refused
