"""Running programs on a CUDA device, or on what behaves like one."""
