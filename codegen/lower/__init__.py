"""Symbolic tasks to kernels: one file for each family of tasks."""
