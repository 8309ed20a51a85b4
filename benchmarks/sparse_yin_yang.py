"""Yin-Yang with dense, static and rewired input: the neurons of `examples/trained_from_equations.py`, with DEEP R.

    python benchmarks/sparse_yin_yang.py --epochs 10 --keep yin_yang.jsonl --append
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / 'examples'))
import trained_from_equations as example
from sparse_study import Study, main, result

from eqsnn import *
from eqsnn.data import yin_yang
from eqsnn.training.rewiring import deep_r, fixed_signs
from eqsnn.training.schedules import Cosine

CASES = {'dense': (1, False), 'static 40 %': (0.4, False), 'DEEP R 40 %': (0.4, True), 'static 20 %': (0.2, False),
         'DEEP R 20 %': (0.2, True)}
N_TRAIN, BATCH = 3000, 32


def build(case: str, seed_: int, batches: int) -> tuple[EProp, Synapses]:
    """The example's network, with a share of its input synapses."""
    start_scope()
    seed(seed_)
    defaultclock.dt = 0.5*ms
    connectivity, rewires = CASES[case]
    inputs, n_hidden = SpikeInput(5), example.n_hidden
    names = {name: getattr(example, name) for name in ('tau', 'tau_u', 'v_c', 'b', 'jump')}
    hidden = NeuronGroup(n_hidden, example.MODEL, threshold='v > 1', reset='v = 0; u += jump', method='euler',
                         namespace=names)
    readout = NeuronGroup(3, 'dy/dt = -y/(20*ms) : 1', method='exact')
    into = Synapses(inputs, hidden, 'w : 1 (learned)' + fixed_signs(), on_pre='v_post += w')
    out = Synapses(hidden, readout, 'w : 1 (learned)', on_pre='y_post += w')
    pairs = np.random.default_rng(seed_).choice(5*n_hidden, round(connectivity*5*n_hidden), replace=False)
    into.connect(i=pairs//n_hidden, j=pairs % n_hidden)
    out.connect()
    into.w, out.w = 'sgn*abs(randn())', 'randn()/sqrt(N_pre)'
    if rewires:
        StructuralPlasticity(into, deep_r(), when='after_batch')
    network = Network(inputs, hidden, readout, into, out, batch_size=BATCH, precision='float32')
    trainer = EProp(network, output=readout.y, optimiser=Adam(Cosine(5e-3, batches, 2.5e-4)),
                    l1={into: 0.01} if rewires else 0, pseudo_derivative=example.PSEUDO_DERIVATIVE)
    return trainer, into


def one(case: str, seed_: int, epochs: int) -> dict[str, Any]:
    """Train one network, on one thread."""
    prefs.threads = 1
    train, validation, test = (yin_yang(n, seed=(seed_, k)) for k, n in enumerate((N_TRAIN, 500, 1000)))
    trainer, into = build(case, seed_, epochs*-(-N_TRAIN//BATCH))
    trainer.fit(train, epochs, validation)
    return result(case, seed_, trainer, trainer.evaluate(test), [into])


STUDY = Study(
    'Yin-Yang, dense and sparse input',
    f'{example.n_hidden} neurons of a model of two variables, no recurrence; 1000 test points.', one, list(CASES),
    [('DEEP R 40 %', 'static 40 %'), ('DEEP R 20 %', 'static 20 %'), ('DEEP R 40 %', 'dense')],
)

if __name__ == '__main__':
    main(STUDY)
