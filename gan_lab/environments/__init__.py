"""Games as PettingZoo environments, in which players take turns or move at once."""
