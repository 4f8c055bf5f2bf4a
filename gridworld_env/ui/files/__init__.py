"""Files that are written whole or not at all; PNG and GIF of frames."""
