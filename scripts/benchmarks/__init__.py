"""Measurements of PicHub beside its peers, in turn and in one run; `scripts/bench` runs them."""
