"""Python's mirror of ``eqsnn/module.h``: the structs that a compiled module and the runtime share, field for field."""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_double,
    c_int32,
    c_int64,
    c_uint64,
    c_void_p,
)

CALLBACK = CFUNCTYPE(c_int32, c_int32)

FAULT_MEMORY, FAULT_NOT_FINITE, FAULT_PYTHON, FAULT_TOO_MANY = 1, 2, 3, 4


class Buffer(Structure):
    """A growing block of memory."""

    _fields_ = (("data", c_void_p), ("bytes", c_int64), ("room", c_int64))


class SpikeList(Structure):
    """The neurons that had an event in one step."""

    _fields_ = (("index", c_void_p), ("count", c_int32), ("room", c_int32))


class SpikeRing(Structure):
    """Lists of events of the last ``depth`` steps."""

    _fields_ = (
        ("lists", POINTER(SpikeList)), ("depth", c_int64), ("n", c_int64),
        ("flags", c_void_p), ("lastspike", c_void_p), ("not_refractory", c_void_p),
    )  # fmt: skip


class Generator(Structure):
    """Events given beforehand."""

    _fields_ = (("step", c_void_p), ("index", c_void_p), ("n", c_int64), ("position", c_int64), ("period", c_int64))


class Pathway(Structure):
    """Which events a pathway hears, and when they arrive."""

    _fields_ = (
        ("ring", POINTER(SpikeRing)), ("delays", c_void_p), ("n_delays", c_int64),
        ("start", c_int32), ("stop", c_int32), ("marks", c_void_p), ("n_marks", c_int64), ("queue", c_void_p),
    )  # fmt: skip


class Recorder(Structure):
    """What a monitor has taken down."""

    _fields_ = (
        ("count", c_int64), ("index", c_void_p), ("serial", c_void_p), ("slot", c_void_p), ("tally", c_void_p),
        ("events", c_int64),
        ("step", Buffer), ("id", Buffer), ("value", Buffer),
    )  # fmt: skip


class Clock(Structure):
    """A clock: its period in ticks, and where it is."""

    _fields_ = (("period", c_int64), ("step", c_int64), ("dt", c_double), ("t", c_double), ("draw", c_int64))


class Fault(Structure):
    """What stopped a run."""

    _fields_ = (("code", c_int32), ("action", c_int32), ("index", c_int64))


PAUSE_FULL, PAUSE_CALL, PAUSE_ROOM = 1, 2, 3


class Wanted(Structure):
    """Room that an action on a device wants before it can go on."""

    _fields_ = (("projection", c_int32), ("kind", c_int32), ("amount", c_int64))


class Context(Structure):
    """Everything a run works on."""

    _fields_ = (
        ("arrays", POINTER(c_void_p)), ("sizes", POINTER(c_int64)),
        ("arguments", POINTER(c_double)), ("computed", POINTER(c_double)),
        ("columns", POINTER(c_int32)), ("projections", POINTER(c_void_p)), ("rings", POINTER(POINTER(SpikeRing))),
        ("generators", POINTER(POINTER(Generator))), ("pathways", POINTER(POINTER(Pathway))),
        ("recorders", POINTER(POINTER(Recorder))), ("clocks", POINTER(Clock)), ("keys", POINTER(c_uint64)),
        ("draws", POINTER(c_void_p)), ("scratch", c_void_p * 3), ("sums", c_void_p), ("widest", c_int64),
        ("sample", Buffer * 3), ("asides", POINTER(Buffer)), ("wide", Buffer * 4), ("shortfall", c_int64),
        ("seconds", POINTER(c_double)), ("calls", POINTER(c_int64)), ("callback", CALLBACK), ("tick_dt", c_double),
        ("tick", c_int64), ("end", c_int64), ("seed", c_uint64), ("origin", c_int64),
        ("threads", c_int32), ("profile", c_int32), ("n_clocks", c_int32), ("n_keys", c_int32),
        ("stop", c_int32), ("n_recorders", c_int32), ("fault", Fault), ("arrived", c_void_p),
        ("moment", c_int64), ("ends", c_uint64), ("resume", c_int32), ("pause", c_int32), ("wanted", Wanted),
    )  # fmt: skip


class LaneTable(Structure):
    """Several networks of one program, which run side by side."""

    _fields_ = (
        ("lanes", POINTER(POINTER(Context))), ("rooms", POINTER(POINTER(Context))), ("n", c_int64),
        ("tick", c_int64), ("end", c_int64), ("failed", c_int64),
        ("setup", c_void_p), ("run", c_void_p), ("callback", CALLBACK), ("threads", c_int32), ("unused", c_int32),
    )  # fmt: skip
