"""Comparisons: the lecture's statements, the atlas of failures, GANs beside VAEs, the benchmark."""
