"""The handwritten digits that come with scikit-learn, as spikes: no network is needed."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from ..grammar import errors
from ..optional import require
from ..units import ms
from .encode import latency_code, poisson_code, regular_code
from .parameters import Seed
from .spikes import SpikeData

Code = Literal["latency", "poisson", "regular"]

_BRIGHTEST: Final = 16


def digits(code: Code = "latency", *, duration: Any = 100 * ms, seed: Seed = 0, **parameters: Any) -> SpikeData:
    """1797 handwritten digits of 8x8 pixels in ten classes, one unit a pixel, row by row.

    They are the test set of the "Optical Recognition of Handwritten Digits" of E. Alpaydin and C. Kaynak (1998, UCI
    Machine Learning Repository, doi 10.24432/C50P49), from 13 writers, who are not told apart. Pixels go from 0 to 16.

    ``code`` is ``'latency'`` (`latency_code`), ``'poisson'`` (`poisson_code`, the only one that draws from ``seed``) or
    ``'regular'`` (`regular_code`); ``parameters`` are those of the code. A digit has the same spikes, whichever part of
    a split it falls into::

        train, valid, test = split(digits('latency'), (0.8, 0.1, 0.1), by='label', seed=1)

    :raises BuildError: E875, scikit-learn is not installed. :raises StateError: E789, no such code; others as the code.
    """
    if code not in get_args(Code):
        hint = f"codes are {', '.join(get_args(Code))}"
        raise errors.StateError("E789", f"there is no code {code!r}.", place="digits", hint=hint)
    bundled = require("sklearn.datasets", "the bundled set of digits", install="scikit-learn").load_digits()
    values, labels = bundled.data / _BRIGHTEST, bundled.target
    names = tuple(str(name) for name in bundled.target_names)
    match code:
        case "latency":
            return latency_code(values, labels, duration=duration, names=names, **parameters)
        case "poisson":
            return poisson_code(values, labels, duration=duration, names=names, seed=seed, **parameters)
        case "regular":
            return regular_code(values, labels, duration=duration, names=names, **parameters)
