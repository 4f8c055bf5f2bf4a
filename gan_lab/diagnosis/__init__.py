"""How a run stands, in words: has it converged, has it collapsed, and which symptoms of failure does it show?"""
