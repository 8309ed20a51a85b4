"""From a CUDA source to a cubin on disk: finds nvcc, asks it what it can, keeps what it built.

    find_nvcc() -> compile_cubin(source, nvcc, capability) -> path of the cubin, from the cache where it is there

nvcc comes with a CUDA toolkit, or without one from PyPI (`INSTALL`). It needs a C++ compiler, as eqsnn does.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ...grammar.errors import BuildError
from ..cache import Cache, disk_full, is_full, open_cache, writable
from ..compiler import find_compiler
from ..core import INCLUDE

INSTALL = "python -m pip install 'cuda-toolkit[nvcc,nvvm,crt,cudart]==13.0.*'"
"""nvcc and its parts from PyPI, all of one version: the wheel of nvcc alone takes any version of the others."""

_FORMAT = "1"  # part of every key: raise it when the meaning of an entry changes
# Generated code has hardly any host code: a C++ compiler newer than nvcc knows is no trouble. ptxas tells in the log
# how many registers each kernel takes.
_FLAGS = ("-cubin", "-std=c++17", "-allow-unsupported-compiler", "-Xptxas=-v")
_CUBIN, _LOG = "network.cubin", "compiler.log"
_NO_SPACE = ("No space left on device", "Disk quota exceeded")

Capability = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Nvcc:
    """An nvcc that works: the CUDA ``release`` it comes from, and the ``architectures`` it compiles for."""

    path: Path
    release: tuple[int, int]
    version: str
    architectures: tuple[str, ...]

    def architecture(self, capability: Capability) -> str:
        """What to compile for a device of this compute capability, such as ``'sm_90'``.

        A device also runs what is compiled for the first one of its generation.

        :raises BuildError: E817, the device is newer than this nvcc.
        """
        major, minor = capability
        for name in (f"sm_{major}{minor}", f"sm_{major}0"):
            if name in self.architectures:
                return name
        raise BuildError(
            "E817",
            f"nvcc {_dotted(self.release)} ({self.path}) does not know this GPU, whose compute capability is "
            f"{_dotted(capability)}.",
            hint=f"install a newer one, with the CUDA toolkit or with: {INSTALL.replace('==13.0.*', '')}",
        )


def find_nvcc() -> Nvcc:
    """Return nvcc: that of ``$CUDA_HOME`` or ``$CUDA_PATH``, else from PATH, /usr/local/cuda, or a wheel from PyPI.

    :raises BuildError: E815, there is none, or it cannot be run.
    """
    for path in _places():
        if path.is_file() and os.access(path, os.X_OK):
            return _known(path, path.stat().st_mtime_ns)
    raise BuildError(
        "E815",
        "there is no nvcc, and device('cuda') needs it to compile a model.",
        hint=f"install it with: {INSTALL}; or set the environment variable CUDA_HOME to where a CUDA toolkit is",
    )


def compile_cubin(source: str, nvcc: Nvcc, capability: Capability, *, cache_dir: Path | None = None) -> Path:
    """Return the cubin of a source for a device of this compute capability, building it where it is not cached.

    The key of the cache covers the source, all headers, the flags, the version of nvcc and the architecture. What nvcc
    says lies beside the cubin, as does the source (``network.cu``).

    :raises BuildError: E817 nvcc does not know the device, E816 the code does not compile, E804 nvcc was stopped,
        E805 the disk is full, E808 no file can be written.
    """
    arguments = [*_FLAGS, f"-arch={nvcc.architecture(capability)}"]
    entry = f"network-{_key(source, nvcc, arguments)}"
    stored = open_cache(cache_dir)
    if found := stored.find(entry, _CUBIN):
        return found
    stored = writable(stored)
    try:
        with stored.lock(entry):
            if found := stored.find(entry, _CUBIN):  # somebody else built it while we waited
                return found
            path = _build(stored, entry, source, [str(nvcc.path), *arguments, *_host_compiler(cache_dir)])
    except OSError as error:
        if is_full(error):
            raise disk_full(stored.directory) from None
        raise BuildError(
            "E808",
            f"the model cannot be built: {error.strerror} ({error.filename or stored.directory}).",
            hint="set the environment variable EQSNN_CACHE_DIR to a directory that can be written",
        ) from None
    stored.trim()
    return path


def log_of(cubin: Path) -> str:
    """What nvcc said when it built a cubin; '' if that is not there."""
    log = cubin.with_name(_LOG)
    return log.read_text(errors="replace") if log.is_file() else ""


# ---- finding it ----


def _places() -> Iterator[Path]:
    for name in ("CUDA_HOME", "CUDA_PATH"):
        if home := os.environ.get(name):
            yield Path(home) / "bin" / "nvcc"
    if found := shutil.which("nvcc"):
        yield Path(found).absolute()
    yield from (home / "bin" / "nvcc" for home in _toolkits())
    for folder in sys.path:
        yield from sorted(Path(folder).glob("nvidia/*/bin/nvcc"), reverse=True)


def _toolkits() -> list[Path]:
    """Where toolkits are installed: the one that the administrator chose, then the newest."""
    root = Path("/usr/local")
    return [root / "cuda", *sorted(root.glob("cuda-*"), key=lambda path: _numbers(path.name), reverse=True)]


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


@cache
def _known(path: Path, changed: int) -> Nvcc:
    """What nvcc says of itself; ``changed`` tells two of the same path apart."""
    version, code = _ask(path, "--version"), _ask(path, "--list-gpu-code")
    release = re.search(r"release (\d+)\.(\d+)", version)
    if release is None:
        raise _unusable(path)
    return Nvcc(path, (int(release[1]), int(release[2])), version.strip(), tuple(re.findall(r"sm_\w+", code)))


def _ask(path: Path, question: str) -> str:
    try:
        answer = subprocess.run(
            [path, question], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        raise _unusable(path) from None
    return answer.stdout if answer.returncode == 0 else ""


def _unusable(path: Path) -> BuildError:
    return BuildError(
        "E815",
        f"the CUDA compiler {path} cannot be run.",
        hint=f"its installation may be incomplete: install another one with: {INSTALL}, "
        "and leave the environment variables CUDA_HOME and CUDA_PATH out",
    )


def _host_compiler(cache_dir: Path | None) -> list[str]:
    """The C++ compiler for nvcc's own use, where it would not find one by itself."""
    if shutil.which("g++") or os.environ.get("NVCC_CCBIN"):
        return []
    return ["-ccbin", find_compiler(cache_dir=cache_dir).command[0]]


