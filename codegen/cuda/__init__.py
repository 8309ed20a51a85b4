"""The CUDA target: the same IR, spread over the threads of a device."""
