"""The explorer behind `gridworld explore`: a user paints a map, plans on it step by step and sees the policy flip.

Read in this order: `map_document`, `planning`, `views`, `session` (the state of it all), `commands`. All of that is
tested without a window; `app` maps events to commands, `launch` opens it, and the files named `pygame_*` draw.
"""
