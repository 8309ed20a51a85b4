"""nvcc, where there is one: the sources that the emulation runs must be CUDA for it, too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ARCHITECTURES = (75, 80, 90)


def find_nvcc() -> Path | None:
    """Return nvcc from PATH, ``CUDA_HOME``, /usr/local/cuda or the ``nvidia-cuda-nvcc`` wheel, or None."""
    if found := shutil.which("nvcc"):
        return Path(found)
    homes = [Path(home) for name in ("CUDA_HOME", "CUDA_PATH") if (home := os.environ.get(name))]
    homes += [Path("/usr/local/cuda"), *sorted(Path("/usr/local").glob("cuda-*"))]
    wheels = [path for folder in sys.path for path in Path(folder).glob("nvidia/*/bin/nvcc")]
    return next((path for path in [*(home / "bin" / "nvcc" for home in homes), *wheels] if path.exists()), None)


def compile_cubin(nvcc: Path, source: Path, architecture: int, target: Path, include_dirs: Sequence[Path] = ()) -> str:
    """Compile ``source`` for sm_``architecture``, warnings as errors; returns what nvcc says where it fails, or ""."""
    flags = ["-std=c++17", "-cubin", f"-arch=sm_{architecture}", "-Werror", "all-warnings"]
    command = [nvcc, *flags, *(f"-I{folder}" for folder in include_dirs), source, "-o", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}" or f"nvcc gave {done.returncode}"
