"""What tests of panels share: the front end, which has to be built, and a session with verbs that ask nobody."""

from __future__ import annotations

import pytest

from skyexplorer.session.session import Session
from skyexplorer.views.canvas import STATIC
from tests.views.fake_verbs import FakeVerbs


@pytest.fixture(scope="session", autouse=True)
def _front_end() -> None:
    missing = [name for name in ("sky.js", "loader.js", "panels.js") if not (STATIC / name).is_file()]
    assert not missing, f"{missing} are not built: `make env` does that"


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def verbs(session: Session) -> FakeVerbs:
    return FakeVerbs(session)
