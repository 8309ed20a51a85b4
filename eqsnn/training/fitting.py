"""Epochs: batches in shuffled order, validation, progress, checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .. import seeds
from ..grammar import errors
from .checkpoint import exists, load, save
from .records import Epoch, History

if TYPE_CHECKING:
    from ..data import SpikeData
    from .eprop import Batch, EProp


def fit(
    trainer: EProp, train: SpikeData, epochs: int, validation: SpikeData | None, folder: Path | None,
    report: str | None, shuffle: bool, after_batch: Callable[[EProp, Batch], None] | None,
) -> History:  # fmt: skip
    """See `EProp.fit`."""
    if report not in (None, "text"):
        raise errors.NameError("E324", f"report is 'text' or None, not {report!r}.")
    if folder is not None and exists(folder):
        load(trainer, folder)
    try:
        while trainer.epochs < epochs:
            trainer.history.append(_epoch(trainer, train, validation, report, shuffle, after_batch))
            trainer.epochs += 1
            if folder is not None:
                save(trainer, folder)
    finally:
        trainer.engine.release()
    return trainer.history


def _epoch(
    trainer: EProp, train: SpikeData, validation: SpikeData | None, report: str | None, shuffle: bool,
    after_batch: Callable[[EProp, Batch], None] | None,
) -> Epoch:  # fmt: skip
    began = perf_counter()
    order = (seeds.current_seed(), trainer.epochs) if shuffle else None
    chunks = list(train.batches(trainer.batch_size, seed=order))
    done: list[tuple[Batch, int]] = []
    with _progress(report, f"epoch {trainer.epochs + 1}", len(chunks)) as bar:
        for chunk in chunks:
            batch = trainer.train_batch(train, chunk)
            done.append((batch, len(chunk)))
            if after_batch is not None:
                after_batch(trainer, batch)
            bar.show(_mean(done, "loss"), _mean(done, "accuracy"), sum(b.rewired for b, _ in done))
    judged = None if validation is None else trainer.evaluate(validation)
    return Epoch(
        epoch=trainer.epochs + 1,
        batches=len(chunks),
        loss=_mean(done, "loss") or 0.0,
        accuracy=_mean(done, "accuracy"),
        validation_loss=None if judged is None else judged.loss,
        validation_accuracy=None if judged is None else judged.accuracy,
        rewired=sum(batch.rewired for batch, _ in done),
        synapses=sum(len(projection) for projection in trainer.plan.projections),
        rate=_mean(done, "rate") or 0.0,
        seconds=perf_counter() - began,
    )


def _mean(done: list[tuple[Batch, int]], name: str) -> float | None:
    """Mean over examples of a number of the batches."""
    values = [getattr(batch, name) for batch, _ in done]
    if not values or values[0] is None:
        return None
    return float(np.average(values, weights=[n for _, n in done]))


class _Bar(Protocol):
    def show(self, loss: float | None, accuracy: float | None, rewired: int) -> None: ...


class _Silent:
    def show(self, loss: float | None, accuracy: float | None, rewired: int) -> None:
        pass


class _Text:
    """A progress bar that says how it goes."""

    def __init__(self, bar: Any) -> None:
        self.bar = bar

    def show(self, loss: float | None, accuracy: float | None, rewired: int) -> None:
        """One more batch is done."""
        told = {"loss": f"{loss:.4f}"}
        if accuracy is not None:
            told["accuracy"] = f"{100 * accuracy:.1f} %"
        if rewired:
            told["rewired"] = str(rewired)
        self.bar.set_postfix(told, refresh=False)
        self.bar.update()


@contextmanager
def _progress(report: str | None, title: str, total: int) -> Iterator[_Bar]:
    if report is None:
        yield _Silent()
        return
    from tqdm import tqdm

    with tqdm(total=total, desc=title, unit="batch") as bar:
        yield _Text(bar)
