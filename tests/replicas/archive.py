"""An archive on loopback that speaks TAP (at once, as jobs, with uploads) and cone search, with the faults it is given.

It answers the questions that skyexplorer asks, and evaluates them: circles, polygons, MOCs, ranges of coordinates, uploaded
circles; of further conditions ``mag < x`` only.
"""

from __future__ import annotations

import email
import email.policy
import io
import re
import socket
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
from astropy.io.votable import from_table, parse_single_table, writeto
from astropy.table import Table

from skyexplorer.core import sphere

NUMBER = r"([-+\d.e]+)"
CIRCLE = re.compile(rf"([01]) = \w+\(\w+\([^()]*\), CIRCLE\((?:'ICRS', )?{NUMBER}, {NUMBER}, {NUMBER}\)")
POLYGON = re.compile(r"POLYGON\((?:'ICRS', )?([-+\d.e, ]+)\)")
MOC = re.compile(r"MOC\('([^']*)'\)")
RANGE = re.compile(rf"(\w+) BETWEEN {NUMBER} AND {NUMBER}")
HEAD = '<?xml version="1.0"?><VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'


class Archive:
    """The replica; ``with Archive(table) as archive`` serves until the end of the block.

    Attributes
    ----------
    tap, scs : str
        Addresses.
    fault : str
        "", "html", "truncated", "empty", "error", "error-400", "not a table", "dies".
    cap : int
        Rows at most; ``silent``: without saying so.
    sync_refused : str
        Text of the error by which it refuses to answer at once.
    slow : float
        Seconds that a job runs.
    away : float
        Until this time (monotonic) it drops all lines.
    format : str
        Of the rows: "tabledata", "binary", "binary2".
    questions : list
        What was asked: ADQL, or the parameters of a cone.
    jobs : dict
        Phase of each job that is there; ``ended``: what was done to those that are gone.
    """

    def __init__(self, table: Table, name: str = "cat") -> None:
        self.table, self.name = table, name
        self.fault, self.cap, self.silent, self.sync_refused, self.slow = "", 10**9, False, "", 0.3
        self.sync_cap = 10**9
        self.away = 0.0
        self.format, self.uploads = "tabledata", True
        self.questions: list[str] = []
        self.jobs: dict[str, dict] = {}
        self.ended: dict[str, list[str]] = {}
        self.at_once, self.most_at_once = 0, 0
        self._lock = threading.Lock()

    def __enter__(self) -> Archive:
        archive = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                archive.serve(self, {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                archive.serve(self, *fields(self.headers.get("Content-Type", ""), body))

            def do_DELETE(self) -> None:
                archive.serve(self, {}, {})

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.tap, self.scs = f"{self.base}/tap", f"{self.base}/scs"
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    # Answers

    def serve(self, to: BaseHTTPRequestHandler, given: dict[str, str], files: dict[str, bytes]) -> None:
        if time.monotonic() < self.away:
            to.close_connection = True
            to.connection.shutdown(socket.SHUT_RDWR)
            return
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            path = urlsplit(to.path).path
            if path == "/scs":
                self.questions.append(urlsplit(to.path).query)
                rows = self.cone(*(float(given[key]) for key in ("RA", "DEC", "SR")))
                self.answer(to, rows, int(given.get("MAXREC", 10**9)))
            elif path == "/tap/sync":
                self.questions.append(given["QUERY"])
                if self.sync_refused:
                    return self.send(to, error(self.sync_refused), status=400)
                self.ask(to, given, files, self.sync_cap)
            elif path.startswith("/tap/async"):
                self.job(to, path, given, files)
            elif path.startswith("/tap/tables"):
                self.send(to, self.vosi())
            else:
                self.send(to, b"not here", "text/plain", 404)
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            with self._lock:
                self.at_once -= 1
        return None

    def ask(self, to: BaseHTTPRequestHandler, given: dict, files: dict, cap: int = 10**9) -> None:
        try:
            rows = self.evaluate(given["QUERY"], files)
        except ValueError as wrong:
            return self.send(to, error(str(wrong)), status=400)
        return self.answer(to, rows, min(int(given.get("MAXREC", 10**9)), cap))

    def job(self, to: BaseHTTPRequestHandler, path: str, given: dict, files: dict) -> None:
        parts = path.removeprefix("/tap/async").strip("/").split("/")
        if parts == [""]:
            id = f"j{len(self.jobs) + len(self.ended) + 1}"
            self.questions.append(given["QUERY"])
            self.jobs[id] = {"phase": "PENDING", "given": given, "files": files, "began": 0.0}
            return self.send(to, b"", status=303, location=f"{self.tap}/async/{id}")
        id, job = parts[0], self.jobs.get(parts[0])
        if job is None:
            return self.send(to, b"no such job", "text/plain", 404)
        if to.command == "DELETE":
            self.ended.setdefault(id, []).append("deleted")
            del self.jobs[id]
            return self.send(to, b"", status=303, location=f"{self.tap}/gone")
        if parts[1:] == ["phase"] and given.get("PHASE") == "RUN":
            job["phase"], job["began"] = "EXECUTING", time.monotonic()
            return self.send(to, b"", status=303, location=f"{self.tap}/async/{id}")
        if parts[1:] == ["phase"] and given.get("PHASE") == "ABORT":
            job["phase"] = "ABORTED"
            self.ended.setdefault(id, []).append("aborted")
            return self.send(to, b"", status=303, location=f"{self.tap}/async/{id}")
        if job["phase"] == "EXECUTING" and time.monotonic() - job["began"] > self.slow:
            job["phase"] = "ERROR" if self.fault == "job error" else "COMPLETED"
        if parts[1:2] == ["results"]:
            return self.ask(to, job["given"], job["files"])
        return self.send(to, uws(self.tap, id, job["phase"]))

    def answer(self, to: BaseHTTPRequestHandler, rows: np.ndarray, wanted: int) -> None:
        cap = min(wanted, self.cap)
        table = self.table[rows][:cap]
        status = "OVERFLOW" if len(rows) > cap and not self.silent else ""
        raw = votable(table, self.format, status)
        if self.fault == "html":
            return self.send(
                to, b"<!DOCTYPE html><html><body><h1>We are down</h1></body></html>", "text/html"
            )
        if self.fault == "truncated":
            raw = raw[: len(raw) // 2]
        elif self.fault == "empty":
            raw = b""
        elif self.fault in ("error", "error-400"):
            return self.send(
                to, error("Unknown column foo"), status=400 if self.fault == "error-400" else 200
            )
        elif self.fault == "scs error":
            raw = (HEAD + '<INFO name="Error" value="SR is too large"/></RESOURCE></VOTABLE>').encode()
        elif self.fault == "not a table":
            return self.send(to, b'{"rows": []}', "application/json")
        elif self.fault == "error at the end":
            raw = raw.replace(
                b"</RESOURCE>", b'<INFO name="QUERY_STATUS" value="ERROR">disk full</INFO></RESOURCE>'
            )
        return self.send(to, raw)

    def send(
        self, to: BaseHTTPRequestHandler, raw: bytes, kind: str = "application/x-votable+xml", status: int = 200,
        location: str = "",
    ) -> None:  # fmt: skip
        to.send_response(status)
        to.send_header("Content-Type", kind)
        to.send_header("Content-Length", str(len(raw)))
        if location:
            to.send_header("Location", location)
        to.end_headers()
        to.wfile.write(raw)

    def vosi(self) -> bytes:
        columns = "".join(f"<column><name>{name}</name></column>" for name in self.table.colnames)
        return (
            '<?xml version="1.0"?><vosi:tableset xmlns:vosi="http://www.ivoa.net/xml/VOSITables/v1.0"><schema><name>s</name>'
            f"<table><name>{self.name}</name>{columns}</table></schema></vosi:tableset>"
        ).encode()

    # Questions

    def cone(self, ra: float, dec: float, radius: float) -> np.ndarray:
        return np.flatnonzero(sphere.separation(ra, dec, self.table["ra"], self.table["dec"]) <= radius)

    def evaluate(self, query: str, files: dict[str, bytes]) -> np.ndarray:
        ra, dec = (np.asarray(self.table[name]) for name in ("ra", "dec"))
        if f"FROM {self.name}" not in query:
            raise ValueError(f"Table not found in: {query[:80]}")
        if "TAP_UPLOAD." in query:
            if not self.uploads:
                raise ValueError("Uploads are not taken")
            (raw,) = files.values()
            up = parse_single_table(io.BytesIO(raw)).to_table()
            found = [self.cone(float(row["u_ra"]), float(row["u_dec"]), float(row["u_radius"])) for row in up]
            return np.concatenate(found) if found else np.zeros(0, int)
        where = query.partition(" WHERE ")[2]
        inside = np.zeros(len(ra), bool)
        for circle in CIRCLE.finditer(where):
            numbers = [float(x) for x in circle.groups()[1:]]
            if not 0 <= numbers[2] <= 90:  # as pgSphere has it
                raise ValueError("radius must be not greater than 90 degrees or less than 0")
            found = np.zeros(len(ra), bool)
            found[self.cone(*numbers)] = True
            inside |= found if circle.group(1) == "1" else ~found
        for polygon in POLYGON.finditer(where):
            from astropy import units as u
            from astropy.coordinates import SkyCoord

            from skyexplorer import SkyRegion

            at = np.array([float(x) for x in polygon.group(1).split(",")]).reshape(-1, 2)
            inside |= SkyRegion.polygon(SkyCoord(at * u.deg)).contains(SkyCoord(ra * u.deg, dec * u.deg))
        for text in MOC.finditer(where):
            from astropy import units as u
            from mocpy import MOC as Moc

            inside |= Moc.from_str(text.group(1)).contains_lonlat(ra * u.deg, dec * u.deg)
        if " BETWEEN " in where:
            # As a database has it.
            text = where.replace(" AND ", " & ").replace(" OR ", " | ")
            text = re.sub(r"(\w+) BETWEEN ([-+\d.e]+) & ([-+\d.e]+)", r"((\1 >= \2) & (\1 <= \3))", text)
            text = re.sub(r"(ra) (>=|<=) ([-+\d.e]+)", r"(\1 \2 \3)", text)
            inside |= eval(text, {"ra": ra, "dec": dec})
        if not re.search("CIRCLE|POLYGON|MOC|BETWEEN", where):
            inside[:] = True
        faint = re.search(r"AND \(mag < ([\d.]+)\)", where)
        if faint:
            inside &= np.asarray(self.table["mag"]) < float(faint.group(1))
        return np.flatnonzero(inside)


def fields(kind: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """Fields and files of a form."""
    if not kind.startswith("multipart"):
        return {k: v[0] for k, v in parse_qs(body.decode()).items()}, {}
    message = email.message_from_bytes(
        f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=email.policy.HTTP
    )
    given, files = {}, {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if part.get_filename():
            files[name] = content
        else:
            given[name] = content.decode()
    return given, files


def votable(table: Table, format: str = "tabledata", status: str = "") -> bytes:
    """A table as a service writes it."""
    made = from_table(table)
    made.resources[0].type = "results"
    raw = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        writeto(made, raw, tabledata_format=format)
    text = raw.getvalue()
    if status:
        text = text.replace(
            b"</RESOURCE>", f'<INFO name="QUERY_STATUS" value="{status}"/></RESOURCE>'.encode()
        )
    return text


def error(text: str) -> bytes:
    """A question that failed, as TAP says it."""
    return (HEAD + f'<INFO name="QUERY_STATUS" value="ERROR">{text}</INFO></RESOURCE></VOTABLE>').encode()


def uws(base: str, id: str, phase: str) -> bytes:
    """The state of a job."""
    result = (
        f'<uws:results><uws:result id="result" xlink:href="{base}/async/{id}/results/result"/></uws:results>'
        if phase == "COMPLETED"
        else "<uws:results/>"
    )
    failed = (
        '<uws:errorSummary type="fatal" hasDetail="true"><uws:message>division by zero</uws:message></uws:errorSummary>'
        if phase == "ERROR"
        else ""
    )
    return (
        '<?xml version="1.0"?><uws:job version="1.1" xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<uws:jobId>{id}</uws:jobId><uws:phase>{phase}</uws:phase><uws:executionDuration>600</uws:executionDuration>"
        f"<uws:parameters/>{result}{failed}</uws:job>"
    ).encode()
