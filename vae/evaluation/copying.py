"""Do generated images copy training images? Distances to the nearest training image say."""

import math

import torch
from sklearn.cluster import KMeans
from torch import Tensor

from vae.evaluation.cells import Estimate, average
from vae.evaluation.neighbours import BLOCK, neighbour_radii

REGIONS = 10  # of feature space, so that a model's favourite region is not taken for copying
LEAST_GENERATED = 20  # in a region that counts; Meehan et al. (2020), section 4


class DataCopying:
    """Measures copying of training images (N, F), with test images as what none has copied."""

    def __init__(self, training: Tensor, test: Tensor, seed: int) -> None:
        self.training = training
        self.radii = neighbour_radii(training, 1)
        count = min(REGIONS, len(training))
        regions = KMeans(count, n_init=1, random_state=seed).fit(training.cpu().numpy())
        self.centres = torch.from_numpy(regions.cluster_centers_).to(training)
        self.test_regions = self._regions(test).cpu()
        self.test_distances = self._nearest(test)[0].cpu()

    def __call__(self, generated: Tensor) -> dict[str, Estimate]:
        """``authentic_share`` and ``data_copying`` of generated images (M, F).

        An image is authentic if it is farther from its nearest training image than that one is
        from the next (Alaa et al. 2022). ``data_copying`` is the statistic C_T of Meehan et al.
        (2020): about 0, with a spread of at most 1, for unseen images, far below 0 for copies,
        above 0 for images farther from the training images than unseen ones are.
        """
        distances, nearest = self._nearest(generated)
        authentic = average((distances > self.radii[nearest]).double())
        copying = self._copying(distances, self._regions(generated))
        return {
            "authentic_share": Estimate(authentic.value, authentic.se),
            "data_copying": Estimate(copying),
        }

    def _nearest(self, x: Tensor) -> tuple[Tensor, Tensor]:
        parts = [torch.cdist(part, self.training).min(1) for part in x.split(BLOCK)]
        return torch.cat([p.values for p in parts]), torch.cat([p.indices for p in parts])

    def _regions(self, x: Tensor) -> Tensor:
        return torch.cdist(x, self.centres).argmin(1)

    def _copying(self, distances: Tensor, regions: Tensor) -> float:
        """Mann-Whitney's z in every region, weighted by the test images in it: on the CPU."""
        distances, regions = distances.cpu(), regions.cpu()
        total, weight = 0.0, 0
        for region in range(len(self.centres)):
            ours = distances[regions == region]
            theirs = self.test_distances[self.test_regions == region]
            if len(ours) >= LEAST_GENERATED and len(theirs):
                total += len(theirs) * mann_whitney_z(ours, theirs)
                weight += len(theirs)
        return total / weight if weight else math.nan


def mann_whitney_z(x: Tensor, y: Tensor) -> float:
    """Standardised U statistic (Mann & Whitney 1947): above 0 if values of x tend to be larger."""
    n, m = len(x), len(y)
    y = y.sort().values
    below = [torch.searchsorted(y, x, right=right).sum() for right in (False, True)]
    u = float(sum(below)) / 2  # ties count half
    return (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
