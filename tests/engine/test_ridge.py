"""The head that a regression begins with: the labels' mean, and what rows left out bear."""

from __future__ import annotations

import torch

from hone.engine.ridge import STRENGTHS, fitted_head


def drawn(rows: int, size: int, *, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """States around a common direction, as those of texts are, and labels that follow two."""
    dice = torch.Generator().manual_seed(seed)
    states = 30 + torch.randn(rows, size, generator=dice, dtype=torch.float64)
    labels = 50 + states[:, :2] * torch.tensor([10.0, -4.0], dtype=torch.float64)
    return states, labels


def test_it_says_the_mean_for_the_mean_text_whatever_the_scale() -> None:
    states, labels = drawn(40, 8)
    for scale in (0.01, 1, 1000):
        head = fitted_head(states, labels * scale)
        said = head @ states.mean(0)
        assert torch.allclose(said, labels.mean(0) * scale, rtol=0.02)


def test_what_the_states_tell_is_told_of_texts_it_has_not_seen() -> None:
    head = fitted_head(*drawn(200, 16))
    states, labels = drawn(100, 16, seed=1)
    off = (states @ head.T - labels).abs().mean(0)
    assert (off < 0.15 * (labels - labels.mean(0)).abs().mean(0)).all()


def test_labels_of_other_texts_leave_little_beside_the_mean() -> None:
    states, labels = drawn(60, 200)
    dealt = labels[torch.randperm(60, generator=torch.Generator().manual_seed(1))]
    others, wanted = drawn(100, 200, seed=2)
    spread = (wanted - wanted.mean(0)).abs().mean()
    off = (others @ fitted_head(states, dealt).T - wanted).abs().mean()
    assert off < 1.25 * spread


def test_the_strength_is_the_one_that_predicts_rows_left_out_best() -> None:
    states, labels = drawn(30, 12)
    labels = labels + 20 * torch.randn(30, 2, generator=torch.Generator().manual_seed(3)).double()
    middle = states.mean(0)
    level = labels.mean(0)[:, None] * middle / middle.square().sum()
    rest = labels - states @ level.T
    variance = (states - middle).square().sum()
    errors: list[float] = []
    heads: list[torch.Tensor] = []
    for strength in STRENGTHS:

        def fit(chosen: torch.Tensor, penalty: torch.Tensor = strength * variance) -> torch.Tensor:
            x, y = states[chosen], rest[chosen]
            return torch.linalg.solve(x.T @ x + penalty * torch.eye(12).double(), x.T @ y)

        heads.append(fit(torch.arange(30)))
        off = [
            states[row] @ fit(torch.tensor([other for other in range(30) if other != row]))
            - rest[row]
            for row in range(30)
        ]
        errors.append(float(torch.stack(off).square().mean()))
    best = min(range(len(errors)), key=errors.__getitem__)
    assert torch.allclose(fitted_head(states, labels), level + heads[best].T, atol=1e-8)


def test_texts_that_are_all_alike_give_the_mean() -> None:
    states = torch.ones(5, 3)
    labels = torch.tensor([[1.0], [2.0], [3.0], [4.0], [5.0]])
    assert torch.allclose(fitted_head(states, labels).float() @ torch.ones(3), torch.tensor([3.0]))
    assert fitted_head(torch.zeros(4, 3), labels[:4]).tolist() == [[0.0, 0.0, 0.0]]
