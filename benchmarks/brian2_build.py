"""Build one model with Brian2's cpp_standalone; runs in the environment that has Brian2.

    python brian2_build.py MODEL DIRECTORY PRECISION OPTIONS       (options of the model as JSON)

Brian2's compiler settings stay as it ships them. The binary DIRECTORY/main can then be run again and again.
"""

from __future__ import annotations

import json
import sys

import brian2
from models import MODELS


def main() -> None:
    """Generate the code and compile it, without running it."""
    model, directory, precision, options = sys.argv[1:]
    brian2.prefs.core.default_float_dtype = {'float64': brian2.float64, 'float32': brian2.float32}[precision]
    brian2.set_device('cpp_standalone', build_on_run=False)
    MODELS[model](brian2, **json.loads(options))
    brian2.device.build(directory=directory, compile=True, run=False)
    prefs = brian2.prefs
    flags = prefs.codegen.cpp.extra_compile_args_gcc
    print(json.dumps({'flags': ' '.join(flags), 'threads': max(1, prefs.devices.cpp_standalone.openmp_threads)}))


if __name__ == '__main__':
    main()
