"""Which decoder likelihoods p(x|z) there are, and all that is known of them without torch."""

from dataclasses import dataclass

BLACK_AND_WHITE, GREY_LEVELS, NUMBERS = "black and white", "grey levels", "numbers"
NO_DENSITY = {
    BLACK_AND_WHITE: "is a probability of black and white, not a density of grey",
    GREY_LEVELS: "is a probability of grey levels already",
}


@dataclass(frozen=True)
class Family:
    """A decoder likelihood, up to a σ that the configuration gives.

    Attributes:
        title: its name in print; ``{sigma:g}`` where a given σ belongs.
        distribution: its class in ``vae.distributions``, such as ``continuous.Gaussian``.
        scale: what shares one scale, where the distribution has a location and a scale:
            ``fixed`` (given), ``shared`` (by all pixels of all images, trained), ``position``,
            ``image``, ``pixel``, or ``optimal`` (the best for each image while training; shared
            and calibrated on the training images afterwards).
        outputs: of the decoder's network per pixel; None for one per grey level.
        over: what it is a distribution over: a density over ``NUMBERS``, probabilities of
            ``GREY_LEVELS``, or of ``BLACK_AND_WHITE``, which say nothing about grey.
    """

    title: str
    distribution: str
    scale: str | None = None
    outputs: int | None = 1
    over: str = NUMBERS

    @property
    def needs_sigma(self) -> bool:
        """Whether the configuration gives its σ."""
        return self.scale == "fixed"

    @property
    def calibrated(self) -> bool:
        """Whether its σ is estimated at the end of training."""
        return self.scale == "optimal"

    @property
    def free_scale(self) -> bool:
        """Whether all pixels of an image share one scale.

        Evaluation then multiplies it by the factor that is best for what is scored.
        """
        return self.scale in ("fixed", "shared", "image", "optimal")

    @property
    def no_density(self) -> str | None:
        """Why it cannot be trained on the masses of its density; None where it can."""
        if self.scale == "optimal":
            return "reads σ off the image it scores and is no density"
        return NO_DENSITY.get(self.over)


FAMILIES = {
    "bernoulli": Family("Bernoulli", "discrete.Bernoulli", over=BLACK_AND_WHITE),
    "continuous_bernoulli": Family("continuous Bernoulli", "interval.ContinuousBernoulli"),
    "gaussian_fixed_sigma": Family("Gaussian, σ = {sigma:g}", "continuous.Gaussian", "fixed"),
    "gaussian_learned_sigma": Family("Gaussian, learned σ", "continuous.Gaussian", "shared"),
    "gaussian_dimension_sigma": Family(
        "Gaussian, σ per position", "continuous.Gaussian", "position"
    ),
    "gaussian_image_sigma": Family(
        "Gaussian, σ per image", "continuous.Gaussian", "image", outputs=2
    ),
    "gaussian_pixel_sigma": Family(
        "Gaussian, σ per pixel", "continuous.Gaussian", "pixel", outputs=2
    ),
    "gaussian_optimal_sigma": Family("Gaussian, optimal σ", "continuous.Gaussian", "optimal"),
    "laplace_learned_scale": Family("Laplace, learned scale", "continuous.Laplace", "shared"),
    "beta": Family("beta", "interval.Beta", outputs=2),
    "discretized_logistic": Family(
        "discretized logistic", "discrete.DiscretizedLogistic", outputs=2, over=GREY_LEVELS
    ),
    "categorical": Family("categorical", "discrete.Categorical", outputs=None, over=GREY_LEVELS),
}
