"""Models in symbolic form: right sides as SymPy expressions, methods of integration, simplification, derivatives."""
