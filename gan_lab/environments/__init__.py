"""Games as PettingZoo environments, with alternating or simultaneous moves."""
