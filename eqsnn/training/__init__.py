"""Training the weights of spiking networks: e-prop from the equations, optimisers as rules, trials in lanes."""
