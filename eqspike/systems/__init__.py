"""Descriptions of spiking and rate-based networks, with their weights, shapes and checks, for every engine."""

from eqspike.systems.system import SINGLE, AnySystem, RateSystem, System

__all__ = ["SINGLE", "AnySystem", "RateSystem", "System"]
