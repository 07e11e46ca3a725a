"""The estimate of memory: parts that add up, and the peaks that others published."""

from __future__ import annotations

import pytest

from hone.stages.train.memory import (
    GIB,
    NF4_BYTES,
    Load,
    activation_bytes,
    estimate_memory,
    layer_bytes,
)
from hone.stages.train.plan import FITS_BELOW, verdict_on
from hone.stages.train.shape import Shape, shape_from
from tests.stages.published_memory import (
    halves,
    median_error,
    median_error_with_kept_inputs,
    published_points,
)

CONFIG = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "vocab_size": 32000,
}
LINEAR = 32 * (4 * 4096**2 + 3 * 4096 * 11008)
SEVEN = shape_from(CONFIG, LINEAR + 2 * 32000 * 4096, LINEAR)
LORA = Load(4, 2048, "cuda", 2, 2, 40_000_000, is_full=False, adapted_inputs=32 * 35584)
FULL = LORA._replace(weight_bytes=4, trained_parameters=SEVEN.parameters, is_full=True)


@pytest.mark.parametrize("load", [LORA, FULL])
def test_memory_grows_with_every_part_that_it_is_made_of(load: Load) -> None:
    plain = estimate_memory(SEVEN, load)
    assert plain.low < plain.likely < plain.high
    assert plain.weights == pytest.approx(SEVEN.parameters * load.weight_bytes / GIB)
    assert plain.optimizer == pytest.approx(load.trained_parameters * 8 / GIB)
    for larger in (
        load._replace(batch_size=8),
        load._replace(length=4096),
        load._replace(logit_positions=4 * 2048, logit_bytes=14),
        load._replace(trained_parameters=load.trained_parameters * 2),
    ):
        found = estimate_memory(SEVEN, larger)
        assert found.low > plain.low and found.likely > plain.likely and found.high > plain.high
    saved = estimate_memory(SEVEN, load._replace(is_checkpointed=True))
    assert saved.activations < plain.activations / 2


def test_four_bits_hold_the_matrices_and_leave_the_embeddings() -> None:
    found = estimate_memory(SEVEN, LORA._replace(weight_bytes=NF4_BYTES))
    rest = SEVEN.parameters - SEVEN.linear_parameters
    assert found.weights * GIB == pytest.approx(LINEAR * 4.127 / 8 + rest * 2)


def test_a_full_training_in_mixed_precision_holds_sixteen_bytes_a_weight_and_copies() -> None:
    found = estimate_memory(SEVEN, FULL)
    assert found.weights + found.gradients + found.optimizer == pytest.approx(
        16 * SEVEN.parameters / GIB
    )
    copied = activation_bytes(SEVEN, FULL) - activation_bytes(SEVEN, FULL._replace(weight_bytes=2))
    norms = 4 * 2048 * 32 * 2 * SEVEN.normed  # in fp32 two bytes more for each of their values
    assert copied == pytest.approx(2 * LINEAR + norms)
    # Pure bf16 with 8-bit moments: two bytes each for weight, gradient and moments.
    pure = FULL._replace(weight_bytes=2, trained_bytes=2, moment_bytes=2)
    small = estimate_memory(SEVEN, pure)
    assert small.weights + small.gradients + small.optimizer == pytest.approx(
        6 * SEVEN.parameters / GIB
    )


def test_gradients_and_activations_are_not_held_at_once_unless_they_accumulate() -> None:
    one = estimate_memory(SEVEN, FULL).allocated.likely
    many = estimate_memory(SEVEN, FULL._replace(is_accumulating=True))
    assert many.allocated.likely == pytest.approx(
        many.weights + many.optimizer + many.gradients + many.activations
    )
    assert one < many.allocated.likely


def test_dropout_keeps_a_mask_for_every_input_of_an_adapter() -> None:
    without, inputs = layer_bytes(SEVEN, LORA), LORA.adapted_inputs / 32
    assert layer_bytes(SEVEN, LORA._replace(has_dropout=True)) - without == inputs
    on_cpu = LORA._replace(device="cpu", compute_bytes=4)
    masked = on_cpu._replace(has_dropout=True)
    assert layer_bytes(SEVEN, masked) - layer_bytes(SEVEN, on_cpu) == 4 * inputs


