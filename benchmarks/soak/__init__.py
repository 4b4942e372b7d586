"""Kill what writes files, again and again, and look for what was lost, doubled or left over."""
