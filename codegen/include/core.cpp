// The core library: compiled once for a machine, loaded before every generated module, which calls it by its C names.
// One unit, since its parts are small and share their templates.
#include "core/random.cpp"   // arrays of random numbers
#include "core/ragged.cpp"   // building projections, single changes
#include "core/changes.cpp"  // staged changes
#include "core/inspect.cpp"  // orders, sizes, invariants
#include "core/events.cpp"   // delayed spikes
#include "core/run.cpp"     // what the step loop needs rarely
#include "core/sampling.cpp"  // random samples of pairs
