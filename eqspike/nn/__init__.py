"""Torch modules whose backward pass is a physical learning rule; they stand in any PyTorch loop, with any optimiser.

They know no YAML, no files and no engine.
"""
