"""Systems with continuous states: what Gymnasium simulates, as formulas that also work for boxes."""
