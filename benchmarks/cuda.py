"""Networks on a GPU: time of a step, bytes that must move against the bandwidth reached, and shares of the kernels.

    python benchmarks/cuda.py --append          # all of it, on a machine with a GPU; some minutes, and 40 GB of memory
    python benchmarks/cuda.py --models cuba stdp --most 100000
    python benchmarks/cuda.py --emulate         # checks this script itself, tiny and slow, without a GPU

Times are those of the step loop, with what monitors record and without wiring, compiling and the first copy to the GPU.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import models
from side_by_side import RESULTS, markdown
from traffic import Activity, bytes_of_actions

HERE = Path(__file__).resolve().parent
# `cuda` is the name of NVIDIA's package, too: it must not be looked for here.
sys.path[:] = [path for path in sys.path if Path(path or '.').resolve() != HERE]

import numpy as np  # noqa: E402

import eqsnn as b  # noqa: E402


@dataclass(frozen=True)
class Case:
    """One network: the model and its size, seconds of model time, and how much faster than real time it should be."""

    model: str
    size: int
    seconds: float
    target: float | None = None

    @property
    def title(self) -> str:
        """The case in words."""
        return f'{self.model}, scale {self.size}' if self.model == 'topographic_map' else f'{self.model}, {self.size}'


CASES = (
    *(Case('cuba', n, s, 1.0 if n == 1_000_000 else None)
      for n, s in ((4000, 10.0), (20_000, 10.0), (100_000, 5.0), (1_000_000, 2.0), (4_000_000, 1.0))),
    *(Case('cobahh', n, s) for n, s in ((4000, 5.0), (100_000, 2.0), (1_000_000, 1.0))),
    *(Case('stdp', n, 10.0) for n in (100, 10_000)),
    *(Case('topographic_map', s, t, target)
      for s, t, target in ((1, 60.0, 20.0), (2, 20.0, None), (3, 20.0, None), (4, 20.0, None), (5, 10.0, None),
                           (6, 10.0, None), (7, 10.0, 10.0), (16, 5.0, None))),
)
TINY = (Case('cuba', 100, 0.01), Case('cobahh', 100, 0.002), Case('stdp', 3, 0.01), Case('topographic_map', 1, 0.003))


class Measured(b.Network):
    """A network whose run is timed, then counts its events, then is profiled; it reads its caller's names."""

    activity: Activity
    timed: float
    profiled: float     # seconds of model time

    def run(self, duration: Any, report: Any = None, *, namespace: Any = None, profile: bool = False) -> None:
        """All of it."""
        frame = sys._getframe(1)
        names = {**frame.f_globals, **frame.f_locals}
        super().run(duration, namespace=names)
        self.timed, self.profiled = self.loop_seconds, min(float(duration/b.second), 0.5)
        self._count(names)
        super().run(self.profiled*b.second, namespace=names, profile=True)

    def _count(self, names: dict[str, Any]) -> None:
        groups = [g for g in self.objects if isinstance(g, b.NeuronGroup | b.PoissonGroup)]
        projections = [s for s in self.objects if isinstance(s, b.Synapses)]
        monitors = {g.name: b.SpikeMonitor(g, record=False) for g in groups}
        self.add(*monitors.values())
        super().run(self.profiled*b.second, namespace=names)
        self.remove(*monitors.values())
        dt = float(b.defaultclock.dt_)
        ends = {(s.name, 'pre'): s.source_group.name for s in projections}
        ends |= {(s.name, 'post'): s.target_group.name for s in projections}
        self.activity = Activity(
            {name: monitor.num_spikes/round(self.profiled/dt) for name, monitor in monitors.items()},
            {s.name: len(s) for s in projections}, {g.name: len(g) for g in groups}, ends,
            {item.clock.name: float(item.clock.dt_)/dt for item in self.objects},
        )


