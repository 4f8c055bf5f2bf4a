"""The font of windows and pictures: every sign has its glyph, and letters stand evenly at every size."""

from pathlib import Path

import numpy as np
import pytest

from gridworld_env.explorer.map_document import GLYPHS
from gridworld_env.rendering import theme

pygame = pytest.importorskip("pygame")

from gridworld_env.ui.fonts import pygame_fonts  # noqa: E402 - pygame may be missing

FONTS = {bold: pygame_fonts.Fonts(pygame, bold=bold) for bold in (False, True)}


def columns(text: str, size: int, *, bold: bool) -> np.ndarray:
    """(width,) how much ink there is in each column of pixels."""
    return pygame.surfarray.array_alpha(FONTS[bold].line(text, size, (0, 0, 0))).sum(axis=1)


@pytest.mark.parametrize("bold", [False, True])
def test_every_sign_of_maps_and_labels_has_a_glyph(bold: bool) -> None:
    missing = pygame.surfarray.array_alpha(FONTS[bold].line("\uffff", 20, (0, 0, 0)))
    for sign in set(GLYPHS + theme.ARROWS + theme.SEVERAL + "…–−γπ∞≤≥") | {chr(code) for code in range(33, 127)}:
        ink = pygame.surfarray.array_alpha(FONTS[bold].line(sign, 20, (0, 0, 0)))
        assert ink.any(), sign
        assert ink.shape != missing.shape or (ink != missing).any(), sign


@pytest.mark.parametrize("size", range(9, 33))
def test_letters_stand_evenly_at_every_size(size: int) -> None:
    """The gaps between equal letters differ by the half pixel to which two of them are off, and no more."""
    for bold in (False, True):
        ink = np.concatenate([[0], columns("l " * 12, size, bold=bold).astype(float), [0]])
        edges = np.flatnonzero(np.diff((ink > 0).astype(int)))
        assert len(edges) == 24  # twelve letters, each with a left and a right edge
        letters = [np.arange(*pair) + 1 for pair in edges.reshape(-1, 2)]
        middles = [np.average(letter, weights=ink[letter]) for letter in letters]
        assert np.ptp(np.diff(middles)) <= 0.5, (size, bold)


@pytest.mark.parametrize("size", range(9, 33))
def test_words_are_as_wide_as_their_letters_are_high(size: int) -> None:
    """A word of another size has the same shape: no letter's width is rounded to whole pixels."""
    for bold in (False, True):
        for word in ("illumination of walls", "Evaluate the policy", "V(s) = -0.638"):
            expected = FONTS[bold].size(word, 512)[0] * size / 512
            assert abs(FONTS[bold].size(word, size)[0] - expected) <= 1.5 + len(word) / 8, (word, size, bold)


def test_a_line_is_as_wide_as_it_says_and_survives_the_end_of_pygame() -> None:
    fonts = pygame_fonts.Fonts(pygame)
    assert fonts.line("Sweep", 13, (0, 0, 0)).get_size() == fonts.size("Sweep", 13)
    pygame.quit()
    assert fonts.line("Backup", 13, (0, 0, 0)).get_size() == fonts.size("Backup", 13)
    pygame.freetype.init()
    assert fonts.size("Sweep", 13)[0] > fonts.size("Swee", 13)[0]


def test_the_licence_lies_beside_the_font() -> None:
    folder = Path(pygame_fonts.__file__).parent
    assert "Bitstream Vera" in (folder / "LICENSE_DEJAVU.txt").read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in folder.glob("*.ttf")) < 150_000
