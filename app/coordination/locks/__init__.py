"""Locks between processes, on one machine (`local`) or several (`redis`)."""
