"""A round of corrections over the API: what waits, who may go on, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Thread

import pytest

from hone import loop
from hone.errors import GateRefused
from hone.loop import rounds
from hone.records.correction_round import CorrectionRound
from hone.records.job import Job, Result
from hone.stages import jobs, people
from hone.stages.flags import Saying, find_flags, resolve
from hone.web.site import Site
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from tests.stages.answering import register
from tests.stages.flags.flagged import answer, make_flagged, wrong_on
from tests.stages.training_set import make_small_base
from tests.web.browser import Browser, access

pytestmark = pytest.mark.usefixtures("nobody_works_yet")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_flagged(root, count=200) as ws:
        answer(ws, "pickup@v1", wrong_on(2))
        for flag in find_flags(ws).flags[:8]:
            resolve(ws, flag, Saying("confirm", "ann"))
    return root


def test_what_waits_is_counted_applied_once_and_then_wants_a_training(
    browser: Browser, ws: Workspace
) -> None:
    first = browser.get("/api/feedback").json()
    assert (first["step"], first["waiting"], first["source"]) == (
        "apply", {"confirm": 8}, "pickup@1",
    )  # fmt: skip
    assert first["before"] == "pickup@v1" and first["dataset"] is None
    done = browser.post("/api/feedback/apply", {}).json()
    assert done["applied"]["dataset"] == "pickup@2" and done["applied"]["moved"]
    after = done["round"]
    assert (after["step"], after["waiting"], after["corrections"]) == ("retrain", {}, 8)
    # Who was corrected saw everything but the corrections: no other control is due.
    assert (after["control"], after["control_dataset"]) == ("pickup@v1", "pickup-control@1")
    assert "--set dataset=pickup@2" in after["by_command"]
    assert browser.get("/api/feedback").json() == after
    # More corrections wait, while those before them are not trained yet.
    resolve(ws, find_flags(ws).flags[0], Saying("confirm", "ann"))
    assert browser.get("/api/feedback").json()["waiting"] == {"confirm": 1}


def test_measuring_begins_one_evaluation_at_a_time_and_stops(
    browser: Browser, ws: Workspace
) -> None:
    refused = browser.post("/api/feedback/measure", {})
    assert refused.status_code == 400 and "nothing to measure yet" in refused.json()["error"]
    applied = loop.apply_feedback(ws)
    register(ws, dataset=applied.dataset)
    begun = browser.post("/api/feedback/measure", {}).json()
    assert begun["step"] == "measure" and begun["after"] == "pickup@v2"
    work = begun["answering"]
    assert (work["state"], work["dataset"]) == ("waiting", "pickup@2/train")
    assert browser.post("/api/feedback/measure", {}).json()["answering"]["job"] == work["job"]
    assert len([one for one in ws.store.jobs.list() if one.kind == "evaluate"]) == 2
    browser.post("/api/feedback/stop", {})
    assert JobFolder(ws.jobs / work["job"]).is_stop_requested


def known_training(ws: Workspace, dataset: str, *, name: str = "pickup") -> Job:
    """The order of a training with its recipe, as one that was carried out leaves it."""
    options = {
        "task": {"value": "pickup", "source": "recipe"},
        "base": {"value": "small", "source": "recipe"},
        "dataset": {"value": dataset, "source": "recipe"},
        "training.max_steps": {"value": 3, "source": "recipe"},
    }
    spec = {
        "model_name": name, "method": "sft", "base": {"id": "small"},
        "dataset": {"name": dataset}, "options": options,
    }  # fmt: skip
    return jobs.submit(ws, jobs.new_job("train", spec), {})


def test_a_merge_is_no_newer_version_and_was_trained_as_its_adapter_was(ws: Workspace) -> None:
    applied = loop.apply_feedback(ws)
    job = known_training(ws, applied.dataset)
    trained = register(ws, dataset=applied.dataset, job=job.id)
    merged = register(
        ws, dataset=applied.dataset, parents=[trained], kind="full", details={"method": "merge"}
    )
    assert loop.look_at_round(ws).after == trained != merged
    assert loop.recipe_named(ws, merged) == loop.recipe_named(ws, trained)
    again = known_training(ws, applied.dataset)
    onward = register(ws, dataset=applied.dataset, job=again.id, parents=[trained])
    assert loop.recipe_named(ws, onward)["base"] == trained


def test_what_was_trained_and_cannot_be_registered_is_said_and_not_trained_again(
    browser: Browser, ws: Workspace
) -> None:
    applied = loop.apply_feedback(ws)
    folder = JobFolder(ws.jobs / known_training(ws, applied.dataset).id)
    folder.claim()
    folder.write_result(Result())
    folder.append("done")
    folder.release()
    seen = browser.get("/api/feedback").json()
    (work,) = seen["trainings"]
    assert (seen["step"], work["state"]) == ("retrain", "succeeded")
    assert "it left no model in final/" in work["error"] and folder.path.name in work["hint"]
    refused = browser.post("/api/feedback/retrain", {})
    assert refused.status_code == 409
    assert "has trained and could not be registered" in refused.json()["error"]
    assert "Not registered" in browser.get(f"/api/jobs/{folder.path.name}").json()["trouble"]


def test_a_base_whose_answers_were_corrected_is_among_those_who_are_asked(ws: Workspace) -> None:
    applied = loop.apply_feedback(ws)
    after = register(ws, dataset=applied.dataset)
    names = [one.partition("@")[0] for one in (after,)]
    for first, asked in ((["small"], True), (["others"], False)):
        spec = {
            "model": after, "on": f"{applied.dataset}/probe", "models": [after],
            "contenders": [{"name": name} for name in (*first, "pickup@v1", *names)],
        }  # fmt: skip
        order = jobs.submit(ws, jobs.new_job("evaluate", spec), {})
        seen = CorrectionRound(
            step="measure", dataset=applied.dataset, before="small", after=after,
            control="pickup@v1",
        )  # fmt: skip
        found = rounds._answering(ws, seen)
        assert found is not None and (found.job == order.id) == asked


@pytest.mark.parametrize("step", ["plan", "retrain"])
def test_how_it_was_trained_must_be_known(browser: Browser, ws: Workspace, step: str) -> None:
    def asked() -> tuple[int, str]:
        path = f"/api/feedback/{step}"
        reply = browser.get(path) if step == "plan" else browser.post(path, {})
        return reply.status_code, reply.json()["error"]

    assert asked() == (400, "There is nothing to retrain.")
    loop.apply_feedback(ws)
    code, error = asked()
    assert code == 404 and "How pickup@v1 was trained is not known here" in error


def test_nothing_runs_and_nothing_was_corrected(browser: Browser, ws: Workspace) -> None:
    stopped = browser.post("/api/feedback/stop", {})
    assert stopped.status_code == 409 and "Nothing of this round runs" in stopped.json()["error"]
    for id in list(ws.store.flags.standing()):
        resolve(ws, next(f for f in find_flags(ws, states=("resolved",)).flags if f.id == id),
                Saying("reopen", "ann"))  # fmt: skip
    assert browser.get("/api/feedback").json()["step"] == "correct"


def test_a_reviewer_sees_the_round_and_may_not_go_on(ws: Workspace) -> None:
    people.add_person(ws, "rita", "reviewer", "password of rita")
    rita = Browser(Site(ws, access(is_shared=True))).sign_in(
        name="rita", password="password of rita"
    )
    assert rita.get("/api/feedback").status_code == 200
    # A plan asks other machines and providers.
    assert rita.get("/api/feedback/plan").status_code == 403
    for path in ("apply", "retrain", "measure", "stop"):
        assert rita.post(f"/api/feedback/{path}", {}).status_code == 403


def test_two_who_ask_at_once_begin_one_evaluation(ws: Workspace) -> None:
    applied = loop.apply_feedback(ws)
    register(ws, dataset=applied.dataset)
    begun = [Thread(target=loop.measure_round, args=(ws,)) for _ in range(3)]
    for thread in begun:
        thread.start()
    for thread in begun:
        thread.join(60)
    asked = [one for one in ws.store.jobs.list() if one.kind == "evaluate"]
    assert len(asked) == 2, "the one before the round, and one of the round"


def test_a_training_that_runs_is_not_begun_beside_itself(browser: Browser, ws: Workspace) -> None:
    known_training(ws, loop.apply_feedback(ws).dataset)
    refused = browser.post("/api/feedback/retrain", {})
    assert refused.status_code == 409 and "pickup trains already" in refused.json()["error"]


def test_in_setup_mode_nothing_of_a_round_trains(ws: Workspace) -> None:
    shutil.rmtree(ws.root / "small")
    make_small_base(ws.root / "small")
    order = known_training(ws, "pickup@1")
    jobs.submit(ws, order.model_copy(update={"id": "train-pickup-v1"}), {})
    loop.apply_feedback(ws)
    ws.config.setup_mode = True
    with pytest.raises(GateRefused, match=r"No training: .*setup mode") as told:
        loop.retrain(ws)
    assert told.value.hint == "hone config show"
    assert len([one for one in ws.store.jobs.list() if one.kind == "train"]) == 2
