"""Digits with dense, static and rewired connections: the networks of `examples/sparse_digits.py`.

    python benchmarks/sparse_digits.py --epochs 20 --keep digits.jsonl --append
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / 'examples'))
import sparse_digits
from sparse_study import Study, main, result

from eqsnn import prefs


def one(case: str, seed: int, epochs: int) -> dict[str, Any]:
    """Train one network, on one thread."""
    prefs.threads = 1
    found = sparse_digits.study(case, seed, epochs)
    return result(case, seed, found.trainer, found.score, [found.inputs, found.recurrent])


STUDY = Study(
    'Digits, dense and sparse',
    f'{sparse_digits.n_hidden} recurrent neurons; 360 test digits a seed; input and recurrent synapses are counted. '
    'Learning rates follow the connectivity: 5e-3, 1e-2 and 2e-2.', one, list(sparse_digits.CASES),
    [('DEEP R 5 %', 'dense'), ('static 5 %', 'dense'), ('DEEP R 5 %', 'static 5 %'), ('DEEP R 1 %', 'static 1 %'),
     ('DEEP R 1 %', 'dense')],
)

if __name__ == '__main__':
    main(STUDY)
