"""Trained networks of one series or many, and what they know."""
