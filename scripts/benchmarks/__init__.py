"""Benchmarks of PicHub beside its peers, interleaved within one run. `scripts/bench` runs them."""
