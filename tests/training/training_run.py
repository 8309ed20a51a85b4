"""A training that another process runs, and may be killed in: ``python training_run.py FOLDER FEEDBACK KILL_AFTER``.

It writes everything that came of it to ``FOLDER/after.npz``.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
from small import data, parts, trainer

import eqsnn
from eqsnn import Adam, EProp, StructuralPlasticity
from eqsnn.identities import identities_of

EPOCHS, BATCH = 4, 4
REWIRE = """
    for each synapse:
        remove synapse if rand() < 0.1
    for each pair in sample(5):
        create synapse(w=0.2*randn()) if not connected
"""
ACCOUNT = """
    for each pair in sample(3):
        n_looked += 1
"""


def build(feedback: str) -> tuple[EProp, dict[str, Any]]:
    """The network, noisy, rewired as it learns, also where nothing is learned."""
    eqsnn.defaultclock.dt = 1 * eqsnn.ms
    eqsnn.seed(3)
    made = parts("dv/dt = -v/(20*ms) + 0.2*xi*(20*ms)**-0.5 : 1\nn_looked : integer (shared)", method="euler", density=0.6, recurrent=False)
    made["fixed"] = eqsnn.Synapses(made["hidden"], made["hidden"], "w : 1", on_pre="v_post += w", name="fixed")
    made["fixed"].connect("i != j", p=0.5)
    made["fixed"].w = 0.1
    for name in ("input", "readout", "fixed"):
        account = ACCOUNT if name == "input" else ""
        StructuralPlasticity(made[name], REWIRE + account, when="after_batch", name=f"rewire_{name}")
    return trainer(made, batch_size=BATCH, optimiser=Adam(0.02), feedback=feedback), made


def everything(found: EProp, made: dict[str, Any]) -> dict[str, np.ndarray]:
    """All that the next batch depends on, and what the last ones came to."""
    result = {f"{n}/{k}": v for n in ("input", "readout", "fixed") for k, v in identities_of(made[n]).items()}
    rows = [(e.epoch, e.loss, e.accuracy, e.validation_loss, e.rewired, e.synapses, e.rate) for e in found.history]
    changes = [(rule.created, rule.removed, rule.refused) for rule in found.plan.rules]
    changes.append((int(made["hidden"].n_looked[:].flat[0]), 1, 1))
    random = np.array(eqsnn.seeds.state(), np.uint64)
    return {**result, "rows": np.array(rows, float), "y": found.outputs(data(5)), "changes": np.array(changes), "seed": random}


def main(folder: Path, feedback: str, kill_after: int) -> None:
    """Train, and die in the middle of an epoch where that is wanted."""
    found, made = build(feedback)

    def maybe(trainer: EProp, batch: Any) -> None:
        if trainer.batches == kill_after:
            os.kill(os.getpid(), signal.SIGKILL)

    found.fit(data(10), EPOCHS, data(5, seed=8), checkpoint=folder / "checkpoint", after_batch=maybe)
    np.savez(folder / "after.npz", **everything(found, made))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