def build(case: Case, precision: str) -> Measured:
    """The network of a case, measured."""
    b.start_scope()
    b.seed(1)
    b.prefs.precision = precision
    names = SimpleNamespace(**vars(b) | {'Network': Measured})
    size = {'scale': case.size} if case.model == 'topographic_map' else {'n': case.size}
    if case.model == 'stdp' and case.seconds < 0.1:
        size['n_inputs'] = 50
    net, _ = getattr(models, case.model)(names, seconds=case.seconds, precision=precision, **size)
    return net


def measure(case: Case, precision: str) -> tuple[list[str], list[list[str]], str]:
    """A row of the table of cases, rows of the table of kernels, and the kernels' use of the GPU."""
    net, dt = build(case, precision), float(b.defaultclock.dt_)
    step = net.timed/round(case.seconds/dt)
    moved = bytes_of_actions(net.compiled.program, net.activity, 8 if precision == 'float64' else 4)
    calls, total = round(net.profiled/dt), net.profile.total
    kernels = [[case.title, precision, entry.name, f'{1e6*entry.seconds/calls:.2f}', f'{entry.seconds/total:.1%}',
                *_bandwidth(moved.get(entry.name, 0.0), entry.seconds/calls)] for entry in net.profile]
    faster = dt/step
    target = '' if case.target is None else f'{case.target:g}: ' + ('met' if faster >= case.target else 'missed')
    row = [case.title, precision, f'{sum(net.activity.synapses.values())}', f'{1e6*step:.2f}', f'{faster:.2f}', target,
           *_bandwidth(sum(moved.values()), step)]
    return row, kernels, str(net.profile).partition('\n\n')[2]


def _bandwidth(moved: float, seconds: float) -> list[str]:
    return [f'{moved/1e3:.2f}', f'{moved/seconds/1e9:.1f}'] if moved else ['', '']


def choose(args: argparse.Namespace) -> Iterator[Case]:
    """The cases that are asked for."""
    for case in TINY if args.emulate else CASES:
        size = case.size if case.model != 'topographic_map' else 512*case.size**2
        if case.model in args.models and size <= args.most:
            yield case


def hardware(emulate: bool) -> str:
    """Choose the device, and name it."""
    if not emulate:
        return repr(b.device('cuda')._hardware)
    sys.path[:0] = [str(HERE.parent/'tests'), str(HERE.parent/'tests'/'cuda')]
    from emulated import Emulated

    b.device.use(Emulated())
    return 'an emulation on the processor: these figures say nothing of a GPU'


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = sorted({case.model for case in CASES})
    parser.add_argument('--models', nargs='+', choices=names, default=names)
    parser.add_argument('--most', type=int, default=10**9, help='neurons of the largest network')
    parser.add_argument('--precision', nargs='+', choices=['float64', 'float32'], default=['float64', 'float32'])
    parser.add_argument('--loop', choices=['device', 'host'], default='device', help='prefs.cuda_loop')
    parser.add_argument('--emulate', action='store_true', help='tiny, without a GPU')
    parser.add_argument('--append', action='store_true', help='append the tables to RESULTS.md')
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> str:
    """Measure, print the tables, and return them."""
    args = arguments(given)
    name = hardware(args.emulate)
    b.prefs.cuda_loop = args.loop
    rows, kernels, used = [], [], []
    for case in choose(args):
        for precision in args.precision:
            row, more, resources = measure(case, precision)
            rows.append(row)
            kernels += more
            used.append(f'{case.title}, {precision}\n{resources}')
            print('  '.join(row), flush=True)
    head = ['network', 'precision', 'synapses', 'us/step', 'x real time', 'target', 'kB/step', 'GB/s']
    parts = ['network', 'precision', 'part', 'us/step', 'share', 'kB/step', 'GB/s']
    when = f'{time.strftime("%Y-%m-%d %H:%M")}; {name}; loop on the {args.loop}; NumPy {np.__version__}.'
    text = '\n'.join(['### On a GPU', '', when, '', markdown([head, *rows]), '', markdown([parts, *kernels]), '',
                      '```text', *used, '```', ''])
    print(text)
    if args.append and not args.emulate:
        with RESULTS.open('a') as file:
            file.write('\n' + text)
    return text


if __name__ == '__main__':
    main()
