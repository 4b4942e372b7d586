"""What needs both a study and a forecaster."""
