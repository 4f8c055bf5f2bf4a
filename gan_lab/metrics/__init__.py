"""Distances of samples from data: divergences, duality gap, precision and recall, likelihoods, modes, blur."""
