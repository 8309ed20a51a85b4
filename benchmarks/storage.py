"""What one change of the wiring costs, for networks of growing size: it should stay the same, but for the caches.

    python benchmarks/storage.py [most synapses, 10_000_000]

Every network has 100 synapses a neuron, one variable, and the column index. Times are ns for one synapse:
find       is a random pair connected?
create     one random pair, as the network grows by a tenth
remove     one random synapse, as it shrinks again
churn      creations and removals in turn, the network keeping its size (rows move, memory is laid out anew)
pass       of a structural rule that stages 1 % removals and as many creations, then applies them
append     building the network at once
The last column is the memory afterwards, in bytes for a synapse, against that of a network just built.
"""

import ctypes
import sys
import time

import numpy as np

from eqsnn.runtime import core, library, toolchain
from eqsnn.runtime.ragged import Ragged

PROBE = """
#include "eqsnn/distributions.h"
#include "eqsnn/ragged.h"
using namespace eqsnn;

static int32_t random_slot(Ragged* r, Stream& s) {
    for (;;)
        if (const int32_t slot = int32_t(next_below(s, uint64_t(r->rows.end))); r->pre[slot] >= 0) return slot;
}
static Stream stream(uint64_t seed) { return Stream{seed, 0u, 0u, 0u, 0u}; }

EQSNN_API void bench_find(Ragged* r, int64_t n, uint64_t seed) {
    Stream s = stream(seed);
    volatile int64_t hits = 0;
    for (int64_t k = 0; k < n; ++k) {
        const Pair u = next_pair(s);
        hits = hits + (find(r, int32_t(u.first * r->n_pre), int32_t(u.second * r->n_post)) >= 0);
    }
}
EQSNN_API void bench_create(Ragged* r, int64_t n, uint64_t seed) {
    Stream s = stream(seed);
    for (int64_t k = 0; k < n;) {
        const Pair u = next_pair(s);
        k += eqsnn_ragged_create(r, int32_t(u.first * r->n_pre), int32_t(u.second * r->n_post)) >= 0;
    }
}
EQSNN_API void bench_remove(Ragged* r, int64_t n, uint64_t seed) {
    Stream s = stream(seed);
    for (int64_t k = 0; k < n; ++k) {
        const int32_t slot = random_slot(r, s);
        eqsnn_ragged_remove(r, &slot, 1);
    }
}
EQSNN_API void bench_churn(Ragged* r, int64_t n, uint64_t seed) {
    for (int64_t k = 0; k < n / 2; ++k) {
        bench_create(r, 1, seed + uint64_t(k));
        bench_remove(r, 1, seed + uint64_t(k));
    }
}
EQSNN_API void bench_pass(Ragged* r, int64_t n, uint64_t seed) {
    Stream s = stream(seed);
    for (int64_t k = 0; k < n / 2; ++k) {
        const Pair u = next_pair(s);
        stage_remove(r, random_slot(r, s));
        staged<double>(r, stage_create(r, int32_t(u.first * r->n_pre), int32_t(u.second * r->n_post)), 0) = u.first;
    }
    eqsnn_ragged_apply(r, 0);
}
"""


def load_probe() -> ctypes.CDLL:
    """Compile the loops that are timed."""
    core.load()
    probe = library.load(toolchain.build({"probe.cpp": PROBE}, include=core.INCLUDE, name="bench_storage"))
    for name in ("find", "create", "remove", "churn", "pass"):
        getattr(probe, f"bench_{name}").argtypes = (ctypes.c_void_p, ctypes.c_int64, ctypes.c_uint64)
    return probe


def measure(probe: ctypes.CDLL, live: int) -> list[float]:
    """One line of the table."""
    n = max(live // 100, 200)
    rng = np.random.default_rng(0)
    i, j = rng.integers(0, n, live, dtype=np.int32), rng.integers(0, n, live, dtype=np.int32)
    storage = Ragged(n, n, [("w", np.float64)], indexed=True)
    start = time.perf_counter()
    storage.append(i, j)
    row = [(time.perf_counter() - start) / live * 1e9]
    fresh = storage.memory() / live
    many = min(10**6, max(live, 10**5))
    sizes = {"find": many, "create": live // 10, "remove": live // 10, "churn": many, "pass": live // 50}
    for name, count in sizes.items():
        start = time.perf_counter()
        repeats = max(1, min(20, 10**6 // count)) if name == "pass" else 1
        for seed in range(repeats):
            getattr(probe, f"bench_{name}")(storage.handle, count, 17 + seed)
        row.append((time.perf_counter() - start) / (count * repeats) * 1e9)
    return [*row, storage.memory() / len(storage), fresh]


def main() -> None:
    """Print the table."""
    most = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**7
    probe = load_probe()
    names = ("append", "find", "create", "remove", "churn", "pass")
    print(f"{'synapses':>10} " + " ".join(f"{name:>8}" for name in names) + "   bytes/synapse")
    live = 10**4
    while live <= most:
        *times, used, fresh = measure(probe, live)
        memory = f"{used:.1f} ({used / fresh:.2f} of {fresh:.1f})"
        print(f"{live:>10} " + " ".join(f"{t:8.0f}" for t in times) + f"   {memory}")
        live *= 10


if __name__ == "__main__":
    main()
