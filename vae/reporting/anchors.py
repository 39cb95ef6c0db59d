"""Published numbers beside ours, where a dataset and a metric are the same.

They check the order of magnitude: no published setting is exactly one of ours.
"""

from dataclasses import dataclass

import pandas as pd

from vae.metrics import METRICS
from vae.reporting.names import beta_name, likelihood_name, rounded, with_error
from vae.reporting.tables import markdown_table
from vae.scores import by_beta

BURDA = "Burda et al. 2016"
FIRST_HAND = "read in the source"
SECOND_HAND = "quoted second-hand"


@dataclass(frozen=True)
class Anchor:
    """A published value of one of our metrics.

    Attributes:
        dataset: ours with the same images.
        setting: what was trained and how it was measured.
        metric: ours that measures the same.
        value: as published, with our sign.
        source: who published it.
        certainty: how it was read.
        differs: from our cell besides the latent size and the length of training.
        latent_dim: of the published model; None where the source at hand does not say.
        likelihood: slug of the nearest cell's; None stands for every likelihood.
        model: ``vae``, ``ae``, or empty where we train nothing alike.
        beta: of the nearest cell.
    """

    dataset: str
    setting: str
    metric: str
    value: float
    source: str
    certainty: str
    differs: str
    latent_dim: int | None
    likelihood: str | None = "bernoulli"
    model: str = "vae"
    beta: float = 1.0


def _burda(dataset, setting, value, model="vae", differs="200-200 tanh network, K = 5000"):
    source, certainty = f"{BURDA}, as listed by the nbip/IWAE repository", SECOND_HAND
    return Anchor(
        dataset, setting, "importance_bound", value, source, certainty, differs, 50, model=model
    )


def _replication(training: str, value: float, differs: str = "its own network and K") -> Anchor:
    source = f"a replication of {BURDA}"
    return Anchor(
        "mnist_dynamic",
        f"VAE, {training}",
        "importance_bound",
        value,
        source,
        FIRST_HAND,
        differs,
        None,
    )


def _rae(setting: str, metric: str, value: float, model: str) -> Anchor:
    differs = "network and likelihood" if model else "we train no regularised autoencoder"
    return Anchor(
        "mnist",
        f"{setting}, 100 epochs",
        f"inception_{metric}",
        value,
        "RAE repository (Ghosh et al. 2020)",
        FIRST_HAND,
        differs,
        16,
        likelihood=None,
        model=model,
    )


IWAE = "we train no importance-weighted bound"
ANCHORS = (
    _burda("mnist_dynamic", "VAE, one sample, 3,280 epochs", -86.76),
    _burda("mnist_dynamic", "VAE, 5 samples a step", -86.47, "", "we train with one sample"),
    _burda("mnist_dynamic", "VAE, 50 samples a step", -86.35, "", "we train with one sample"),
    _burda("mnist_dynamic", "IWAE, 5 samples", -85.54, "", IWAE),
    _burda("mnist_dynamic", "IWAE, 50 samples", -84.78, "", IWAE),
    _replication("15 epochs", -96.9, "its own network, K = 50"),
    _replication("400,000 steps of 100 images", -90.26),
    _replication("5,000 epochs, batches of 1,000", -87.78),
    _replication("1,600 epochs", -87.5),
    _replication("3,280 epochs", -86.35),
    _burda("mnist_static", "VAE (IWAE with one sample)", -88.71),
    _burda("mnist_static", "IWAE, 5 samples", -87.63, "", IWAE),
    _burda("mnist_static", "IWAE, 50 samples", -87.10, "", IWAE),
    _rae("VAE, codes from the prior", "fid_prior", 19.21, "vae"),
    _rae("VAE, codes from a mixture", "fid_gmm", 17.66, "vae"),
    _rae("autoencoder, codes from a mixture", "fid_gmm", 10.66, "ae"),
    _rae("autoencoder with L2 penalty, codes from a mixture", "fid_gmm", 8.69, ""),
)

