"""The look of a new spreadsheet, and the pairing of colours with their styles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sheetserver.masks import Mask
    from sheetserver.messages import Message

_WHITE = {"red": 1, "green": 1, "blue": 1}

DEFAULT_FORMAT: Message = {
    "backgroundColor": _WHITE,
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
    "textFormat": {
        "foregroundColor": {},
        "fontFamily": "arial,sans,sans-serif",
        "fontSize": 10,
        "bold": False,
        "italic": False,
        "strikethrough": False,
        "underline": False,
        "foregroundColorStyle": {"rgbColor": {}},
    },
    "backgroundColorStyle": {"rgbColor": _WHITE},
}

THEME_COLOURS: dict[str, Message] = {
    "TEXT": {},
    "BACKGROUND": _WHITE,
    "ACCENT1": {"red": 0.25882354, "green": 0.52156866, "blue": 0.95686275},
    "ACCENT2": {"red": 0.91764706, "green": 0.2627451, "blue": 0.20784314},
    "ACCENT3": {"red": 0.9843137, "green": 0.7372549, "blue": 0.015686275},
    "ACCENT4": {"red": 0.20392157, "green": 0.65882355, "blue": 0.3254902},
    "ACCENT5": {"red": 1, "green": 0.42745098, "blue": 0.003921569},
    "ACCENT6": {"red": 0.27450982, "green": 0.7411765, "blue": 0.7764706},
    "LINK": {"red": 0.06666667, "green": 0.33333334, "blue": 0.8},
}

THEME: Message = {
    "primaryFontFamily": "Arial",
    "themeColors": [
        {"colorType": name, "color": {"rgbColor": colour}} for name, colour in THEME_COLOURS.items()
    ],
}


def paired(mask: Mask) -> Mask:
    """Return a mask that names a colour's style wherever it names the colour, and the reverse."""
    result = {name: paired(below) for name, below in mask.items()}
    for name in mask:
        if name.endswith(("Color", "color")):
            result[f"{name}Style"] = {}
        if name.endswith(("ColorStyle", "colorStyle")):
            result[name.removesuffix("Style")] = {}
            result[name] = {}
    return result
