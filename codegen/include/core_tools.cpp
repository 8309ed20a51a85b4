// The second unit of the core library: what neither creates nor removes synapses.
#include "core/random.cpp"    // arrays of random numbers
#include "core/inspect.cpp"   // orders, sizes, invariants
#include "core/events.cpp"    // delayed spikes
#include "core/run.cpp"       // what the step loop needs rarely
#include "core/sampling.cpp"  // random samples of pairs
#include "core/matching.cpp"  // random matchings
#include "core/order.cpp"     // ranks and quantiles
#include "core/lanes.cpp"     // the copies of a batch, side by side
