"""What came of training, epoch by epoch: kept in memory, and written to CSV and JSON as it goes."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Score:
    """Mean loss of an example and step; share of examples classified right (None where nothing is classified)."""

    loss: float
    accuracy: float | None
    examples: int

    def __str__(self) -> str:
        right = "" if self.accuracy is None else f", accuracy {100 * self.accuracy:.1f} %"
        return f"loss {self.loss:.4f}{right} ({self.examples} examples)"


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass through the training data.

    ``rewired`` counts synapses that rules have created; ``synapses`` those there are in learned projections;
    ``rate`` is the mean firing rate of hidden neurons in Hz.
    """

    epoch: int
    batches: int
    loss: float
    accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    rewired: int
    synapses: int
    rate: float
    seconds: float


class History:
    """The epochs of a training, oldest first: ``history[-1].accuracy``, ``history.column('loss')``."""

    def __init__(self, epochs: list[Epoch] | None = None) -> None:
        self._epochs = list(epochs or ())

    def append(self, epoch: Epoch) -> None:
        """Add the latest."""
        self._epochs.append(epoch)

    def column(self, name: str) -> list[float | int | None]:
        """One number of every epoch."""
        return [getattr(epoch, name) for epoch in self._epochs]

    def __len__(self) -> int:
        return len(self._epochs)

    def __getitem__(self, k: int) -> Epoch:
        return self._epochs[k]

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self._epochs)

    def write(self, folder: Path) -> None:
        """Write ``history.csv`` and ``history.json``."""
        names = [f.name for f in fields(Epoch)]
        rows = [asdict(epoch) for epoch in self._epochs]
        with (folder / "history.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
        (folder / "history.json").write_text(json.dumps(rows, indent=1) + "\n")

    def to_rows(self) -> list[dict[str, float | int | None]]:
        """Plain rows, as a checkpoint stores them."""
        return [asdict(epoch) for epoch in self._epochs]

    @classmethod
    def of_rows(cls, rows: list[dict[str, float | int | None]]) -> History:
        """From the rows of a checkpoint."""
        return cls([Epoch(**row) for row in rows])  # type: ignore[arg-type]

    def __repr__(self) -> str:
        if not self._epochs:
            return "History of no epoch"
        last = self._epochs[-1]
        return f"History of {len(self)} epochs; the last: {last}"
