"""From the start of a script to its first spike, 10 neurons, in fresh processes, with a cold and a warm cache.

The clock runs from before the interpreter starts until the script reports its spikes: importing, checking, compiling
where the cache is cold, running 20 ms. For eqsnn, cold means that nothing at all was compiled before.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from side_by_side import arguments, brian2_python, report

MODEL = """
G = NeuronGroup(10, '''dv/dt = (1.5 + 0.1*i - v)/(10*ms) : 1 (unless refractory)''',
                threshold='v > 1', reset='v = 0', refractory=2*ms, method='exact')
S = Synapses(G, G, 'w : 1', on_pre='v_post += w')
S.connect('i != j')
S.w = '0.01*rand()'
spikes = SpikeMonitor(G)
run(20*ms)
print(spikes.num_spikes, flush=True)
"""
EQSNN = 'from eqsnn import *\n' + MODEL
BRIAN2_CYTHON = """
import sys
from brian2 import *
prefs.codegen.target = 'cython'
prefs.codegen.runtime.cython.cache_dir = sys.argv[1]
""" + MODEL
BRIAN2_STANDALONE = """
import sys
from brian2 import *
set_device('cpp_standalone', directory=sys.argv[1])
""" + MODEL


def seconds(python: str | Path, script: str, cache: Path) -> float:
    """Time a script until it reports its spikes, or until it ends if it has none to report."""
    command = [python, '-c', script, cache]
    environment = os.environ | {'EQSNN_CACHE_DIR': str(cache)}
    started = time.perf_counter()
    # In another directory, for -c puts the working directory on the path and a script here might hide a package.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
                          cwd=tempfile.gettempdir()) as process:
        first_line = process.stdout.readline() if process.stdout else ''
        elapsed = time.perf_counter() - started
        rest = process.stdout.read() if process.stdout else ''
    if process.returncode or (script.endswith(MODEL) and not int((first_line + rest).split()[0])):
        raise SystemExit(f'{python} failed, or saw no spike, in:\n{script}')
    return elapsed


def emptied(cache: Path) -> Path:
    """Make the cache cold."""
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir()
    return cache


def cases(root: Path, peers_only: bool) -> dict[str, Callable[[], float]]:
    """Return what is timed, by name; a warm case follows the cold one that fills its cache."""
    timed: dict[str, Callable[[], float]] = {}
    if not peers_only:
        cache = root / 'eqsnn'
        timed['import eqsnn'] = lambda: seconds(sys.executable, 'import eqsnn\nprint(1)', cache)
        timed['eqsnn, cold'] = lambda: seconds(sys.executable, EQSNN, emptied(cache))
        timed['eqsnn, warm'] = lambda: seconds(sys.executable, EQSNN, cache)
    python = brian2_python()
    timed['interpreter and numpy alone'] = lambda: seconds(sys.executable, 'import numpy\nprint(1)', root)
    timed['import brian2'] = lambda: seconds(python, 'import brian2\nprint(1)', root)
    timed['Brian2 Cython, cold'] = lambda: seconds(python, BRIAN2_CYTHON, emptied(root / 'cython'))
    timed['Brian2 Cython, warm'] = lambda: seconds(python, BRIAN2_CYTHON, root / 'cython')
    timed['Brian2 standalone, new directory'] = lambda: seconds(python, BRIAN2_STANDALONE, emptied(root / 'standalone'))
    timed['Brian2 standalone, built before'] = lambda: seconds(python, BRIAN2_STANDALONE, root / 'standalone')
    return timed


def main() -> None:
    """Time each case in turn; the first round only warms the disk cache."""
    args = arguments(__doc__)
    with tempfile.TemporaryDirectory(prefix='eqsnn-bench-startup-') as directory:
        timed = cases(Path(directory), args.peers_only)
        times: dict[str, list[float]] = {name: [] for name in timed}
        for repeat in range(args.repeats + 1):
            for name, run in timed.items():
                # Brian2 compiles for most of a minute: three repeats say enough.
                if name.startswith('Brian2') and repeat > 3:
                    continue
                elapsed = run()
                if repeat:
                    times[name].append(elapsed)
    rows = [[name, str(len(ts)), f'{median(ts):.2f}', f'{min(ts):.2f}', f'{max(ts):.2f}'] for name, ts in times.items()]
    report(args, ['Start of the script to the first spike, 10 neurons', 'Fresh processes, timed from their spawning.'],
           [['what', 'repeats', 'median s', 'min s', 'max s'], *rows])


if __name__ == '__main__':
    main()
