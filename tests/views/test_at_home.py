"""Messages of the browser that come in another thread are heard in that of the session."""

from __future__ import annotations

import asyncio
import threading
import time
from contextvars import ContextVar
from typing import Any

import comm
import pytest

from skyexplorer import SkyExplorer

WHO: ContextVar[str] = ContextVar("who", default="nobody")


def workbench(sky: SkyExplorer) -> Any:
    assert sky.widget is not None
    return sky._workbench


def message(**content: Any) -> dict[str, Any]:
    return {"content": {"data": {"method": "custom", "content": content}}, "buffers": []}


def beside(widget: Any, *messages: dict[str, Any]) -> None:
    """As a subshell hands them over."""
    WHO.set("the page")
    for one in messages:
        widget._handle_msg(one)


def test_in_another_thread_they_wait_for_the_cell() -> None:
    heard: list[tuple[Any, ...]] = []

    async def cell() -> None:
        sky = SkyExplorer()
        table = workbench(sky).table
        table.on_msg(
            lambda widget, content, buffers: heard.append(
                (content["start"], threading.current_thread() is threading.main_thread(), WHO.get())
            )
        )
        thread = threading.Thread(
            target=beside, args=(table, *(message(type="rows", start=n, stop=n + 1) for n in range(5)))
        )
        thread.start()
        thread.join()
        assert heard == [], "nothing changes under the hands of the cell"
        await asyncio.sleep(0.05)
        assert heard == [(n, True, "the page") for n in range(5)], "in their order, in their own context"
        table._handle_msg(message(type="rows", start=9, stop=10))
        assert heard[-1][0] == 9, "at home it is heard at once"
        thread = threading.Thread(target=beside, args=(table, message(type="rows", start=11, stop=12)))
        thread.start()
        thread.join()
        sky.close()
        await asyncio.sleep(0.05)
        assert heard[-1][0] == 9, "one that was closed meanwhile hears no more"

    asyncio.run(cell())


def test_traits_of_the_page_come_home_too() -> None:
    seen: list[bool] = []

    async def cell() -> None:
        sky = SkyExplorer(samples=False)
        sky.viewport.changed.connect(
            lambda *_: seen.append(threading.current_thread() is threading.main_thread())
        )
        widget = workbench(sky).sky.widget
        state = {"content": {"data": {"method": "update", "state": {"_fov": 33.0}}}, "buffers": []}
        thread = threading.Thread(target=beside, args=(widget, state))
        thread.start()
        thread.join()
        assert sky.viewport.fov != pytest.approx(33)
        await asyncio.sleep(0.3)
        assert sky.viewport.fov == pytest.approx(33)

    asyncio.run(cell())
    assert seen
    assert all(seen)


def test_where_no_loop_runs_they_are_heard_at_once() -> None:
    sky = SkyExplorer()
    heard: list[Any] = []
    workbench(sky).table.on_msg(lambda *args: heard.append(args))
    thread = threading.Thread(
        target=beside, args=(workbench(sky).table, message(type="rows", start=0, stop=1))
    )
    thread.start()
    thread.join()
    assert len(heard) == 1


def test_the_pulse_says_at_once_that_it_has_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    async def cell() -> list[Any]:
        pulse = workbench(SkyExplorer(samples=False)).pulse
        sent: list[Any] = []
        monkeypatch.setattr(pulse, "send", sent.append)
        thread = threading.Thread(target=beside, args=(pulse, message(type="ping", n=7)))
        thread.start()
        thread.join()
        time.sleep(0.02)
        assert sent == [{"heard": 7}]
        await asyncio.sleep(0.05)
        pulse._handle_msg(message(type="ping", n=8))
        return sent

    assert asyncio.run(cell()) == [{"heard": 7}, {"pong": 7}, {"pong": 8}]


def test_the_first_message_says_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """By which the page finds a model that it may not be able to tell anything."""
    opened: list[Any] = []
    create = comm.create_comm
    monkeypatch.setattr(comm, "create_comm", lambda **how: (opened.append(how), create(**how))[1])
    bench = workbench(SkyExplorer(samples=False))
    named = {how["comm_id"]: how["data"]["state"]["_me"] for how in opened if "_me" in how["data"]["state"]}
    for widget in (bench.pulse, bench.sky.widget, bench.toolbar):
        assert named[widget.model_id] == widget.model_id
