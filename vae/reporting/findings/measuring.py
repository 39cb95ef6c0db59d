"""How good the measuring is: training, the estimator of log p(x), the encoder, FID."""

from dataclasses import dataclass

from vae.metrics import available
from vae.reporting.group import Group
from vae.reporting.names import Choice, beta_equals, beta_name, likelihood_name, percent, rounded
from vae.reporting.words import families, listed

NEAR_FLOOR = 2.0  # times the floor of FID


@dataclass(frozen=True)
class Training:
    """How many VAEs stopped because nothing improved any more, and where the others are.

    Attributes:
        converged, of: all of the VAEs and those that did.
        others: likelihoods of which some did not, of ``every`` one.
        never: the βs at which none did.
    """

    converged: int
    of: int
    others: tuple[str, ...]
    every: tuple[str, ...]
    never: tuple[float, ...]

    def __str__(self) -> str:
        if self.converged == self.of:
            return f"All {self.of} VAEs trained until they no longer improved."
        none = f", none at β = {listed(map(beta_name, self.never))}" if self.never else ""
        return (
            f"{self.converged} of {self.of} VAEs trained until they no longer improved{none}; the "
            f"others, with {families(self.others, self.every)}, spent their budget of epochs and "
            f"may still gain."
        )


def training(group: Group) -> Training | None:
    """From the flag of every cell."""
    rows = group.rows("converged")
    if rows.empty:
        return None
    open_ = rows.likelihood[rows.value == 0]
    others = tuple(slug for slug in group.likelihoods if slug in set(open_))
    share = rows.groupby("beta").value.mean()
    never = tuple(map(float, share.index[share == 0]))
    return Training(int(rows.value.sum()), len(rows), others, tuple(group.likelihoods), never)


@dataclass(frozen=True)
class Estimator:
    """How far the estimate of log p(x) may be off by its own diagnostics.

    Attributes:
        error: the largest Monte Carlo error over models, in nats.
        heavy: the largest share of images whose weights have too heavy a tail, and where.
    """

    error: float
    heavy: float
    worst: Choice

    def __str__(self) -> str:
        heavy = f"at most {percent(self.heavy)} of a model's images ({self.worst})"
        return (
            f"log p(x) has a Monte Carlo error of at most {rounded(self.error)} nats; its weights "
            f"are too heavy-tailed to trust for {heavy if self.heavy else 'no image'}."
        )


def estimator(group: Group) -> Estimator | None:
    """The worst of all VAEs."""
    errors, heavy = group.rows("monte_carlo_error"), group.rows("heavy_tail_share")
    if errors.empty or heavy.empty:
        return None
    worst = heavy.loc[heavy.value.idxmax()]
    choice = Choice(worst.likelihood, worst.beta)
    return Estimator(float(errors.value.max()), float(worst.value), choice)


@dataclass(frozen=True)
class Scales:
    """What setting free scales on validation images changed: the largest gain, and where."""

    gain: float
    factor: float
    most: Choice

    def __str__(self) -> str:
        return (
            f"Scales that are free in evaluation (σ) were set on validation images: that gains up "
            f"to {rounded(self.gain)} nats of probability ({self.most}: "
            f"σ × {rounded(self.factor)})."
        )


def scales(group: Group) -> Scales | None:
    """The largest gain in the scored quantity, mean over seeds."""
    gains = group.rows("scale_gain_mass")
    if gains.empty:
        return None
    means = gains.groupby(["likelihood", "beta"]).value.mean()
    most = Choice(*means.idxmax())
    factor = group.mean(*most, "scale_factor_mass")
    return None if factor is None else Scales(float(means.max()), factor, most)


@dataclass(frozen=True)
class Gaps:
    """How much the ELBO lacks to log p(x), and how much of that is the encoder's fault.

    Attributes:
        near, far: (β, gap in nats, share of it that is the encoder's) near β = 1 and where the
            gap is largest.
    """

    likelihood: str
    near: tuple[float, float, float]
    far: tuple[float, float, float]

    def __str__(self) -> str:
        parts = [
            f"{rounded(gap)} nats at {beta_equals(beta)} ({percent(share)})"
            for beta, gap, share in dict.fromkeys([self.near, self.far])
        ]
        return (
            f"The ELBO is below log p(x), with {likelihood_name(self.likelihood)}, by "
            f"{listed(parts)}, scales as trained, on a few test images; in brackets what of that "
            f"is the encoder's fault and not that of factorised Gaussians."
        )


def gaps(group: Group) -> Gaps | None:
    """Of the first likelihood whose gaps were measured."""
    if not (example := group.example("amortisation_gap")):
        return None
    slug, near = example
    encoder, family = (group.means(slug, f"{n}_gap") for n in ("amortisation", "approximation"))
    total = (encoder + family).dropna()
    if near not in total:
        return None
    far = float(total.idxmax())
    points = [(b, float(total[b]), float(encoder[b] / total[b])) for b in (near, far) if total[b]]
    return Gaps(slug, points[0], points[-1]) if points else None


@dataclass(frozen=True)
class Floor:
    """How the best FID compares with that of real images."""

    least: float
    best: float

    @property
    def near(self) -> bool:
        """Whether smaller FIDs mean nothing."""
        return self.best < NEAR_FLOOR * self.least

    def __str__(self) -> str:
        start = f"Real training and test images are {rounded(self.least)} apart by FID"
        if self.near:
            return (
                f"{start}; the best samples, at {rounded(self.best)}, are less than "
                f"{NEAR_FLOOR:g} times as far, where a smaller FID means little."
            )
        return f"{start}; the best samples are {self.best / self.least:.1f} times as far."


def floor(group: Group) -> Floor | None:
    """Where both are known."""
    least = group.reference("fid_floor")
    bests = [
        row.value
        for name in ("fid_prior", "fid_prior_drawn")
        for row in group.answers(name).values()
    ]
    return None if least is None or not bests else Floor(least, min(bests))


@dataclass(frozen=True)
class Check:
    """Corruptions of real images along which FID falls at some step, though they get worse."""

    falling: tuple[str, ...]
    rising: tuple[str, ...]

    def __str__(self) -> str:
        if self.falling:
            return f"FID falls at a step of growing {listed(self.falling)}: mistrust it there."
        return (
            f"FID rises with growing {listed(self.rising)} of real images; across kinds it need "
            f"not follow the eye."
        )


def check(group: Group) -> Check | None:
    """From ``corruptions.csv``; where nothing changed, FID may stay."""
    table = group.table("corruptions")
    if table.empty:
        return None
    if "kind" in table:
        table = table[table.kind == "image"]
    column = available("fid", table.columns)
    ordered = table.sort_values("strength")
    steps = ordered.groupby("corruption", sort=False)[column].diff()
    falling = tuple(ordered.corruption[steps.index[steps < 0]].unique())
    return Check(falling, tuple(k for k in table.corruption.unique() if k not in falling))