CURVE_DATASET = "mnist"
CURVE_BETAS = (0.5, 1, 2, 4, 8, 12, 16, 24, 32)
CURVES = {
    "bernoulli": ["24.7", "14.7", "10.4", "5.2", "8.6", "36.7", ">50", ">50", ">50"],
    "continuous_bernoulli": ["46.7", "37.4", "21.8", "13.2", "7.5", "4.5", "5.4", "6.5", "19.7"],
}
"""FID of prior samples against β: a blog post's figure, likelihood -> a value for every β."""

CURVE_SOURCE = (
    "The published curves are those of a simple VAE on MNIST in “A Probabilistic View on "
    "Reconstruction Losses” (blog post of 2025-10-05). They are read off a figure, to ±0.3, with "
    "one run a point and another classifier's features: compare where each curve is lowest, not "
    "the values."
)


def published(dataset: str, latent_dim: int, metrics: pd.DataFrame) -> str:
    """Markdown: what others measured beside the metrics of one group, or that nothing is known.

    Args:
        metrics: the group's rows of ``metrics.csv``.
    """
    anchors = markdown_table(anchor_table(dataset, latent_dim, metrics))
    curves = markdown_table(curve_table(dataset, metrics))
    parts = [anchors, curves, CURVE_SOURCE if curves else ""]
    unknown = f"No published value is known to us that was measured on {dataset} in this way."
    return "\n\n".join(filter(None, parts)) or unknown


def anchor_table(dataset: str, latent_dim: int, metrics: pd.DataFrame) -> pd.DataFrame:
    """A row per published value on ``dataset`` of a metric that was measured here."""
    anchors = [a for a in ANCHORS if a.dataset == dataset and a.metric in set(metrics.metric)]
    rows = [
        {
            "published setting": anchor.setting,
            "metric": METRICS[anchor.metric].axis,
            "published": f"{anchor.value:g}",
            "ours": _ours(anchor, metrics),
            "what differs": _differences(anchor, latent_dim),
            "source": f"{anchor.source} ({anchor.certainty})",
        }
        for anchor in anchors
    ]
    return pd.DataFrame(rows)


def _ours(anchor: Anchor, metrics: pd.DataFrame) -> str:
    """Mean over seeds ± its standard error in the anchor's cell of every likelihood it names."""
    rows = metrics[(metrics.metric == anchor.metric) & (metrics.model == anchor.model)]
    if anchor.model == "vae":
        rows = rows[rows.beta == anchor.beta]
    if anchor.likelihood:
        rows = rows[rows.likelihood == anchor.likelihood]
    cells = rows.dropna(subset="value").groupby("likelihood", sort=False).value
    texts = [
        with_error(values.mean(), values.sem())
        + ("" if anchor.likelihood else f" ({likelihood_name(slug)})")
        for slug, values in cells
    ]
    return "<br>".join(texts) or "–"


def _differences(anchor: Anchor, latent_dim: int) -> str:
    if not anchor.model:
        return anchor.differs
    known = anchor.latent_dim is not None and anchor.latent_dim != latent_dim
    size = f", {anchor.latent_dim} latent dimensions rather than {latent_dim}" if known else ""
    return f"length of training, {anchor.differs}{size}"


def curve_table(dataset: str, metrics: pd.DataFrame) -> pd.DataFrame:
    """The published curves and ours at their βs: two rows per likelihood that we trained too."""
    if dataset != CURVE_DATASET:
        return pd.DataFrame()
    rows = []
    for slug, values in CURVES.items():
        fid = by_beta(metrics[metrics.likelihood == slug], "fid_prior").mean()
        if fid.empty:
            continue
        ours = [rounded(fid[beta]) if beta in fid else "–" for beta in CURVE_BETAS]
        for who, row in (("published", values), ("ours", ours)):
            shown = dict(zip(map(beta_name, CURVE_BETAS), row, strict=True))
            rows.append({"FID against β": f"{likelihood_name(slug)}, {who}", **shown})
    return pd.DataFrame(rows)
