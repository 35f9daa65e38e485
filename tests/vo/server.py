"""DaCHS and its PostgreSQL in a folder of their own, started, ended, killed and started again.

`Server` does it. ``python -m tests.vo.server`` keeps one for another process: it takes orders, a JSON line each, from its
standard input, and ends everything and removes the folder where that ends, however the other process came to its end.
"""

from __future__ import annotations

import contextlib
import ctypes
import grp
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.vo import content
from tests.vo.dachs import BIN

CONFIG = """\
[general]
rootDir: {home}/root
gavoGroup: {group}
group: {group}
sendmail: cat >/dev/null
maintainerAddress: root@localhost
[web]
serverURL: {url}
bindAddress: 127.0.0.1
serverPort: {port}
user:
sitename: Loopback VO
[async]
defaultExecTimeSync: 60
defaultExecTime: 600
defaultMAXREC: 20000
hardMAXREC: 2000000
maxTAPRunning: 4
[ivoa]
authority: loopback.test
dalDefaultLimit: 10000
dalHardLimit: 1000000
"""
SETTINGS = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=100", "shared_buffers=128MB",
    "maintenance_work_mem=128MB", "max_wal_size=2GB", "wal_level=minimal", "max_wal_senders=0", "autovacuum=off",
)  # fmt: skip


# `dachs imp` for each, in a process of its own; but its modules, which take a second, are loaded once.
IMPORT = """
import os, sys
import gavo.api, gavo.user.importing
from gavo.user import cli
for descriptor in sys.argv[1:]:
    child = os.fork()
    if not child:
        sys.argv = ["dachs", "imp", descriptor]
        cli.main()
        sys.stdout.flush()
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(descriptor + " was not imported.")
"""


