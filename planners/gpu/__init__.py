"""Sweeps on a device of PyTorch; the only room with torch beside `planners.distributed`."""
