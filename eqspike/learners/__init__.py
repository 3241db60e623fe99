"""Learners that are no network of spikes or rates: torch modules under the one training loop."""
