from __future__ import annotations

import ctypes
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eqsnn.grammar.errors import BuildError
from eqsnn.runtime import cache as cache_module
from eqsnn.runtime import compiler as compiler_module
from eqsnn.runtime.cache import Cache, CacheWarning
from eqsnn.runtime.compiler import find_compiler
from eqsnn.runtime.library import load
from eqsnn.runtime.toolchain import build

VISIBLE = 'extern "C" __attribute__((visibility("default"))) '
ANSWER = {"answer.cpp": VISIBLE + "int answer() { return 42; }\n"}
# A compiler that counts its starts, and waits while there is a file that says so.
COUNTING = """#!/bin/sh
case "$*" in *probe*|*--version*) exec c++ "$@";; esac
echo $$ >> "{folder}/starts"
while [ -e "{folder}/wait" ]; do sleep 0.02; done
exec c++ "$@"
"""
BUILD = "from eqsnn.runtime.toolchain import build; print(build({'a.cpp': 'int f() { return 1; }'}))"


@pytest.fixture(autouse=True)
def cache_directory(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("EQSNN_CACHE_DIR", str(directory))
    for record in _probed(tmp_path_factory).glob(
        "compiler-*.json"
    ):  # probing in every test would take half of the time
        (directory / record.name).write_bytes(record.read_bytes())
    yield directory


def _probed(factory: pytest.TempPathFactory) -> Path:
    directory = factory.getbasetemp() / "probed"
    find_compiler(cache_dir=directory)
    return directory


def fails(code: str, *args: Any, **kwargs: Any) -> BuildError:
    with pytest.raises(BuildError) as caught:
        build(*args, **kwargs)
    assert caught.value.code == code
    return caught.value


@pytest.fixture
def counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    script = tmp_path / "counting-c++"
    script.write_text(COUNTING.format(folder=tmp_path))
    script.chmod(0o755)
    monkeypatch.setenv("CXX", str(script))
    find_compiler()
    return tmp_path


def start() -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", BUILD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def starts(folder: Path) -> list[int]:
    path = folder / "starts"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


# ---- building and finding again


def test_build_load_and_call() -> None:
    assert load(build(ANSWER)).answer() == 42
    assert load(build(ANSWER)) is load(build(ANSWER))
    assert not hasattr(load(build({"h.cpp": "int hidden() { return 1; }"})), "hidden")


def test_a_second_build_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    path = build(ANSWER)

    def forbidden(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", forbidden)
    monkeypatch.setattr(subprocess, "run", forbidden)
    begin = time.process_time()
    assert build(ANSWER) == path
    assert time.process_time() - begin < 0.05  # 0.0002


def test_all_that_matters_is_in_the_key(tmp_path: Path) -> None:
    header = tmp_path / "detail" / "value.h"
    header.parent.mkdir()
    header.write_text("enum { value = 1 };")
    source = {"a.cpp": "#include <detail/value.h>\n" + VISIBLE + "int get() { return value; }"}
    first = build(source, include=tmp_path)
    assert build(source, include=tmp_path) == first
    header.write_text("enum { value = 2 };")
    second = build(source, include=tmp_path)
    others = [build(ANSWER), build(ANSWER, flags=["-DX"]), build(ANSWER, optimise="once"), build(ANSWER, name="other")]
    assert len({first, second, *others}) == 6
    assert (load(first).get(), load(second).get()) == (1, 2)
    assert others[3].name == "other.so"


def test_several_sources_and_a_header_make_one_library(cache_directory: Path) -> None:
    sources = {
        "one.cpp": '#include "two.h"\n' + VISIBLE + "int one() { return two() - 1; }",
        "two.cpp": '#include "two.h"\nint two() { return 2; }',
        "two.h": "int two();",
    }
    path = build(sources)
    assert load(path).one() == 1
    assert not list(path.parent.glob("*.o"))
    assert not list((cache_directory / "building").iterdir())


def test_openmp_is_left_out_where_there_is_none() -> None:
    import dataclasses

    compiler = dataclasses.replace(find_compiler(), openmp=False)
    source = {"a.cpp": "#ifdef _OPENMP\n#error\n#endif\n" + VISIBLE + "int f() { return 1; }"}
    assert load(build(source, flags=["-fopenmp"], compiler=compiler)).f() == 1


def test_denormal_numbers_survive_in_this_process() -> None:
    load(build(ANSWER))
    assert 5e-324 * 1.0 > 0
    for flag in ("-ffast-math", "-Ofast"):
        fails("E806", ANSWER, flags=[flag])


def test_load_failure_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "bad.so").write_text("not a library")
    with pytest.raises(BuildError) as caught:
        load(tmp_path / "bad.so")
    assert caught.value.code == "E807"
    assert "ELF" not in caught.value.diagnostic.message


# ---- many processes


def test_processes_that_build_the_same_thing_compile_it_once(counting: Path) -> None:
    (counting / "wait").touch()
    processes = [start() for _ in range(3)]
    wait_for(lambda: starts(counting))
    time.sleep(0.3)
    (counting / "wait").unlink()
    outputs = {process.communicate(timeout=60)[0] for process in processes}
    assert len(outputs) == 1 and outputs.pop().strip().endswith("module.so")
    assert len(starts(counting)) == 1


def test_a_killed_build_blocks_nobody(counting: Path, cache_directory: Path) -> None:
    (counting / "wait").touch()
    process = start()
    wait_for(lambda: starts(counting))
    process.kill()
    process.communicate()
    os.kill(starts(counting)[0], signal.SIGKILL)
    (counting / "wait").unlink()
    assert build({"a.cpp": "int f() { return 1; }"}).exists()
    abandoned = list((cache_directory / "building").iterdir())
    assert len(abandoned) == 1
    Cache(cache_directory).trim(time.time() + 10 * 86400)
    assert not list((cache_directory / "building").iterdir())


def test_an_interrupted_build_leaves_no_compiler_behind(counting: Path, cache_directory: Path) -> None:
    (counting / "wait").touch()
    process = start()
    wait_for(lambda: starts(counting))
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=60)[1]
    with pytest.raises(ProcessLookupError):
        os.kill(starts(counting)[0], 0)
    assert not list((cache_directory / "building").iterdir())


