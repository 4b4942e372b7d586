"""The origin experiments as a study, with their figures and their text."""
