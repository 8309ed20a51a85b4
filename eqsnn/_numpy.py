"""The NumPy names that ``from eqsnn import *`` brings, as Brian2 does: what a script computes and plots with.

Python's own ``abs``, ``min``, ``max``, ``sum``, ``round``, ``any`` and ``all`` stay Python's; all of them, and every
function here, work on quantities.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import (
    allclose,
    angle,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    argmax,
    argmin,
    argsort,
    array_equal,
    asarray,
    atleast_1d,
    atleast_2d,
    average,
    bincount,
    ceil,
    clip,
    column_stack,
    concatenate,
    convolve,
    corrcoef,
    correlate,
    cos,
    cosh,
    cov,
    cumprod,
    cumsum,
    diag,
    diff,
    digitize,
    dot,
    empty,
    exp,
    expm1,
    eye,
    flatnonzero,
    floor,
    full,
    gradient,
    histogram,
    histogram2d,
    hstack,
    hypot,
    identity,
    imag,
    inf,
    interp,
    isclose,
    isfinite,
    isin,
    isinf,
    isnan,
    linspace,
    log,
    log1p,
    log2,
    log10,
    logical_and,
    logical_not,
    logical_or,
    logspace,
    maximum,
    mean,
    median,
    meshgrid,
    minimum,
    mod,
    nan,
    nanmax,
    nanmean,
    nanmin,
    nanstd,
    nansum,
    newaxis,
    nonzero,
    ones,
    ones_like,
    outer,
    percentile,
    pi,
    polyfit,
    prod,
    quantile,
    ravel,
    real,
    repeat,
    reshape,
    roll,
    searchsorted,
    sign,
    sin,
    sinh,
    sort,
    split,
    sqrt,
    squeeze,
    stack,
    std,
    tan,
    tanh,
    tile,
    trace,
    transpose,
    tril,
    triu,
    unique,
    var,
    vstack,
    where,
    zeros,
    zeros_like,
)
from numpy.random import permutation, rand, randint, randn, shuffle, uniform

from .units import _gather, _holds_quantity

__all__ = [  # noqa: RUF022 - one name a line would be a page
    "allclose", "angle", "arange", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax",
    "argmin", "argsort", "array", "array_equal", "asarray", "atleast_1d", "atleast_2d", "average", "bincount", "ceil",
    "clip", "column_stack", "concatenate", "convolve", "corrcoef", "correlate", "cos", "cosh", "cov", "cumprod",
    "cumsum", "diag", "diff", "digitize", "dot", "empty", "exp", "expm1", "eye", "flatnonzero", "floor", "full",
    "gradient", "histogram", "histogram2d", "hstack", "hypot", "identity", "imag", "inf", "interp", "isclose",
    "isfinite", "isin", "isinf", "isnan", "linspace", "log", "log10", "log1p", "log2", "logical_and", "logical_not",
    "logical_or", "logspace", "maximum", "mean", "median", "meshgrid", "minimum", "mod", "nan", "nanmax", "nanmean",
    "nanmin", "nanstd", "nansum", "newaxis", "nonzero", "np", "ones", "ones_like", "outer", "percentile",
    "permutation", "pi", "polyfit", "prod", "quantile", "rand", "randint", "randn", "ravel", "real", "repeat",
    "reshape", "roll", "searchsorted", "shuffle", "sign", "sin", "sinh", "sort", "split", "sqrt", "squeeze", "stack",
    "std", "tan", "tanh", "tile", "trace", "transpose", "tril", "triu", "uniform", "unique", "var", "vstack", "where",
    "zeros", "zeros_like",
]  # fmt: skip


def array(values: Any, *args: Any, **kwargs: Any) -> Any:
    """Make an array, as `numpy.array`; a list of quantities gives a quantity: ``array([1*mV, 20*uV])``."""
    if isinstance(values, list | tuple) and _holds_quantity(values):
        values = _gather(values)
    return np.array(values, *args, **kwargs, subok=True)


def arange(*bounds: Any, **kwargs: Any) -> Any:
    """Evenly spaced values, as `numpy.arange`; the bounds may be quantities: ``arange(0*ms, 10*ms, 0.1*ms)``."""
    if not any(_holds_quantity([bound]) for bound in bounds):
        return np.arange(*bounds, **kwargs)
    step = bounds[2] if len(bounds) == 3 else _one_like(bounds[-1])
    return np.arange(*[bound / step for bound in bounds], **kwargs) * step


def _one_like(bound: Any) -> Any:
    """Return one of the unit of ``bound``: what `arange` steps by when nothing is said."""
    return bound.__class__(1, bound.unit)
