"""Distances of samples from data: divergences, precision and recall, likelihoods, modes, blur."""
