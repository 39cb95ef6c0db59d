"""Which figures there are: their names, captions and alternative texts.

Kept apart from the drawing so that the workflow can list the files without loading seaborn.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure's section in the report and what is said about it."""

    category: str
    caption: str
    alt: str


CHARTS = {
    "answer": Figure(
        "Answer",
        "The best β (large dot) by each criterion, with every β that cannot be told from it at "
        "95 % (small dots); a dotted line marks β = 1.",
        "Best β and its indistinguishable neighbours for each likelihood and criterion",
    ),
    "metrics": Figure(
        "Metrics against β",
        "Every criterion, and what explains it, against β. Lines are means over seeds, bands span "
        "the seeds, the dotted line marks β = 1, hollow marks (AE) are autoencoders trained on "
        "the same distortion. Likelihood families measure in different currencies, so "
        "log-likelihood and ELBO are shown as what each family loses against its own best β.",
        "Small charts of every criterion, the rate, active units and sharpness against β, one "
        "line per likelihood",
    ),
    "log_likelihood": Figure(
        "Likelihood",
        "ELBO and importance-weighted bound L_K on test images against β; lines are means over "
        "seeds, bands span the seeds. Panels have their own axes: families measure different "
        "things (probabilities, densities), so heights must not be compared across panels.",
        "ELBO and log-likelihood bound against β, one panel per likelihood",
    ),
    "refit": Figure(
        "Likelihood",
        "What refitting the encoder at β = 1, its decoder frozen, adds to the bounds: how much of "
        "a bad likelihood at β ≠ 1 was the encoder's fault. For a fixed σ the refit includes "
        "setting σ to its best value on training images. A gain below zero means that this σ is "
        "too small for test images, or that L_K with few samples was served better by the broader "
        "posterior that β > 1 had trained.",
        "Gain in ELBO and log-likelihood bound by refitting the encoder, against β",
    ),
    "beta_sigma": Figure(
        "Likelihood",
        "For a Gaussian with fixed σ only the product β σ² matters: the curves of different σ "
        "fall on one line. The likelihood is quoted at the σ that fits the training images best.",
        "Rate and log-likelihood of fixed-σ Gaussians against β σ², one line per σ",
    ),
    "fid_check": Figure(
        "Sample quality",
        "Can FID be trusted here? Its value for training images that are blurred, noisy or "
        "cropped, against untouched test images: it should rise with every step. Strengths are "
        "the blur's standard deviation and the width of the blackened border as shares of the "
        "image's side, and the noise's standard deviation. Grey lines: untouched training images "
        "(the floor) and images of uniform noise, which are not the worst there is.",
        "FID against the strength of blur, noise and cropping, with floor and uniform noise",
    ),
    "fid": Figure(
        "Sample quality",
        "Fréchet distance of generated images to test images against β: codes from the prior, "
        "from densities fitted afterwards, and from the images themselves (reconstructions). The "
        "dotted line is the autoencoder with the fitted mixture, the grey line the distance "
        "between real training and test images.",
        "FID against β for prior, ex-post densities and reconstructions, one panel per likelihood",
    ),
    "spectra": Figure(
        "Reconstruction",
        "Power spectra, averaged over directions, test images and seeds: of the test images "
        "(black), of the autoencoder's reconstructions (dashed) and of those at every β. Where a "
        "curve falls below the black one, detail of that size is lost.",
        "Power against spatial frequency for test images and reconstructions, one panel per "
        "likelihood",
    ),
    "rate_distortion": Figure(
        "Rate and distortion",
        "Each dot is a β (mean over seeds): how many nats the code carries and how many are left "
        "to explain. Along a grey line the ELBO is constant; lower left is better.",
        "Distortion against rate for every β, one panel per likelihood",
    ),
    "aggregate_posterior": Figure(
        "Latent space",
        "Was the regularisation successful? The rate is the mutual information of image and code "
        "plus the divergence of all codes together (the aggregate posterior) from the prior; only "
        "the latter should vanish. The estimated mutual information cannot exceed log N (dashed): "
        "near it, it is too low and the marginal KL too high by the same amount. Rate (closed "
        "form) and sum (by sampling) check each other. The vertical axis is linear up to 1 nat "
        "and logarithmic above.",
        "Rate, mutual information and marginal KL against β, one panel per likelihood",
    ),
    "dimensions": Figure(
        "Latent space",
        "Nats carried by each latent dimension (sorted, mean over seeds) against β.",
        "Heat map of the divergence of each latent dimension against β",
    ),
    "training": Figure(
        "Training",
        "ELBO on the validation split while training, mean over seeds, every β in one colour; "
        "panels have their own axes.",
        "Validation ELBO against epoch for each β, one panel per likelihood",
    ),
}

GALLERY = {
    "images": Figure(
        "Pictures",
        "Reconstructions of the same test images and samples from the same codes z ~ p(z), a row "
        "per β. Every picture is the expected image E[x|z].",
        "Grid of reconstructions and samples, one row per β",
    ),
    "interpolations": Figure(
        "Pictures",
        "Straight lines between the codes of two test images, a row per β.",
        "Grid of images interpolated between two test images, one row per β",
    ),
}


def charts_for(likelihoods: list[str]) -> list[str]:
    """The charts of a group with these likelihoods; comparing fixed σs takes several of them."""
    fixed = [slug for slug in likelihoods if slug.startswith("gaussian_fixed_sigma")]
    return [name for name in CHARTS if name != "beta_sigma" or len(fixed) > 1]
