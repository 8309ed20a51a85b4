"""What texts may mean: dimensions, types, scopes, and the checks of a model before anything is made of it."""
