"""How generated images compare with real ones in one feature space: every metric of it."""

from torch import Tensor

from vae.data.datasets import spaced
from vae.evaluation.cells import Estimate
from vae.evaluation.copying import DataCopying
from vae.evaluation.distances import FeatureGaussian, extract, fid, kid
from vae.evaluation.neighbours import Neighbourhoods
from vae.evaluation.real_images import MOST_TRAINING
from vae.features.classifier import FeatureExtractor

MOST_PAIRED = 2000  # images on either side of metrics that compare all pairs
TIMES_TEST = 10  # as many generated as test images, so that they add little noise
MOST_GENERATED = 50_000


def generated_count(test_images: int, samples: int) -> int:
    """Images generated per cell: ``samples``, or for 0 ten times the test images.

    By default they are at most 50,000, or as many as there are test images.
    """
    most = max(MOST_GENERATED, test_images)
    return samples or min(TIMES_TEST * test_images, most)


class Realism:
    """Compares images with test images, and looks for copies of training images.

    Args:
        test, training: real images in [0, 1], (N, C, H, W), on the extractor's device.
    """

    def __init__(
        self, extractor: FeatureExtractor, test: Tensor, training: Tensor, levels: int, seed: int
    ) -> None:
        self.extractor, self.levels, self.prefix = extractor, levels, extractor.metric_prefix
        self.test, self.training = self.extract(test), self.extract(training)
        self.gaussian, self.paired = FeatureGaussian(self.test), spaced(self.test, MOST_PAIRED)
        self.neighbourhoods = Neighbourhoods(self.paired)
        self.copying = DataCopying(self.training, self.test, seed)

    def extract(self, images: Tensor) -> Tensor:
        """Features, float64 (N, F)."""
        return extract(self.extractor, images, self.levels)

    def fid(self, features: Tensor) -> Estimate:
        """FID between generated and test images."""
        return fid(features, self.gaussian)

    def distances(self, features: Tensor) -> dict[str, Estimate]:
        """FID, KID, precision, recall, density and coverage of generated images (M, F)."""
        return {"fid": self.fid(features), **self.of_pairs(features)}

    def of_pairs(self, features: Tensor) -> dict[str, Estimate]:
        """The same without FID: what compares pairs of images."""
        found = kid(spaced(features, MOST_PAIRED), self.paired)
        return {"kid": found, **self.neighbourhoods(features)}

    def everything(self, features: Tensor) -> dict[str, Estimate]:
        """The same, and whether training images were copied."""
        return self.distances(features) | self.copying(spaced(features, MOST_TRAINING))
