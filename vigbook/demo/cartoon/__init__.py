"""Draws the example films: picture-book figures taking turns, with no real people in them."""
