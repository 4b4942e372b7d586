"""Errors of forecasts, simple forecasts to compare with, and intervals."""
