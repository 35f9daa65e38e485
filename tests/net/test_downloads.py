"""Downloads: whole or gone on with, checked, kept, and given offline."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
import threading
import time

import pytest

from skyexplorer import net
from skyexplorer.errors import AnswerError, Cancelled, LateError, RefusedError, UnreachableError
from skyexplorer.net import cache, download
from skyexplorer.progress import Progress

CONTENT = bytes(range(256)) * 4000  # 1 MB
ETAG = '"v1"'


def part_of(talk, content, etag=ETAG, **headers):
    """Answer as a server does that knows ranges; gives where the body begins."""
    asked = talk.headers.get("range", "")
    marks = {"ETag": etag, **headers} if etag else headers
    if asked and talk.headers.get("if-range", etag) == etag:
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start >= len(content):
            talk.answer(b"", 416, Content_Range=f"bytes */{len(content)}")
            return len(content)
        talk.head(
            206,
            len(content) - start,
            Content_Range=f"bytes {start}-{len(content) - 1}/{len(content)}",
            **marks,
        )
        return start
    talk.head(200, len(content), **marks)
    return 0


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("skyexplorer.net.downloads.PAUSE", 0.05)


class Archive:
    """A file that breaks off after so many bytes, as often as is said."""

    def __init__(self, content=CONTENT, breaks=(), etag=ETAG):
        self.content, self.breaks, self.etag = content, list(breaks), etag

    def __call__(self, talk):
        if self.etag and talk.headers.get("if-none-match") == self.etag:
            talk.head(304, ETag=self.etag)
            return
        start = part_of(talk, self.content, self.etag)
        if self.breaks:
            talk.raw(self.content[start : start + self.breaks.pop(0)])
            talk.hang_up()
        elif start < len(self.content):
            talk.raw(self.content[start:])


def ranges(server):
    return [talk.headers.get("range") for talk in server.talks]


def parts():
    return sorted(path.name for path in (cache.folder() / "files").glob("*/part*"))


def test_a_file(serve):
    server = serve(Archive())
    seen = []
    with Progress("map") as progress:
        progress.watch(lambda p: seen.append((p.done, p.total)))
        path = download(server.url + "/maps/bayestar.multiorder.fits,1?token=hush", service="gracedb")
    assert path.name == "bayestar.multiorder.fits,1"
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert server.talks[0].headers["accept-encoding"] == "identity"
    assert parts() == []
    (entry,) = cache.entries()
    assert entry.path == path
    assert entry.facts["service"] == "gracedb"
    assert entry.facts["etag"] == ETAG
    assert "hush" not in str(entry)
    again = download(server.url + "/maps/bayestar.multiorder.fits,1?token=hush", service="gracedb")
    assert again == path
    assert server.talks[1].headers["if-none-match"] == ETAG
    assert len(server.asked) == 2
    assert download(server.url + "/maps/bayestar.multiorder.fits,1?token=hush", keep=60) == path
    assert len(server.asked) == 2
    download(server.url + "/maps/bayestar.multiorder.fits,1?token=hush", refresh=True)
    assert "if-none-match" not in server.talks[2].headers


def test_gone_on_with_after_breaks(serve):
    server = serve(Archive(breaks=[300_000, 300_000]))
    path = download(server.url + "/map.fits", deadline=20)
    assert path.read_bytes() == CONTENT
    assert ranges(server)[0] is None
    starts = [int(asked[6:-1]) for asked in ranges(server)[1:]]
    assert len(starts) == 2
    assert 250_000 <= starts[0] <= 300_000
    assert starts[0] + 250_000 <= starts[1]
    assert [talk.headers.get("if-range") for talk in server.talks] == [None, ETAG, ETAG]


def test_the_last_bytes_before_a_break_are_not_lost(serve):
    server = serve(Archive(breaks=[1_000, 40_000]))
    assert download(server.url + "/map.fits", deadline=20).read_bytes() == CONTENT
    assert ranges(server) == [None, "bytes=1000-", "bytes=41000-"]


def test_a_server_that_always_breaks(serve):
    server = serve(Archive(breaks=[100_000] + [0] * 100))
    with pytest.raises(AnswerError, match=r"cut short|broke"):
        download(server.url + "/map.fits", deadline=30)
    assert 3 <= len(server.asked) <= 6
    assert parts() == ["part-map.fits", "part.json"]


def test_nothing_to_go_on_with(serve):
    server = serve(lambda talk: talk.hang_up())
    with pytest.raises(UnreachableError, match="broke"):
        download(server.url + "/map.fits", deadline=30)
    assert len(server.asked) == 1


def test_gone_on_with_in_another_process(serve):
    server = serve(Archive(breaks=[500_000, 0, 0, 0, 0, 0]))
    code = "import sys; from skyexplorer.net import download; download(sys.argv[1], deadline=1.2)"
    child = subprocess.run(
        [sys.executable, "-c", code, server.url + "/map.fits"], capture_output=True, timeout=30
    )
    assert child.returncode == 1
    server.behave.breaks = []
    before = len(server.talks)
    assert download(server.url + "/map.fits").read_bytes() == CONTENT
    (asked,) = ranges(server)[before:]
    assert int(asked[6:-1]) >= 450_000


def test_a_deadline_keeps_what_came(serve):
    def behave(talk):
        start = part_of(talk, CONTENT)
        talk.raw(CONTENT[start : start + 400_000])
        if not start:
            talk.hang(5)
        else:
            talk.raw(CONTENT[start + 400_000 :])

    server = serve(behave)
    with pytest.raises(LateError, match=r"0\.\d MB are kept: asked again, it goes on from there"):
        download(server.url + "/map.fits", deadline=0.5)
    assert download(server.url + "/map.fits").read_bytes() == CONTENT
    assert int(ranges(server)[1][6:-1]) >= 300_000


def test_cancelled_by_its_progress(serve):
    server = serve(Archive())
    progress = Progress("map")
    progress.watch(lambda p: p.cancel() if p.done > 200_000 else None)
    with progress, pytest.raises(Cancelled):
        download(server.url + "/map.fits")
    assert parts() == ["part-map.fits", "part.json"]
    assert download(server.url + "/map.fits").read_bytes() == CONTENT
    assert ranges(server)[1] is not None


@pytest.mark.parametrize("knows_if_range", [True, False])
def test_what_changed_meanwhile_comes_anew(knows_if_range, serve):
    new = CONTENT[::-1]

    def behave(talk):
        if talk.n == 0:
            talk.head(200, len(CONTENT), ETag=ETAG)
            talk.raw(CONTENT[:500_000])
            talk.hang_up()
            return
        if not knows_if_range and "range" in talk.headers:
            start = int(talk.headers["range"][6:-1])
            talk.head(
                206, len(new) - start, Content_Range=f"bytes {start}-{len(new) - 1}/{len(new)}", ETag='"v2"'
            )
            talk.raw(new[start:])
        else:
            talk.raw(new[part_of(talk, new, '"v2"') :])

    server = serve(behave)
    assert download(server.url + "/map.fits").read_bytes() == new


def test_ranges_that_are_wrong_or_unknown(serve):
    for answer in ("other", "none", "ignored"):

        def behave(talk, answer=answer):
            if "range" not in talk.headers or answer == "ignored":
                talk.head(200, len(CONTENT), ETag=ETAG)
                talk.raw(CONTENT[: 500_000 if talk.n == 0 else None])
                if talk.n == 0:
                    talk.hang_up()
            else:
                told = (
                    {"Content_Range": f"bytes 7-{len(CONTENT) - 1}/{len(CONTENT)}"}
                    if answer == "other"
                    else {}
                )
                talk.answer(CONTENT[7:], 206, ETag=ETAG, **told)

        server = serve(behave)
        assert download(server.url + f"/{answer}.fits").read_bytes() == CONTENT


def test_a_part_that_is_longer_than_the_file(serve):
    server = serve(Archive(breaks=[500_000, 0, 0, 0, 0, 0, 0]))
    with pytest.raises(AnswerError):
        download(server.url + "/map.fits", deadline=20)
    server.behave.breaks, server.behave.content = [], CONTENT[:1000]
    assert download(server.url + "/map.fits").read_bytes() == CONTENT[:1000]


def test_without_a_mark_it_begins_anew(serve):
    server = serve(Archive(breaks=[500_000], etag=""))
    assert download(server.url + "/map.fits").read_bytes() == CONTENT
    assert ranges(server) == [None, None]
    server = serve(Archive(breaks=[500_000], etag=""))
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert download(server.url + "/map.fits", sha256=digest).read_bytes() == CONTENT
    assert ranges(server)[1] is not None


def test_checksum_size_and_check(serve):
    server = serve(Archive())
    url = server.url + "/map.fits"
    with pytest.raises(
        AnswerError, match=r"map.fits of .* is not what it should be: its SHA-256 is [0-9a-f]{16}…, not 0000"
    ):
        download(url, sha256="0" * 64)
    with pytest.raises(AnswerError, match="has 1024000 bytes, not 5"):
        download(url, size=5)

    def no_fits(path):
        assert path.name.endswith("map.fits")
        if not path.read_bytes().startswith(b"SIMPLE"):
            raise AnswerError("no FITS")

    with pytest.raises(AnswerError, match="no FITS"):
        download(url, check=no_fits)
    assert parts() == []
    assert cache.entries() == []
    digest = hashlib.sha256(CONTENT).hexdigest()
    path = download(url, sha256=digest.upper(), size=len(CONTENT))
    count = len(server.asked)
    assert download(url, sha256=digest) == path
    assert len(server.asked) == count


def test_what_is_kept_but_damaged_comes_again(serve):
    server = serve(Archive())
    path = download(server.url + "/map.fits")
    path.write_bytes(CONTENT[:-1] + b"?")
    assert download(server.url + "/map.fits", keep=60).read_bytes() == CONTENT
    path.write_bytes(b"short")
    assert download(server.url + "/map.fits", keep=60).read_bytes() == CONTENT
    path.unlink()
    assert download(server.url + "/map.fits", keep=60).read_bytes() == CONTENT
    assert len(server.asked) == 4


def test_offline(serve):
    server = serve(Archive())
    path = download(server.url + "/map.fits")
    net.offline(True)
    assert download(server.url + "/map.fits") == path
    with pytest.raises(UnreachableError, match=r"other.fits is not kept, and skyexplorer works offline"):
        download(server.url + "/other.fits")
    assert len(server.asked) == 1
    net.offline(False)
    server.close()
    with pytest.raises(UnreachableError, match="Nobody answers") as caught:
        download(server.url + "/map.fits")
    assert "is kept" in caught.value.advice


def test_refusals(serve):
    server = serve(lambda talk: talk.answer(b"no such map", 404) if talk.path == "/404" else talk.head(204))
    with pytest.raises(RefusedError, match=r"HTTP 404.*no such map"):
        download(server.url + "/404")
    with pytest.raises(AnswerError, match="HTTP 204"):
        download(server.url + "/204")
    assert parts() == []


def test_a_part_that_nobody_asked_for(serve):
    server = serve(
        lambda talk: talk.answer(CONTENT[7:], 206, Content_Range=f"bytes 7-{len(CONTENT) - 1}/{len(CONTENT)}")
    )
    with pytest.raises(AnswerError, match="a part of the file that was not asked for"):
        download(server.url + "/map.fits")
    assert len(server.asked) == 1


def test_files_for_different_people(serve):
    server = serve(lambda talk: talk.answer(talk.target))
    first, second = (download(f"{server.url}/map.fits?token={name}") for name in "ab")
    assert first != second
    assert (first.read_bytes(), second.read_bytes()) == (b"/map.fits?token=a", b"/map.fits?token=b")


def test_it_can_be_stopped_before_the_first_byte(serve):
    server = serve(Archive())
    progress = Progress("map")
    progress.watch(lambda p: p.cancel())
    with progress, pytest.raises(Cancelled):
        [download(server.url + "/map.fits") for _ in range(2)]


def test_too_large(serve):
    server = serve(
        lambda talk: talk.head(200, 10**10) if talk.path == "/told" else (talk.head(200), talk.raw(CONTENT))
    )
    for path in ("/told", "/untold"):
        with pytest.raises(AnswerError, match="too large"):
            download(server.url + path, max_bytes=100_000)
    server = serve(Archive(breaks=[500_000]))
    with pytest.raises(AnswerError, match="too large"):
        download(server.url + "/map.fits", max_bytes=600_000)


def test_packing(serve):
    packed = gzip.compress(CONTENT)
    server = serve(lambda talk: talk.answer(packed, Content_Encoding="gzip", ETag=ETAG))
    assert (
        download(server.url + "/map.fits.gz").read_bytes() == packed
    )  # the file's own, whatever the server says
    assert download(server.url + "/map.fits").read_bytes() == CONTENT


def test_names(serve):
    server = serve(Archive(b"x", etag=""))
    for target, name in {
        "": "file-without-name", "/": "file-without-name", "/a%2F..%2F..%2Fb": "a_.._.._b", "/facts.json": "file-facts.json",
        "/.hidden": "hidden", "/f%C3%BC%20r?x=/y": "fü_r", "/" + "n" * 300: "n" * 120,
    }.items():  # fmt: skip
        path = download(server.url + target)
        assert path.name == name
        assert path.parent.parent == cache.folder() / "files"


def test_threads_that_want_the_same(serve):
    server = serve(lambda talk: (talk.hang(0.2), Archive()(talk)))
    paths = []
    threads = [
        threading.Thread(target=lambda: paths.append(download(server.url + "/map.fits"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(set(paths)) == 1
    assert paths[0].read_bytes() == CONTENT
    assert sum("if-none-match" not in talk.headers for talk in server.talks) == 1


def test_processes_that_want_the_same(serve):
    server = serve(lambda talk: (talk.hang(0.3), Archive()(talk)))
    code = "import sys; from skyexplorer.net import download; print(download(sys.argv[1]))"
    command = [sys.executable, "-W", "error", "-c", code, server.url + "/map.fits"]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    outs = [child.communicate(timeout=60) for child in children]
    assert outs[0][0] == outs[1][0]
    assert [err for _, err in outs] == [b"", b""]
    assert sum("if-none-match" not in talk.headers for talk in server.talks) == 1


def test_a_folder_that_cannot_be_written_to(serve, monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "file"))
    server = serve(Archive())
    with pytest.warns(match="cannot be kept"):
        path = download(server.url + "/map.fits")
    assert path.read_bytes() == CONTENT


def test_old_parts_are_swept(serve):
    server = serve(Archive(breaks=[500_000, 0, 0, 0, 0, 0, 0]))
    with pytest.raises(AnswerError):
        download(server.url + "/map.fits", deadline=20)
    cache.shrink()
    assert len(parts()) == 2
    for path in (cache.folder() / "files").glob("*/part*"):
        os.utime(path, (time.time() - 40 * 86400,) * 2)
    cache.shrink()
    assert parts() == []
    with pytest.raises(AnswerError):
        download(server.url + "/map.fits", deadline=20)
    cache.clear()
    assert parts() == []
