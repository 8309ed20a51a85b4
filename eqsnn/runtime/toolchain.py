"""From C++ sources to a shared library on disk: finds the compiler, knows which flags it takes, keeps what it built.

    find_compiler() -> build(sources) -> path of the library, from the cache where it is there

No flag changes floating point for the rest of the process: in particular never ``-ffast-math``, which at link time
would make the whole of Python flush denormal numbers to zero.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from ..grammar.errors import BuildError
from .cache import Cache, disk_full, is_full, open_cache, writable
from .compiler import Compiler, find_compiler, machine

Optimise = Literal["run", "once"]

_FORMAT = "1"  # part of every key: raise it when the meaning of an entry changes
_LEVEL = {"run": "-O3", "once": "-O1"}
_FORBIDDEN = ("-ffast-math", "-Ofast", "-funsafe-math-optimizations", "-mdaz-ftz")
_COMPILED = (".cpp", ".cc", ".cxx", ".c++")
_LEAST_SPACE = 1 << 16
_NO_SPACE = ("No space left on device", "Disk quota exceeded")


def build(
    sources: Mapping[str, str],
    *,
    include: Path | None = None,
    flags: Sequence[str] = (),
    optimise: Optimise = "run",
    name: str = "module",
    cache_dir: Path | None = None,
    compiler: Compiler | None = None,
) -> Path:
    """Return the shared library compiled from ``sources`` (file name to C++ text), building it where it is not cached.

    A source whose name does not end in ``.cpp`` (or ``.cc`` …) is a header that the others may include. Symbols are
    hidden unless the code declares them ``__attribute__((visibility("default")))``. The cache key covers the sources,
    every file under ``include``, the flags, the compiler and the CPU. ``optimise`` is ``'once'`` for code that runs
    once, where the time to compile matters more. ``cache_dir`` overrides ``$EQSNN_CACHE_DIR``. A flag ``-fopenmp`` is
    left out where the compiler has none.

    :raises BuildError: E801/E802 no usable compiler, E803 the code does not compile, E804 the compiler was stopped,
        E805 the disk is full, E806 a flag that would change arithmetic outside the module, E808 no file can be written.
    """
    compiler = compiler or find_compiler(cache_dir=cache_dir)
    arguments = _arguments(compiler, flags, optimise)
    stem = re.sub(r"\W", "_", name) or "module"
    entry = f"{stem}-{_key(sources, include, arguments, compiler)}"
    library = f"{stem}.so"
    cache = open_cache(cache_dir)
    if found := cache.find(entry, library):
        return found
    cache = writable(cache)
    try:
        with cache.lock(entry):
            if found := cache.find(entry, library):  # somebody else built it while we waited
                return found
            path = _build(cache, entry, library, sources, include, arguments, compiler)
    except OSError as error:
        if is_full(error):
            raise disk_full(cache.directory) from None
        raise BuildError(
            "E808",
            f"the model cannot be built: {error.strerror} ({error.filename or cache.directory}).",
            hint="set the environment variable EQSNN_CACHE_DIR to a directory that can be written",
        ) from None
    cache.trim()
    return path


def _arguments(compiler: Compiler, flags: Sequence[str], optimise: Optimise) -> list[str]:
    for flag in flags:
        if flag in _FORBIDDEN:
            raise BuildError(
                "E806",
                f"the compiler flag {flag} would change floating-point arithmetic in all of Python.",
                hint="leave it out; eqsnn already sets the relaxed-arithmetic flags that stay inside the model",
            )
    extra = [flag for flag in flags if flag != "-fopenmp" or compiler.openmp]
    return [_LEVEL[optimise], *compiler.flags, *extra]


def _key(sources: Mapping[str, str], include: Path | None, arguments: Sequence[str], compiler: Compiler) -> str:
    digest = hashlib.blake2b(digest_size=16)

    def add(*parts: str | bytes) -> None:
        for part in parts:
            content = part.encode() if isinstance(part, str) else part
            digest.update(f"{len(content)}:".encode())
            digest.update(content)

    add(_FORMAT, machine(), compiler.version, *compiler.command, *arguments, *compiler.link_flags)
    for file_name in sorted(sources):
        add("source", file_name, sources[file_name])
    if include is not None:
        for path in sorted(path for path in Path(include).rglob("*") if path.is_file()):
            add("include", path.relative_to(include).as_posix(), path.read_bytes())
    return digest.hexdigest()


def _build(
    cache: Cache,
    entry: str,
    library: str,
    sources: Mapping[str, str],
    include: Path | None,
    arguments: Sequence[str],
    compiler: Compiler,
) -> Path:
    with cache.workspace() as folder:
        for file_name, text in sources.items():
            path = folder / file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        command = [*compiler.command, *arguments]
        if include is not None:
            command.append(f"-I{Path(include).absolute()}")
        files = [file_name for file_name in sources if Path(file_name).suffix in _COMPILED]
        _compile(command, compiler.link_flags, files, library, folder, cache, entry)
        return cache.publish(folder, entry, library)


def _compile(
    command: list[str],
    link_flags: Sequence[str],
    files: list[str],
    library: str,
    folder: Path,
    cache: Cache,
    entry: str,
) -> None:
    """Compile and link in ``folder``: one source in one command, several side by side."""
    objects = files
    if len(files) > 1:
        objects = [f"{file}.o" for file in files]
        steps = [[*command, "-c", file, "-o", target] for file, target in zip(files, objects, strict=True)]
        _run(steps, folder, cache, entry)
    _run([[*command, "-shared", *objects, "-o", library, *link_flags]], folder, cache, entry)
    if len(files) > 1:
        for target in objects:
            (folder / target).unlink()


def _run(steps: list[list[str]], folder: Path, cache: Cache, entry: str) -> None:
    """Run compiler commands, a few at a time; what they print goes to ``compiler.log``, never to the user."""
    waiting, running, codes = list(steps), list[subprocess.Popen[bytes]](), list[int]()
    with (folder / "compiler.log").open("ab") as log:
        try:
            while waiting or running:
                while waiting and len(running) < _processes():
                    running.append(_start(waiting.pop(0), folder, log.fileno()))
                codes.append(running[0].wait())
                running.pop(0)
        finally:  # an interrupt leaves no compiler running behind the user's back
            for process in running:
                process.kill()
                process.wait()
    if any(codes):
        _explain(min(codes), folder, cache, entry)


def _start(command: list[str], folder: Path, output: int) -> subprocess.Popen[bytes]:
    # Temporary files stay in the workspace, which is removed whatever happens; messages stay in English (see _explain).
    environment = {**os.environ, "TMPDIR": str(folder), "LC_ALL": "C"}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
    )


def _explain(code: int, folder: Path, cache: Cache, entry: str) -> None:
    output = (folder / "compiler.log").read_text(errors="replace")
    # A linker that maps its output may die of a bus error rather than say that the disk is full.
    if any(words in output for words in _NO_SPACE) or shutil.disk_usage(folder).free < _LEAST_SPACE:
        raise disk_full(cache.directory)
    # A driver whose compiler process was killed says so in words only; these are gcc's and clang's.
    if code < 0 or re.search(r"Killed|terminated with signal|due to signal|out of memory|Cannot allocate", output):
        raise BuildError(
            "E804",
            "the C++ compiler was stopped before it had finished.",
            hint="most often the machine ran out of memory: close other programs and run again",
        )
    kept = cache.keep_failed(folder, entry)
    raise BuildError(
        "E803",
        "the C++ code that eqsnn generated does not compile; this is a bug in eqsnn, not in your model.",
        hint=f"please report it with the files in {kept} (the generated code and compiler.log)",
    )


def _processes() -> int:
    available = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(available, 8)
