"""Series from frames and files, checked once: panels, their times, and what follows them."""
