"""From CUDA C++ to libraries that the emulation runs, through g++ and eqsnn's on-disk cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from eqsnn.runtime.cache import open_cache, writable

HERE = Path(__file__).parent
INCLUDE = HERE / "include"
RUNTIME = HERE / "runtime"
DYNAMIC_SHARED = (48 << 10) + 256  # as in runtime/shared.h: the capacity and the red zone

# Without contraction a*b + c is rounded twice on every machine, as nvcc does it with -fmad=false.
_COMMON = ("-std=c++17", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off", "-fno-strict-aliasing", "-pipe")
_MODULE = ("-O0", "-Wall", "-Wno-unknown-pragmas", "-Wno-unused-function", "-Wno-unused-variable")
_RUNTIME = ("-O2", "-Wall", "-Wextra")
_ASAN = ("-fsanitize=address", "-fno-omit-frame-pointer", "-g1")

# The sanitizer's instrumentation alone: the runtime is what it calls. Not for linking, which would add its library.
_RACES = (
    "-fsanitize=thread", "--param=tsan-distinguish-volatile=1", "--param=tsan-instrument-func-entry-exit=0", "-g1",
)  # fmt: skip

_STORAGE = """
.section .tbss,"awT",@nobits
.balign 1024
.globl emulated_cuda_dynamic_shared
.type emulated_cuda_dynamic_shared, @object
.size emulated_cuda_dynamic_shared, {size}
emulated_cuda_dynamic_shared:
{names}
.zero {size}
.section .note.GNU-stack,"",@progbits
"""


@dataclass(frozen=True, slots=True)
class Variant:
    """How the emulation is built: with the address sanitizer, with fibres by ucontext; modules that tell of each load and store."""

    asan: bool = False
    portable: bool = False
    races: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """What g++ is told of it."""
        return (*(_ASAN if self.asan else ()), *(("-DEMULATED_CUDA_UCONTEXT",) if self.portable else ()))


class CompilationError(Exception):
    """The source is not what g++ takes with the emulated header; the message is the compiler's."""


DEFAULT = Variant()


def build_runtime(variant: Variant = DEFAULT) -> Path:
    """Return the library of the emulation itself, which all modules share."""
    sources = sorted(RUNTIME.glob("*.cpp"))
    command = [compiler(), *_COMMON, *_RUNTIME, *variant.flags, "-shared", *map(str, sources)]
    key = _key(_contents([RUNTIME, INCLUDE]), *command)

    def make(folder: Path) -> None:
        _run([*command, "-o", "emulated_cuda.so"], folder)

    return _cached(f"emulated_cuda-{key}", "emulated_cuda.so", make)


def build_module(
    source: str,
    include_dirs: Iterable[Path] = (),
    *,
    variant: Variant = DEFAULT,
    flags: Sequence[str] = (),
    name: str = "kernel",
) -> Path:
    """Return the library of a CUDA source; errors in it name the lines of ``<name>.cu``.

    :raises CompilationError: with what g++ says.
    """
    runtime = build_runtime(variant)
    folders = [Path(folder).absolute() for folder in include_dirs]
    included = [f"-I{folder}" for folder in (INCLUDE, *folders)]
    command = [
        compiler(),
        *_COMMON,
        *_MODULE,
        *variant.flags,
        *(_RACES if variant.races else ()),
        *flags,
        *included,
        "-include",
        "emulated_cuda.h",
    ]
    key = _key([source.encode(), *_contents([INCLUDE, *folders])], *command, str(runtime), _STORAGE, name)

    def make(folder: Path) -> None:
        (folder / f"{name}.cu").write_text(source)
        _run([*command, "-x", "c++", "-c", f"{name}.cu", "-o", "kernel.o"], folder)
        (folder / "shared.s").write_text(_dynamic_shared(folder / "kernel.o"))
        _run([compiler(), *variant.flags, "-shared", "kernel.o", "shared.s", str(runtime), "-o", "module.so"], folder)

    return _cached(f"emulated_module-{key}", "module.so", make)


@cache
def compiler() -> str:
    """Return g++."""
    found = shutil.which("g++")
    if found is None:
        raise CompilationError("the emulation of CUDA needs g++, which is not on PATH")
    return found


def _dynamic_shared(module: Path) -> str:
    """Give one storage to all ``extern __shared__`` arrays of a module, which are its undefined thread-local symbols."""
    table = subprocess.run(["readelf", "-sW", module], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in table.splitlines()]
    names = {row[7] for row in rows if len(row) == 8 and row[3] == "TLS" and row[6] == "UND"}
    labels = [f".globl {name}\n.type {name}, @object\n{name}:" for name in sorted(names)]
    return _STORAGE.format(size=DYNAMIC_SHARED, names="\n".join(labels))


def _cached(entry: str, library: str, make: Callable[[Path], None]) -> Path:
    kept = open_cache()
    if found := kept.find(entry, library):
        return found
    kept = writable(kept)
    with kept.lock(entry):
        if found := kept.find(entry, library):
            return found
        with kept.workspace() as folder:
            make(folder)
            return kept.publish(folder, entry, library)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CompilationError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def _contents(folders: Iterable[Path]) -> list[bytes]:
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return [part for path in files for part in (str(path).encode(), path.read_bytes())]


@cache
def _version() -> str:
    return subprocess.run([compiler(), "--version"], capture_output=True, text=True, check=True).stdout


def _key(contents: Iterable[bytes], *texts: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in (*contents, _version().encode(), *(text.encode() for text in texts)):
        digest.update(f"{len(part)}:".encode())
        digest.update(part)
    return digest.hexdigest()
