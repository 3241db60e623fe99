"""Trained systems in the forms other tools and chips take."""
