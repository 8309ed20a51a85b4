"""Compare simulators in one run: interleaved repeats, medians, ratios, and what machine it was.

A contender is something that can be run again and again and says how long its simulation loop took: no building, no
compiling, no wiring. Repeats are interleaved, so that what else the machine does falls on all alike; the median of
them is reported, and the ratio of medians.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import models
import numpy as np

HERE = Path(__file__).parent
RESULTS = HERE / 'RESULTS.md'
BUILDS = tempfile.TemporaryDirectory(prefix='eqsnn-bench-')    # what peers are built in; gone when the process ends
LIMIT_FLAGS = {     # as the head of each program says
    'cuba': ['-O3', '-march=native', '-ffast-math'],
    'cobahh': ['-O3', '-march=native', '-mprefer-vector-width=512', '-ffast-math', '-fopenmp-simd'],
}


@dataclass
class Contender:
    """Something to be timed: `run` returns the seconds of a simulation loop and the mean rate of its neurons in Hz."""

    name: str
    precision: str
    run: Callable[[], tuple[float, float]]
    seconds: list[float] = field(default_factory=list)
    rate: float = float('nan')

    @property
    def median(self) -> float:
        """Median over the repeats, in seconds."""
        return median(self.seconds)


def arguments(description: str, **more: dict[str, Any]) -> argparse.Namespace:
    """Read the options common to all benchmarks, and those given in `more` as keyword arguments of `add_argument`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--repeats', type=int, default=7)
    parser.add_argument('--precision', choices=['float64', 'float32', 'both'], default='both')
    parser.add_argument('--peers-only', action='store_true', help='leave eqsnn out')
    parser.add_argument('--append', action='store_true', help='append the table to RESULTS.md')
    for name, options in more.items():
        parser.add_argument('--' + name.replace('_', '-'), **options)
    return parser.parse_args()


def precisions(choice: str) -> list[str]:
    """Expand 'both'."""
    return ['float64', 'float32'] if choice == 'both' else [choice]


def brian2_python() -> Path:
    """Return the interpreter of the environment that has Brian2."""
    path = Path(os.environ.get('EQSNN_BRIAN2_PYTHON', HERE / '.venv' / 'bin' / 'python'))
    if not path.exists():
        raise SystemExit(f'no Brian2 at {path}: run benchmarks/make_brian2_env.sh, or set EQSNN_BRIAN2_PYTHON')
    return path


def eqsnn(model: str, precision: str, n: int, seconds: float, **options: Any) -> Contender:
    """A model in eqsnn, on one thread, in this process; built anew at each repeat, compiled only at the first."""
    import eqsnn as b

    b.prefs.threads = 1
    function = getattr(models, model)

    def run() -> tuple[float, float]:
        b.start_scope()
        b.prefs.precision = precision
        net, spikes = function(b, n=n, seconds=seconds, precision=precision, **options)
        return net.loop_seconds, spikes.num_spikes/n/seconds

    return Contender('eqsnn', precision, run)


