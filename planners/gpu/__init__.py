"""Sweeps on a device of PyTorch; the only room with torch beside `planners.distributed`.

Read in this order: solving, device_sweeps, torch_sweeps, torch_rows, triton_kernels.
"""
