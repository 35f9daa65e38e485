"""Jobs without threads of ours: states, waiting, awaiting, what is told where, ledgers, the bar of a terminal."""

from __future__ import annotations

import asyncio
import io
import threading
import time

import pytest

from skyexplorer.errors import Cancelled, LateError, UnreachableError
from skyexplorer.model.ledger import Answer, Ledger
from skyexplorer.session import bar, job_repr, ledgers
from skyexplorer.session.home import Home
from skyexplorer.session.ledgers import KEPT, Book, Ledgers, asking
from skyexplorer.session.session import Session


@pytest.fixture
def session():
    return Session()


def elsewhere(work):
    """Run this in a thread, and wait for it."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


class TestHome:
    def test_calls_are_made_in_order_where_somebody_waits(self):
        home, made = Home(), []
        elsewhere(lambda: [home.call(lambda n=n: made.append((n, home.here))) for n in range(5)])
        assert made == []
        assert home.wait(lambda: len(made) == 5, 5, lambda: None)
        assert made == [(n, True) for n in range(5)]

    def test_a_loop_that_runs_makes_them(self):
        made = []

        async def main():
            home = Home()
            elsewhere(lambda: home.call(lambda: made.append(home.here)))
            assert made == []
            await asyncio.sleep(0.05)

        asyncio.run(main())
        assert made == [True]

    def test_a_loop_that_is_closed_leaves_them_to_who_waits(self):
        made = []

        async def main():
            return Home()

        home = asyncio.run(main())
        elsewhere(lambda: home.call(lambda: made.append(1)))
        home.visit()
        assert made == [1]

    def test_calls_from_before_the_loop_are_made_by_it(self):
        home, made = Home(), []
        home.call(lambda: made.append(1))

        async def main():
            home.settle()
            await asyncio.sleep(0.01)

        asyncio.run(main())
        assert made == [1]

    def test_waiting_ends_at_the_time_out(self):
        looks, start = [], time.monotonic()
        assert not Home().wait(lambda: False, 0.5, lambda: looks.append(1))
        assert 0.5 <= time.monotonic() - start < 1.5
        assert len(looks) >= 2


class TestJob:
    def test_from_waiting_to_done(self, session):
        told = []
        session.jobs.added.connect(lambda job: told.append(("added", job.state)))
        session.jobs.changed.connect(lambda job: told.append(("changed", job.state)))
        job = session.jobs.new("counting")
        assert (job.state, session.jobs.items, len(session.jobs)) == ("waiting", (job,), 1)
        elsewhere(job.begin)
        assert job.state == "running"
        elsewhere(lambda: job.progress.report(1, total=4))
        assert "25 %" in repr(job)
        job.finish("four")
        assert (job.result(), job.state, job.exception, job.ended) == ("four", "done", None, True)
        assert session.jobs.items == ()
        assert told[0] == ("added", "waiting")
        assert told[-1] == ("changed", "done")

    def test_a_list_of_them(self, session):
        assert repr(session.jobs) == "<Jobs: nothing runs>"
        jobs = [session.jobs.new(what) for what in "ab"]
        assert list(session.jobs) == jobs
        assert repr(session.jobs).count("waiting") == 2
        jobs[0].finish(1)
        assert list(session.jobs) == jobs[1:]

    def test_what_ends_first_stays(self, session):
        job = session.jobs.new("counting")
        assert job.cancel()
        assert not job.finish(1)
        assert not job.fail(ValueError())
        assert not job.cancel()
        assert not job.begin()
        assert job.state == "cancelled"
        with pytest.raises(Cancelled, match="counting was cancelled"):
            job.result()

    def test_progress_is_told_at_home_and_once_for_many(self, session):
        job, told = session.jobs.new("counting"), []
        session.jobs.changed.connect(lambda job: told.append(threading.current_thread()))
        elsewhere(lambda: [job.progress.report(n, 100, what=f"step {n}") for n in range(100)])
        assert told == []
        assert job.state == "waiting"
        assert told == [threading.current_thread()]

    def test_result_with_a_time_out(self, session):
        job, start = session.jobs.new("a long sum"), time.monotonic()
        with pytest.raises(LateError, match=r"a long sum is not done after 0.2 s. It goes on") as caught:
            job.result(timeout=0.2)
        assert isinstance(caught.value, TimeoutError)
        assert time.monotonic() - start < 1.5
        assert not job.ended
        job.finish(3)
        assert job.result(0) == 3

    def test_a_failure_is_a_notice_once_and_raised_each_time(self, session):
        job = session.jobs.new("Asking gaia-dr3")
        error = UnreachableError("Nobody answers at 127.0.0.1.", "Is there a network?", service="gaia-dr3")
        elsewhere(lambda: job.fail(error))
        for _ in range(2):
            with pytest.raises(UnreachableError):
                job.result()
        assert job.exception is error
        (notice,) = session.notices.items
        assert (notice.text, notice.level) == ("Asking gaia-dr3: Nobody answers at 127.0.0.1.", "error")
        assert notice.advice == "Is there a network?"

    def test_who_was_called_is_told_no_notice(self, session):
        session.jobs.new("quiet", blocks=True).fail(ValueError("no"))
        cancelled = session.jobs.new("cancelled")
        cancelled.fail(Cancelled("stopped"))
        assert cancelled.state == "cancelled"
        assert session.notices.items == ()

    def test_a_later_one_replaces(self, session):
        stopped = []
        first = session.jobs.new("first", replaces="field", stop=stopped.append)
        other = session.jobs.new("other", stop=stopped.append)
        second = session.jobs.new("second", replaces="field", stop=stopped.append)
        assert (first.state, other.state, second.state) == ("cancelled", "waiting", "waiting")
        assert stopped == [first.progress]

    def test_a_listener_that_fails_is_heard_of(self, session, caplog):
        session.jobs.changed.connect(lambda job: 1 / 0)
        job = session.jobs.new("counting")
        job.finish(1)
        assert job.result() == 1
        assert "division by zero" in session.notices.items[0].text

    def test_many_that_look_at_each_other_are_told_one_after_the_other(self, session):
        """Whoever is told of a job may ask for its state: that must not tell of the next one within."""
        session.jobs.changed.connect(lambda job: job.state)
        jobs = [session.jobs.new(str(number)) for number in range(2000)]
        elsewhere(lambda: [job.finish(1) for job in jobs])
        assert jobs[-1].result() == 1
        assert session.notices.items == ()

    def test_then(self, session):
        told, job = [], session.jobs.new("counting")
        job.then(lambda: told.append("ended"))
        assert told == []
        elsewhere(lambda: job.finish(1))
        assert told == []
        assert job.result() == 1
        job.then(lambda: told.append("again"))
        assert told == ["ended", "again"]

    def test_waiting_in_another_thread(self, session):
        job, got = session.jobs.new("counting"), []
        thread = threading.Thread(target=lambda: got.append((job.wait(0.05), job.result(5))))
        thread.start()
        time.sleep(0.2)
        job.finish(7)
        thread.join(5)
        assert got == [(False, 7)]


class TestHowItShowsItself:
    def test_text_and_html(self, session):
        job = session.jobs.new("Asking <two>")
        job.begin()
        job.progress.report(1, total=4, what="Reading & sorting")
        job.book.open("gaia-dr3").close(UnreachableError("No <b>route</b>."))
        assert (
            repr(job).splitlines()[0].startswith("<Job 1: Asking <two>, running, █████░░░░░░░░░░░░░░░ 25 %")
        )
        assert "gaia-dr3: unreachable" in repr(job).splitlines()[1]
        html = job._repr_html_()
        assert "Asking &lt;two&gt;" in html
        assert "Reading &amp; sorting" in html
        assert "width:25.0%" in html
        assert "No &lt;b&gt;route&lt;/b&gt;." in html
        job.fail(ValueError("a < b"))
        assert "a &lt; b" in job._repr_html_()
        assert "failed" in repr(job)

    def test_in_a_terminal_it_is_its_text(self, session, capsys):
        job = session.jobs.new("counting")
        job.finish(1)
        job._ipython_display_()
        assert capsys.readouterr().out == "<Job 1: counting, done>\n"

    def test_in_a_notebook_it_is_kept_up_to_date(self, session, monkeypatch):
        shown = []

        class Handle:
            def update(self, html):
                shown.append(html.data)

        def show(html, display_id):
            shown.append(html.data)
            return Handle()

        shell = type("Shell", (), {"kernel": True})()
        monkeypatch.setattr("IPython.get_ipython", lambda: shell)
        monkeypatch.setattr("IPython.display.display", show)
        monkeypatch.setattr(job_repr, "OFTEN", 0.0)
        job = session.jobs.new("counting")
        job._ipython_display_()
        job.progress.report(1, total=2)
        assert job.state == "waiting"
        job.finish(1)
        assert job.state == "done"
        assert ["waiting" in shown[0], "done" in shown[-1], len(shown)] == [True, True, 3]
        session.jobs.changed.emit(job)
        assert len(shown) == 3


class TestAwait:
    def test_awaited_in_a_loop_that_runs(self, session):
        async def main():
            job = session.jobs.new("counting")
            threading.Timer(0.05, lambda: job.finish(5)).start()
            return await job, await job  # a second time too

        assert asyncio.run(main()) == (5, 5)

    def test_what_failed_is_raised(self, session):
        async def main():
            job = session.jobs.new("counting", blocks=True)
            threading.Timer(0.05, lambda: job.fail(ValueError("no"))).start()
            await job

        with pytest.raises(ValueError, match="no"):
            asyncio.run(main())

    def test_who_stops_waiting_stops_the_work(self, session):
        stopped = []

        async def main():
            job = session.jobs.new("counting", stop=stopped.append)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(job, 0.05)
            return job

        job = asyncio.run(main())
        assert job.state == "cancelled"
        assert stopped == [job.progress]

    def test_cancelled_while_it_is_awaited(self, session):
        async def main():
            job = session.jobs.new("counting")
            asyncio.get_running_loop().call_later(0.05, job.cancel)
            with pytest.raises(Cancelled):
                await job

        asyncio.run(main())

    def test_the_clock_ticks_where_a_loop_runs(self, session, monkeypatch):
        monkeypatch.setattr("skyexplorer.session.jobs.TICK", 0.02)
        told = []

        async def main():
            job = session.jobs.new("counting")
            session.jobs.changed.connect(lambda job: told.append(job.id))
            job.begin()
            await asyncio.sleep(0.3)
            ticks = len(told)
            job.finish(1)
            await asyncio.sleep(0.1)
            after = len(told)
            await asyncio.sleep(0.1)
            assert len(told) == after, "nothing ticks where nothing runs"
            return ticks

        assert asyncio.run(main()) >= 5


class TestBook:
    def test_asking_is_live(self, monkeypatch):
        book, states = Book(), []
        with book.kept(), asking("gaia-dr3", address="http://127.0.0.1/tap", query="SELECT 1") as row:
            states.append(book.ledger[0].state)
            monkeypatch.setattr(ledgers, "SLOW", -1.0)
            states.append(book.ledger[0].state)
            row.tell(rows=3, overflow=True)
        answer = book.ledger[0]
        assert [*states, answer.state] == ["asking", "slow", "ok"]
        assert (answer.rows, answer.overflow, answer.address) == (3, True, "http://127.0.0.1/tap")
        assert not book.ledger.complete

    def test_facts_of_what_came(self):
        class Found:
            table, overflow, address, query = [1, 2], False, "http://127.0.0.1/", "q"
            cached_at = "2026-11-25T18:00:00"

        book = Book()
        with book.kept(), asking("gaia-dr3") as row:
            row.tell(Found())
        answer = book.ledger[0]
        assert (answer.state, answer.rows, answer.cached_at) == ("cached", 2, Found.cached_at)

    @pytest.mark.parametrize(
        ("error", "state"),
        [
            (UnreachableError("gone", url="http://127.0.0.1/x"), "unreachable"),
            (Cancelled("stopped"), "cancelled"),
            (ValueError("odd"), "error"),
        ],
    )
    def test_an_error_is_an_answer_and_goes_on(self, error, state):
        book = Book()
        with pytest.raises(type(error)), book.kept(), asking("gaia-dr3"):
            raise error
        assert book.ledger[0].state == state

    def test_one_service_asked_within_is_one_row(self):
        book = Book()
        with book.kept(), asking("a"), asking("a", address="http://127.0.0.1/") as inner, asking("b"):
            inner.tell(rows=1)
        assert [(a.service, a.rows) for a in book.ledger] == [("a", 1), ("b", None)]

    def test_without_a_book_nothing_is_kept(self):
        with asking("a") as row:
            row.tell(rows=1)

    def test_who_is_given_up_is_not_asked_for_ever(self):
        book = Book()
        book.open("a")
        book.close(None)
        assert book.ledger[0].state == "cancelled"

    def test_a_job_writes_down_what_nobody_wrote(self):
        book = Book()
        book.note(UnreachableError("gone", service="gaia-dr3"))
        book.note(UnreachableError("gone", service="another"))
        assert [(a.service, a.state) for a in book.ledger] == [("gaia-dr3", "unreachable")]


class TestLedgers:
    def test_the_last_fifty(self):
        kept, told = Ledgers(), []
        assert len(kept.last) == 0
        kept.changed.connect(lambda: told.append(kept.last[0].rows))
        for number in range(KEPT + 10):
            kept.add(f"question {number}", Ledger([Answer("a", "ok", rows=number)]))
        kept.add("nobody was asked", Ledger())
        assert len(kept.items) == KEPT
        assert kept.items[-1].what == f"question {KEPT + 9}"
        assert told == list(range(KEPT + 10))

    def test_a_job_that_ended_leaves_its_ledger(self, session):
        job = session.jobs.new("Asking two")
        job.book.open("a").close()
        job.book.open("b")
        job.cancel()
        (asked,) = session.ledgers.items
        assert asked.what == "Asking two"
        assert [(a.service, a.state) for a in asked.ledger] == [("a", "ok"), ("b", "cancelled")]


class Terminal(io.StringIO):
    def isatty(self):
        return True


class TestBar:
    def test_drawn_after_a_second_and_taken_away(self, monkeypatch):
        stream = Terminal()
        drawn = bar.Bar(stream)
        drawn.draw("Asking gaia-dr3", 0.5, 0.2)
        assert stream.getvalue() == ""
        monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + 2)
        drawn.draw("Asking gaia-dr3", 0.5, 2.2)
        assert "Asking gaia-dr3  ██████████░░░░░░░░░░  50 %  2 s" in stream.getvalue()
        drawn.close()
        assert stream.getvalue().endswith("\r\x1b[2K")

    def test_nothing_where_there_is_no_terminal(self, monkeypatch):
        stream = io.StringIO()
        monkeypatch.setattr(bar, "PATIENCE", 0.0)
        bar.Bar(stream).draw("Asking", 0.5, 2)
        assert stream.getvalue() == ""

    @pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99, 1.0, 1.7, -1.0])
    def test_as_wide_as_it_should(self, share):
        assert len(bar.bar(share, 20)) == 20
        assert len(bar.line("x" * 300, share, 12.0, width=60)) == 60

    def test_who_waits_in_a_terminal_sees_it(self, session, monkeypatch):
        stream = Terminal()
        monkeypatch.setattr(bar, "PATIENCE", 0.0)
        monkeypatch.setattr("sys.stderr", stream)
        job = session.jobs.new("Asking gaia-dr3")
        job.progress.report(1, total=2, what="Reading 500 of 1000 rows")
        with pytest.raises(LateError):
            job.result(timeout=0.3)
        assert "Reading 500 of 1000 rows" in stream.getvalue()
