"""Other systems: statewise's forecasters in theirs, each of them an extra."""
