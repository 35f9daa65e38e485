"""IceCube alert tables: oddities told."""

from __future__ import annotations

import numpy as np
import pytest

from skyexplorer.io import files, icecat, tables


@pytest.fixture(scope="module")
def alerts(data_dir):
    return icecat.alerts(tables.read(files.load(data_dir / "neutrino/IceCube_Gold_Bronze_Tracks.csv")))


def notes(alerts, name):
    return [alert.notes for alert in alerts if alert.name == name]


def test_rows(alerts):
    assert len(alerts) == 364
    streams = [alert.stream for alert in alerts]
    expected = {"gfu-bronze": 221, "gfu-gold": 99, "ehe-gold": 24, "hese-gold": 10, "hese-bronze": 10}
    assert {stream: streams.count(stream) for stream in set(streams)} == expected
    assert all(np.isfinite(alert.mjd) for alert in alerts)


def test_oddities_are_told(alerts):
    (error,) = notes(alerts, "IC140410A")
    assert "151.51 deg" in error[0]
    first, second = notes(alerts, "IC231103A")
    assert any("EVENTMJD is missing" in note for note in first)
    assert all(any("more than once" in note for note in rows) for rows in (first, second))
    for rows in notes(alerts, "IC240327A"):
        assert "2 different events" in rows[0]
    off = [alert.name for alert in alerts if any("12.0 h off" in note for note in alert.notes)]
    assert off == ["IC231027A"]
    assert sum(bool(alert.notes) for alert in alerts) == 7
