"""Engines: what runs a network. Each engine's package owns its heavy imports."""
