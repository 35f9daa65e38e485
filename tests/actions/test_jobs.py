"""Live verbs and functions as jobs: where each part runs, what is recorded, what is stopped; and the loop stays free."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from functools import partial

import numpy as np
import pytest

from skyexplorer import SkyExplorer
from skyexplorer.actions import pool
from skyexplorer.actions.jobs import Live, live, run_side_by_side
from skyexplorer.actions.recording import recorded
from skyexplorer.errors import Cancelled, InputError, LateError, UnreachableError
from skyexplorer.io import tables
from skyexplorer.progress import current, turn
from skyexplorer.session.ledgers import asking


class Explorer(SkyExplorer):
    """With verbs that ask a service which lives in this process."""

    def __init__(self):
        super().__init__(samples=False)
        self.shown, self.threads, self.gate = [], [], threading.Event()
        self.gate.set()

    def _ask(self, service, rows):
        self.threads.append(("ask", threading.current_thread()))
        with asking(service) as row:
            for step in range(rows):
                current().report(step, rows)
                while not self.gate.wait(0.005):
                    current().check()
            if service == "gone":
                raise UnreachableError("Nobody answers.", "Is there a network?", service=service)
            row.tell(rows=rows)
        return [service] * rows

    def _show(self, found):
        self.threads.append(("show", threading.current_thread()))
        self.shown.append(found)
        self.session.viewport.move(fov=1 + len(self.shown))
        return found

    @recorded()
    @live("Asking {service}")
    def query(self, service, rows=3) -> Live[list]:
        """Ask a service."""
        if rows < 0:
            raise InputError(f"rows is {rows}.")
        found = yield partial(self._ask, service, rows)
        return self._show(found)

    @recorded()
    @live()
    def query_twice(self, service) -> Live[list]:
        """Ask a service, and then again."""
        first = yield partial(self._ask, service, 1)
        second = yield partial(self._ask, service, len(first) + 1)
        return self._show(first + second)

    @recorded()
    @live("Asking {service}, or doing without")
    def query_or_not(self, service) -> Live[list]:
        """Ask a service, and do without it."""
        try:
            found = yield partial(self._ask, service, 1)
        except UnreachableError:
            found = []
        return self._show(found)

    @recorded()
    @live()
    def sample(self, name) -> Live[str]:
        """What needs nobody."""
        return name
        yield

    @recorded(key="again", silent=("by",))
    @live()
    def click(self, service, by="") -> Live[list]:
        """A verb of which the last one in a row counts."""
        return self._show((yield partial(self._ask, service, 1)))


@pytest.fixture
def sky():
    return Explorer()


def here(sky):
    return [(what, thread is threading.current_thread()) for what, thread in sky.threads]


def until(so, timeout=10.0):
    end = time.monotonic() + timeout
    while not so():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.005)


class TestVerbs:
    def test_called_it_blocks_and_is_recorded_once(self, sky):
        assert sky.query("gaia-dr3", rows=2) == ["gaia-dr3"] * 2
        assert here(sky) == [("ask", False), ("show", True)]
        assert sky.steps.to_source().splitlines()[-1] == "sky.query('gaia-dr3', rows=2)"
        assert len(sky.steps) == 1
        assert (sky.ledger[0].service, sky.ledger[0].state, sky.ledger[0].rows) == ("gaia-dr3", "ok", 2)
        assert sky.jobs.items == ()

    def test_submitted_it_is_shown_at_home_and_recorded_when_it_is_done(self, sky):
        sky.gate.clear()
        job = sky.submit(sky.query, "gaia-dr3", rows=2)
        until(lambda: job.state == "running")
        assert (job.what, sky.jobs.items, len(sky.steps)) == ("Asking gaia-dr3", (job,), 0)
        assert job.ledger[0].state == "asking"
        sky.gate.set()
        assert job.result(10) == ["gaia-dr3"] * 2
        assert here(sky) == [("ask", False), ("show", True)]
        assert sky.steps.items[0].call == "sky.query('gaia-dr3', rows=2)"
        assert sky.steps.items[0].result is job.result()
        assert sky.session.viewport.fov == 2

    def test_a_script_that_looks_again_and_again_sees_the_end(self, sky):
        job = sky.submit(sky.query, "gaia-dr3")
        until(lambda: job.state == "done")
        assert sky.shown

    def test_in_a_loop_it_is_shown_by_the_loop(self, sky):
        async def main():
            job = sky.submit(sky.query, "gaia-dr3")
            while not sky.shown:
                await asyncio.sleep(0.005)
            assert job.state == "done"
            return await job

        assert asyncio.run(main()) == ["gaia-dr3"] * 3
        assert here(sky) == [("ask", False), ("show", True)]

    def test_submitted_from_another_thread_all_of_the_session_is_touched_at_home(self, sky):
        async def main():
            loop, jobs = asyncio.get_running_loop(), []
            sky.jobs.home.settle()
            await loop.run_in_executor(None, lambda: jobs.append(sky.submit(sky.query, "gaia-dr3")))
            return await jobs[0]

        assert len(asyncio.run(main())) == 3
        assert here(sky) == [("ask", False), ("show", True)]
        assert len(sky.steps) == 1

    def test_steps_come_in_the_order_in_which_things_were_shown(self, sky):
        sky.gate.clear()
        slow = sky.submit(sky.query, "slow")
        sky.goto("10 20")
        sky.gate.set()
        slow.result(10)
        assert [step.verb for step in sky.steps.items] == ["goto", "query"]

    def test_one_that_needs_nobody_is_done_at_once(self, sky):
        assert sky.sample("a") == "a"
        job = sky.submit(sky.sample, "b")
        assert (job.state, job.result()) == ("done", "b")
        assert [step.call for step in sky.steps.items] == ["sky.sample('a')", "sky.sample('b')"]

    def test_out_twice(self, sky):
        assert sky.query_twice("a") == ["a"] * 3
        job = sky.submit(sky.query_twice, "b")
        assert job.result(10) == ["b"] * 3
        assert [answer.rows for answer in job.ledger] == [1, 2]
        assert len(sky.steps) == 2

    def test_a_verb_may_do_without(self, sky):
        assert sky.query_or_not("gone") == []
        job = sky.submit(sky.query_or_not, "gone")
        assert job.result(10) == []
        assert job.ledger[0].state == "unreachable"

    def test_wrong_arguments_are_told_at_once_and_stop_nothing(self, sky):
        sky.gate.clear()
        running = sky.submit(sky.query, "a", replaces="field")
        with pytest.raises(InputError, match="rows is -1"):
            sky.submit(sky.query, "a", rows=-1, replaces="field")
        with pytest.raises(TypeError):
            sky.submit(sky.query, replaces="field")
        assert sky.jobs.items == (running,)
        sky.gate.set()
        assert running.result(10)
        assert sky.session.notices.items == ()

    def test_a_plain_verb_runs_at_home(self, sky):
        assert sky.submit(sky.goto, "10 20", fov=3).result(10).ra.deg == pytest.approx(10)
        assert [step.verb for step in sky.steps.items] == ["goto"]

    def test_a_function_of_the_user(self, sky):
        seen = []

        def mine(count, *, by):
            seen.append(threading.current_thread())
            for _ in current().through(range(count), total=count):
                pass
            return count * by

        job = sky.submit(mine, 3, by=4)
        assert job.result(10) == 12
        assert job.progress.share == 1
        assert seen[0] is not threading.current_thread()
        assert (job.what, len(sky.steps)) == ("mine", 0)

    @pytest.mark.parametrize("wrong", [3, None, asyncio.sleep, Explorer.query.body])
    def test_what_cannot_be_submitted(self, sky, wrong):
        with pytest.raises(InputError, match="cannot be submitted"):
            sky.submit(wrong)

    def test_a_job_submitted_within_a_verb_is_not_recorded(self, sky):
        jobs = []
        sky.session.viewport.changed.connect(
            lambda field, by: jobs.append(sky.submit(sky.query, "a")) if field == "target" else None
        )
        sky.goto("10 20")
        jobs[0].result(10)
        assert [step.verb for step in sky.steps.items] == ["goto"]

    def test_in_a_row_and_silent(self, sky):
        sky.click("a", by="panel")
        sky.submit(sky.click, "b", by="panel").result(10)
        assert [step.call for step in sky.steps.items] == ["sky.click('b')"]

    @pytest.mark.parametrize(
        ("service", "said"),
        [
            ("gaia-dr3", "gaia-dr3"),
            (("a", "b", "c", "d"), "a, b, c, …"),
            (b"x" * 1_000_000, "bytes"),
            (None, "NoneType"),
            ("x" * 200, "x" * 59 + "…"),
        ],
    )
    def test_what_a_job_is_called(self, service, said):
        assert Explorer.query.say(None, service) == f"Asking {said}"

    def test_help_tells_what_a_caller_gets(self):
        assert str(inspect.signature(Explorer.query)) == "(self, service, rows=3) -> 'list'"
        assert Explorer.query.__doc__ == "Ask a service."


class TestErrors:
    def test_called_it_is_raised_and_that_is_all(self, sky):
        with pytest.raises(UnreachableError, match="Nobody answers"):
            sky.query("gone")
        assert (len(sky.steps), sky.shown, sky.session.notices.items) == (0, [], ())
        assert sky.ledger[0].state == "unreachable"

    def test_submitted_it_is_a_notice_once_and_kept(self, sky):
        job = sky.submit(sky.query, "gone")
        for _ in range(2):
            with pytest.raises(UnreachableError):
                job.result(10)
        (notice,) = sky.session.notices.items
        assert (notice.text, notice.advice) == ("Asking gone: Nobody answers.", "Is there a network?")
        assert (job.state, type(job.exception), len(sky.steps)) == ("failed", UnreachableError, 0)

    def test_it_is_raised_where_it_is_awaited(self, sky):
        async def main():
            await sky.submit(sky.query, "gone")

        with pytest.raises(UnreachableError):
            asyncio.run(main())
        assert len(sky.session.notices.items) == 1

    def test_what_fails_when_it_is_shown(self, sky, monkeypatch):
        monkeypatch.setattr(sky, "_show", lambda found: found[99])
        job = sky.submit(sky.query, "a")
        with pytest.raises(IndexError):
            job.result(10)
        assert len(sky.steps) == 0
        assert sky._in_verb is False

    def test_a_listener_that_fails_leaves_the_step_taken(self, sky):
        sky.session.viewport.changed.connect(lambda field, by: 1 / 0)
        job = sky.submit(sky.query, "a")
        with pytest.raises(Exception, match="division by zero"):
            job.result(10)
        assert [step.verb for step in sky.steps.items] == ["query"]

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration])
    def test_odd_ends_of_work_end_the_job(self, sky, error):
        def odd():
            raise error

        job = sky.submit(odd)
        with pytest.raises((error, RuntimeError)):
            job.result(10)
        assert job.ended
        assert sky.submit(lambda: 1).result(10) == 1


class TestCancel:
    def test_while_it_runs(self, sky):
        sky.gate.clear()
        job = sky.submit(sky.query, "a")
        until(lambda: job.state == "running")
        start = time.monotonic()
        assert job.cancel()
        assert time.monotonic() - start < 1
        assert job.state == "cancelled"
        assert job.idle.wait(5), "the work ends, too"
        with pytest.raises(Cancelled):
            job.result()
        assert (sky.shown, len(sky.steps), sky.session.notices.items) == ([], 0, ())
        assert sky.ledger[0].state == "cancelled"
        assert not job.cancel()

    def test_while_it_waits_for_a_thread(self, sky, monkeypatch):
        monkeypatch.setitem(pool._pools, 0, pool.Pool("one", threads=1))
        sky.gate.clear()
        first, second = sky.submit(sky.query, "a"), sky.submit(sky.query, "b")
        until(lambda: first.state == "running")
        assert second.state == "waiting"
        assert second.cancel()
        assert second.state == "cancelled"
        sky.gate.set()
        first.result(10)
        assert second.idle.wait(5)
        assert [what for what, _ in sky.threads] == ["ask", "show"], "the second never began"

    def test_who_waits_is_told(self, sky):
        sky.gate.clear()
        job = sky.submit(sky.query, "a")
        threading.Timer(0.1, job.cancel).start()
        start = time.monotonic()
        with pytest.raises(Cancelled):
            job.result(10)
        assert time.monotonic() - start < 2

    def test_what_came_too_late_is_dropped(self, sky):
        sky.gate.clear()
        job = sky.submit(sky.query, "a")
        until(lambda: job.state == "running")
        sky.gate.set()
        time.sleep(0.3)  # it has answered, and the answer waits at home
        job.cancel()
        assert (job.state, sky.shown, len(sky.steps)) == ("cancelled", [], 0)

    def test_the_region_changed(self, sky):
        async def main():
            jobs = []
            for number in range(20):
                jobs.append(sky.submit(sky.query, f"region {number}", replaces="field"))
                await asyncio.sleep(0.003 * (number % 5))
            await jobs[-1]
            return jobs

        jobs = asyncio.run(main())
        assert sky.shown[-1] == ["region 19"] * 3
        assert len(sky.shown) == len(sky.steps) == sum(job.state == "done" for job in jobs)
        assert {job.state for job in jobs} <= {"done", "cancelled"}

    def test_hooks_are_called_and_do_not_hold_up_who_cancels(self, sky):
        told = threading.Event()

        def abort():
            time.sleep(2)  # a server is told
            told.set()

        def work():
            current().on_cancel(abort)
            while True:
                current().check()
                time.sleep(0.005)

        job = sky.submit(work)
        until(lambda: job.state == "running")
        start = time.monotonic()
        job.cancel()
        assert time.monotonic() - start < 1
        assert told.wait(5)

    def test_interrupted_while_it_blocks(self, sky):
        """Ctrl-C: the work is stopped, and the session is as it was."""
        sky.gate.clear()

        def interrupt():
            until(lambda: sky.threads)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            sky.query("a")
        assert (sky.shown, len(sky.steps), sky.jobs.items, sky._in_verb) == ([], 0, (), False)
        assert sky.ledger[0].state == "cancelled"
        sky.gate.set()
        assert sky.query("b") == ["b"] * 3


class TestSideBySide:
    def test_each_has_its_result_or_error(self, sky):
        def gone():
            raise UnreachableError("gone", service="b", url="http://127.0.0.1/")

        def work():
            return run_side_by_side({"a": lambda: [1, 2], "b": gone, "c": lambda: 1 / 0}, 20)

        job = sky.submit(work)
        found = job.result(10)
        assert list(found) == ["a", "b", "c"]
        assert found["a"] == [1, 2]
        assert [type(found[name]) for name in "bc"] == [UnreachableError, ZeroDivisionError]
        assert [(a.service, a.state) for a in sky.ledger] == [
            ("a", "ok"),
            ("b", "unreachable"),
            ("c", "error"),
        ]
        assert sky.ledger[0].rows == 2
        assert sky.ledger[1].address == "http://127.0.0.1/"

    def test_the_late_ones_are_left_behind(self, sky):
        stopped = threading.Event()

        def late():
            current().on_cancel(stopped.set)
            while True:
                current().check()
                time.sleep(0.005)

        start = time.monotonic()
        job = sky.submit(run_side_by_side, {"late": late, "ok": lambda: 1}, 0.4)
        found = job.result(10)
        assert time.monotonic() - start < 2
        assert found["ok"] == 1
        assert isinstance(found["late"], LateError)
        assert stopped.wait(5)
        assert {a.service: a.state for a in job.ledger} == {"late": "late", "ok": "ok"}

    def test_the_ledger_is_live_and_told_as_they_come(self, sky):
        gate, came, states = threading.Event(), [], []
        tasks = {"fast": lambda: [1], "slow": lambda: gate.wait(10)}
        job = sky.submit(run_side_by_side, tasks, 20, each=lambda name, result: came.append(name))
        sky.jobs.changed.connect(lambda job: states.append({a.service: a.state for a in job.ledger}))
        until(lambda: job.state == "running" and came == ["fast"])
        assert {a.service: a.state for a in job.ledger} == {"fast": "ok", "slow": "asking"}
        until(lambda: job.state and job.progress.share == 0.5)
        gate.set()
        job.result(10)
        assert came == ["fast", "slow"]
        assert states[-1] == {"fast": "ok", "slow": "ok"}

    def test_cancel_cancels_all(self, sky):
        running, ended = [], []

        def forever(name):
            running.append(name)
            try:
                while True:
                    current().check()
                    time.sleep(0.005)
            finally:
                ended.append(name)

        job = sky.submit(run_side_by_side, {name: partial(forever, name) for name in "abc"}, 60)
        until(lambda: len(running) == 3)
        start = time.monotonic()
        job.cancel()
        until(lambda: len(ended) == 3)
        assert time.monotonic() - start < 1
        assert [a.state for a in sky.ledger] == ["cancelled"] * 3

    def test_more_tasks_than_threads_nested_thrice(self, sky, monkeypatch):
        for depth in range(4):
            monkeypatch.setitem(pool._pools, depth, pool.Pool(f"few {depth}", threads=3))

        def ask(depth):
            if not depth:
                time.sleep(0.001)
                return 1
            return sum(run_side_by_side({str(n): partial(ask, depth - 1) for n in range(6)}, 30).values())

        jobs = [sky.submit(ask, 2) for _ in range(8)]
        assert [job.result(30) for job in jobs] == [36] * 8
        assert run_side_by_side({str(n): partial(ask, 1) for n in range(8)}, 30) == {
            str(n): 6 for n in range(8)
        }

    def test_a_blocking_verb_within_a_task(self, sky):
        others = {name: Explorer() for name in "abc"}
        found = run_side_by_side({name: partial(other.query, name, 1) for name, other in others.items()}, 20)
        assert found == {name: [name] for name in "abc"}

    def test_nobody_to_ask(self):
        assert run_side_by_side({}, 1) == {}

    def test_a_deadline_that_counts(self):
        class Deadline:
            def left(self):
                return 0.1

        found = run_side_by_side({"a": lambda: time.sleep(0.5)}, Deadline())
        assert isinstance(found["a"], LateError)


class TestThreads:
    def test_a_thousand_jobs_leave_none(self, sky, monkeypatch):
        until(lambda: not pool._at_work)  # of tests before this one
        before = set(threading.enumerate())
        for depth in range(2):
            monkeypatch.setitem(pool._pools, depth, pool.Pool(f"brief {depth}", idle=0.1))
        monkeypatch.setattr(pool, "_stopping", pool.Pool("brief stop", idle=0.1))
        interval, most = sys.getswitchinterval(), 0

        def work(number):
            if number % 10 == 0:
                return sum(run_side_by_side({"a": lambda: number, "b": lambda: 0}, 20).values())
            return number

        jobs = [sky.submit(work, number) for number in range(1000)]
        for job in jobs[::7]:
            job.cancel()
        most = threading.active_count() - len(before)
        assert [job.result(30) for n, job in enumerate(jobs) if n % 7] == [n for n in range(1000) if n % 7]
        assert most <= 2 * pool.THREADS + 8
        until(lambda: set(threading.enumerate()) <= before)
        assert sys.getswitchinterval() == interval
        assert sky.jobs.items == ()
        assert not pool._at_work

    def test_a_pool_is_bounded_and_first_come_first_served(self):
        few, order, gate, at_once = pool.Pool("few", threads=2, idle=0.1), [], threading.Event(), []
        running, lock = [0], threading.Lock()

        def work(number):
            with lock:
                running[0] += 1
                order.append(number)
                at_once.append(running[0])
            gate.wait(5)
            with lock:
                running[0] -= 1

        for number in range(10):
            few.put(partial(work, number))
        until(lambda: len(order) == 2)
        gate.set()
        until(lambda: len(order) == 10)
        assert order == list(range(10))
        assert max(at_once) == 2

    def test_where_no_thread_can_be_had(self, sky, monkeypatch):
        def refuse(thread):
            raise RuntimeError("can't start new thread")

        monkeypatch.setitem(pool._pools, 0, pool.Pool("none"))
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            with pytest.raises(RuntimeError, match="can't start new thread"):
                sky.query("a")
            job = sky.submit(sky.query, "a")
        with pytest.raises(RuntimeError, match="can't start new thread"):
            job.result(5)
        assert (job.state, sky.jobs.items, len(sky.steps)) == ("failed", (), 0)
        assert sky.submit(sky.query, "b").result(10) == ["b"] * 3

    def test_a_free_thread_is_used_again(self):
        few, seen = pool.Pool("few", idle=5), set()
        for _ in range(20):
            done = threading.Event()
            few.put(lambda done=done: (seen.add(threading.current_thread()), done.set()))
            assert done.wait(5)
            until(lambda: few._free)
        assert len(seen) == 1

    @pytest.mark.parametrize("stubborn", [False, True])
    def test_the_interpreter_exits_although_jobs_run(self, stubborn):
        code = f"""
            import sys, threading, time
            from skyexplorer import SkyExplorer
            from skyexplorer.progress import current
            def work():
                began.set()
                try:
                    while True:
                        {"pass" if stubborn else "current().check()"}
                        time.sleep(0.01)
                finally:
                    time.sleep(0.2)
                    print("the server was told", flush=True)
            began = threading.Event()
            SkyExplorer(samples=False).submit(work)
            began.wait(10)
        """
        start = time.monotonic()
        ran = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        assert ran.stdout == "the server was told\n" * (not stubborn)
        assert ran.stderr == ""
        assert time.monotonic() - start < 20


def votable_of(rows):
    cells = "".join(f"<TR><TD>S{n}</TD><TD>{n / 100}</TD><TD>{n / 1000}</TD></TR>" for n in range(rows))
    fields = (
        '<FIELD name="name" datatype="char" arraysize="*"/><FIELD name="ra" datatype="double" unit="deg"/>'
        '<FIELD name="dec" datatype="double" unit="deg"/>'
    )
    return (
        '<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>'
        f"<TABLE>{fields}<DATA><TABLEDATA>{cells}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    ).encode()


def compute(seconds):
    end, rows = time.thread_time() + seconds, 0
    while time.thread_time() < end:
        with turn():
            rows += len([float(text) for text in ("1.5 2.5 3.5 " * 1000).split()])
    return rows


async def lags_of(sky, work):
    """How late the loop is, in ms, while twenty jobs do this."""
    lags = []
    jobs = [sky.submit(work) for _ in range(20)]
    while not all(job.ended for job in jobs):
        before = time.perf_counter()
        await asyncio.sleep(0.005)
        lags.append(1e3 * (time.perf_counter() - before - 0.005))
    assert all([bool(await job) for job in jobs])
    return np.array(lags)


@pytest.mark.parametrize("what", ["tables", "python"])
def test_the_loop_stays_free_while_twenty_jobs_parse(sky, what):
    """Rows of VOTables, one by one, are pure Python; so may be what a user's function does.

    What else this machine does is no property of the code: the best of five runs counts.
    """
    work = {"tables": partial(tables.read, votable_of(5000)), "python": partial(compute, 0.05)}[what]
    assert work()  # what it imports is there
    for _ in range(5):
        lags = asyncio.run(lags_of(sky, work))
        p99, most = np.percentile(lags, 99), lags.max()
        print(f"\nlag of the loop: median {np.median(lags):.1f} ms, p99 {p99:.1f} ms, max {most:.1f} ms")
        if p99 < 50 and most < 250:
            break
    assert len(lags) > 20
    assert p99 < 50
    assert most < 250
