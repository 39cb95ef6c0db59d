"""Every metric by name: what it is called in print, its unit, which direction is better."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """How a metric is shown and read.

    Attributes:
        label: name for axes and headers.
        unit: of the value, empty for counts and ratios.
        better: ``higher``, ``lower``, or empty where neither is better as such.
        definition: one line for the glossary, with its source.
        log_scale: whether plots use a logarithmic axis.
    """

    label: str
    unit: str
    better: Literal["higher", "lower", ""]
    definition: str
    log_scale: bool = False

    @property
    def axis(self) -> str:
        """The label with its unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def header(self) -> str:
        """The label with an arrow towards better."""
        return self.label + {"higher": " ↑", "lower": " ↓", "": ""}[self.better]


METRICS = {
    "distortion": Metric(
        "distortion",
        "nats/image",
        "",
        "E_q[−log p(x|z)] on the test split, summed over pixels, z sampled from q(z|x)",
    ),
    "rate": Metric(
        "rate",
        "nats/image",
        "",
        "KL(q(z|x) ‖ p(z)) on the test split, closed form, summed over latent dimensions; "
        "never multiplied by β",
    ),
    "elbo": Metric(
        "ELBO",
        "nats/image",
        "higher",
        "−(distortion + rate) at β = 1, whatever β trained the model (Kingma & Welling 2014)",
    ),
    "log_likelihood": Metric(
        "log-likelihood",
        "nats/image",
        "higher",
        "log p(x) of test images as the family defines it, a density for densities: importance "
        "sampling around each image's posterior mode, whatever the encoder; a free scale is first "
        "set to its best on the validation split. Densities of discrete data decide nothing",
    ),
    "log_likelihood_binarised": Metric(
        "log p of binarised images",
        "nats/image",
        "higher",
        "the same for black and white copies of grey test images, two of each, that Bernoulli "
        "pixels give a probability; not to be compared with other likelihoods",
    ),
    "bits_per_dim": Metric(
        "bits/dim",
        "",
        "lower",
        "−log₂ of the probability of a test image's grey levels (densities integrated over bins), "
        "per pixel, estimated in the same way, a free scale set for it: the only likelihood to "
        "compare across families",
    ),
    "importance_bound": Metric(
        "importance-weighted bound L_K",
        "nats/image",
        "higher",
        "log (1/K) Σ w_k with K codes from q(z|x) as trained (Burda et al. 2016), the number that "
        "papers quote: an under-estimate of the log-likelihood, most of all at β far from 1",
    ),
    "approximation_gap": Metric(
        "approximation gap",
        "nats/image",
        "lower",
        "log p(x) minus the ELBO of the best factorised Gaussian of each image, on 32 test images "
        "(Cremer et al. 2018)",
    ),
    "amortisation_gap": Metric(
        "amortisation gap",
        "nats/image",
        "lower",
        "that ELBO minus the encoder's, on the same images (Cremer et al. 2018)",
    ),
    "ess_mean": Metric(
        "effective sample size, mean",
        "",
        "higher",
        "(Σ w)² / Σ w² of the weights behind the log-likelihood, from 1 to K (to 3K for images "
        "measured anew), averaged over images (Kong 1992)",
        log_scale=True,
    ),
    "ess_min": Metric(
        "effective sample size, minimum", "", "higher", "the same for the worst image", True
    ),
    "ess_low_share": Metric(
        "share of images with ESS < 10",
        "",
        "lower",
        "the share of test images whose log-likelihood rests on fewer than 10 effective samples",
    ),
    "monte_carlo_error": Metric(
        "Monte Carlo error of the log-likelihood",
        "nats/image",
        "lower",
        "the standard error that comes from drawing codes, beside that over test images",
    ),
    "heavy_tail_share": Metric(
        "share of images with k̂ > 0.7",
        "",
        "lower",
        "the share of test images whose weights have a tail of shape k̂ above 0.7: their estimate "
        "is not to be trusted (Vehtari et al. 2024)",
    ),
    "scale_factor": Metric(
        "factor of the scale",
        "",
        "",
        "what the trained (or fixed) scale is multiplied by for the log-likelihood: its best on "
        "the validation split",
    ),
    "scale_gain": Metric(
        "gain of rescaling", "nats/image", "", "what that adds on the validation split"
    ),
    "scale_factor_mass": Metric(
        "factor of the scale, for bits/dim", "", "", "the same for the probability of grey levels"
    ),
    "scale_gain_mass": Metric(
        "gain of rescaling, for bits/dim", "nats/image", "", "what that adds, in nats"
    ),
    "active_units": Metric(
        "active units",
        "",
        "",
        "latent dimensions whose posterior mean has a variance above 0.01 over the test images "
        "(Burda et al. 2016)",
    ),
    "mutual_information": Metric(
        "mutual information I(x; z)",
        "nats/image",
        "",
        "E[log q(z|x) − log q(z)], with q(z) the mean of the posteriors of N test images "
        "(Hoffman & Johnson 2016); never above log N",
    ),
    "mutual_information_ceiling": Metric(
        "log N",
        "nats/image",
        "",
        "the largest value that the estimated mutual information can have with N test images",
    ),
    "mutual_information_saturated": Metric(
        "mutual information saturated",
        "",
        "",
        "1 if it is within 2 nats of log N, else 0: there it is too low, and the marginal KL as "
        "much too high, by more than a few tenths of a nat, and both are bounds only",
    ),
    "marginal_kl": Metric(
        "marginal KL",
        "nats/image",
        "lower",
        "KL(q(z) ‖ p(z)) of the same aggregate posterior: the rate is the mutual information plus "
        "this (Hoffman & Johnson 2016)",
    ),
    "dimensions_unlike_prior": Metric(
        "dimensions unlike the prior",
        "share",
        "lower",
        "latent dimensions in which codes, one for each of N test images, are told from N(0, 1) "
        "by a Kolmogorov-Smirnov test at 1 %, Bonferroni-corrected; grows with N",
    ),
    "ablation_change": Metric(
        "cost of ablating inactive units",
        "nats/image",
        "",
        "change of the distortion when all units that are not active are drawn from the prior: "
        "about 0 if the count of active units is right (Burda et al. 2016)",
    ),
    "reconstruction_variance": Metric(
        "variance kept by reconstructions",
        "share",
        "",
        "variance across test images of E[x|z] at the posterior mean, summed over pixels, as a "
        "share of the images' own",
    ),
    "collapsed": Metric(
        "collapsed",
        "",
        "lower",
        "1 if no unit is active or reconstructions keep less than 1 % of the variance, else 0",
    ),
    "mse": Metric(
        "MSE",
        "per pixel",
        "lower",
        "mean squared difference between test images in [0, 1] and the expected image E[x|z], z "
        "drawn from q(z|x)",
        log_scale=True,
    ),
    "mse_mean": Metric(
        "MSE at the posterior mean",
        "per pixel",
        "lower",
        "the same with z at the mean of q(z|x): the difference is what sampling the code costs",
        log_scale=True,
    ),
    "high_frequency_energy": Metric(
        "high-frequency energy",
        "share",
        "",
        "Fourier power of reconstructions above half the Nyquist frequency (0.25 cycles per pixel "
        "in any direction) over that of the test images: 1 is as sharp as the data, less is "
        "blurred, more is spurious detail",
    ),
    "best_epoch": Metric(
        "epoch kept",
        "",
        "",
        "the epoch with the best validation objective, whose weights are kept",
    ),
    "epochs": Metric(
        "epochs trained",
        "",
        "",
        "after which training of the cell ended: it had converged, or spent its budget",
    ),
    "converged": Metric(
        "converged",
        "",
        "higher",
        "1 if the second half of training improved the best validation objective (distortion + β "
        "rate) by less than training.tolerance nats, at a learning rate that never fell, else 0",
    ),
    "diverged": Metric("diverged", "", "lower", "1 if training left the finite numbers, else 0"),
}

