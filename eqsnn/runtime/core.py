"""The core library: the hand-written C++ that every compiled module calls, built once for a machine and kept."""

from __future__ import annotations

import ctypes
from ctypes import c_bool, c_int32, c_int64, c_uint32, c_uint64, c_void_p
from functools import cache
from pathlib import Path

from . import library, toolchain

INCLUDE = Path(__file__).resolve().parents[1] / "codegen" / "include"
"""Where the headers lie that generated modules include as ``"eqsnn/….h"``."""

_P, _FILL = c_void_p, (c_int64, c_uint64, c_uint32, c_uint32)
_FUNCTIONS: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "eqsnn_fill_uniform": (None, (_P, *_FILL)),
    "eqsnn_fill_uniform_f32": (None, (_P, *_FILL)),
    "eqsnn_fill_normal": (None, (_P, *_FILL)),
    "eqsnn_fill_normal_f32": (None, (_P, *_FILL)),
    "eqsnn_fill_uniform_at": (None, (_P, c_int64, *_FILL)),
    "eqsnn_fill_uniform_f32_at": (None, (_P, c_int64, *_FILL)),
    "eqsnn_fill_normal_at": (None, (_P, c_int64, *_FILL)),
    "eqsnn_fill_normal_f32_at": (None, (_P, c_int64, *_FILL)),
    "eqsnn_fail_allocation": (None, (c_int64,)),
    "eqsnn_ragged_new": (_P, (c_int32, c_int32, c_int32)),
    "eqsnn_ragged_free": (None, (_P,)),
    "eqsnn_ragged_add_column": (c_int32, (_P, c_int32, _P)),
    "eqsnn_ragged_index": (c_int32, (_P,)),
    "eqsnn_ragged_append": (c_int32, (_P, _P, _P, c_int64)),
    "eqsnn_ragged_create": (c_int32, (_P, c_int32, c_int32)),
    "eqsnn_ragged_remove": (c_int32, (_P, _P, c_int64)),
    "eqsnn_ragged_stage_removals": (c_int32, (_P, _P, c_int64)),
    "eqsnn_ragged_stage_pairs": (c_int32, (_P, _P, _P, c_int64)),
    "eqsnn_ragged_apply": (c_int32, (_P, c_int64)),
    "eqsnn_ragged_compact": (c_int32, (_P,)),
    "eqsnn_ragged_rooms": (c_int32, (_P, c_int64, c_int64)),
    "eqsnn_ragged_log_room": (c_int32, (_P, c_int64)),
    "eqsnn_ragged_adopt": (c_int32, (_P,)),
    "eqsnn_ragged_find": (c_int32, (_P, c_int32, c_int32)),
    "eqsnn_ragged_order": (c_int32, (_P, _P)),
    "eqsnn_ragged_row_major": (None, (_P, _P)),
    "eqsnn_ragged_bytes": (c_int64, (_P,)),
    "eqsnn_ragged_check": (c_int32, (_P,)),
    "eqsnn_events_push": (c_int32, (_P, _P, c_int32, c_int64, c_int64)),
    "eqsnn_buffer_free": (None, (_P,)),
    "eqsnn_ring_new": (_P, (c_int64, c_int64)),
    "eqsnn_ring_free": (None, (_P,)),
    "eqsnn_ring_deepen": (c_bool, (_P, c_int64, c_int64)),
    "eqsnn_ring_copy": (_P, (_P,)),
    "eqsnn_ring_clear": (None, (_P,)),
    "eqsnn_events_copy": (_P, (_P,)),
    "eqsnn_events_clear": (None, (_P,)),
    "eqsnn_lanes_run": (None, (_P,)),
    "eqsnn_events_new": (_P, (c_int64,)),
    "eqsnn_events_free": (None, (_P,)),
    "eqsnn_events_push_row": (c_int32, (_P, _P, c_int32, _P, c_int64)),
    "eqsnn_events_push_col": (c_int32, (_P, _P, c_int32, _P, c_int64)),
    "eqsnn_events_put": (c_int32, (_P, c_int64, _P, c_int64)),
    "eqsnn_events_done": (None, (_P, c_int64)),
    "eqsnn_events_lengthen": (c_int32, (_P, c_int64, c_int64)),
}


@cache
def load() -> ctypes.CDLL:
    """Return the core library, building it where that was not done yet; modules loaded later may use its symbols.

    :raises BuildError: as ``toolchain.build`` and ``library.load``.
    """
    units = {name: (INCLUDE / name).read_text() for name in ("core.cpp", "core_tools.cpp")}
    path = toolchain.build(units, include=INCLUDE, flags=("-pthread",), name="core")
    core = library.load(path, share_symbols=True)
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(core, name)
        function.restype, function.argtypes = result, arguments
    return core
