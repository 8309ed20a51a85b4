"""e-prop derived from a network's own equations (Bellec et al. 2020, Nat. Commun. 11:3625).

`neurons.linearise` differentiates the update that the compiler generates for a group, with its threshold and reset;
`synapses.drives` what a spike adds to a neuron, by the weight. `backward` makes of both a sweep from the end of a
trial to its beginning (the adjoint), `forward` the traces of each synapse that do the same the other way (the plain
reference).
"""
