"""How every figure looks: sized for a page 900 pixels wide, safe for the colour-blind.

Figures are opaque white, so that they read the same on a light and on a dark page.
"""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.figure import Figure

from vae.files import replacing

mpl.use("Agg")

WIDTH = 9.0  # inches; at 100 dpi this is GitHub's text width
DPI = 150
GREY = "#777777"
LIGHT_GREY = "#bbbbbb"
MARKERS = "osD^vPX<>"  # nine, so that beyond ten lines they meet other colours


def apply() -> None:
    """Set seaborn's and matplotlib's defaults for all figures."""
    sns.set_theme(
        context="notebook",
        style="whitegrid",
        palette="colorblind",
        rc={
            "axes.titlesize": 11,
            "axes.labelsize": 10,
            "axes.edgecolor": LIGHT_GREY,
            "axes.linewidth": 0.8,
            "lines.linewidth": 1.5,
            "xtick.labelsize": 10,
            "ytick.labelsize": 10,
            "legend.fontsize": 10,
            "legend.frameon": False,
            "grid.color": "#e8e8e8",
            "grid.linewidth": 0.8,
            "axes.unicode_minus": True,
            "savefig.dpi": DPI,
            "savefig.facecolor": "white",
            "savefig.transparent": False,
            "figure.constrained_layout.use": True,
        },
    )


def line_styles(count: int) -> list[dict]:
    """Colour and marker of ``count`` lines; colours that look alike come last.

    Markers tell lines apart without colour; the pair repeats beyond ninety lines.
    """
    palette = sns.color_palette("colorblind", 10)
    colours = [palette[i] for i in (0, 1, 2, 3, 4, 9, 5, 7, 6)] + ["#222222"]  # yellow is faint
    return [
        {"color": colours[i % len(colours)], "marker": MARKERS[i % len(MARKERS)]}
        for i in range(count)
    ]


def beta_palette(betas: list[float]) -> dict[float, tuple]:
    """One colour per β from a perceptually ordered map, dark for small β."""
    return dict(zip(sorted(betas), sns.color_palette("viridis", len(betas)), strict=True))


def notice(text: str) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure = plt.figure(figsize=(WIDTH, 1))
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write ``figure`` as opaque PNG without a date, so that equal figures are equal files."""
    with replacing(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})
    plt.close(figure)
