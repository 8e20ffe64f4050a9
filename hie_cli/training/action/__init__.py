"""Training recognisers of actions: data, samples, fitting and what it leaves behind."""