def brian2_standalone(model: str, precision: str, n: int, seconds: float, **options: Any) -> Contender:
    """A model in Brian2's cpp_standalone, built once; the loop's time is the one that its binary writes down."""
    directory = Path(tempfile.mkdtemp(prefix=f'{model}-', dir=BUILDS.name))
    command = [brian2_python(), HERE / 'brian2_build.py', model, directory, precision,
               json.dumps({'n': n, 'seconds': seconds, **options})]
    subprocess.run(command, check=True, cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def run() -> tuple[float, float]:
        subprocess.run([directory / 'main'], check=True, cwd=directory, stdout=subprocess.DEVNULL)
        results = directory / 'results'
        loop_seconds = float((results / 'last_run_info.txt').read_text().split()[0])
        indices, = results.glob('_dynamic_array_spikemonitor_i_*')
        return loop_seconds, np.fromfile(indices, dtype=np.int32).size/n/seconds

    return Contender('Brian2 standalone', precision, run)


def limit(model: str, precision: str, n: int, seconds: float) -> Contender:
    """The hand-written program under limits/, whose time is its loop's too."""
    binary = Path(tempfile.mkdtemp(prefix=f'limit-{model}-', dir=BUILDS.name)) / model
    real = {'float64': 'double', 'float32': 'float'}[precision]
    compiler = os.environ.get('CXX', 'g++')
    source = HERE / 'limits' / f'{model}.cpp'
    subprocess.run([compiler, *LIMIT_FLAGS[model], f'-DREAL={real}', source, '-o', binary, '-lmvec', '-lm'], check=True)

    def run() -> tuple[float, float]:
        text = subprocess.run([binary, str(n), str(seconds)], check=True, capture_output=True, text=True).stdout
        found = re.search(r'([\d.]+) s per .* ([\d.]+) Hz', text)
        assert found, text
        return float(found[1]), float(found[2])

    return Contender('hand-written limit', precision, run)


def interleave(contenders: Sequence[Contender], repeats: int) -> None:
    """Run each contender once to warm up, then all of them in turn, `repeats` times."""
    for repeat in range(repeats + 1):
        for contender in contenders:
            seconds, contender.rate = contender.run()
            if repeat:
                contender.seconds.append(seconds)


def comparison(contenders: Iterable[Contender]) -> list[list[str]]:
    """Return a row for each contender; its ratio is its median over eqsnn's of the same precision."""
    contenders = list(contenders)
    ours = {c.precision: c.median for c in contenders if c.name == 'eqsnn'}
    return [[c.name, c.precision, f'{c.median:.4f}', f'{min(c.seconds):.4f}', f'{max(c.seconds):.4f}',
             f'{c.median/ours[c.precision]:.2f}' if c.precision in ours else '', f'{c.rate:.2f}'] for c in contenders]


COMPARISON = ['simulator', 'precision', 'median s', 'min s', 'max s', 'time / eqsnn', 'rate Hz']


def measure(args: argparse.Namespace, model: str, n: int, seconds: float, *,
            with_limit: bool = True) -> list[list[str]]:
    """Build the contenders for one model at one size, run them interleaved, and return their rows."""
    contenders = []
    for precision in precisions(args.precision):
        if not args.peers_only:
            contenders.append(eqsnn(model, precision, n, seconds))
        contenders.append(brian2_standalone(model, precision, n, seconds))
        if with_limit:
            contenders.append(limit(model, precision, n, seconds))
    interleave(contenders, args.repeats)
    return comparison(contenders)


def markdown(table: Sequence[Sequence[str]]) -> str:
    """Lay out rows of text, the first of them the head."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = ['| ' + ' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + ' |'
             for row in table]
    lines.insert(1, '|' + '|'.join('-'*(width + 2) for width in widths) + '|')
    return '\n'.join(lines)


def machine() -> str:
    """Say what the numbers were measured on, and what else it was doing."""
    cpu = platform.processor()
    if (info := Path('/proc/cpuinfo')).exists():
        found = re.search(r'model name\s*: (.*)', text := info.read_text())
        cpu = found[1] if found else cpu
        cpu += ' with AVX-512' if 'avx512f' in text else ' with AVX2' if 'avx2' in text else ''
    compiler = subprocess.run([os.environ.get('CXX', 'g++'), '--version'], capture_output=True, text=True).stdout
    return (f'{cpu}, {os.cpu_count()} cores, {platform.system()}, {compiler.splitlines()[0]}, '
            f'Python {platform.python_version()}; one thread; load average {os.getloadavg()[0]:.1f} at the end')


def report(args: argparse.Namespace, notes: Sequence[str], table: Sequence[Sequence[str]]) -> None:
    """Print the table with its notes, the first of which is its title; append it to RESULTS.md if asked to."""
    title, *rest = notes
    repeats = f'{args.repeats} interleaved repeats'
    text = '\n'.join([f'### {title}', '', f'{time.strftime("%Y-%m-%d %H:%M")}; {machine()}; {repeats}.', *rest, '',
                      markdown(table), ''])
    print(text)
    if args.append:
        with RESULTS.open('a') as file:
            file.write('\n' + text)
