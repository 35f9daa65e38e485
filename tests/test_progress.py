"""Progress: reports, watchers, cancelling from another thread, and the context it lives in."""

from __future__ import annotations

import contextvars
import gc
import threading
import time

import pytest

from skyexplorer.errors import Cancelled
from skyexplorer.progress import Progress, current, turn


def test_work_reports_to_the_progress_of_its_context():
    seen = []
    with Progress("outer") as outer:
        current().report(1, total=4)
        with Progress("inner") as inner:
            inner.watch(lambda p: seen.append((p.what, p.share)))
            for _ in current().through("abc", total=3):
                pass
        assert current() is outer
    assert (outer.done, outer.share) == (1.0, 0.25)
    assert inner.share == 1.0
    assert seen[-1] == ("inner", 1.0)


def test_nobody_watches():
    current().report(5, total=10)
    current().cancel()
    current().report(6)
    current().check()
    assert current().done == 0


def test_cancelled_from_another_thread():
    progress = Progress("a long sum")
    steps = []

    def work():
        with progress:
            for step in range(10_000):
                current().report(step, total=10_000)
                steps.append(step)
                time.sleep(0.001)

    caught = []

    def run():
        try:
            work()
        except Cancelled as error:
            caught.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    while len(steps) < 5:
        time.sleep(0.001)
    progress.cancel()
    thread.join(5)
    assert caught == ["a long sum was cancelled."]
    assert len(steps) < 1000


def test_a_thread_takes_the_context_along_if_it_is_given():
    seen = []
    with Progress("here") as here:
        for run in (lambda: seen.append(current()), lambda: contextvars.copy_context().run(lambda: None)):
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
        context = contextvars.copy_context()
        thread = threading.Thread(target=lambda: context.run(lambda: seen.append(current())))
        thread.start()
        thread.join()
    assert seen[0] is not here
    assert seen[1] is here


def test_watchers_are_told_in_measure():
    told = []
    progress = Progress("fast", total=100_000)
    end = progress.watch(lambda p: told.append(p.done))
    start = time.perf_counter()
    for step in range(100_000):
        progress.report(step + 1)
    assert time.perf_counter() - start < 2
    assert told[-1] == 100_000
    assert len(told) < 100
    progress.report(1, what="something else")
    assert told[-1] == 1
    end()
    end()
    progress.report(2, what="nobody hears")
    assert told[-1] == 1


def test_a_watcher_that_fails_is_heard_of():
    def broken(_):
        raise RuntimeError("the bar is gone")

    progress = Progress()
    progress.watch(broken)
    with pytest.raises(RuntimeError, match="the bar is gone"):
        progress.report(1)


def test_whoever_waits_is_told_at_once():
    progress, told = Progress("a question"), []
    progress.on_cancel(lambda: told.append("first"))
    unhook = progress.on_cancel(lambda: told.append("unhooked"))
    unhook()
    unhook()
    thread = threading.Thread(target=progress.cancel)
    thread.start()
    thread.join()
    assert told == ["first"]
    progress.cancel()
    assert told == ["first"]
    progress.on_cancel(lambda: told.append("late"))
    assert told == ["first", "late"]


def test_all_are_told_although_one_fails():
    def broken():
        raise RuntimeError("no socket")

    progress, told = Progress(), []
    progress.on_cancel(broken)
    progress.on_cancel(lambda: told.append("second"))
    with pytest.raises(RuntimeError, match="no socket"):
        progress.cancel()
    assert told == ["second"]
    assert progress.cancelled


def test_where_nobody_watches_nothing_is_hooked():
    current().on_cancel(lambda: pytest.fail("called"))()
    current().cancel()


def test_watched_work_takes_turns():
    at_once, most, lock, collecting = [0], [0], threading.Lock(), set()

    def work():
        with Progress("reading"), turn(), turn():  # within a turn it is still the same one
            with lock:
                at_once[0] += 1
                most.append(at_once[0])
            time.sleep(0.002)
            collecting.add(gc.isenabled())
            with lock:
                at_once[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (len(most), max(most)) == (21, 1)
    assert (collecting, gc.isenabled()) == ({False}, True)


def test_who_is_not_watched_does_not_wait_for_a_turn():
    holding, gate = threading.Event(), threading.Event()

    def work():
        with Progress("reading"), turn():
            holding.set()
            gate.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    assert holding.wait(5)
    start = time.perf_counter()
    with turn():
        assert time.perf_counter() - start < 2
    gate.set()
    thread.join(5)


def test_a_wait_for_a_turn_can_be_cancelled():
    holding, gate, caught = threading.Event(), threading.Event(), []

    def hold():
        with Progress("reading"), turn():
            holding.set()
            gate.wait(10)

    second = Progress("reading more")

    def wait():
        try:
            with second, turn():
                caught.append("it has the turn")
        except Cancelled as error:
            caught.append(str(error))

    threads = [threading.Thread(target=hold), threading.Thread(target=wait)]
    threads[0].start()
    assert holding.wait(5)
    threads[1].start()
    second.cancel()
    threads[1].join(5)
    gate.set()
    threads[0].join(5)
    assert caught == ["reading more was cancelled."]
