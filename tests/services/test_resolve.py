"""Sesame: three resolvers, one answer; unknown names and failures are told apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from skyexplorer.errors import (
    AnswerError,
    InputError,
    LateError,
    NotFoundError,
    ServiceError,
    UnreachableError,
)
from skyexplorer.net import Web
from skyexplorer.services import resolve
from tests.replicas.serving import Answer, rows_of
from tests.replicas.sesame import Sesame


@pytest.fixture
def sesame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sesame]:
    with Sesame() as replica:
        rows = tmp_path / "rows.toml"
        rows.write_text(rows_of({"sesame": (replica, "/nph-sesame")}))
        monkeypatch.setenv("SKYEXPLORER_SERVICES", str(rows))
        yield replica


def ask(name: str, **given: object) -> resolve.Resolved:
    with Web("sesame", 10) as web:
        return resolve.ask(name, web, **given)  # type: ignore[arg-type]


def test_the_first_that_knows_the_name_wins(sesame: Sesame) -> None:
    found = ask("  M   87 ")
    assert (found.resolver, found.known_as, found.type) == ("Simbad", "M 87", "AGN")
    assert found.coord.to_string(precision=4) == "187.7059 12.3911"
    assert found.redshift == 0.00428
    assert ask("GAMA 7").resolver == "NED"
    assert ask("GAMA 7").coord.dec.deg == -0.5


def test_a_name_with_odd_characters_arrives(sesame: Sesame) -> None:
    assert ask("TXS 0506+056").coord.ra.deg == pytest.approx(77.358185)
    assert sesame.asked[-1].raw_query == "TXS%200506%2B056"


def test_what_nobody_knows_is_not_found_and_that_is_kept(sesame: Sesame) -> None:
    for _ in range(2):
        with pytest.raises(NotFoundError, match="know nothing called 'M 333'"):
            ask("M 333")
    assert len(sesame.asked) == 1


def test_resolvers_that_fail_are_no_answer(sesame: Sesame) -> None:
    sesame.down = set("SNV")
    with pytest.raises(ServiceError, match=r"could be asked.*timed out after 8s") as caught:
        ask("M 87")
    assert not isinstance(caught.value, AnswerError)
    sesame.down = set()
    assert ask("M 87").resolver == "Simbad"  # the failure was not kept


def test_a_failing_resolver_leaves_no_trace_in_the_cache(sesame: Sesame) -> None:
    sesame.down = set("S")
    with pytest.raises(NotFoundError):
        ask("M 87")
    sesame.down = set()
    assert ask("M 87").resolver == "Simbad"


def test_answers_are_kept_for_a_month_and_offline(sesame: Sesame, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask("M 87").cached_at == ""
    assert ask("M 87").cached_at
    assert len(sesame.asked) == 1
    assert ask("M 87", refresh=True).cached_at == ""
    monkeypatch.setenv("SKYEXPLORER_OFFLINE", "1")
    assert ask("M 87").cached_at
    with pytest.raises(UnreachableError):
        ask("GAMA 7")


def test_a_mirror_is_asked_where_the_service_is_not_reached(
    sesame: Sesame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rows.toml").write_text(
        f'[[service]]\nid = "sesame"\naddress = "http://127.0.0.1:1/nph-sesame"\nmirrors = ["{sesame.address}/nph-sesame"]\n'
    )
    assert ask("M 87").resolver == "Simbad"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"<html><body>Service unavailable</body></html>", AnswerError),
        (b"", AnswerError),
        (b"<Sesame><Target>", AnswerError),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Sesame/>', AnswerError),
        (b"<Sesame><Target><Resolver><jradeg>x</jradeg></Resolver></Target></Sesame>", NotFoundError),
        (b"<Sesame/>", NotFoundError),
    ],
)
def test_other_answers(sesame: Sesame, content: bytes, error: type[Exception]) -> None:
    sesame.broken = Answer(content)
    with pytest.raises(error):
        ask("M 87")
    sesame.broken = None
    if error is AnswerError:
        assert ask("M 87").resolver == "Simbad"


def test_a_document_type_without_entities_does_no_harm(sesame: Sesame) -> None:
    sesame.doctype = True
    assert ask("M 87").resolver == "Simbad"


def test_a_stalled_resolver_is_late(sesame: Sesame) -> None:
    import threading

    sesame.stalled = threading.Event()
    with Web("sesame", 0.4) as web, pytest.raises(LateError):
        resolve.ask("M 87", web)
    sesame.stalled.set()


@pytest.mark.parametrize("name", ["", "   ", "x" * 300])
def test_no_name(sesame: Sesame, name: str) -> None:
    with pytest.raises(InputError, match="no name"):
        ask(name)
    assert not sesame.asked
