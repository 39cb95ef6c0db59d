"""What a density without a ceiling does, while the probability of the grey levels stands by."""

from dataclasses import dataclass

from vae.reporting.group import Group
from vae.reporting.names import percent, rounded

COLUMNS = ("log_density", "rate", "bits_per_dim")
ONGOING = 0.5  # a gain in the second half that is at least this share of the one before goes on
BEYOND = 1.5  # times the gain of what has a ceiling, which is what training on gives anyway


@dataclass(frozen=True)
class FreeDensity:
    """Validation values of a continuous Bernoulli without a limit beside two that have a ceiling.

    Attributes:
        outer: the share of pixels that are exactly 0 or 1.
        epochs: the three looks, the second and the third each about twice as late.
        density, rate, bits: of the free one at the three looks.
        limited: log-density of the limited one at the three looks.
        masses: log-density at the three looks of the one trained on masses, and its bits/dim.
    """

    outer: float
    epochs: tuple[int, int, int]
    density: tuple[float, float, float]
    rate: tuple[float, float, float]
    bits: tuple[float, float, float]
    limited: tuple[float, float, float]
    masses: tuple[float, float, float]
    masses_bits: float

    @property
    def goes_on(self) -> bool:
        """Whether the free density gains on with every doubling, and well beyond the others."""
        before, last = steps(self.density)
        others = max(steps(self.limited)[1], steps(self.masses)[1])
        return last > max(0.0, ONGOING * before, BEYOND * others)

    @property
    def misleads(self) -> bool:
        """Whether density and bits/dim disagree on which is better, the free one or masses."""
        return (self.density[-1] > self.masses[-1]) == (self.bits[-1] > self.masses_bits)

    def __str__(self) -> str:
        return f"{self._growth()} {self._worth()}"

    def _growth(self) -> str:
        first, second = map(rounded, steps(self.density))
        limited, masses = (
            " and ".join(map(rounded, steps(values))) for values in (self.limited, self.masses)
        )
        one, two, three = self.epochs
        end = "without an end in sight" if self.goes_on else "no more than early training does"
        return (
            f"{percent(self.outer)} of the pixels are exactly 0 or 1. A continuous Bernoulli "
            f"whose logits have no limit, trained on its density, gains {first} nats of it from "
            f"epoch {one} to {two} and {second} to epoch {three} (limited: {limited}; trained on "
            f"masses: {masses}), {end}; its rate goes from {self.rate[0]:.1f} to "
            f"{self.rate[2]:.1f} nats."
        )

    def _worth(self) -> str:
        density, bits = self.density[2] - self.masses[2], self.bits[2] - self.masses_bits
        more, worse = ("more" if density > 0 else "less"), ("worse" if bits > 0 else "better")
        verdict = "" if self.misleads else ": here the two agree"
        return (
            f"Its bits/dim go from {self.bits[0]:.2f} to {self.bits[2]:.2f}: with "
            f"{rounded(abs(density))} nats {more} density than when trained on masses it is "
            f"{abs(bits):.2f} bits/dim {worse}{verdict}."
        )


def steps(values: tuple[float, float, float]) -> tuple[float, float]:
    """The gains from look to look."""
    return values[1] - values[0], values[2] - values[1]


def free_density(group: Group) -> FreeDensity | None:
    """From ``free_density.csv``; None without it, or where a training left the finite numbers."""
    table = group.table("free_density")
    if table.empty or table[[*COLUMNS]].isna().any(axis=None):
        return None
    free, limited, masses = (
        table[table.trained_on == name].sort_values("epoch")
        for name in ("free density", "limited density", "masses")
    )
    return FreeDensity(
        float(table.outer_pixels.iloc[0]),
        tuple(free.epoch),
        *(tuple(free[column]) for column in COLUMNS),
        limited=tuple(limited.log_density),
        masses=tuple(masses.log_density),
        masses_bits=float(masses.bits_per_dim.iloc[-1]),
    )
