"""The window behind `gan-lab watch`: it shows a game while it is played, beside what is exactly true of it.

Read in this order: `live_run` (a game under way, whose rules may change), `density`, `sample_picture` and
`phase_portrait` (what is drawn of it, as numbers), `session` (the state of it all), `commands`. All of that is tested
without a window; `app` maps events to commands, `launch` opens it, and the files named `pygame_*` draw.
"""
