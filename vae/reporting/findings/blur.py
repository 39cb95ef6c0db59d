"""Why are VAEs blurry, why autoencoders already, and which of the two is better at what?"""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from vae.reporting.group import Group
from vae.reporting.names import beta_name, likelihood_name, rounded
from vae.reporting.words import families


def blur(group: Group) -> Iterator[object]:
    """All of this module's findings."""
    if found := sharpness(group):
        yield found
    if found := noise(group):
        yield found
    for task in TASKS:
        yield from duels(group, task)


@dataclass(frozen=True)
class Sharpness:
    """The share of the images' high-frequency energy that reconstructions keep.

    Attributes:
        autoencoder: of one likelihood; None where none was trained.
        vaes: β -> share of the same likelihood's VAEs.
        blurrier: likelihoods whose VAEs near β = 1 keep less than the autoencoder in every seed.
        compared: all likelihoods that have both.
    """

    likelihood: str
    autoencoder: float | None
    vaes: dict[float, float]
    beta: float
    blurrier: tuple[str, ...]
    compared: tuple[str, ...]

    @property
    def already(self) -> bool:
        """Whether the autoencoder itself loses detail."""
        return self.autoencoder is not None and self.autoencoder < 1

    def __str__(self) -> str:
        path = dict.fromkeys([min(self.vaes), self.beta, max(self.vaes)])
        vaes = ", ".join(f"{_share(self.vaes[b])} at β = {beta_name(b)}" for b in path)
        name = likelihood_name(self.likelihood)
        start = f"Of the test images' energy at high frequencies, with {name}, "
        if self.autoencoder is None:
            return f"{start}VAEs keep {vaes}."
        already = "already" if self.already else "even"
        count = f"With {len(self.blurrier)} of {len(self.compared)} likelihoods"
        return (
            f"{start}{already} the autoencoder keeps {_share(self.autoencoder)}; VAEs keep "
            f"{vaes}. {count} the VAE at β = {beta_name(self.beta)} keeps less than the "
            f"autoencoder in every seed."
        )


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def sharpness(group: Group) -> Sharpness | None:
    """Of the first likelihood that has VAEs."""
    metric = "high_frequency_energy"
    if not (example := group.example(metric)):
        return None
    slug, beta = example
    blurrier, compared = [], []
    for one in group.likelihoods:
        vae, ae = group.values(one, metric), group.autoencoder(one, metric)
        if len(ae) and beta in vae:
            compared.append(one)
            if (vae[beta] - ae).dropna().max() < 0:
                blurrier.append(one)
    ae = group.autoencoder(slug, metric)
    vaes = group.values(slug, metric).mean().to_dict()
    own = float(ae.mean()) if len(ae) else None
    return Sharpness(slug, own, vaes, beta, tuple(blurrier), tuple(compared))


@dataclass(frozen=True)
class Noise:
    """What decoding a sample of q(z|x) costs in squared error against decoding its mean."""

    likelihood: str
    beta: float
    sampled: float
    mean: float

    def __str__(self) -> str:
        share = 1 - self.mean / self.sampled
        verdict = f"so the code's noise makes {_share(share)} of it" if share > 0 else "no less"
        return (
            f"With {likelihood_name(self.likelihood)} at β = {beta_name(self.beta)} the MSE is "
            f"{rounded(self.sampled)} from a sampled code and {rounded(self.mean)} from the "
            f"posterior mean, {verdict}."
        )


def noise(group: Group) -> Noise | None:
    """Of the first likelihood that has both."""
    if not (example := group.example("mse_mean")):
        return None
    sampled, mean = (group.mean(*example, name) for name in ("mse", "mse_mean"))
    return None if sampled is None else Noise(*example, sampled, mean)


@dataclass(frozen=True)
class Task:
    """What autoencoder and VAE are compared at, both with the same kind of codes."""

    metric: str
    verb: str
    measure: str


TASKS = (
    Task("mse_mean", "reconstructs", "MSE at the posterior mean"),
    Task("fid_gmm", "generates", "FID with codes from a fitted mixture"),
    Task("probe_accuracy", "serves classification", "probe accuracy"),
)


@dataclass(frozen=True)
class Duels:
    """Autoencoder against VAE with every likelihood: who is better in every seed.

    Attributes:
        example: likelihood, value of the autoencoder, of the VAE, and the VAE's β.
    """

    task: Task
    autoencoder: tuple[str, ...]
    vae: tuple[str, ...]
    neither: tuple[str, ...]
    example: tuple[str, float, float, float]

    def __str__(self) -> str:
        every = (*self.autoencoder, *self.vae, *self.neither)
        parts = [
            f"{who} {self.task.verb} better with {families(slugs, every)}"
            for who, slugs in (("the autoencoder", self.autoencoder), ("the VAE", self.vae))
            if slugs
        ]
        if self.neither:
            with_ = families(self.neither, every)
            parts.append(f"neither {self.task.verb} better in every seed with {with_}")
        slug, ae, vae, beta = self.example
        return (
            f"By {self.task.measure}, at the VAE's best β, {'; '.join(parts)} (autoencoder "
            f"{rounded(ae)}, VAE {rounded(vae)} at β = {beta_name(beta)}, with "
            f"{likelihood_name(slug)})."
        )


def duels(group: Group, task: Task) -> Iterator[Duels]:
    """One finding, where some likelihood has both."""
    winners: dict[str, list[str]] = {"autoencoder": [], "vae": [], "neither": []}
    examples = []
    for slug in group.likelihoods:
        ae, vaes = group.autoencoder(slug, task.metric), group.values(slug, task.metric)
        if ae.empty or vaes.empty:
            continue
        higher = task.metric.endswith("accuracy")
        beta = vaes.mean().idxmax() if higher else vaes.mean().idxmin()
        winners[winner(ae, vaes[beta], higher)].append(slug)
        examples.append((slug, float(ae.mean()), float(vaes[beta].mean()), float(beta)))
    if examples:
        yield Duels(task, **{k: tuple(v) for k, v in winners.items()}, example=examples[0])


def winner(ae: pd.Series, vae: pd.Series, higher: bool) -> str:
    """Who is better in every seed that both have: ``autoencoder``, ``vae`` or ``neither``."""
    lead = (vae - ae).dropna() * (-1 if higher else 1)
    if lead.empty:
        return "neither"
    return "autoencoder" if lead.min() > 0 else "vae" if lead.max() < 0 else "neither"
