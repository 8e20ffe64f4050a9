"""RoIAlign: the features under boxes, on a grid of fixed size (K. He et al., Mask R-CNN, 2017).

Each cell of the grid is the mean of bilinear samples. Bilinear interpolation treats rows and
columns apart, so that a cell is ``rows @ features @ columns``, where ``rows`` and ``columns`` hold
the mean weights of the cell's samples: two small matrix products and no loop over pixels.
"""

import torch
from torch import Tensor


def axis_weights(low: Tensor, high: Tensor, cells: int, length: int, samples: int = 0) -> Tensor:
    """Weights (K, cells, length) of the pixels of one axis in the cells between low and high (K,).

    Positions are in pixels of the features, pixel i having its centre at i + 0.5. ``samples`` per
    cell; 0: one a pixel, as many as the cell is long, at least one. A sample up to one pixel
    outside takes the pixel at the edge, one farther out takes nothing.
    """
    step = (high - low) / cells
    wanted = torch.full_like(step, samples) if samples else step.ceil().clamp(min=1)
    most = int(wanted.max()) if len(wanted) else 1
    number = torch.arange(most, device=low.device, dtype=low.dtype)
    cell = torch.arange(cells, device=low.device, dtype=low.dtype)
    inside = (number + 0.5) / wanted[:, None]  # (K, S) in cells
    places = cell[None, :, None] + inside[:, None, :]
    at = low[:, None, None] - 0.5 + places * step[:, None, None]  # (K, cells, S)
    counts = (number < wanted[:, None])[:, None, :] & (at >= -1) & (at <= length)
    pixel = torch.arange(length, device=low.device, dtype=low.dtype)
    near = 1 - (at.clamp(0, length - 1)[..., None] - pixel).abs()
    weights = near.clamp(min=0) * counts[..., None]
    return weights.sum(2) / wanted[:, None, None]


def roi_align(
    features: Tensor, boxes: Tensor, batch: Tensor, size: int, scale: float, samples: int = 0
) -> Tensor:
    """Features (K, C, size, size) under boxes (K, 4; xyxy in pixels of the image).

    features (B, C, H, W) are ``scale`` times the image; ``batch`` (K,) int64 says which of the B a
    box lies on. Coordinates are continuous (pixel centres at .5), which elsewhere is called
    ``aligned``; ``samples`` as in ``axis_weights``. Differentiable in ``features``.
    """
    height, width = features.shape[-2:]
    x1, y1, x2, y2 = (boxes.to(features.dtype) * scale).unbind(-1)
    rows = axis_weights(y1, y2, size, height, samples)
    columns = axis_weights(x1, x2, size, width, samples)
    found = features.new_zeros(len(boxes), features.shape[1], size, size)
    for b in range(len(features)):
        of = torch.nonzero(batch == b)[:, 0]
        if len(of):
            part = torch.einsum("kih,chw,kjw->kcij", rows[of], features[b], columns[of])
            found = found.index_copy(0, of, part.to(found.dtype))
    return found
