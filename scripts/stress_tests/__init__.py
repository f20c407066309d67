"""Stress tests: break a real server on purpose and check that it keeps its guarantees. `scripts/stress` runs them."""
