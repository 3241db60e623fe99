"""Spiking networks: compiled event-driven simulation on all cores."""
