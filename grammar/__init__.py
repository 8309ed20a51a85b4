"""The language: texts, their syntax tree, their errors. Nothing here knows what a name or a unit means."""
