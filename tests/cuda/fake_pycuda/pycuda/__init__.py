"""PyCUDA without a GPU: the calls that eqsnn makes, with the signatures and errors of PyCUDA 2026.1, over the emulation."""
