"""A script in a terminal: the bar while a verb blocks, and Ctrl-C."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import time

import pytest

pty = pytest.importorskip("pty", reason="no terminals of this kind here")

CODE = """
    import sys, time
    from skyexplorer import SkyExplorer
    from skyexplorer.actions.jobs import live
    from skyexplorer.progress import current

    def ask(seconds):
        told = []
        current().on_cancel(lambda: told.append("the server was told"))
        try:
            for step in range(int(100 * seconds)):
                current().report(step, 100 * seconds, what=f"Reading row {step // 50 * 50}")
                time.sleep(0.01)
        finally:
            print(*told, flush=True)

    class Explorer(SkyExplorer):
        @live("Asking {service}")
        def query(self, service, seconds):
            yield lambda: ask(seconds)

    sky = Explorer(samples=False)
    sky.query("quick", 0.3)
    print("quick is done", flush=True)
    sky.query("gaia-dr3", float(sys.argv[1]))
    print("gaia-dr3 is done", flush=True)
"""


def in_a_terminal(seconds: float, interrupt_at: str = "") -> tuple[str, int]:
    """All that the terminal got, and the exit code; Ctrl-C is pressed when it has shown this."""
    master, slave = pty.openpty()
    script = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CODE), str(seconds)], stdin=slave, stdout=slave, stderr=slave,
        start_new_session=True, preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(slave)
    seen, pressed, end = "", False, time.monotonic() + 60
    while time.monotonic() < end:
        try:
            part = os.read(master, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        seen += part.decode(errors="replace")
        if interrupt_at and not pressed and interrupt_at in seen:
            os.write(master, b"\x03")
            pressed = True
    os.close(master)
    return seen, script.wait(20)


def test_a_bar_is_drawn_after_a_second_and_taken_away() -> None:
    seen, code = in_a_terminal(2.5)
    assert code == 0
    quick, _, rest = seen.partition("quick is done")
    assert "quick" not in quick, "what is over in a moment shows no bar"
    shares = [int(share) for share in re.findall(r"Reading row \d+  [█▏▎▍▌▋▊▉░]{20} +(\d+) %", rest)]
    assert len(shares) >= 3
    assert shares == sorted(shares)
    assert rest.rstrip().splitlines()[-1].endswith("gaia-dr3 is done")
    assert rest.rindex("\x1b[2K") > rest.rindex("█"), "the bar is taken away"


def test_ctrl_c_tells_the_server() -> None:
    start = time.monotonic()
    seen, code = in_a_terminal(50, interrupt_at="░")
    assert time.monotonic() - start < 40
    assert code != 0
    assert "KeyboardInterrupt" in seen
    assert "the server was told" in seen
    assert "gaia-dr3 is done" not in seen
