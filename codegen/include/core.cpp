// The core library: compiled once for a machine, loaded before every generated module, which calls it by its C names.
// Two units, which compile side by side: this one changes the synapse storage, core_tools.cpp has all else.
#include "core/ragged.cpp"   // building projections, single changes
#include "core/changes.cpp"  // staged changes
#include "core/adopt.cpp"    // changes made elsewhere
