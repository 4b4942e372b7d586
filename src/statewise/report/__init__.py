"""Tables, figures and text of results. Every number that is drawn or printed is data first."""