# ---- things that go wrong


@pytest.mark.parametrize("damage", ["truncated", "changed", "no record", "bad record", "gone"])
def test_a_damaged_entry_is_built_again(damage: str) -> None:
    path = build(ANSWER)
    content = path.read_bytes()
    record = path.with_name("record.json")
    if damage == "truncated":
        path.write_bytes(content[:100])
    elif damage == "changed":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "gone":
        path.unlink()
    elif damage == "bad record":
        record.write_text("{")
    else:
        record.unlink()
    assert build(ANSWER) == path
    assert ctypes.CDLL(str(path)).answer() == 42


def test_a_cache_that_cannot_be_written_is_replaced_with_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    unusable = tmp_path / "file" / "cache"
    with pytest.warns(CacheWarning, match="EQSNN_CACHE_DIR") as caught:
        path = build(ANSWER, cache_dir=unusable)
        assert build(ANSWER, cache_dir=unusable) == path
        build({"b.cpp": ""}, cache_dir=unusable)
    assert len(caught) == 1
    assert load(path).answer() == 42


def test_a_read_only_cache_still_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    path = build(ANSWER)

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise PermissionError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr(cache_module.tempfile, "mkdtemp", refuse)
    assert build(ANSWER) == path


def test_a_full_disk_is_explained_and_nothing_stays(cache_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        error = fails("E805", ANSWER)
        assert str(cache_directory) in error.diagnostic.message
        assert "EQSNN_CACHE_DIR" in (error.diagnostic.hint or "")
        patch.setattr(cache_module.tempfile, "mkdtemp", full)
        fails("E805", ANSWER)
    assert not list((cache_directory / "building").iterdir())
    assert not (cache_directory / "modules").exists()
    assert build(ANSWER).exists()


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("echo 'ld: final link failed: No space left on device'; exit 1", "E805"),
        ("echo 'g++: fatal error: Killed signal terminated program cc1plus'; exit 1", "E804"),
        ("kill -9 $$", "E804"),
        ("echo gibberish; exit 1", "E803"),
    ],
)
def test_a_compiler_that_fails_is_told_apart(
    script: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = tmp_path / "failing"
    compiler.write_text(f'#!/bin/sh\ncase "$*" in *probe*|*--version*) exec c++ "$@";; esac\n{script}\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    assert "gibberish" not in fails(code, ANSWER).diagnostic.message


def test_code_that_does_not_compile_is_kept_for_a_report(cache_directory: Path) -> None:
    error = fails("E803", {"bad.cpp": "int f() { return undeclared; }\n"}, name="group")
    assert "bug in eqsnn" in error.diagnostic.message
    text = error.diagnostic.message + (error.diagnostic.hint or "")
    assert "undeclared" not in text and "error:" not in text
    (kept,) = (cache_directory / "failed").iterdir()
    assert str(kept) in text and kept.name.startswith("group-")
    assert "undeclared" in (kept / "compiler.log").read_text()
    assert "undeclared" in (kept / "bad.cpp").read_text()
    fails("E803", {"bad.cpp": "int f() { return undeclared; }\n"}, name="group")


def test_no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CXX", "/nowhere/c++")
    assert "/nowhere/c++" in fails("E801", ANSWER).diagnostic.message
    monkeypatch.delenv("CXX")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install" in (fails("E801", ANSWER).diagnostic.hint or "")


def test_a_compiler_that_does_not_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, text in [("false", "#!/bin/sh\nexit 1\n"), ("not-a-program", "gibberish")]:
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("CXX", str(tmp_path / name))
        fails("E802", ANSWER)


# ---- the compiler and its flags


def test_the_compiler_is_asked_once(monkeypatch: pytest.MonkeyPatch, cache_directory: Path) -> None:
    expected = find_compiler()
    compiler_module._known.cache_clear()
    monkeypatch.setattr(compiler_module, "_probe", None)
    assert find_compiler() == expected
    assert {"-std=c++17", "-fno-math-errno"} <= set(expected.flags)


def test_flags_that_the_compiler_refuses_are_dropped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    picky = tmp_path / "picky"
    picky.write_text('#!/bin/sh\ncase "$*" in *-march=native*|*-lmvec*) exit 1;; esac\nexec c++ "$@"\n')
    picky.chmod(0o755)
    monkeypatch.setenv("CXX", f"{picky} -DX=1")
    compiler = find_compiler()
    assert "-march=native" not in compiler.flags and "-fno-math-errno" in compiler.flags
    assert not compiler.mvec and "-lmvec" not in compiler.link_flags
    assert compiler.command == (str(picky), "-DX=1")
    assert load(build(ANSWER)).answer() == 42


# ---- the size of the cache


def test_what_was_used_longest_ago_goes_first(cache_directory: Path) -> None:
    now = time.time()
    for age in range(6):
        folder = cache_directory / "modules" / f"old-{age}"
        folder.mkdir(parents=True)
        (folder / "old.so").write_bytes(bytes(1000))
        (folder / "record.json").touch()
        os.utime(folder / "record.json", (now - age * 7200, now - age * 7200))
    small = Cache(cache_directory, limit=3500)
    small.trim(now)
    assert sorted(path.name for path in (cache_directory / "modules").iterdir()) == ["old-0", "old-1", "old-2"]
    Cache(cache_directory, limit=0).trim(now + 3600)  # looks once a day only
    assert len(list((cache_directory / "modules").iterdir())) == 3
    Cache(cache_directory, limit=0).trim(now + 90000)
    assert not list((cache_directory / "modules").iterdir())


def test_clear(cache_directory: Path) -> None:
    path = build(ANSWER)
    cache_module.clear()
    assert not path.exists()
    assert build(ANSWER) == path
