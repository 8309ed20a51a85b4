"""nvcc: found where it may lie, started once for a source, and never heard by the user."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from eqsnn.errors import BuildError
from eqsnn.runtime.cuda import nvcc as nvcc_module
from eqsnn.runtime.cuda.nvcc import Nvcc, compile_cubin, find_nvcc
from eqsnn.runtime.cuda.occupancy import Limits, Usage, resident_blocks

KERNEL = 'extern "C" __global__ void twice(double* x) { x[threadIdx.x] *= 2.0; }\n'
TALKS = """#!/bin/sh
case "$1" in
--version) echo 'Cuda compilation tools, release 12.4, V12.4.131';;
--list-gpu-code) echo sm_75; echo sm_80; echo sm_90;;
*) {body};;
esac
"""


@pytest.fixture
def real() -> Nvcc:
    try:
        return find_nvcc()
    except BuildError:
        pytest.skip("no nvcc")


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No nvcc in any place where it is looked for; the compilers that it needs stay there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("g++", "gcc", "c++", "sh", "dirname", "cat", "rm", "as", "ld"):
        if found := shutil.which(tool):
            (folder / tool).symlink_to(found)
    for name in ("CUDA_HOME", "CUDA_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(nvcc_module, "_toolkits", list)
    monkeypatch.setattr(sys, "path", [])
    return tmp_path


def put(path: Path, body: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TALKS.format(body=body))
    path.chmod(0o755)
    return path


def fails(code: str, source: str, nvcc: Nvcc, folder: Path) -> str:
    with pytest.raises(BuildError) as caught:
        compile_cubin(source, nvcc, (8, 0), cache_dir=folder)
    assert caught.value.code == code
    assert not list((folder / "building").glob("*")), "something was left behind"
    return str(caught.value)


# ---- finding it ----


def test_nowhere(nowhere: Path) -> None:
    with pytest.raises(BuildError, match=r"there is no nvcc.*E815") as caught:
        find_nvcc()
    assert "pip install 'cuda-toolkit[nvcc" in str(caught.value) and "CUDA_HOME" in str(caught.value)


def test_places_in_their_order(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = [put(nowhere / "site-packages" / "nvidia" / name / "bin" / "nvcc") for name in ("cu12", "cu13")]
    monkeypatch.setattr(sys, "path", [str(nowhere / "site-packages")])
    assert find_nvcc().path == wheels[1]
    toolkit = put(nowhere / "toolkit" / "bin" / "nvcc")
    monkeypatch.setattr(nvcc_module, "_toolkits", lambda: [nowhere / "toolkit"])
    assert find_nvcc().path == toolkit
    on_path = put(nowhere / "bin" / "nvcc")
    assert find_nvcc().path == on_path
    home = put(nowhere / "home" / "bin" / "nvcc")
    monkeypatch.setenv("CUDA_HOME", str(nowhere / "home"))
    assert find_nvcc().path == home
    monkeypatch.setenv("CUDA_HOME", str(nowhere / "empty"))
    assert find_nvcc().path == on_path


def test_what_it_says_of_itself(nowhere: Path) -> None:
    put(nowhere / "bin" / "nvcc")
    nvcc = find_nvcc()
    assert nvcc.release == (12, 4)
    assert nvcc.architectures == ("sm_75", "sm_80", "sm_90")


def test_one_that_cannot_be_run(nowhere: Path) -> None:
    path = put(nowhere / "bin" / "nvcc")
    path.write_text("#!/no/such/shell\n")
    with pytest.raises(BuildError, match=r"bin/nvcc cannot be run.*E815"):
        find_nvcc()


def test_the_newest_toolkit_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "glob", lambda *_: [Path("/usr/local/cuda-9.0"), Path("/usr/local/cuda-13.1"), Path("/usr/local/cuda-12")])
    assert [home.name for home in nvcc_module._toolkits()] == ["cuda", "cuda-13.1", "cuda-12", "cuda-9.0"]


@pytest.mark.parametrize(
    ("capability", "name"),
    [((7, 5), "sm_75"), ((8, 0), "sm_80"), ((8, 9), "sm_80"), ((9, 0), "sm_90"), ((7, 0), None), ((10, 0), None)],
)
def test_architecture_of_a_device(capability: tuple[int, int], name: str | None) -> None:
    nvcc = Nvcc(Path("nvcc"), (12, 4), "", ("sm_75", "sm_80", "sm_90"))
    if name is None:
        with pytest.raises(BuildError, match="E817"):
            nvcc.architecture(capability)
    else:
        assert nvcc.architecture(capability) == name


# ---- compiling ----


def test_a_cubin_is_built_once(real: Nvcc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = put(tmp_path / "nvcc", f'echo "$*" >> {tmp_path}/starts; exec {real.path} "$@"')
    nvcc = Nvcc(counting, real.release, real.version, real.architectures)
    first = compile_cubin(KERNEL, nvcc, (8, 0), cache_dir=tmp_path / "cache")
    assert first.read_bytes()[:4] == b"\x7fELF"
    assert (first.parent / "network.cu").read_text() == KERNEL
    assert "twice" in (first.parent / "compiler.log").read_text(), "ptxas tells what each kernel takes"
    assert compile_cubin(KERNEL, nvcc, (8, 0), cache_dir=tmp_path / "cache") == first
    assert len((tmp_path / "starts").read_text().splitlines()) == 1
    others = [
        compile_cubin(KERNEL, nvcc, (9, 0), cache_dir=tmp_path / "cache"),
        compile_cubin(KERNEL + "// more\n", nvcc, (8, 0), cache_dir=tmp_path / "cache"),
    ]
    assert len({first, *others}) == 3
    starts = (tmp_path / "starts").read_text().splitlines()
    assert ["-arch=sm_90" in line for line in starts] == [False, True, False]
    first.write_bytes(first.read_bytes()[:-1])  # damaged: built again
    assert compile_cubin(KERNEL, nvcc, (8, 0), cache_dir=tmp_path / "cache") == first
    assert len((tmp_path / "starts").read_text().splitlines()) == 4


def test_code_that_does_not_compile(real: Nvcc, tmp_path: Path) -> None:
    text = fails("E816", KERNEL.replace("x[", "undeclared["), real, tmp_path)
    log = Path(text.split("what nvcc says is in ")[1].split(":")[0])
    assert 'identifier "undeclared" is undefined' in log.read_text()
    assert "undeclared" in (log.parent / "network.cu").read_text()
    assert "undeclared" not in text, "what nvcc says is not for the user"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("kill -9 $$", "E804"),
        ("echo 'nvcc error : ptxas died due to signal 9 (Kill signal)'; exit 1", "E804"),
        ("echo 'cc1plus: error writing to x.s: No space left on device'; exit 1", "E805"),
        ("echo gibberish; exit 1", "E816"),
        ("exit 0", "E816"),  # and left no cubin
    ],
)
def test_nvcc_that_does_not_end_well(body: str, code: str, tmp_path: Path) -> None:
    nvcc = Nvcc(put(tmp_path / "nvcc", body), (12, 4), "12.4", ("sm_80",))
    assert "gibberish" not in fails(code, KERNEL, nvcc, tmp_path / "cache")


def test_temporary_files_stay_in_the_workspace(tmp_path: Path) -> None:
    body = f'touch "$TMPDIR/temporary"; pwd > {tmp_path}/where; for last; do :; done; echo > "$last"'
    nvcc = Nvcc(put(tmp_path / "nvcc", body), (12, 4), "12.4", ("sm_80",))
    compile_cubin(KERNEL, nvcc, (8, 0), cache_dir=tmp_path / "cache")
    assert Path((tmp_path / "where").read_text().strip()).parent == tmp_path / "cache" / "building"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_cache_that_cannot_be_written(real: Nvcc, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o500)
    with pytest.warns(UserWarning, match="cannot write to its cache"):
        assert compile_cubin(KERNEL, real, (8, 0), cache_dir=tmp_path / "cache").exists()


# ---- how many blocks run at once ----

HOPPER = Limits(threads=2048, blocks=32, registers=65536, shared=233472, reserved=1024)
TURING = Limits(threads=1024, blocks=16, registers=65536, shared=65536, reserved=0)


@pytest.mark.parametrize(
    ("limits", "registers", "shared", "block", "blocks"),
    [
        (HOPPER, 32, 0, 256, 8), (HOPPER, 33, 0, 256, 6), (HOPPER, 40, 0, 256, 6), (HOPPER, 64, 0, 256, 4),
        (HOPPER, 80, 0, 256, 3), (HOPPER, 96, 0, 256, 2), (HOPPER, 128, 0, 256, 2), (HOPPER, 255, 0, 256, 1),
        (HOPPER, 16, 0, 32, 32), (HOPPER, 32, 48 << 10, 256, 4), (HOPPER, 255, 0, 512, 0),
        (TURING, 32, 0, 256, 4), (TURING, 32, 20 << 10, 256, 3), (TURING, 32, 65 << 10, 256, 0),
    ],
)  # fmt: skip
def test_occupancy(limits: Limits, registers: int, shared: int, block: int, blocks: int) -> None:
    """As NVIDIA's occupancy calculator has it."""
    assert resident_blocks(limits, Usage(registers, shared), block) == blocks
