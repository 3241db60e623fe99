"""Numerical checks of the theorems that learning rules rest on, with their reports and figures."""
