"""Where the files lie that parts are written from."""

from pathlib import Path

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
