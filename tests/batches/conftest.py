import pytest

from eqsnn.base import start_scope
from eqsnn.clocks import defaultclock
from eqsnn.prefs import prefs
from eqsnn.seeds import seed
from eqsnn.units import ms


@pytest.fixture(autouse=True)
def fresh_scope():
    """Every test starts as a script does."""
    start_scope()
    prefs.reset()
    seed(0)
    defaultclock.dt = 0.1 * ms
    defaultclock.step = 0
    yield
    start_scope()
    prefs.reset()
    defaultclock.dt = 0.1 * ms
    defaultclock.step = 0
