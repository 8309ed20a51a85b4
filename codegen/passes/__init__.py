"""Passes over the kernel IR: one a file, run in the order that `pipeline` lists."""
