"""Maps by name, from files, pictures and benchmarks, and drawn at random."""
