"""Simple forecasts as state that moves on: fitted once, then carried on by each observation."""

from statewise.simple.fitted import NAMES, Simple, SimpleState, fit_simple

__all__ = ["NAMES", "Simple", "SimpleState", "fit_simple"]
