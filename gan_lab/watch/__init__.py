"""The window behind `gan-lab watch`: a game that is played before one's eyes, beside what is exactly true of it.

Read in this order: `match` (a game that is played move by move, and whose rules may change meanwhile), `density`,
`plane` and `phase` (what is drawn of it, as numbers), `watcher` (the state of it all), `commands` (what it can be told
to do). All of that is tested without a window; `app` maps events to commands, and the files named `pygame_*` draw.
"""
