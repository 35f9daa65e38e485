"""Bursts become few messages; a flood fewer still; the last change is always told."""

from __future__ import annotations

import asyncio
import itertools
import time

from skyexplorer.views.pace import OFTEN, SELDOM, Pace


def told(seconds: float, **how: float) -> tuple[list[float], list[int], int]:
    """When it was told while changes came at every turn of the loop, what, and the last change."""
    times, numbers = [], []

    def tell(number: int) -> None:
        times.append(time.monotonic())
        numbers.append(number)

    async def flood() -> int:
        pace = Pace(tell, **how)
        start = time.monotonic()
        for number in itertools.count():
            if time.monotonic() - start > seconds:
                break
            pace(number)
            await asyncio.sleep(0.002)
        await asyncio.sleep(2 * SELDOM)
        return number - 1

    last = asyncio.run(flood())
    return times, numbers, last


def test_what_follows_each_step_is_told_ten_times_a_second() -> None:
    times, numbers, last = told(1.2)
    assert min(b - a for a, b in itertools.pairwise(times)) > OFTEN / 2 - 0.01
    assert 8 <= len(times) <= 14
    assert numbers[-1] == last


def test_in_a_flood_the_rest_is_told_less_and_less_often() -> None:
    times, numbers, last = told(2.5, seldom=SELDOM)
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert gaps[0] < 2 * OFTEN
    assert max(gaps) > 0.9 * SELDOM
    assert len(times) <= 12
    assert numbers[-1] == last


def test_after_a_rest_it_is_prompt_again() -> None:
    times = []

    async def twice() -> None:
        pace = Pace(lambda: times.append(time.monotonic()), seldom=SELDOM)
        for _ in range(2):
            start = time.monotonic()
            while time.monotonic() - start < 1.0:
                pace()
                await asyncio.sleep(0.002)
            await asyncio.sleep(2 * SELDOM)
            begun = time.monotonic()
            pace()
            assert times[-1] >= begun  # at once
            await asyncio.sleep(2 * SELDOM)

    asyncio.run(twice())


def test_without_a_loop_all_is_told() -> None:
    numbers: list[int] = []
    pace = Pace(numbers.append, seldom=SELDOM)
    for number in range(5):
        pace(number)
    assert numbers == [0, 1, 2, 3, 4]


def test_what_is_slow_is_told_seldom_too() -> None:
    times: list[float] = []

    def slow() -> None:
        times.append(time.monotonic())
        time.sleep(0.15)

    async def flood() -> None:
        pace = Pace(slow, seldom=SELDOM)
        start = time.monotonic()
        while time.monotonic() - start < 3:
            pace()
            await asyncio.sleep(0.002)
        pace.close()

    asyncio.run(flood())
    assert times[-1] - times[-2] > 0.15 + SELDOM / 2 - 0.02  # the loop has time for others


def test_who_clicks_on_and_on_is_followed() -> None:
    waits: list[float] = []

    async def clicks() -> None:
        for_me = asyncio.Event()
        pace = Pace(for_me.set, seldom=SELDOM)
        for _ in range(20):  # each when the last has been answered, and of a few changes
            for_me.clear()
            begun = time.monotonic()
            for _ in range(3):
                pace()
            await for_me.wait()
            waits.append(time.monotonic() - begun)
            await asyncio.sleep(0.02)

    asyncio.run(clicks())
    assert max(waits) < 1.5 * OFTEN