def test_cards_that_share_the_weights_hold_less_each_and_gather_layers() -> None:
    alone = estimate_memory(SEVEN, LORA)
    shared = estimate_memory(SEVEN, LORA._replace(cards=4))
    assert shared.weights == pytest.approx(alone.weights / 4)
    assert shared.activations == alone.activations
    assert alone.gathered == 0 < shared.gathered < alone.weights / 4
    assert shared.likely < alone.likely


def test_a_state_space_layer_without_its_kernel_keeps_every_state() -> None:
    config = {"model_type": "mamba", "hidden_size": 768, "intermediate_size": 1536}
    mamba = shape_from({**config, "state_size": 16, "num_hidden_layers": 24}, 129_000_000, 10**8)
    assert (mamba.states, mamba.normed) == (16, 768)
    on_card = layer_bytes(mamba, LORA._replace(adapted_inputs=0))
    on_cpu = layer_bytes(mamba, LORA._replace(adapted_inputs=0, device="cpu"))
    assert on_cpu > 5 * on_card


def test_it_fits_when_the_high_end_does_and_is_tight_when_only_the_low_end_does() -> None:
    found = estimate_memory(SEVEN, LORA)
    assert verdict_on(found, found.high / FITS_BELOW + 0.01) == "fits"
    assert verdict_on(found, found.high / FITS_BELOW - 0.01) == "tight"
    assert verdict_on(found, found.low + 0.01) == "tight"
    assert verdict_on(found, found.low - 0.01) == "does not fit"


# What others published; the table is printed by benchmarks/memory_estimate.py


def test_the_median_error_on_points_that_nothing_was_fitted_on_is_below_twelve_percent() -> None:
    fitted, held_out = halves()
    assert len(fitted) >= 20 and len(held_out) >= 30
    assert median_error(held_out) <= 0.12
    assert median_error(fitted) <= 0.12


def test_the_range_holds_most_of_what_was_published() -> None:
    for half in halves():
        assert sum(point.is_held for point in half) >= 0.8 * len(half)


def test_what_the_estimate_does_not_explain_stays_in_the_count() -> None:
    missed = {point.name.split(" ")[0] for point in halves()[1] if abs(point.error) > 0.2}
    assert missed == {"hunyuan-0.5b", "olmo-3-7b"}


def test_points_are_set_aside_for_stated_reasons_only() -> None:
    aside = [point for point in published_points() if point.set_aside]
    assert {point.set_aside for point in aside} == {"bitsandbytes"}
    assert all("nf4" in point.name for point in aside)
    # The reason is no excuse: what that version kept makes up for most of what is missing.
    assert median_error_with_kept_inputs(aside) < 0.12 < median_error(aside)


@pytest.mark.parametrize(
    ("is_full", "is_checkpointed", "measured_gib"),
    [(False, False, 3.948), (True, False, 2.978), (False, True, 2.381)],
)
def test_the_range_holds_what_was_measured_on_a_processor(
    is_full: bool, is_checkpointed: bool, measured_gib: float
) -> None:
    # Peaks of a real worker: 35M weights in fp32, 8 rows of 358 tokens, LoRA r 8 with dropout.
    config = {
        "model_type": "qwen2",
        "hidden_size": 512,
        "intermediate_size": 1536,
        "num_hidden_layers": 8,
        "num_attention_heads": 4,
        "vocab_size": 16000,
    }
    shape: Shape = shape_from(config, 35_463_680, 8 * (4 * 512**2 + 3 * 512 * 1536))
    load = Load(
        batch_size=8,
        length=358,
        device="cpu",
        weight_bytes=4,
        compute_bytes=4,
        trained_parameters=35_463_680 if is_full else 655_360,
        is_full=is_full,
        is_checkpointed=is_checkpointed,
        adapted_inputs=0 if is_full else 8 * (6 * 512 + 1536),
        has_dropout=not is_full,
        logit_positions=8 * 358,
    )
    found = estimate_memory(shape, load)
    assert found.low < measured_gib < found.high < 3.2 * found.low
    assert found.likely == pytest.approx(measured_gib, rel=0.2)
