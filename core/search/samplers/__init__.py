"""One file per way of choosing points: a frozen value with `ask` (`search.protocol.Sampler`)."""
