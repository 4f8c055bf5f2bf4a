"""Replays as one HTML file each: `thinning` keeps the frames, `packing` makes them JSON, `page` writes the file."""
