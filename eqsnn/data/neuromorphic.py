"""Published sets of neuromorphic data, read by the library tonic from files that are already there.

Nothing is fetched unless ``download=True`` is given, where there is a network; files then go to a folder of ``root``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from ..grammar import errors
from ..optional import require
from ..units import ms
from .events import from_events
from .spikes import SpikeData
from .validation import Int64

Part = Literal["train", "valid", "test"]

SHD_TEST_SPEAKERS: Final = (4, 5)  # of the twelve, those who speak in the test set alone
DVS_TEST_USERS: Final = tuple(range(24, 30))  # of the 29


def shd(
    root: str | Path, train: bool = True, *, duration: Any = None, dt: Any = None, download: bool = False
) -> SpikeData:
    """Spiking Heidelberg Digits: 700 channels of a model of the ear, digits 0 to 9 in German and English, 12 speakers.

    B. Cramer, Y. Stradmann, J. Schemmel and F. Zenke (2022), IEEE Trans. Neural Netw. Learn. Syst. 33:2744. The
    published split: 8156 examples to train and 2264 to test; two of the speakers, 4 and 5, are in the test set alone.
    Groups are speakers. For validation, leave one speaker of the training set out at a time, ``folds_by_group(train)``,
    as Nowotny, Turner & Knight (2022, arXiv 2212.01232) do.

    ``duration`` (by default until the latest spike, 1.4 s) and ``dt`` as in `from_events`.

    :raises BuildError: E875, tonic is not installed; E880, files are not there; E881, they cannot be fetched or read.
    :raises StateError: E792, the speakers are not those published; others as `from_events`.
    """
    dataset = _open("SHD", root, download, train=train)
    speakers = _numbers(dataset.speaker)
    if train:
        _check_apart("SHD", speakers, SHD_TEST_SPEAKERS, "speaker")
    return from_events(dataset, duration=duration, dt=dt, groups=speakers)


def ssc(
    root: str | Path, part: Part = "train", *, duration: Any = None, dt: Any = None, download: bool = False
) -> SpikeData:
    """Spiking Speech Commands: 700 channels of a model of the ear, 35 words, many speakers.

    Cramer et al. (2022), from the Speech Commands of P. Warden. The published split has a part for validation: 75466
    examples to train, 9981 to validate, 20382 to test. Groups are speakers. Parameters and errors as in `shd`; E793: no
    such part.
    """
    if part not in get_args(Part):
        hint = f"parts are {', '.join(get_args(Part))}"
        raise errors.StateError("E793", f"SSC has no part {part!r}.", place="ssc", hint=hint)
    dataset = _open("SSC", root, download, split=part)
    speakers = getattr(dataset, "speaker", getattr(dataset, "_speaker", None))  # not public in tonic 1.7
    return from_events(dataset, duration=duration, dt=dt, groups=None if speakers is None else _numbers(speakers))


def dvs_gesture(
    root: str | Path, train: bool = True, *, downsample: int = 4, merge_polarities: bool = False, duration: Any = None,
    dt: Any = 1 * ms, threshold: int = 1, download: bool = False,
) -> SpikeData:  # fmt: skip
    """DVS Gesture: 11 gestures of hands and arms of 29 people, seen by an event camera of 128 by 128 pixels.

    A. Amir et al. (2017), CVPR, p. 7243. The published split: users 1 to 23 to train and 24 to 29 to test. Groups are
    users, and examples come by user, light and gesture. For validation, leave three users of the training set out at a
    time, ``folds_by_group(train, 3)``, as Knight, Senk & Nowotny (2025, arXiv 2510.19764) do.

    ``downsample=4`` gives their 32 by 32 by 2 units. Times have a precision of a millisecond in tonic's files, so a
    unit spikes once in a step of 1 ms. The other parameters as in `from_events`.

    :raises BuildError: E875, tonic is not installed; E880, files are not there; E881, they cannot be fetched or read.
    :raises StateError: E792, the users are not those published; others as `from_events`.
    """
    dataset = _open("DVSGesture", root, download, train=train)
    users = _numbers(dataset.users)
    _check_apart("DVS Gesture", users, DVS_TEST_USERS if train else range(1, 24), "user")
    # The files are found in the order of the file system.
    order = np.lexsort((np.asarray(dataset.targets), np.asarray(dataset.lighting), users))
    return from_events(
        dataset, downsample=downsample, merge_polarities=merge_polarities, duration=duration, dt=dt,
        threshold=threshold, groups=users, order=order,
    )  # fmt: skip


def nmnist(
    root: str | Path, train: bool = True, *, first_saccade_only: bool = False, downsample: int = 1,
    merge_polarities: bool = False, duration: Any = None, dt: Any = 1 * ms, threshold: int = 1, download: bool = False,
) -> SpikeData:  # fmt: skip
    """N-MNIST: the 60000 and 10000 digits of MNIST, seen by an event camera of 34 by 34 pixels in three saccades.

    G. Orchard, A. Jayawant, G. K. Cohen and N. Thakor (2015), Front. Neurosci. 9:437. The published split is that of
    MNIST. Examples come by class: shuffle them. For validation, Knight, Senk & Nowotny (2025, arXiv 2510.19764) take
    10000 of the training set at random: ``split(train, (5/6, 1/6), by='example')``. They leave the pixels as they are.

    The other parameters as in `from_events`, errors as in `dvs_gesture`.
    """
    dataset = _open("NMNIST", root, download, train=train, first_saccade_only=first_saccade_only)
    return from_events(
        dataset, downsample=downsample, merge_polarities=merge_polarities, duration=duration, dt=dt, threshold=threshold
    )


def _open(name: str, root: str | Path, download: bool, **arguments: Any) -> Any:
    """A data set of tonic, which by itself would fetch files that it does not find.

    :raises BuildError: E875, tonic is not installed; E880, files are not there; E881, they cannot be fetched or read.
    """
    original = getattr(require("tonic.datasets", f"the data set {name}"), name)
    folder = Path(root).expanduser() / name

    def refuse(dataset: Any) -> None:
        hint = f"call it with download=True where there is a network, or copy that folder to {folder}"
        raise errors.BuildError("E880", f"the data set {name} is not in {folder}.", place=name, hint=hint)

    kind = original if download else type(name, (original,), {"download": refuse})  # tonic's folder is that name
    try:
        return kind(str(root), **arguments)
    except (OSError, RuntimeError) as error:
        doing = "fetched or read" if download else "read"
        hint = "is there a network, and room on the disk?" if download else f"remove {folder}, and get it anew"
        message = f"the data set {name} cannot be {doing}: {error}"
        raise errors.BuildError("E881", message, place=name, hint=hint) from error


def _numbers(who: Any) -> Int64:
    """Groups as whole numbers: those given, or where they are names, the places of these in the alphabet."""
    found = np.asarray(who)
    if found.dtype.kind in "iu":
        return found.astype(np.int64)
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def _check_apart(name: str, found: Int64, others: npt.ArrayLike, what: str) -> None:
    """Check that nobody is here who belongs to the other part of the published split.

    :raises StateError: E792.
    """
    both = np.intersect1d(found, others)
    if both.size:
        message = f"{what} {both[0]} belongs to the other part of the published split of {name}."
        raise errors.StateError("E792", message, place=name, hint="these are not the published files: get them anew")
