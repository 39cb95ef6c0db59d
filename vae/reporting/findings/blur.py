"""Why are VAEs blurry, why autoencoders already, and which of the two is better at what?"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pandas as pd

from vae.metrics import METRICS
from vae.reporting.findings.rules import found
from vae.reporting.group import Group
from vae.reporting.names import Choice, beta_equals, likelihood_name, percent, rounded
from vae.reporting.words import families
from vae.results.statistics import mean_interval


def blur(group: Group) -> Iterator[object]:
    """All of this module's findings."""
    tasks = [partial(against_autoencoder, task=task) for task in TASKS]
    return found(group, sharpness, noise, *tasks)


@dataclass(frozen=True)
class Sharpness:
    """The share of the images' high-frequency energy that reconstructions keep.

    Attributes:
        autoencoder: of one likelihood; None where none was trained.
        vaes: β -> share of the same likelihood's VAEs.
        blurrier: likelihoods whose VAEs near β = 1 surely keep less than the autoencoder.
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
        vaes = ", ".join(f"{percent(self.vaes[b])} at {beta_equals(b)}" for b in path)
        name = likelihood_name(self.likelihood)
        start = f"Of the test images' energy at high frequencies, with {name}, "
        if self.autoencoder is None:
            return f"{start}VAEs keep {vaes}."
        already = "already" if self.already else "even"
        return (
            f"{start}{already} the autoencoder keeps {percent(self.autoencoder)}; VAEs keep "
            f"{vaes}. {self._count()}"
        )

    def _count(self) -> str:
        vae = f"the VAE at {beta_equals(self.beta)}"
        if len(self.compared) == 1:
            verdict = "surely keeps" if self.blurrier else "does not surely keep"
            return f"There {vae} {verdict} less than the autoencoder."
        count = f"With {len(self.blurrier)} of {len(self.compared)} likelihoods"
        return f"{count} {vae} surely keeps less than the autoencoder."


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
            lead = mean_interval((vae[beta] - ae).dropna())
            if lead and lead[1] < 0:
                blurrier.append(one)
    ae = group.autoencoder(slug, metric)
    vaes = group.means(slug, metric).to_dict()
    own = float(ae.mean()) if len(ae) else None
    return Sharpness(slug, own, vaes, beta, tuple(blurrier), tuple(compared))


@dataclass(frozen=True)
class Noise:
    """What decoding a sample of q(z|x) costs in squared error against decoding its mean."""

    choice: Choice
    sampled: float
    mean: float

    def __str__(self) -> str:
        share = 1 - self.mean / self.sampled
        verdict = f"so the code's noise makes {percent(share)} of it" if share > 0 else "no less"
        return (
            f"With {self.choice} the MSE is {rounded(self.sampled)} from a sampled code and "
            f"{rounded(self.mean)} from the posterior mean, {verdict}."
        )


def noise(group: Group) -> Noise | None:
    """Of the first likelihood that has both."""
    if not (example := group.example("mse_mean")):
        return None
    sampled, mean = (group.mean(*example, name) for name in ("mse", "mse_mean"))
    return None if sampled is None else Noise(example, sampled, mean)


@dataclass(frozen=True)
class Pair:
    """One likelihood's autoencoder beside its VAE at the best β: a value per seed of each."""

    likelihood: str
    metric: str
    autoencoder: pd.Series
    vae: pd.Series
    beta: float

    @property
    def better(self) -> str:
        """Who is better by the interval over seeds: ``autoencoder``, ``vae`` or ``neither``."""
        sign = -1 if METRICS[self.metric].better == "higher" else 1
        lead = mean_interval((self.vae - self.autoencoder).dropna() * sign)
        if lead is None:
            return "neither"
        return "autoencoder" if lead[0] > 0 else "vae" if lead[1] < 0 else "neither"


def pairs(group: Group, metric: str) -> Iterator[Pair]:
    """Every likelihood of which both have ``metric``."""
    for slug in group.likelihoods:
        autoencoder, beta = group.autoencoder(slug, metric), group.best_mean(slug, metric)
        if len(autoencoder) and beta is not None:
            vae = group.values(slug, metric)[beta]
            yield Pair(slug, group.metric(metric), autoencoder, vae, beta)


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
class AgainstAutoencoder:
    """Who is surely better at a task, likelihood by likelihood.

    Attributes:
        pairs: at least one.
    """

    task: Task
    pairs: tuple[Pair, ...]

    def better(self, who: str) -> list[str]:
        """The likelihoods with which ``autoencoder``, ``vae`` or ``neither`` is better."""
        return [pair.likelihood for pair in self.pairs if pair.better == who]

    def __str__(self) -> str:
        every = [pair.likelihood for pair in self.pairs]
        parts = [
            f"{name} {self.task.verb} better with {families(self.better(who), every)}"
            for who, name in (("autoencoder", "the autoencoder"), ("vae", "the VAE"))
            if self.better(who)
        ]
        if neither := self.better("neither"):
            all_ = len(neither) == len(every) > 1
            with_ = "any likelihood" if all_ else families(neither, every)
            parts.append(f"neither surely {self.task.verb} better with {with_}")
        first = self.pairs[0]
        return (
            f"By {self.task.measure}, at the VAE's best β, {'; '.join(parts)} (autoencoder "
            f"{rounded(first.autoencoder.mean())}, VAE {rounded(first.vae.mean())} at "
            f"{beta_equals(first.beta)}, with {likelihood_name(first.likelihood)})."
        )


def against_autoencoder(group: Group, task: Task) -> AgainstAutoencoder | None:
    """One finding, where some likelihood has both."""
    compared = tuple(pairs(group, task.metric))
    return AgainstAutoencoder(task, compared) if compared else None
