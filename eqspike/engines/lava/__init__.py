"""Loihi's own language: the network as Lava processes, run in a child process of its own."""
