"""How every figure looks: sized for a page 900 pixels wide, safe for the colour-blind.

Figures are opaque white, so that they read the same on a light and on a dark page.
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from vae.configuration.sweep import Likelihood
from vae.files import replacing

mpl.use("Agg")

WIDTH = 9.0  # inches; at 100 dpi this is GitHub's text width
DPI = 150
GREY = "#777777"
LIGHT_GREY = "#bbbbbb"
MARKERS = "osD^vPX<>"
BLACK = "#222222"
BLUE = (0.0, 0.26, 0.55)
BEST = "#c1121f"  # what is framed
HALO = [withStroke(linewidth=2.5, foreground="white")]  # of text on lines
FULL_RANGE = Normalize(0, 1, clip=True)  # of intensities


def apply() -> None:
    """Set seaborn's and matplotlib's defaults for all figures."""
    sns.set_theme(
        context="notebook",
        style="whitegrid",
        palette="colorblind",
        rc={
            "axes.titlesize": 10,
            "axes.labelsize": 9.5,
            "axes.edgecolor": LIGHT_GREY,
            "axes.linewidth": 0.8,
            "lines.linewidth": 1.5,
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
            "legend.fontsize": 9.5,
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


def line_styles(likelihoods: Sequence[str]) -> dict[str, dict]:
    """How the line of each likelihood looks: one hue for one family, a marker of its own.

    Families trained on masses are dashed. Members of a family that differ in σ are shades of
    its hue. Hues repeat beyond ten families, markers beyond nine likelihoods.
    """
    colours = hues()
    known = [Likelihood.from_slug(slug) for slug in likelihoods]
    families = list(dict.fromkeys(one.name for one in known))
    looks = {}
    for i, one in enumerate(known):
        twins = [two for two in known if two.name == one.name and not two.discretized]
        shade = twins.index(one) / len(twins) if one in twins else 0.0
        colour = colours[families.index(one.name) % len(colours)]
        looks[one.slug] = {
            "color": mixed_with_white(colour, 0.75 * shade),
            "marker": MARKERS[i % len(MARKERS)],
            "linestyle": "--" if one.discretized else "-",
        }
    return looks


def hues() -> list[tuple]:
    """Ten colours that the colour-blind tell apart; those that look most alike come last."""
    palette = sns.color_palette("colorblind", 10)
    return [palette[i] for i in (0, 1, 2, 3, 4, 9, 5, 7, 6)] + [to_rgb(BLACK)]  # yellow is faint


def mixed_with_white(colour: tuple, share: float) -> tuple:
    """``colour`` made lighter: 0 leaves it as it is, 1 is white."""
    return tuple(1 - (1 - part) * (1 - share) for part in colour)


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
