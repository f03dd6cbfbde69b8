"""Measurements beside the alternatives: `make bench`."""
