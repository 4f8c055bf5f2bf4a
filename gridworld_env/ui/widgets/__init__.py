"""Windows with a side panel: a `BaseSession` is what commands act on, a `Shell` maps events to commands and paints.

Commands are data (`commands`): buttons, key bindings and the help sheet all come from one table of them. Only the
files named `pygame_*` import pygame, so a program and its panel are tested without it.
"""
