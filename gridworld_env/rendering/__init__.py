"""Pictures of the map: a `Scene` says what is shown; `ansi` writes it as text, `pygame_canvas` draws it.

Importing this package imports neither pygame nor Pillow.
"""

from gridworld_env.rendering.ansi import render_text
from gridworld_env.rendering.overlay import Overlay, make_overlay
from gridworld_env.rendering.scene import Scene, build_scene

__all__ = ["Overlay", "Scene", "build_scene", "make_overlay", "render_text"]
