"""Figures of wiring and of how it changes. Each function takes ``ax=None`` and returns the axes it drew on."""
