"""A host emulation of the CUDA execution model: kernels compiled by g++, run as fibres in a shuffled order.

`driver`    the device that tests use: memory, modules, launches, and `check_deterministic`
`memory`    its buffers, between red zones and forbidden pages
`build`     g++ and the cache
`nvcc`      nvcc, where there is one: what runs here must be CUDA for it, too
`include/`  CUDA C++ for g++ (force-included), and cooperative_groups.h
`runtime/`  the machine: fibres, the grid's scheduler, barriers, warps, shared memory, faults, data races
`kernels/`  what the tests run

Threads give way at barriers, exchanges of a warp, some of their atomic operations, ``__nanosleep`` and ``EQSNN_YIELD()``, and
nowhere else; plain loads and stores in between are seen with ``EmulatedDevice(races=True)`` alone. What is stricter than a
device: a barrier of a block that a thread has left, or that threads reach at different lines, and a shuffle whose mask
names lanes that have exited, are errors; ``__activemask()`` is the calling lane alone. What is laxer: registers, static
shared memory and the order of memory operations have no limits here.
"""
