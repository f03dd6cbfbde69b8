"""One file a workload, each with a function `load`."""
