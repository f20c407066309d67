"""Rate limits: policies, and limiters that count against them."""
