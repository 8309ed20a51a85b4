"""A host emulation of the CUDA execution model: kernels compiled by g++, run as fibres in a shuffled order."""
