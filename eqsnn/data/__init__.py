"""Spikes to train on: labelled examples, parts of them, numbers as spikes, tasks with a known answer, published sets.

    from eqsnn.data import digits, split

    train, valid, test = split(digits('latency'), (0.8, 0.1, 0.1), by='label', seed=1)

scikit-learn and tonic are imported when the first set that needs them is made: ``pip install 'eqsnn[data]'``.
"""

from .binning import Binned
from .digits import digits
from .encode import latency_code, linear_latency_code, poisson_code, regular_code
from .events import from_events
from .neuromorphic import DVS_TEST_USERS, SHD_TEST_SPEAKERS, dvs_gesture, nmnist, shd, ssc
from .spikes import SpikeData
from .splits import folds_by_group, hold_out, split
from .tasks import delayed_xor, evidence_accumulation, evidence_accuracy, yin_yang, yin_yang_class

__all__ = [
    "DVS_TEST_USERS",
    "SHD_TEST_SPEAKERS",
    "Binned",
    "SpikeData",
    "delayed_xor",
    "digits",
    "dvs_gesture",
    "evidence_accumulation",
    "evidence_accuracy",
    "folds_by_group",
    "from_events",
    "hold_out",
    "latency_code",
    "linear_latency_code",
    "nmnist",
    "poisson_code",
    "regular_code",
    "shd",
    "split",
    "ssc",
    "yin_yang",
    "yin_yang_class",
]
