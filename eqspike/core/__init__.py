"""The nouns every other part of eqspike speaks: NumPy only, no engine, no file access."""
