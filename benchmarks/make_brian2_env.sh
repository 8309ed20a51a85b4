#!/bin/sh
# Make the environment in which the benchmarks run Brian2, apart from ours: Brian2 2.9.0 needs numpy < 2.4.
# Usage: benchmarks/make_brian2_env.sh [directory]      (default: benchmarks/.venv, where side_by_side.py looks)
set -eu
directory=${1:-$(dirname "$0")/.venv}
python3 -m venv "$directory"
"$directory/bin/pip" install --quiet 'brian2==2.9.0' 'numpy<2.4' scipy setuptools cython
"$directory/bin/python" -c 'import brian2; print("Brian2", brian2.__version__)'
echo "export EQSNN_BRIAN2_PYTHON=$(cd "$directory" && pwd)/bin/python"
