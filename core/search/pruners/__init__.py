"""One file per rule for giving up early: a frozen value that judges curves (`search.protocol.Pruner`)."""