def _dies_with_parent() -> None:
    ctypes.CDLL("libc.so.6").prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _children(parent: int) -> list[int]:
    """Processes that another has started, and that have not ended."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry.name))
    return found


class Server:
    """A VO below a new temporary folder.

    Parameters
    ----------
    url : str
        What it calls itself in its answers: the address of a proxy in front of it.
    port, database : int
        Its own port on 127.0.0.1, and PostgreSQL's.
    data : Path, optional
        Folder of real files.
    """

    def __init__(self, url: str, port: int, database: int, data: Path | None) -> None:
        self.url, self.port, self.database, self.data = url, port, database, data
        self.home = Path(tempfile.mkdtemp(prefix="skyexplorer-vo-"))
        self.home.chmod(0o755)
        # PostgreSQL does not run as root; Debian's package made a user for it.
        self.user = "postgres" if os.geteuid() == 0 else None
        self.env = {
            "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(self.home / "home"),
            "GAVOSETTINGS": str(self.home / "gavo.rc"), "GAVOCUSTOM": "/nonexistent", "TZ": "UTC",
        }  # fmt: skip
        self.parent = os.getppid()  # nobody wants what is made once that has ended
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.laps: dict[str, float] = {}

    def _start(self, what: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.home / "logs" / f"{what}.log").open("ab") as log:
            as_user: dict[str, Any] = (
                {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
            )
            return subprocess.Popen(
                command, cwd=self.home / "home", env=self.env, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=_dies_with_parent, **as_user,
            )  # fmt: skip

    def _run(self, what: str, *command: str) -> None:
        started = time.monotonic()
        process = self._start(what, *command)
        while (code := process.poll()) is None:
            if os.getppid() != self.parent or time.monotonic() - started > 180:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise RuntimeError(f"{' '.join(command)} was given up.")
            time.sleep(0.02)
        self.laps[what] = self.laps.get(what, 0.0) + time.monotonic() - started
        if code:
            log = (self.home / "logs" / f"{what}.log").read_text(errors="replace")
            raise RuntimeError(f"{' '.join(command)} ended with {code}:\n{log[-4000:]}")

    def make(self) -> None:
        """Make the data base and all that is in it."""
        for folder in ("home", "logs", "run", "root"):
            (self.home / folder).mkdir()
        group = self.user or grp.getgrgid(os.getgid()).gr_name
        (self.home / "gavo.rc").write_text(
            CONFIG.format(home=self.home, group=group, url=self.url, port=self.port)
        )
        if self.user:
            self._own()
        started = time.monotonic()
        self._run(
            "initdb", str(BIN / "initdb"), "-D", f"{self.home}/pg", "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        self.start_database()
        self._sql("create database gavo template template0 encoding 'UTF8'", "postgres")
        dsn = f"host=127.0.0.1 port={self.database} user=postgres dbname=gavo"
        self._run("init", "dachs", "init", "-d", dsn)
        self._sql("alter role gavoadmin superuser")  # COPY reads our files
        content.write(self.home / "root" / "inputs", self.url, self.data)
        if self.user:
            self._own()
        self._run("import", "/usr/bin/python3", "-c", IMPORT, *content.DESCRIPTORS)
        self._sql("analyze")
        self.laps["made"] = time.monotonic() - started

    def _own(self) -> None:
        for path in (self.home, *self.home.rglob("*")):
            shutil.chown(path, self.user, self.user)

    def _sql(self, statement: str, base: str = "gavo") -> None:
        self._run(
            "sql",
            "psql",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.database),
            "-U",
            "postgres",
            "-qc",
            statement,
            base,
        )

    def ask(self, query: str) -> str:
        """What PostgreSQL answers: a line for each row, fields apart by tabs."""
        command = [
            "psql",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.database),
            "-U",
            "postgres",
            "-qAtF",
            "\t",
            "-c",
            query,
            "gavo",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    # what runs

    def start_database(self) -> None:
        """Start PostgreSQL, and wait until it answers."""
        options = [word for setting in SETTINGS for word in ("-c", setting)]
        self.running["database"] = self._start(
            "database", str(BIN / "postgres"), "-D", f"{self.home}/pg", "-p", str(self.database), "-k",
            f"{self.home}/run", "-c", "listen_addresses=127.0.0.1", *options,
        )  # fmt: skip
        ready = [str(BIN / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.database), "-U", "postgres"]
        self._wait("database", lambda: subprocess.run(ready, stdout=subprocess.DEVNULL).returncode == 0)

    def restart_database(self) -> None:
        """Start it after it was killed: what it left behind takes a moment to notice."""
        until = time.monotonic() + 20
        while True:
            try:
                return self.start_database()
            except RuntimeError as error:
                if "shared memory block" not in str(error) or time.monotonic() > until:
                    raise
            time.sleep(0.1)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        started = time.monotonic()
        self.running["dachs"] = self._start("dachs", "dachs", "serve", "debug")
        self._wait("dachs", self._available)
        self.laps["serve"] = time.monotonic() - started

    def _available(self) -> bool:
        address = f"http://127.0.0.1:{self.port}/tap/availability"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _wait(self, what: str, ready: Any, seconds: float = 60.0) -> None:
        until = time.monotonic() + seconds
        while not ready():
            ended = self.running[what].poll()
            if ended is not None or time.monotonic() > until:
                log = (self.home / "logs" / f"{what}.log").read_text(errors="replace")
                raise RuntimeError(f"{what} did not start (ended: {ended}):\n{log[-4000:]}")
            time.sleep(0.05)

    def end(self, what: str, kill: bool = False) -> None:
        """End "dachs" or "database"; killed, or as it likes to be ended."""
        process = self.running.pop(what, None)
        if process is None:
            return
        if not kill:
            process.send_signal(signal.SIGINT if what == "database" else signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
        # Its workers too, and PostgreSQL's, which lead groups of their own: one that computes notices nothing.
        below = _children(process.pid)
        for kill_, pid in ((os.killpg, process.pid), *((os.kill, pid) for pid in below)):
            with contextlib.suppress(ProcessLookupError):
                kill_(pid, signal.SIGKILL)
        process.wait(10)

    def close(self) -> None:
        """End all, and leave nothing behind."""
        self.end("dachs")
        self.end("database")
        self._end_strays()
        shutil.rmtree(self.home, ignore_errors=True)

    def _end_strays(self) -> None:
        """End what was started by what we started, and left its group: our settings stand in its environment."""
        mark = f"GAVOSETTINGS={self.home}".encode()
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if int(entry.name) != os.getpid() and mark in (entry / "environ").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)


def obey(server: Server, order: dict[str, Any]) -> Any:
    """Do what one line of orders says."""
    do = order["do"]
    if do == "make":
        server.make()
        server.start()
        return {"home": str(server.home), "laps": server.laps}
    if do == "kill":
        return server.end(order["what"], kill=True)
    if do == "stop":
        return server.end(order["what"])
    if do == "start":
        return server.restart_database() if order["what"] == "database" else server.start()
    if do == "sql":
        return server.ask(order["query"])
    raise ValueError(f"There is no order {do!r}.")


def main(url: str, port: str, database: str, data: str) -> None:
    """Take orders until they end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = Server(url, int(port), int(database), Path(data) if data else None)
    try:
        for line in sys.stdin:
            try:
                answer = {"is": obey(server, json.loads(line))}
            except (RuntimeError, ValueError, OSError, subprocess.SubprocessError) as wrong:
                answer = {"error": str(wrong)}
            print(json.dumps(answer), flush=True)
    finally:
        server.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
