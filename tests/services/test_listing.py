"""The document of services is that of the table."""

from __future__ import annotations

from tests.services import listing


def test_the_document_is_of_this_table():
    assert listing.DOC.read_text("utf-8") == listing.document(), "run make services"
