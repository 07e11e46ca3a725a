"""Every shipped recipe, run on the small base as a person would: to a version that answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hone import loop
from hone.cli.run import run
from hone.errors import InvalidInput
from hone.records.model import ModelVersion
from hone.stages.predict import predict_message, predict_options
from hone.stages.train import collect_trained, prepare_training, start_dry_run
from hone.stages.train.recipe import check_recipe, read_recipe
from hone.workspace.bases import find_base
from hone.workspace.open import Workspace
from tests.conftest import REPOSITORY
from tests.loop.every_job import make_workspace, more_messages
from tests.loop.here import train_here, worker_here

pytestmark = pytest.mark.loop

SHIPPED = {path.stem: path for path in sorted((REPOSITORY / "recipes").glob("*.yaml"))}
SHORT = ["training.max_steps=2", "training.threads=1"]
# What a recipe needs beside a shorter run on a smaller base.
MORE = {
    "docs_lora": ["training.dry_run=false"],
    "pickup_grpo": ["training.batch_size=8"],
    "pickup_rloo": ["training.batch_size=8"],
}
# A version of one recipe is the base of another.
FIRST = ("pickup_lora", "qa_lora")
INPUTS = {
    "extract": {"message": "12 cases of apples"},
    "qa": {"question": "What joins the river?"},
    "chat": {"messages": [{"role": "user", "content": "What did we do?"}]},
}


def changes_of(name: str) -> list[str]:
    checked = check_recipe(read_recipe(SHIPPED[name]))
    found = [*SHORT, *MORE.get(name, [])]
    if "/" in checked.recipe.base:
        found.append("base=hone-nano")
    if needs_a_card(name):
        found.append("lora.load_in_4bit=false")
    return found


def needs_a_card(name: str) -> bool:
    found = check_recipe(read_recipe(SHIPPED[name])).options.get("lora.load_in_4bit")
    return found is not None and bool(found.value)


def trained(ws: Workspace, name: str, *overrides: str) -> ModelVersion:
    return train_here(ws, SHIPPED[name], [*changes_of(name), *overrides])


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The versions that other recipes go on from are trained by their own recipes."""
    root = tmp_path_factory.mktemp("every") / "ws"
    with make_workspace(root) as workspace:
        for name in FIRST:
            trained(workspace, name)
        more_messages(workspace, 64)
        loop.build_dataset(
            workspace, "pickup-new", task="pickup", replay="pickup@1", replay_share=0.2
        )
        yield workspace


@pytest.mark.parametrize("name", SHIPPED)
def test_a_recipe_gives_a_version_that_answers_or_scores(ws: Workspace, name: str) -> None:
    checked = check_recipe(read_recipe(SHIPPED[name]))
    model = trained(ws, name)
    assert model.name == (checked.recipe.name or checked.recipe.dataset)
    assert model.kind == ("lora" if "lora.r" in checked.options else "full")
    assert model.details["method"] == checked.recipe.method
    goes_on = checked.recipe.base.partition("@")[0] in ("pickup", "qa")
    assert bool(model.parents) == goes_on
    if model.details["gives"] == "numbers":
        outputs = 2 if checked.recipe.method == "regression" else 1
        assert len(scores_of(ws, model, "A text to score.", outputs)) == outputs
        return
    asked = INPUTS[ws.task(model.task).kind]
    options = predict_options(model=model.ref, max_new_tokens=8)
    [answer] = predict_message(ws, asked, options, target=worker_here()).answers
    assert answer.by == model.ref and answer.confidence is not None


def scores_of(ws: Workspace, model: ModelVersion, text: str, outputs: int) -> list[float]:
    import torch

    from hone.engine.load import BaseSpec, ScoreHead, load_base
    from hone.engine.lora import with_adapter
    from hone.rendering.tokens import Renderer

    base = find_base(ws, model.ref)
    head = ScoreHead.of(base.path, outputs, Renderer.load(base.path).stop_ids[0])
    whole = load_base(BaseSpec(id=base.id, path=base.path), head=head)
    found = with_adapter(whole, base.adapter) if base.adapter else whole
    ids = torch.tensor([Renderer.load(base.path).text_ids(text)])
    with torch.no_grad():
        return found.eval()(input_ids=ids).logits[0].tolist()


def test_as_it_is_shipped_the_recipe_for_documents_trains_nothing(ws: Workspace) -> None:
    changes = ["base=hone-nano", "training.threads=1"]
    prepared = prepare_training(ws, SHIPPED["docs_lora"], overrides=changes)
    before = len(ws.store.models.list())
    started = start_dry_run(ws, prepared, target=worker_here())
    assert collect_trained(ws).problems == []
    assert len(ws.store.models.list()) == before
    assert not (ws.jobs / started.job_id / "final").exists()


@pytest.mark.parametrize("name", [name for name in SHIPPED if needs_a_card(name)])
def test_four_bits_without_a_card_are_refused_with_the_mend(ws: Workspace, name: str) -> None:
    before = {path.name for path in ws.jobs.iterdir()}
    with pytest.raises(InvalidInput, match="needs an NVIDIA card") as refused:
        prepare_training(ws, SHIPPED[name], overrides=["base=hone-nano"])
    assert "--set lora.load_in_4bit=false" in refused.value.hint
    assert {path.name for path in ws.jobs.iterdir()} == before


@pytest.mark.gpu
@pytest.mark.parametrize("name", [name for name in SHIPPED if needs_a_card(name)])
def test_on_a_card_four_bits_give_a_version_that_answers(ws: Workspace, name: str) -> None:
    model = trained(ws, name, "lora.load_in_4bit=true", "name=on-a-card")
    asked = INPUTS[ws.task(model.task).kind]
    options = predict_options(model=model.ref, max_new_tokens=8)
    assert predict_message(ws, asked, options, target=worker_here()).answers


def test_at_the_terminal_a_recipe_trains_and_its_version_answers(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ws.root)
    words = ["hone", "train", "recipes/pickup_lora.yaml"]
    first_line = SHIPPED["pickup_lora"].read_text().splitlines()[0]
    assert first_line.removeprefix("# ").split()[:3] == words
    shorter = [word for change in SHORT for word in ("--set", change)]
    assert run(["train", words[2], *shorter, "--set", "name=typed", "--confirm-run"]) == 0
    assert "Registered typed@v1." in capsys.readouterr().out
    assert run(["predict", "--model", "typed", "--message", "12 cases of apples"]) == 0
    assert "typed@v1" in capsys.readouterr().out


def test_no_method_and_no_job_is_without_a_recipe() -> None:
    from hone import shelf

    checked = {name: check_recipe(read_recipe(path)) for name, path in SHIPPED.items()}
    assert {one.recipe.method for one in checked.values()} == set(shelf.names("methods"))
    assert {name.partition("_")[0] for name in SHIPPED} == {
        *("qa", "docs", "score", "extract", "memories"),
        "pickup",
    }
    told = {name: {key: one.value for key, one in found.options.items()}
            for name, found in checked.items()}  # fmt: skip
    assert told["pickup_rloo"]["training.algorithm"] == "rloo"
    assert told["pickup_dora"]["lora.use_dora"] and told["pickup_rslora"]["lora.use_rslora"]
    assert told["pickup_qlora"]["lora.load_in_4bit"] and "lora.r" not in told["pickup_full"]
    assert Path(SHIPPED["pickup_continual"]).is_file()
