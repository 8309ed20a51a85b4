"""Running programs: the compiler and its cache, the storage of synapses, and sessions of the compiled step loop."""
