"""The explorer behind `gridworld explore`: paint a map, plan on it step by step, watch the policy flip.

Read in this order: `sketch` (a map that is being painted), `planning` (values and a policy, a step at a time),
`views` (what is shown of them), `explorer` (the state of it all), `commands` (what it can be told to do). All of
that is tested without a window; `app` maps events to commands, and the files named `pygame_*` draw.
"""
