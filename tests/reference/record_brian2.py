"""Record what Brian2 makes of the reference models.

Run by hand, in an environment that has Brian2 (benchmarks/make_brian2_env.sh makes one):

    python tests/reference/record_brian2.py [model …]

Each model's arrays go to `brian2/<model>.npz`. The numpy target is used: it is the slowest but needs no compiler, so
that the recorded numbers do not depend on one.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import brian2
import numpy as np
from reference_models import MODELS, STOCHASTIC

TRACES = Path(__file__).parent / "brian2"


def main() -> None:
    """Record the models named on the command line, or all."""
    brian2.prefs.codegen.target = "numpy"
    TRACES.mkdir(exist_ok=True)
    models = MODELS | STOCHASTIC
    for name in sys.argv[1:] or models:
        started = time.perf_counter()
        arrays = models[name](brian2)
        if name in STOCHASTIC:      # a few thousand draws to three digits say all that a test of distributions can use
            arrays = {key: values.astype(np.float32) for key, values in arrays.items()}
        path = TRACES / f"{name}.npz"
        np.savez_compressed(path, **arrays)
        events = {key: values.shape[1] for key, values in arrays.items() if key.startswith("spikes")}
        seconds = time.perf_counter() - started
        print(f"{name:28} {seconds:6.2f} s {path.stat().st_size/1e3:8.1f} kB  {events}", flush=True)
    print(f"{sum(path.stat().st_size for path in TRACES.glob('*.npz'))/1e6:.2f} MB in all")


if __name__ == "__main__":
    main()
