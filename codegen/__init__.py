"""From symbolic models to programs: the kernel IR, lowering to it, passes over it, and the targets."""