LIKELIHOOD_CRITERIA = ("bits_per_dim", "log_likelihood_binarised")
"""What a likelihood is judged by, the first that was measured; densities and bounds are not."""

CRITERIA = (*LIKELIHOOD_CRITERIA, "fid_prior", "inception_fid_prior")
"""The metrics for which a best β is sought by default, where a table has them."""

DIAGNOSTICS = ("diverged", "collapsed", "converged")
"""Better in one direction, but nothing to choose a β by."""

COMPARABLE = ("bits_per_dim", "fid_prior", "inception_fid_prior")
"""The criteria that mean the same for every likelihood, so that likelihoods can be compared."""

WITHOUT_OPTIMUM = ("mse", "mse_mean", "fid_reconstruction")
"""Metrics of reconstructions: a smaller β spends more on them, so by nature none is the best."""


def has_optimum(name: str) -> bool:
    """Whether a best β can be expected of a metric, in whichever features."""
    return not name.endswith(WITHOUT_OPTIMUM)


OF_SAMPLES = {
    "fid_prior": Metric(
        "FID of expected images",
        "",
        "lower",
        "Fréchet distance (Heusel et al. 2017) between test images and expected images E[x|z], "
        "z ~ p(z), in the features of a classifier of this dataset that has learned to see blur "
        "and noise as well: what a user sees who shows means",
        True,
    ),
    "fid_prior_drawn": Metric(
        "FID of drawn images",
        "",
        "lower",
        "the same for images drawn from the model, x ~ p(x|z), rounded to grey levels: what a "
        "user sees who samples from all of it",
        True,
    ),
    "fid_reconstruction": Metric(
        "FID of reconstructions",
        "",
        "lower",
        "the same for reconstructions of training images, which are other images than those they "
        "are compared with: what codes that follow the data reach",
        True,
    ),
    "fid_gaussian": Metric(
        "FID of an ex-post Gaussian",
        "",
        "lower",
        "the same for codes drawn from one Gaussian fitted on training codes (Ghosh et al. 2020)",
        True,
    ),
    "fid_gmm": Metric(
        "FID of an ex-post mixture",
        "",
        "lower",
        "the same with a mixture of 10 Gaussians (Ghosh et al. 2020)",
        True,
    ),
    "kid_prior": Metric(
        "KID of expected images",
        "",
        "lower",
        "kernel distance (Bińkowski et al. 2018) of the images that the FID of expected images "
        "compares, over all pairs: unbiased, so about 0 for perfect samples, even below",
    ),
    "precision_prior": Metric(
        "precision, prior samples",
        "share",
        "higher",
        "generated images nearer to a test image than its fifth nearest neighbour is "
        "(Kynkäänniemi et al. 2019): fidelity; 1 also for a model that makes one image only",
    ),
    "recall_prior": Metric(
        "recall, prior samples",
        "share",
        "higher",
        "test images nearer to a generated image than its fifth nearest neighbour is "
        "(Kynkäänniemi et al. 2019), of as many generated as test images: diversity",
    ),
    "density_prior": Metric(
        "density, prior samples",
        "",
        "higher",
        "how many test images' neighbourhoods hold a generated image, over 5 (Naeem et al. 2020): "
        "about 1 for real images, more for samples crowded where the data are dense",
    ),
    "coverage_prior": Metric(
        "coverage, prior samples",
        "share",
        "higher",
        "test images with a generated image nearer than their fifth nearest neighbour "
        "(Naeem et al. 2020), of as many generated as test images: fidelity and diversity",
    ),
    "authentic_share": Metric(
        "authentic prior samples",
        "share",
        "",
        "generated images farther from their nearest training image than that one is from the "
        "next (Alaa et al. 2022): 0 for copies, about a half for unseen images, 1 for images "
        "unlike the data",
    ),
    "data_copying": Metric(
        "data copying C_T, prior samples",
        "standard deviations",
        "",
        "Mann-Whitney statistic of generated against test images' distances to the nearest "
        "training image, averaged over 10 regions (Meehan et al. 2020): below −3 the model "
        "copies, about 0 is as unseen images are, above 3 it strays from the data",
    ),
}
"""Metrics of generated images, measured in every feature space."""

