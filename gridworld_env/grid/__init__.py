"""A map read once: `actions` move on it, `legend` says what a glyph means, `grid` has its squares as arrays."""
