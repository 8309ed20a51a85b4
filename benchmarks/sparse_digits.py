"""Digits with dense, static and rewired connections: five seeds each, means, and exact tests of the differences.

    python benchmarks/sparse_digits.py --append           # with --seeds 5 --epochs 20 --processes 1

The networks are those of `examples/sparse_digits.py`. A seed stands for a split of the data, initial weights, wiring,
and the order of examples; splits are the same in all cases, which are compared seed by seed, by the exact Wilcoxon
signed-rank test. With five seeds its least two-sided p is 1/16. Settings were chosen by validation, with seed 1.
What is done is kept in a file (`--keep`), from which an interrupted study goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import wilcoxon

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / 'examples'))
PAIRS = [('DEEP R 5 %', 'dense'), ('static 5 %', 'dense'), ('DEEP R 5 %', 'static 5 %'), ('DEEP R 1 %', 'static 1 %'),
         ('DEEP R 1 %', 'dense')]
Runs = dict[tuple[str, int], dict[str, Any]]


def one(case: str, seed: int, epochs: int) -> dict[str, Any]:
    """Train one network, on one thread."""
    import sparse_digits

    from eqsnn import prefs

    prefs.threads = 1
    began = time.perf_counter()
    found = sparse_digits.study(case, seed, epochs)
    assert found.history is not None and found.score is not None
    last = found.history[-1]
    return {
        'case': case, 'seed': seed, 'epochs': epochs, 'test': found.score.accuracy, 'train': last.accuracy,
        'validation': found.history.column('validation_accuracy'), 'rate': last.rate,
        'synapses': len(found.inputs) + len(found.recurrent), 'rewired': sum(found.history.column('rewired')),
        'batches': found.trainer.batches, 'seconds': time.perf_counter() - began,
    }


def run(cases: list[str], seeds: int, epochs: int, processes: int, keep: Path) -> Runs:
    """All that is not done yet, seed by seed; each result is written down as it comes."""
    lines = keep.read_text().splitlines() if keep.exists() else []
    done = {(r['case'], r['seed']): r for r in map(json.loads, lines) if r['epochs'] == epochs}
    todo = [(case, seed) for seed in range(1, seeds + 1) for case in cases if (case, seed) not in done]
    with ProcessPoolExecutor(processes, mp_context=get_context('spawn')) as pool:
        for future in as_completed([pool.submit(one, case, seed, epochs) for case, seed in todo]):
            result = future.result()
            done[result['case'], result['seed']] = result
            with keep.open('a') as file:
                file.write(json.dumps(result) + '\n')
            told = f"{result['case']}, seed {result['seed']}: {100*result['test']:.1f} %, {result['seconds']:.0f} s"
            print(told, flush=True)
    return done


def table(runs: Runs, cases: list[str], seeds: int) -> str:
    """Accuracies by case, and differences between cases."""
    columns = [f'seed {k}' for k in range(1, seeds + 1)]
    heads = ['network', 'input + recurrent synapses', *columns, 'mean %', 'sd', 'train %', 'Hz', 'rewired a batch']
    lines = [f"| {' | '.join(heads)} |", '|' + '---|'*len(heads)]
    accuracy = {case: np.array([100 * runs[case, k]['test'] for k in range(1, seeds + 1)]) for case in cases}
    for case in cases:
        mine = [runs[case, k] for k in range(1, seeds + 1)]
        cells = [case, f"{mine[0]['synapses']}", *(f'{x:.1f}' for x in accuracy[case])]
        cells += [f'{accuracy[case].mean():.2f}', f'{accuracy[case].std(ddof=1):.2f}']
        cells += [f"{100*np.mean([r['train'] for r in mine]):.1f}", f"{np.mean([r['rate'] for r in mine]):.0f}"]
        cells += [f"{np.mean([r['rewired']/r['batches'] for r in mine]):.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ['', '| difference | mean, points | exact Wilcoxon signed-rank, p (two-sided) |', '|---|---|---|']
    for a, b in PAIRS:
        if a in accuracy and b in accuracy:
            difference = accuracy[a] - accuracy[b]
            p = wilcoxon(difference, method='exact').pvalue if np.any(difference) else 1.0
            lines.append(f'| {a} - {b} | {difference.mean():+.2f} | {p:.4f} |')
    return '\n'.join(lines)


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument('--epochs', type=int, default=20)
    parser.add_argument('--processes', type=int, default=1)
    parser.add_argument('--keep', type=Path, default=Path('sparse_digits.jsonl'))
    parser.add_argument('--append', action='store_true', help='append the table to RESULTS.md')
    given = parser.parse_args()
    import sparse_digits

    cases = list(sparse_digits.CASES)
    found = table(run(cases, given.seeds, given.epochs, given.processes, given.keep), cases, given.seeds)
    text = (
        f'\n### Digits, dense and sparse, {given.seeds} seeds\n\n'
        f"{time.strftime('%Y-%m-%d %H:%M')}; {os.cpu_count()} cores, Linux, Python {platform.python_version()}; "
        f'one thread a network; float32; {given.epochs} epochs, {sparse_digits.n_hidden} hidden neurons.\n\n{found}\n'
    )
    print(text)
    if given.append:
        with (HERE / 'RESULTS.md').open('a') as file:
            file.write(text)


if __name__ == '__main__':
    main()
