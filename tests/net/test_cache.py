"""The cache: what it gives back, what it drops, and that it never fails a question."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time

import pytest

from skyexplorer.errors import InputError
from skyexplorer.net import Web, cache


def keep(name, content=b"rows", **facts):
    key = cache.key("svc", name)
    cache.put(key, content, {"service": "svc", "url": f"http://x/{name}", **facts})
    return key


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_it_gives_back_what_it_got(own_cache):
    key = keep("a", b"content", rows=3)
    kept = cache.get(key)
    assert (kept.content, kept.facts["rows"], kept.facts["service"]) == (b"content", 3, "svc")
    assert 0 <= kept.age < 2
    assert cache.get(cache.key("svc", "b")) is None
    assert cache.folder() == own_cache
    keep("a", b"newer")
    assert cache.get(key).content == b"newer"
    cache.drop(key)
    cache.drop(key)
    assert cache.get(key) is None


def test_it_is_not_for_others(own_cache):
    keep("a")
    for path in own_cache.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_keys():
    parts = [
        (), ("a",), ("a", "b"), ("ab",), (["a", "b"],), ({"a": "b"},), (b"a",), (b"ab",), (1,), (1.5,), (True,),
        (None,), ("1",), (io.BytesIO(b"file"),),
    ]  # fmt: skip
    assert len({cache.key("svc", *part) for part in parts}) == len(parts)
    assert cache.key("svc") != cache.key("other")
    assert cache.key("svc", {"a": 1, "b": 2}) == cache.key("svc", {"b": 2, "a": 1})
    file = io.BytesIO(b"content")
    file.seek(3)
    assert cache.key("svc", file) == cache.key("svc", io.BytesIO(b"tent"))
    assert file.tell() == 3
    with pytest.raises(InputError, match="kept by a object"):
        cache.key("svc", object())


def test_the_same_answer_is_kept_once(own_cache):
    for name in "abc":
        keep(name, b"x" * 1000)
    assert sum(path.stat().st_size == 1000 for path in files(own_cache)) == 1
    cache.clear("other")
    cache.drop(cache.key("svc", "a"))
    cache.shrink()
    assert cache.get(cache.key("svc", "b")).content == b"x" * 1000


@pytest.mark.parametrize("damage", ["content", "shorter", "gone", "facts", "no facts", "other facts"])
def test_what_is_damaged_is_dropped(damage, own_cache, serve):
    server = serve(lambda talk: talk.answer(f"answer {talk.n}"))
    with Web("svc", 5) as web:
        web.fetch(server.url, keep=60)
        (content,) = (own_cache / "objects").glob("*/*")
        (facts,) = (own_cache / "answers").glob("*/*")
        match damage:
            case "content":
                content.write_bytes(b"anywer 0")
            case "shorter":
                content.write_bytes(b"answ")
            case "gone":
                content.unlink()
            case "facts":
                facts.write_bytes(facts.read_bytes()[:-5])
            case "no facts":
                facts.write_bytes(b"")
            case "other facts":
                facts.write_text(json.dumps({"sha256": "../../etc/passwd", "size": 1, "retrieved": "now"}))
        assert cache.entries() == [] or damage in ("content", "shorter", "gone")
        assert web.fetch(server.url, keep=60).content == b"answer 1"
        assert web.fetch(server.url, keep=60).content == b"answer 1"


def test_what_was_used_longest_ago_goes_first(own_cache, monkeypatch):
    monkeypatch.setenv("SKYEXPLORER_CACHE_MB", "1")
    keys = []
    now = time.time()
    for n in range(9):
        keys.append(keep(f"{n}", bytes([n]) * 100_000))
        path = own_cache / "answers" / keys[n][:2] / f"{keys[n]}.json"
        os.utime(path, (now - 1000 + n, now - 1000 + n))
    assert all(cache.get(key) for key in keys[:1])  # the oldest is used again
    keep("large", b"z" * 300_000)
    cache.shrink()
    left = [cache.get(key) is not None for key in keys]
    assert left == [True, False, False, False, False, True, True, True, True] or sum(left) >= 4
    assert left[0]
    assert not left[1]
    assert sum(path.stat().st_size for path in files(own_cache)) <= 1_000_000
    for n in range(30):
        keep(f"more {n}", os.urandom(100_000))
    assert sum(path.stat().st_size for path in files(own_cache)) <= 1_100_000


def test_a_limit_that_is_no_number(monkeypatch):
    monkeypatch.setenv("SKYEXPLORER_CACHE_MB", "lots")
    with pytest.raises(InputError, match="'lots'"):
        cache.limit()


def test_entries_and_clear(own_cache):
    keep("a")
    cache.put(cache.key("other", 1), b"theirs", {"service": "other", "url": "http://y"})
    assert {entry.facts["service"] for entry in cache.entries()} == {"svc", "other"}
    assert cache.clear("svc") == 1
    assert [entry.facts["service"] for entry in cache.entries()] == ["other"]
    assert cache.clear() == 1
    assert cache.clear() == 0
    assert files(own_cache) == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no users here")
def test_a_folder_that_cannot_be_written_to(monkeypatch, tmp_path, serve):
    """Root writes everywhere, but not into a file as if it were a folder."""
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("SKYEXPLORER_CACHE", str(tmp_path / "file" / "cache"))
    server = serve()
    with Web("svc", 5) as web:
        with pytest.warns(match="Answers cannot be kept in .*file.cache"):
            web.fetch(server.url, keep=60)
        assert web.fetch(server.url, keep=60).content == b"hello"
    assert len(server.asked) == 2
    assert cache.entries() == []
    assert cache.clear() == 0


def test_a_full_disk(monkeypatch, serve, own_cache):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    server = serve()
    with Web("svc", 5) as web:
        with pytest.warns(match="No space left"):
            web.fetch(server.url, keep=60)
        assert web.fetch(server.url, keep=60).content == b"hello"
    assert files(own_cache) == []


def test_folder(monkeypatch):
    monkeypatch.delenv("SKYEXPLORER_CACHE")
    assert cache.folder().name == "skyexplorer"
    monkeypatch.setenv("SKYEXPLORER_CACHE", "~/here")
    assert cache.folder().is_absolute()


def test_what_another_process_is_writing_is_left(own_cache):
    cache.put("a" * 64, b"x", {"service": "svc"})
    folders = [next((own_cache / "answers").iterdir()), next((own_cache / "objects").iterdir())]
    new = [place / ".new-1" for place in folders]
    old = [place / ".new-2" for place in folders]
    for path in (*new, *old):
        path.write_bytes(b"half")
    for path in old:  # whoever began it has ended
        os.utime(path, (time.time() - 600,) * 2)
    cache.clear()
    assert [path.exists() for path in (*new, *old)] == [True, True, False, False]
    assert cache.entries() == []


WORK = """
import os, sys
from skyexplorer.net import cache
wrong = 0
for n in range(int(sys.argv[1]), int(sys.argv[1]) + 150):
    key = cache.key("svc", n % 20)
    kept = cache.get(key)
    if kept is not None and (len(kept.content) != 50_000 or len(set(kept.content)) != 1):
        wrong += 1
    cache.put(key, bytes([(n * 7) % 251]) * 50_000, {"service": "svc", "url": "u"})
    if n % 10 == 0:
        cache.shrink()
    if n % 70 == 0:
        cache.clear()
print(wrong)
"""


def test_two_processes_on_one_cache(own_cache, monkeypatch):
    monkeypatch.setenv("SKYEXPLORER_CACHE_MB", "0.5")
    work = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WORK, str(n)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for n in (0, 3)
    ]
    for process in work:
        out, problems = process.communicate(timeout=60)
        assert (process.returncode, out.strip(), problems) == (0, b"0", b"")
    assert all(cache.get(entry.key) is not None for entry in cache.entries())
