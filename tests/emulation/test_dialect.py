"""The kernels that the emulation runs are CUDA: nvcc takes them unchanged."""

import pytest

from eqsnn.runtime import core

from .conftest import KERNELS
from .nvcc import ARCHITECTURES, compile_cubin, find_nvcc


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_kernels_compile_with_nvcc(tmp_path, architecture):
    """All in one translation unit, as nvcc takes longer to start than to compile them."""
    nvcc = find_nvcc()
    if nvcc is None:
        pytest.skip("there is no nvcc")
    source = tmp_path / "all.cu"
    files = sorted(KERNELS.glob("*.cu"))
    assert len(files) >= 8
    source.write_text("".join(f'#include "{path}"\n' for path in files))
    assert compile_cubin(nvcc, source, architecture, tmp_path / "all.cubin", [core.INCLUDE]) == ""
    cubin = (tmp_path / "all.cubin").read_bytes()
    assert cubin.startswith(b"\x7fELF")
    assert all(name in cubin for name in (b"reduce", b"cooperative_rounds", b"shared_tables", b"atomics"))


def test_nvcc_names_what_it_does_not_take(tmp_path):
    nvcc = find_nvcc()
    if nvcc is None:
        pytest.skip("there is no nvcc")
    source = tmp_path / "wrong.cu"
    source.write_text('extern "C" __global__ void k(long* a) { atomicAdd(a, 1L); }')
    assert "atomicAdd" in compile_cubin(nvcc, source, ARCHITECTURES[0], tmp_path / "wrong.cubin")
