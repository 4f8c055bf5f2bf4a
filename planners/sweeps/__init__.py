"""Ordered Gauss-Seidel sweeps: over moves, rows and batches of models, and the proof that ends them."""
