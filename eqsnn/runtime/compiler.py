"""Which C++ compiler there is and which flags it takes. It is asked once; the answer is kept on disk."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from ..grammar.errors import BuildError
from .cache import default_directory, disk_full, is_full

_REQUIRED = ("-std=c++17", "-fPIC")
# -fno-trapping-math and -fno-signed-zeros allow if-conversion and vectorised comparisons; none of these changes the
# floating-point state of the process, and infinities and NaN keep their meaning.
_WANTED = (
    "-march=native",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-signed-zeros",
    "-ffp-contract=fast",
    "-fopenmp-simd",
    "-fvisibility=hidden",
    "-pipe",
    "-Wall",
    "-Wno-unknown-pragmas",
)
_WIDE = "-mprefer-vector-width=512"
_OPENMP = "-fopenmp"
_LINKED = ("-Wl,--as-needed", "-lmvec")  # glibc's vector exp, log …; needed only by a module that calls them
_TRIVIAL = 'extern "C" double exp(double);\nextern "C" double probe(double x) { return exp(x); }\n'
_NAMES = ("c++", "g++", "clang++")


@dataclass(frozen=True, slots=True)
class Compiler:
    """A C++ compiler that works, and what it takes.

    ``command`` starts it; ``flags`` and ``link_flags`` are those of ours that it accepts; ``openmp`` and ``mvec`` tell
    whether it can build with ``-fopenmp`` and against glibc's vector mathematics.
    """

    command: tuple[str, ...]
    version: str
    flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    openmp: bool
    mvec: bool


def find_compiler(preferred: str | None = None, *, cache_dir: Path | None = None) -> Compiler:
    """Return the compiler to use: ``preferred`` or ``$CXX`` where set, else the first of c++, g++ and clang++.

    :raises BuildError: E801, there is none; E802, the one there is cannot build a one-line library.
    """
    origin = "the preferences" if preferred else "the environment variable CXX"
    chosen = preferred or os.environ.get("CXX", "").strip()
    command = _locate(chosen, origin, os.environ.get("PATH", os.defpath))
    return _known(command, cache_dir or default_directory())


@cache
def machine() -> str:
    """Describe what compiled code depends on besides its source: the CPU (``-march=native``) and the C library."""
    libc = ""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    return "\n".join((sys.platform, platform.machine(), libc, _cpu()))


def _cpu() -> str:
    try:
        with Path("/proc/cpuinfo").open("rb") as file:
            first = file.read(8192).split(b"\n\n")[0].decode(errors="replace")
    except OSError:
        return platform.processor()
    fields = dict(line.split(":", 1) for line in first.splitlines() if ":" in line)
    wanted = ("vendor_id", "cpu family", "model", "model name", "stepping", "flags", "Features", "CPU part")
    return "\n".join(value.strip() for name, value in fields.items() if name.strip() in wanted)


@cache
def _locate(chosen: str, origin: str, search_path: str) -> tuple[str, ...]:
    if chosen:
        program, *arguments = shlex.split(chosen)
        if found := shutil.which(program, path=search_path):
            return (str(Path(found).absolute()), *arguments)
        raise BuildError(
            "E801",
            f"the C++ compiler {program!r}, named by {origin}, does not exist.",
            hint="leave it out there to let eqsnn look for one, or " + _how_to_install(),
        )
    for program in _NAMES:
        if found := shutil.which(program, path=search_path):
            return (str(Path(found).absolute()),)
    raise BuildError("E801", "there is no C++ compiler, and eqsnn needs one to run a model.", hint=_how_to_install())


def _how_to_install() -> str:
    if sys.platform == "darwin":
        return "install one with: xcode-select --install"
    if sys.platform == "win32":
        return "use the Windows Subsystem for Linux (wsl --install) and there: sudo apt install g++"
    return (
        "install one with: sudo apt install g++ (Debian, Ubuntu), sudo dnf install gcc-c++ (Fedora, Red Hat), "
        "or conda install -c conda-forge cxx-compiler (no administrator needed)"
    )


@cache
def _known(command: tuple[str, ...], directory: Path) -> Compiler:
    """Return what is on record about the compiler, or ask it and record the answer."""
    status = Path(command[0]).stat()
    facts = (command, status.st_mtime_ns, status.st_size, machine(), _REQUIRED, _WANTED, _WIDE, _OPENMP, _LINKED)
    record = directory / f"compiler-{hashlib.blake2b(repr(facts).encode(), digest_size=8).hexdigest()}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return _read(record)
    compiler = _probe(command)
    with contextlib.suppress(OSError):  # not kept: the next process asks again
        _write(record, compiler)
    return compiler


def _read(record: Path) -> Compiler:
    fields = json.loads(record.read_bytes())
    return Compiler(
        command=tuple(fields["command"]),
        version=str(fields["version"]),
        flags=tuple(fields["flags"]),
        link_flags=tuple(fields["link_flags"]),
        openmp=bool(fields["openmp"]),
        mvec=bool(fields["mvec"]),
    )


def _write(record: Path, compiler: Compiler) -> None:
    record.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=record.parent, delete=False) as file:
        json.dump(asdict(compiler), file)
    Path(file.name).replace(record)


def _probe(command: tuple[str, ...]) -> Compiler:
    try:
        with tempfile.TemporaryDirectory(prefix="eqsnn-probe-") as name:
            folder = Path(name)
            (folder / "probe.cpp").write_text(_TRIVIAL)
            return _ask(command, folder)
    except OSError as error:
        if is_full(error):
            raise disk_full(Path(tempfile.gettempdir())) from None
        raise _unusable(command) from None


def _ask(command: tuple[str, ...], folder: Path) -> Compiler:
    wanted = (*_WANTED, _WIDE) if "avx512f" in machine() else _WANTED
    if _accepts(command, (*_REQUIRED, *wanted, *_LINKED, _OPENMP), folder):  # as nearly every one does
        return Compiler(command, _version(command), (*_REQUIRED, *wanted), _LINKED, openmp=True, mvec=True)
    if not _accepts(command, _REQUIRED, folder):
        raise _unusable(command)
    flags = _accepted(command, wanted, folder)
    link_flags = _accepted(command, _LINKED, folder)
    return Compiler(
        command=command,
        version=_version(command),
        flags=(*_REQUIRED, *flags),
        link_flags=link_flags,
        openmp=_accepts(command, (*_REQUIRED, _OPENMP), folder),
        mvec="-lmvec" in link_flags,
    )


def _accepted(command: Sequence[str], wanted: Iterable[str], folder: Path) -> tuple[str, ...]:
    """Return those of ``wanted`` that the compiler takes; all at once first, as that is what nearly every one does."""
    wanted = tuple(wanted)
    if _accepts(command, (*_REQUIRED, *wanted), folder):
        return wanted
    return tuple(flag for flag in wanted if _accepts(command, (*_REQUIRED, flag), folder))


def _accepts(command: Sequence[str], flags: Sequence[str], folder: Path) -> bool:
    # -Werror, because clang only warns about a flag that it ignores.
    steps = [*command, "-shared", "-Werror", "probe.cpp", "-o", "probe.so", *flags]
    return _call(steps, folder).returncode == 0


def _version(command: Sequence[str]) -> str:
    return _call([*command, "--version"], Path.cwd()).stdout.splitlines()[0].strip()


def _call(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def _unusable(command: Sequence[str]) -> BuildError:
    return BuildError(
        "E802",
        f"the C++ compiler {shlex.join(command)} cannot build even a one-line C++17 library.",
        hint="its installation may be incomplete, or too old; set the environment variable CXX to another one, or "
        + _how_to_install(),
    )