EX_POST = ("precision", "recall", "density", "coverage")


def _ex_post(metric: Metric) -> Metric:
    label = metric.label.replace("prior samples", "ex-post mixture")
    definition = f"as {metric.label}, for codes drawn from the ex-post mixture"
    return replace(metric, label=label, definition=definition)


OF_SAMPLES |= {
    f"{name.removesuffix('_prior')}_gmm": _ex_post(metric)
    for name, metric in OF_SAMPLES.items()
    if name.startswith(EX_POST)
}
METRICS |= OF_SAMPLES

INCEPTION, SELF_SUPERVISED, PIXELS = "inception_", "selfsupervised_", "pixels_"
SPACES = {
    INCEPTION: (
        "Inception",
        "in the 2048 features of pytorch-fid's Inception network (Heusel et al. 2017), for which "
        "values are published",
    ),
    SELF_SUPERVISED: (
        "self-supervised",
        "in the features of a network trained on the same images without labels, by SimCLR (Chen "
        "et al. 2020), and to see blur and noise",
    ),
    PIXELS: ("pixel", "in the principal components of the pixels"),
}
"""Feature spaces beside the classifier's: prefix of the metrics, label, what they are."""

METRICS |= {
    prefix + name: replace(
        metric,
        label=f"{label} {metric.label}",
        definition=f"as {metric.label}, but {features}",
    )
    for prefix, (label, features) in SPACES.items()
    for name, metric in OF_SAMPLES.items()
}

METRICS |= {
    "probe_accuracy": Metric(
        "probe accuracy",
        "share",
        "higher",
        "test images whose class a logistic regression on posterior means names, fitted on those "
        "of training images (at most 10,000); codes centred, and scaled by one number",
    ),
    "probe_accuracy_10_labels": Metric(
        "probe accuracy, 10 labels per class",
        "share",
        "higher",
        "the same, fitted on 10 training images of every class, averaged over 5 draws of them",
    ),
    "knn_accuracy": Metric(
        "nearest-neighbour accuracy",
        "share",
        "higher",
        "test images with the class that most of the 5 training images with the nearest posterior "
        "means have",
    ),
    "marginal_kl_lower": Metric(
        "marginal KL, lower bound",
        "nats/image",
        "lower",
        "E[log r(z) − log p(z)] over codes of test images, where r is a mixture of Gaussians "
        "fitted on codes of training images, or the prior: at most KL(q(z) ‖ p(z)) for any r, "
        "while the marginal KL of N images is on average at least that, by convexity",
    ),
}

CRITERIA += (
    "fid_prior_drawn",
    "coverage_prior",
    "selfsupervised_fid_prior",
    "pixels_fid_prior",
    "probe_accuracy",
    "probe_accuracy_10_labels",
)
COMPARABLE += CRITERIA[-6:]


def without_space(name: str) -> str:
    """A metric's name without the feature space that it was measured in."""
    return next((name.removeprefix(p) for p in SPACES if name.startswith(p)), name)


def available(name: str, names: Collection[str]) -> str:
    """``name``, or its counterpart in other features if only that is among ``names``."""
    if name in names:
        return name
    return next((prefix + name for prefix in SPACES if prefix + name in names), name)
