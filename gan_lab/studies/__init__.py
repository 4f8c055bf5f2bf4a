"""Runs that compare: the lecture's statements, failures beside their cures, a VAE beside a GAN, the benchmark."""
