"""The colours of the page can be read: on light and on dark, on every ground they stand on."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

STYLE = Path(str(resources.files("roomchat"))) / "web" / "style"
TINT = 0.12  # of a person's colour behind their number: `.tile` in shell.css
TEXT, DRAWN = 4.5, 3.0  # contrast that text, and what is drawn, needs (WCAG 2.2, 1.4.3 and 1.4.11)

Colour = tuple[float, float, float]

# What stands on what.
GROUNDS = ("ground", "ground-side", "ground-raised")
ON = {
    "text": (*GROUNDS, "ground-code", "mention-ground", "found-ground", "trouble-ground", "ground-tab", "edge"),
    "text-soft": (*GROUNDS, "ground-code", "mention-ground"),
    "accent": (*GROUNDS, "mention-ground"),
    "accent-hover": GROUNDS,
    "on-accent": ("accent", "accent-hover"),
    "on-accent-ground": ("accent-ground",),
    "on-plate": ("plate",),
    "on-plate-soft": ("plate",),
    "plate": ("on-plate",),
    "on-mention": ("mention",),
    "mention": ("ground",),  # "new since"
    "trouble": GROUNDS,
    "ground-raised": ("trouble",),
    "ground": ("text",),
    **{f"own-{number}": (*GROUNDS, "mention-ground") for number in range(12)},
}
TILES = [f"own-{number}" for number in range(12)]
UNDER_TILES = (*GROUNDS, "mention-ground")
LINES = {"edge-strong": GROUNDS, "focus": (*GROUNDS, "ground-code"), "here": GROUNDS}


def themes() -> dict[str, dict[str, Colour]]:
    """The colours of tokens.css, on light and on dark."""
    text = (STYLE / "tokens.css").read_text(encoding="utf-8")
    each = re.sub(r"\.(own-\d+) \{ --own:", r"--\1:", text)  # a person's colour goes by their class
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]+), (#[0-9a-f]+)\)", each)
    assert len(found) > 40
    return {
        "light": {name: _colour(light) for name, light, _ in found},
        "dark": {name: _colour(dark) for name, _, dark in found},
    }


def _colour(code: str) -> Colour:
    digits = code[1:] if len(code) > 4 else "".join(digit * 2 for digit in code[1:])
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """From 1 to 21 (WCAG 2.2, "contrast ratio")."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mixed(over: Colour, under: Colour, part: float) -> Colour:
    """A colour of which one sees so much, above another."""
    red, green, blue = (part * a + (1 - part) * b for a, b in zip(over, under, strict=True))
    return red, green, blue


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_written_can_be_read(theme: str) -> None:
    """Text on each ground that it stands on."""
    colours = themes()[theme]
    low = [
        (name, ground, round(contrast(colours[name], colours[ground]), 2))
        for name, grounds in ON.items()
        for ground in grounds
        if contrast(colours[name], colours[ground]) < TEXT
    ]
    assert not low


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_numbers_of_people_can_be_read(theme: str) -> None:
    """Each on its tile, wherever that lies."""
    colours = themes()[theme]
    low = [
        (name, ground, round(ratio, 2))
        for name in TILES
        for ground in UNDER_TILES
        if (ratio := contrast(colours[name], mixed(colours[name], colours[ground], TINT))) < TEXT
    ]
    assert not low


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_drawn_can_be_seen(theme: str) -> None:
    """The edges of fields, where the focus is, and who is here."""
    colours = themes()[theme]
    low = [
        (name, on)
        for name, grounds in LINES.items()
        for on in grounds
        if contrast(colours[name], colours[on]) < DRAWN
    ]
    assert not low


def test_colours_are_written_in_one_place() -> None:
    """The other files name them, so that both themes have them."""
    for path in STYLE.glob("*.css"):
        if path.name != "tokens.css":
            assert not re.findall(
                r"#[0-9a-fA-F]{3,8}\b(?=[;,)\s])|\brgba?\(|\bhsla?\(", path.read_text(encoding="utf-8")
            ), path


def test_the_tint_of_a_number_is_the_one_that_is_checked() -> None:
    """The number above is that of the style."""
    assert f"color-mix(in srgb, var(--own) {TINT:.0%}, transparent)" in (STYLE / "shell.css").read_text(
        encoding="utf-8"
    )
