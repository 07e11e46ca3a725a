"""The linear layer without bias that a fresh head of numbers begins with: a ridge regression.

Source: Hoerl and Kennard 1970, "Ridge regression"; its strength by leaving each row out once, in
closed form: Allen 1974, "The relationship between variable selection and data augmentation".
To begin a fine-tuning there: Kumar et al. 2022, arXiv:2202.10054.
"""

from __future__ import annotations

import torch

STRENGTHS = tuple(10.0 ** (power / 2) for power in range(-10, 1))
"""Tried, as shares of the states' variance over all rows and directions."""


def fitted_head(states: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Weights (numbers, size) for states (rows, size) and labels (rows, numbers), in fp64.

    They say the labels' mean for the mean state, and beside that as much as rows which were left
    out bear: from few rows, or where the states tell nothing, next to nothing.
    """
    states, labels = states.double(), labels.double()
    middle, mean = states.mean(0), labels.mean(0)
    if not states.square().sum():
        return torch.zeros(labels.shape[1], states.shape[1], dtype=states.dtype)
    # With m the mean state, mean / |m|^2 m^T gives the labels' mean for m.
    level = mean[:, None] * middle / middle.square().sum()
    rest = labels - states @ level.T
    variance = (states - middle).square().sum()
    kernel = states @ states.T
    values, vectors = torch.linalg.eigh(kernel)
    turned = vectors.T @ rest
    rows = len(states)
    # Nothing beside the mean, which itself knew the row that is left out.
    best, chosen = (rest * rows / max(1, rows - 1)).square().mean(), torch.zeros_like(rest)
    for strength in STRENGTHS if rows > 2 and variance > 0 else ():
        shrunk = 1 / (values.clamp(min=0) + strength * variance)
        dual = vectors @ (shrunk[:, None] * turned)
        # The error of a row by the others: its dual weight over the diagonal of (K + s)^-1.
        off = dual / (vectors.square() @ shrunk)[:, None]
        if (error := off.square().mean()) < best:
            best, chosen = error, dual
    return level + chosen.T @ states
