"""What everything stands on: checks of settings, documents, files written whole, model files."""
