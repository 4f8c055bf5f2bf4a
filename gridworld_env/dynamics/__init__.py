"""From a map and its rules to the tables of a Markov decision process, and draws of single transitions from them."""