# ---- building ----


def _key(source: str, nvcc: Nvcc, arguments: list[str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    headers = sorted(path for path in INCLUDE.rglob("*.h") if path.is_file())
    parts = [_FORMAT, nvcc.version, *arguments, source]
    for path in headers:
        parts += [path.relative_to(INCLUDE).as_posix(), path.read_text()]
    for part in parts:
        content = part.encode()
        digest.update(f"{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()


def _build(stored: Cache, entry: str, source: str, command: list[str]) -> Path:
    with stored.workspace() as folder:
        (folder / "network.cu").write_text(source)
        # Temporary files stay in the workspace, which is removed whatever happens; messages stay in English.
        environment = {**os.environ, "TMPDIR": str(folder), "LC_ALL": "C"}
        with (folder / _LOG).open("wb") as log:
            done = subprocess.run(
                [*command, f"-I{INCLUDE}", "network.cu", "-o", _CUBIN], cwd=folder, env=environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
        if done.returncode or not (folder / _CUBIN).is_file():
            _explain(done.returncode, folder, stored, entry)
        return stored.publish(folder, entry, _CUBIN)


def _explain(code: int, folder: Path, stored: Cache, entry: str) -> None:
    output = (folder / _LOG).read_text(errors="replace")
    if any(words in output for words in _NO_SPACE):
        raise disk_full(stored.directory)
    if code < 0 or re.search(r"died due to signal|Killed|out of memory|Cannot allocate", output):
        raise BuildError(
            "E804",
            "nvcc was stopped before it had finished.",
            hint="most often the machine ran out of memory: close other programs and run again",
        )
    kept = stored.keep_failed(folder, entry)
    raise BuildError(
        "E816",
        "nvcc does not compile the CUDA code that eqsnn generated; this is a bug in eqsnn, or an installation of CUDA "
        "that is not whole, and not a mistake in your model.",
        hint=f"what nvcc says is in {kept / _LOG}: please report it with the files there; device('cpp') runs the model",
    )


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
