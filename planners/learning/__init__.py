"""What steps that were taken tell of an unknown model.

Read in this order: experience, confidence, estimated_sets.
"""
