"""Rate-based networks as Lava processes."""
