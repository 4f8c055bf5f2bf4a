"""The algorithms, one a file, each opening with the algorithm as its source prints it."""
