"""Stand-ins for the compiled part, so that these tests need no compiler."""

import numpy as np

from eqsnn.neurongroup import NeuronGroup


class Evaluated(NeuronGroup):
    """A group whose texts are evaluated by Python, with numbers in SI base units."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.add_attribute("calls", [])

    def evaluate_text(self, text, indices, title):
        chosen = np.arange(len(self)) if indices is None else indices
        names = {name: np.broadcast_to(self.store[name], (len(self),))[chosen] for name in self.model.variables
                 if name in self.store}
        value = eval(text.replace(" and ", " & "), {"i": chosen, "mV": 1e-3, "np": np, **names})
        return np.broadcast_to(value, chosen.shape).copy()

    def assign_text(self, name, operator, text, indices, title):
        self.calls.append((name, operator, text, indices, title))
        values = self.evaluate_text(text, indices, title)
        old = self.read_state(name, indices)
        self.write_state(name, indices, {"=": values, "+=": old + values}[operator])


class FakeRecording:
    """What `eqsnn.runtime.recording.Recording` offers, filled by hand."""

    def __init__(self, steps, ids=(), columns=(), tally=(), dt=1e-4):
        self._steps, self._ids = np.asarray(steps, np.int64), np.asarray(ids, np.int32)
        self._columns, self._tally, self._dt = columns, np.asarray(tally, np.int64), dt

    @property
    def events(self):
        return len(self._ids)

    def times(self):
        return self._steps * self._dt

    def ids(self):
        return self._ids

    def values(self, column):
        return np.asarray(self._columns[column], float)

    def tally(self):
        return self._tally

    def begin(self, dt):
        self._dt = dt

    def clear(self):
        self._steps, self._ids = self._steps[:0], self._ids[:0]
