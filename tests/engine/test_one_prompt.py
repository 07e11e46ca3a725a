"""What trains and what answers is the text that Hone rendered, byte for byte."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer

from hone.engine import collate, load, supervised, train_loop
from hone.engine.lora import add_adapter
from hone.methods._building import _plan
from hone.methods._training_options import chosen
from hone.methods.sft import Options
from hone.rendering.tokens import MASKED, Renderer
from tests.engine.small import copy_rows, frozen


def rendered(base: Path, count: int):
    renderer = Renderer.load(base)
    messages = [[*row["prompt"], *row["completion"]] for row in copy_rows(count)]
    return renderer, messages, list(renderer.training_rows(messages, 128))


def trainer_of(base: Path, place: Path, rows, **changes: object) -> supervised.RowTrainer:
    options, lora = chosen(frozen(**changes), Options)
    model = load.load_base(load.BaseSpec(id="small", path=base))
    if lora is not None:
        model = add_adapter(model, **lora.model_dump(exclude={"load_in_4bit"}))
    renderer = Renderer.load(base)
    plan, tokenizer = (
        _plan(options, len(rows), ("cpu", "ddp")),
        load.tokenizer_of(base, renderer.stop_ids[0]),
    )
    return supervised.RowTrainer(
        train_loop.Parts(model, plan, collate.as_tensors(rows), [], tokenizer, place)
    )


def test_batches_of_the_real_trainer_decode_to_the_rendered_text(
    small_base: Path, tmp_path: Path
) -> None:
    _, _, rows = rendered(small_base, 30)
    tokenizer = Tokenizer.from_file(str(small_base / "tokenizer.json"))
    trainer = trainer_of(small_base, tmp_path, rows)
    by_text = {row.text: row for row in rows}
    seen = []
    for batch in trainer.get_train_dataloader():
        for ids, labels, mask in zip(
            *(batch[k] for k in ("input_ids", "labels", "attention_mask")), strict=True
        ):
            length = int(mask.sum())
            assert mask[:length].all() and not mask[length:].any()
            assert (labels[length:] == MASKED).all()
            text = tokenizer.decode(ids[:length].tolist(), skip_special_tokens=False)
            row = by_text[text]
            trained = ids[:length][labels[:length] != MASKED].tolist()
            assert tokenizer.decode(trained, skip_special_tokens=False) == row.completion_text
            assert ids[:length].tolist() == row.input_ids
            seen.append(text)
    assert sorted(seen) == sorted(row.text for row in rows)


def test_a_prompt_to_answer_is_the_beginning_of_the_row_that_trains(small_base: Path) -> None:
    renderer, messages, rows = rendered(small_base, 10)
    for turns, row in zip(messages, rows, strict=True):
        prompt = renderer.prompt(turns[:-1])
        assert row.input_ids[: len(prompt.ids)] == prompt.ids
        assert row.text.startswith(prompt.text)


def test_the_loss_is_that_of_the_full_logits_on_trained_positions(
    small_base: Path, tmp_path: Path
) -> None:
    _, _, rows = rendered(small_base, 6)
    trainer = trainer_of(small_base, tmp_path, rows, **{"lora.lora_dropout": 0.0})
    batch = trainer.data_collator(collate.as_tensors(rows))
    trainer.model.train()
    count = trainer._get_num_items_in_batch([batch], torch.device("cpu"))
    ours = trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=count)
    # TRL's own head, and the model's own loss over all logits.
    theirs = super(supervised.RowTrainer, trainer).compute_loss(
        trainer.model, dict(batch), num_items_in_batch=torch.tensor(count)
    )
    plain = trainer.model(**batch, use_cache=False).loss
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert torch.allclose(ours, plain, atol=1e-5)


def test_validation_is_the_mean_over_tokens_not_over_batches(
    small_base: Path, tmp_path: Path
) -> None:
    _, _, rows = rendered(small_base, 7)
    trainer = trainer_of(small_base, tmp_path, rows)
    trainer._val_rows = collate.as_tensors(rows)
    found = trainer.evaluate()
    with torch.no_grad():
        whole = trainer.model(**trainer.data_collator(trainer._val_rows), use_cache=False).loss
    assert abs(found["eval_loss"] - float(whole)) < 1e-5
    assert 0 <= found["eval_token_accuracy"] <= 1


def test_packed_rows_give_the_loss_and_gradients_of_padded_ones(
    small_base: Path, tmp_path: Path
) -> None:
    _, _, rows = rendered(small_base, 6)
    found = []
    for packing in (False, True):
        torch.manual_seed(0)
        changes = {"lora.lora_dropout": 0.0, "training.packing": packing}
        trainer = trainer_of(small_base, tmp_path / str(packing), rows, **changes)
        batch = trainer.data_collator(collate.as_tensors(rows))
        assert ("attention_mask" in batch) is not packing
        assert trainer.tokens_of(batch) == sum(len(row.input_ids) for row in rows)
        trainer.model.train()
        count = trainer._get_num_items_in_batch([batch], torch.device("cpu"))
        assert count == sum(row.trained_tokens for row in rows)
        loss = trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=count)
        loss.backward()
        parts = [w.grad.flatten() for w in trainer.model.parameters() if w.grad is not None]
        found.append((loss, torch.cat(parts)))
    (padded, its_gradient), (packed, gradient) = found
    assert its_gradient.norm() > 0
    assert torch.allclose(padded, packed, atol=1e-6)
    assert torch.allclose(its_gradient, gradient, atol=1e-6)
