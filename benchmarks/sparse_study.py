"""Studies of dense, static and rewired connections: several seeds of each case, means, exact tests of the differences.

A seed stands for a split of the data, initial weights, wiring and the order of examples; the data are the same in all
cases of a seed, which are compared seed by seed, by the exact Wilcoxon signed-rank test. With five seeds its least
two-sided p is 1/16. What is done is kept in a file (`--keep`), from which an interrupted study goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import wilcoxon

HERE = Path(__file__).parent
Runs = dict[tuple[str, int], dict[str, Any]]


@dataclass(frozen=True)
class Study:
    """What is compared: ``one(case, seed, epochs)`` trains a network and gives `result`."""

    title: str
    about: str
    one: Callable[[str, int, int], dict[str, Any]]
    cases: Sequence[str]
    pairs: Sequence[tuple[str, str]]


def result(case: str, seed: int, trainer: Any, score: Any, sparse: Sequence[Any]) -> dict[str, Any]:
    """What is kept of a training; ``sparse`` are the projections whose connectivity is compared."""
    history = trainer.history
    return {
        'case': case, 'seed': seed, 'epochs': len(history), 'test': score.accuracy, 'train': history[-1].accuracy,
        'validation': history.column('validation_accuracy'), 'rate': history[-1].rate,
        'synapses': sum(len(projection) for projection in sparse), 'rewired': sum(history.column('rewired')),
        'batches': trainer.batches, 'seconds': sum(history.column('seconds')),
    }


def run(study: Study, seeds: int, epochs: int, processes: int, keep: Path) -> Runs:
    """All that is not done yet, seed by seed; each result is written down as it comes."""
    lines = keep.read_text().splitlines() if keep.exists() else []
    done = {(r['case'], r['seed']): r for r in map(json.loads, lines) if r['epochs'] == epochs}
    todo = [(case, seed) for seed in range(1, seeds + 1) for case in study.cases if (case, seed) not in done]
    with ProcessPoolExecutor(processes, mp_context=get_context('spawn')) as pool:
        for future in as_completed([pool.submit(study.one, case, seed, epochs) for case, seed in todo]):
            found = future.result()
            done[found['case'], found['seed']] = found
            with keep.open('a') as file:
                file.write(json.dumps(found) + '\n')
            told = f"{100*found['test']:.1f} %, {found['seconds']:.0f} s"
            print(f"{found['case']}, seed {found['seed']}: {told}", flush=True)
    return done


def table(runs: Runs, study: Study, seeds: int) -> str:
    """Accuracies by case, and differences between cases."""
    columns = [f'seed {k}' for k in range(1, seeds + 1)]
    heads = ['network', 'synapses', *columns, 'mean %', 'sd', 'train %', 'Hz', 'rewired a batch']
    lines = [f"| {' | '.join(heads)} |", '|' + '---|'*len(heads)]
    accuracy = {case: np.array([100 * runs[case, k]['test'] for k in range(1, seeds + 1)]) for case in study.cases}
    for case in study.cases:
        mine = [runs[case, k] for k in range(1, seeds + 1)]
        cells = [case, f"{mine[0]['synapses']}", *(f'{x:.1f}' for x in accuracy[case])]
        cells += [f'{accuracy[case].mean():.2f}', f'{accuracy[case].std(ddof=1):.2f}']
        cells += [f"{100*np.mean([r['train'] for r in mine]):.1f}", f"{np.mean([r['rate'] for r in mine]):.0f}"]
        cells += [f"{np.mean([r['rewired']/r['batches'] for r in mine]):.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ['', '| difference | mean, points | exact Wilcoxon signed-rank, p (two-sided) |', '|---|---|---|']
    for a, b in study.pairs:
        difference = accuracy[a] - accuracy[b]
        p = wilcoxon(difference, method='exact').pvalue if np.any(difference) else 1.0
        lines.append(f'| {a} − {b} | {difference.mean():+.2f} | {p:.4f} |')
    return '\n'.join(lines)


def main(study: Study) -> None:
    """Read the options, run the study, print its table."""
    parser = argparse.ArgumentParser(description=f'{study.title}: {study.about}')
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument('--epochs', type=int, required=True)
    parser.add_argument('--processes', type=int, default=1)
    parser.add_argument('--keep', type=Path, required=True, help='file of results, from which a study goes on')
    parser.add_argument('--append', action='store_true', help='append the table to RESULTS.md')
    given = parser.parse_args()
    runs = run(study, given.seeds, given.epochs, given.processes, given.keep)
    text = (
        f'\n### {study.title}, {given.seeds} seeds\n\n'
        f"{time.strftime('%Y-%m-%d %H:%M')}; {os.cpu_count()} cores, Linux, Python {platform.python_version()}; "
        f'one thread a network; float32; {given.epochs} epochs.\n{study.about}\n\n'
        f'{table(runs, study, given.seeds)}\n'
    )
    print(text)
    if given.append:
        with (HERE / 'RESULTS.md').open('a') as file:
            file.write(text)
