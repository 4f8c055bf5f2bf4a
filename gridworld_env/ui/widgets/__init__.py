"""Windows with a side panel: controls, key bindings, a help sheet, a prompt. They know nothing of gridworlds.

A program is an `App` (see `pygame_window`): plain Python that answers `events` and paints on a `Painter`. Commands
are data (`commands`); buttons, key bindings and the help sheet all come from one table of them. Only the files named
`pygame_*` import pygame, so an app and its panel are tested without it. Nothing here imports the rest of
`gridworld_env`, so other programs can have the same look.
"""
