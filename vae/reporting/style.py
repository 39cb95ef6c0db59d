"""How every figure looks: sized for a page 900 pixels wide, safe for the colour-blind."""

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


def apply() -> None:
    """Set seaborn's and matplotlib's defaults for all figures."""
    sns.set_theme(
        context="notebook",
        style="whitegrid",
        palette="colorblind",
        rc={
            "axes.titlesize": 12,
            "axes.labelsize": 11,
            "xtick.labelsize": 10,
            "ytick.labelsize": 10,
            "legend.fontsize": 10,
            "legend.frameon": False,
            "grid.color": "#e4e4e4",
            "savefig.dpi": DPI,
            "savefig.facecolor": "white",
            "figure.constrained_layout.use": True,
        },
    )


def line_palette(count: int) -> list[tuple]:
    """Colours for ``count`` lines, those that look alike last; they repeat beyond ten."""
    colours = sns.color_palette("colorblind", 10)
    return [colours[(0, 1, 2, 3, 4, 5, 9, 7, 8, 6)[i % 10]] for i in range(count)]


def beta_palette(betas: list[float]) -> dict[float, tuple]:
    """One colour per β from a perceptually ordered map, dark for small β."""
    return dict(zip(sorted(betas), sns.color_palette("viridis", len(betas)), strict=True))


def save(figure: Figure, path: Path) -> None:
    """Write ``figure`` as PNG without a date, so that equal figures are equal files."""
    with replacing(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})
    plt.close(figure)
