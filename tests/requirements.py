"""Which requirement of the five jobs is proven by which test.

Every id of the five jobs stands here with a caption. An id with tests is built; one without is
not built yet. `docs/reference/requirements.md` is generated from this table, and
tests/guards/test_requirements.py checks that every test named here exists.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.planned import PLANNED
from tests.troubleshooting import EXTRACT, QA


class Requirement(NamedTuple):
    """A caption, and the tests that prove it (none: not built yet)."""

    caption: str
    tests: tuple[str, ...] = ()


TOLD: dict[str, tuple[str, str]] = {
    "QA": (
        "tests/tutorials/test_qa.py::test_the_page_is_what_happens",
        "01 02 03 04 07 08 09 12 13 14 15 16 17",
    ),
    "EXT": ("tests/tutorials/test_extract.py::test_the_page_is_what_happens", "02 04 07 10 11 12"),
}
"""Job -> the test that plays its tutorial from an empty folder on, and what it proves as well."""

REQUIREMENTS: dict[str, Requirement] = {
    "QA-01": Requirement(
        "load a CSV of questions and answers, other columns by mapping",
        (
            "tests/stages/test_ingest_real_files.py::test_each_file_gives_its_examples_or_says_why_not",
            "tests/importers/test_shapes.py::test_a_question_and_an_answer_are_recognised",
            "tests/importers/test_mapping.py::test_a_mapping_answers_the_question",
        ),
    ),
    "QA-02": Requirement(
        "save a session and resume at the same pair",
        (
            "tests/web/test_sessions.py::test_a_session_is_downloaded_complete_and_readable",
            "tests/web/test_sessions.py::test_a_session_is_taken_up_elsewhere_at_the_same_example",
            "tests/browser/test_deciding.py::test_saving_with_ctrl_s_stays_at_the_pair",
        ),
    ),
    "QA-03": Requirement(
        "one pair at a time: accept, reject, edit, previous, next",
        (
            "tests/browser/test_deciding.py::test_a_key_decides_and_goes_on",
            "tests/browser/test_deciding.py::test_every_decision_has_a_button",
            "tests/browser/test_deciding.py::test_arrows_move_and_the_ends_hold",
            "tests/browser/test_deciding.py::test_an_answer_is_edited_and_saved_with_a_key",
        ),
    ),
    "QA-04": Requirement(
        "accept all pending pairs after a confirmation with the count",
        ("tests/browser/test_deciding.py::test_accept_all_names_the_count_and_is_undone_as_one",),
    ),
    "QA-05": Requirement(
        "progress: reviewed X of Y (Z pending)",
        ("tests/browser/test_deciding.py::test_a_key_decides_and_goes_on",),
    ),
    "QA-06": Requirement(
        "settings from .env",
        (
            "tests/serverless/test_setup.py::test_key_and_endpoint_are_read_from_the_workspace_s_env",
            "tests/browser/test_connecting.py::test_it_connects_and_an_endpoint_is_chosen",
        ),
    ),
    "QA-07": Requirement(
        "connect to the GPU service, choose an endpoint",
        (
            "tests/browser/test_connecting.py::test_it_connects_and_an_endpoint_is_chosen",
            "tests/browser/test_connecting.py::"
            "test_what_keeps_it_from_connecting_is_said_with_its_mend",
        ),
    ),
    "QA-08": Requirement(
        "prepare RAFT data, or load a prepared file",
        (
            "tests/browser/test_training_types.py::"
            "test_raft_data_is_prepared_from_accepted_pairs_and_leaves_as_rows",
            "tests/browser/test_training_types.py::"
            "test_a_prepared_file_is_loaded_or_refused_line_by_line",
            "tests/web/test_datasets.py::"
            "test_what_is_wrong_is_said_by_its_line_and_nothing_is_kept",
            "tests/web/test_datasets.py::test_what_is_tested_here_does_not_come_back_in_a_file",
        ),
    ),
    "QA-09": Requirement(
        "training types SFT, RAFT, DPO",
        (
            "tests/browser/test_training_types.py::"
            "test_a_type_brings_its_defaults_each_with_what_it_means",
            "tests/browser/test_training_types.py::test_dpo_without_pairs_says_so_and_what_to_do",
        ),
    ),
    "QA-10": Requirement(
        "base models; quantised ones refused with an alternative",
        (
            "tests/browser/test_training_types.py::"
            "test_only_bases_that_take_an_adapter_are_offered_and_others_refused",
        ),
    ),
    "QA-11": Requirement(
        "default hyper-parameters, each explained",
        (
            "tests/browser/test_training_types.py::"
            "test_a_type_brings_its_defaults_each_with_what_it_means",
        ),
    ),
    "QA-12": Requirement(
        "start training: confirmation, states, console, metrics",
        (
            "tests/browser/test_submitting.py::"
            "test_it_is_agreed_to_submitted_waited_for_followed_and_measured",
            "tests/browser/test_train_screen.py::"
            "test_a_training_is_planned_confirmed_begun_and_watched",
        ),
    ),
    "QA-13": Requirement(
        "export configuration and data",
        (
            "tests/browser/test_training_types.py::"
            "test_a_type_brings_its_defaults_each_with_what_it_means",
            "tests/browser/test_training_types.py::"
            "test_raft_data_is_prepared_from_accepted_pairs_and_leaves_as_rows",
            "tests/web/test_datasets.py::test_rows_leave_as_they_were_frozen_and_come_back",
        ),
    ),
    "QA-14": Requirement(
        "quick evaluation with colour bands",
        (
            "tests/browser/test_quick_evaluation.py::"
            "test_a_model_is_evaluated_by_one_click_and_a_reload_finds_it_again",
            "tests/browser/test_evaluate_screen.py::"
            "test_a_band_narrows_the_table_and_the_address_keeps_it",
            "tests/stages/evaluate/test_rows.py::"
            "test_scores_bands_and_differences_are_those_of_the_answers",
        ),
    ),
    "QA-15": Requirement(
        "flagged for review: edit, note, save and next, skip",
        (
            "tests/browser/test_flag_queue.py::"
            "test_a_corrected_answer_is_saved_and_the_next_flag_opens",
            "tests/browser/test_flag_queue.py::test_keys_alone_confirm_skip_and_walk",
        ),
    ),
    "QA-16": Requirement(
        "corrections go into the next training set",
        (
            "tests/stages/feedback/test_apply.py::"
            "test_every_correction_trains_and_nothing_else_moves",
            "tests/loop/test_feedback_loop.py::"
            "test_thirty_corrections_train_and_the_report_has_both_columns_and_the_control",
        ),
    ),
    "QA-17": Requirement(
        "folders under data/ fill as one works",
        (
            "tests/stages/prepare/test_build.py::"
            "test_what_was_accepted_and_what_trains_is_where_people_look_for_it",
            "tests/stages/flags/test_find.py::"
            "test_what_is_flagged_lies_in_its_folder_and_the_figures_in_theirs",
        ),
    ),
    "QA-18": Requirement(
        "desktop application",
        (
            "tests/desktop/test_window.py::test_a_window_of_its_own_is_the_best_way",
            "tests/desktop/test_window.py::test_without_either_it_opens_in_the_browser_and_says_why",
        ),
    ),
    "QA-19": Requirement(
        "a sentence and a mend for every known failure",
        tuple(dict.fromkeys(one.test for one in QA)),
    ),
    "QA-20": Requirement(
        "trainer image with a version that the job checks",
        (
            "tests/worker/test_serverless.py::"
            "test_an_order_that_this_image_cannot_carry_out_is_refused_with_the_mend",
            "tests/serverless/test_image.py::test_make_image_names_it_by_the_version_of_hone",
        ),
    ),
    "DOC-01": Requirement("PDFs into a persistent collection"),
    "DOC-02": Requirement("generate questions and answers from a collection"),
    "DOC-03": Requirement("the generator from Python"),
    "DOC-04": Requirement(
        "dry run: loads everything, trains nothing",
        ("tests/stages/test_train.py::test_a_dry_run_needs_no_confirmation_and_registers_nothing",),
    ),
    "DOC-05": Requirement(
        "real training behind named conditions",
        (
            "tests/stages/test_train.py::test_each_condition_that_is_missing_is_named_and_nothing_starts",
            "tests/stages/test_recipes_shipped.py::test_the_recipe_for_documents_cannot_train_by_accident",
        ),
    ),
    "DOC-06": Requirement(
        "recipe keys and defaults",
        (
            "tests/stages/test_train_recipe.py::test_the_plain_keys_of_a_documents_recipe_are_known",
            "tests/stages/test_recipes_shipped.py::test_the_reference_page_lists_every_key_with_its_default_and_meaning",
        ),
    ),
    "DOC-07": Requirement(
        "checkpoints, final and logs where they are expected",
        (
            "tests/stages/test_train.py::test_a_finished_training_becomes_a_version_with_its_ancestry",
        ),
    ),
    "DOC-08": Requirement(
        "the same command resumes from the last checkpoint",
        (
            "tests/stages/test_train.py::test_the_same_command_after_a_crash_goes_on_with_the_same_job",
        ),
    ),
    "DOC-09": Requirement(
        "exact match, token F1, ROUGE-L, BLEU in a report",
        (
            "tests/stages/evaluate/test_questions_and_answers.py::test_the_four_metrics_of_answers_stand_in_the_report",
        ),
    ),
    "DOC-10": Requirement("stage manager, dry by default"),
    "DOC-11": Requirement("optional reinforcement stage"),
    "DOC-12": Requirement("several GPUs"),
    "DOC-13": Requirement(
        "transformer and Mamba bases",
        (
            "tests/engine/test_architectures.py::test_every_adapted_layer_gets_a_gradient_and_the_head_none",
            "tests/loop/test_state_space.py::test_mamba_trains_and_resumes_to_the_same_bits",
            "tests/loop/test_state_space.py::test_a_head_of_scores_on_mamba_learns_and_resumes_to_the_same_bits",
        ),
    ),
    "DOC-14": Requirement(
        "load_model and list_models; tuned models register themselves",
        (
            "tests/loop/test_evaluate_loop.py::test_a_loaded_model_answers_as_the_worker_does",
            "tests/stages/test_registry.py::test_versions_are_listed_with_score_and_the_active_one",
        ),
    ),
    "DOC-15": Requirement("answers with retrieval by the best model available"),
    "DOC-16": Requirement("a sentence and a mend for every known failure"),
    "DOC-17": Requirement("expected times on plain hardware"),
    "SCO-01": Requirement("filter folders"),
    "SCO-02": Requirement("stratified calibration sample"),
    "SCO-03": Requirement("label a sample with an oracle, cost shown"),
    "SCO-04": Requirement("calibration report and validation"),
    "SCO-05": Requirement("batch labelling only after both pass"),
    "SCO-06": Requirement("input and training rows of scored articles"),
    "SCO-07": Requirement("splits stratified by tier"),
    "SCO-08": Requirement(
        "regression head on a small model",
        (
            "tests/stages/test_recipes_shipped.py::test_the_recipes_of_the_jobs_have_the_promised_values",
            "tests/loop/test_recipes.py::test_a_recipe_gives_a_version_that_answers_or_scores",
            "tests/engine/test_scoring.py::test_errors_are_weighed_as_written",
        ),
    ),
    "SCO-09": Requirement(
        "progress per epoch, best by validation MAE",
        (
            "tests/methods/test_histories.py::test_both_files_are_what_they_were",
            "tests/loop/test_methods.py::test_a_regression_leaves_its_history_and_its_best_error",
            "tests/cli/test_told.py::test_an_epoch_of_a_regression_tells_errors_of_both_splits_and_of_each_dimension",
        ),
    ),
    "SCO-10": Requirement(
        "quick verdict on validation MAE",
        ("tests/methods/test_histories.py::test_the_error_on_validation_says_how_to_go_on",),
    ),
    "SCO-11": Requirement("deploy, review or fail"),
    "SCO-12": Requirement("plots and a summary"),
    "SCO-13": Requirement("Word report"),
    "SCO-14": Requirement("hub upload"),
    "SCO-15": Requirement("accumulation, YAML, resume, several GPUs"),
    "SCO-16": Requirement("a sentence and a mend for every known failure"),
    "SCO-17": Requirement("prompts for a written narrative"),
    "EXT-01": Requirement(
        "messages from a Slack export or any file; a rule parser proposes fields",
        (
            "tests/stages/test_ingest_slack_real.py::test_every_record_is_taken_or_left_out_by_its_kind",
            "tests/stages/test_ingest_slack_real.py::test_texts_are_those_that_people_saw",
            "tests/stages/test_ingest_slack.py::test_rules_propose_the_fields_of_every_message",
            "tests/stages/test_ingest_slack.py::"
            "test_rules_propose_for_messages_of_any_file_that_brings_no_fields",
            "tests/cli/test_import_slack.py::"
            "test_an_export_is_recognised_by_itself_and_what_is_left_out_is_said",
        ),
    ),
    "EXT-02": Requirement(
        "mark audited, edit, skip, filter",
        (
            "tests/browser/test_kinds.py::test_a_message_shows_its_records_and_is_marked_audited",
            "tests/browser/test_kinds.py::test_fields_are_edited_before_auditing",
            "tests/browser/test_kinds.py::test_audited_messages_are_shown_apart",
        ),
    ),
    "EXT-03": Requirement(
        "from ten audited messages on",
        (
            "tests/cli/test_train_enough.py::"
            "test_fewer_than_ten_are_refused_with_their_count_unless_forced",
            "tests/cli/test_train_enough.py::test_the_screen_says_the_same_and_begins_nothing",
            "tests/cli/test_train_builds.py::"
            "test_too_few_are_told_by_their_count_before_anything_is_built",
        ),
    ),
    "EXT-04": Requirement(
        "one command on a rented GPU",
        (
            "tests/faults/test_one_command.py::"
            "test_one_command_freezes_rents_trains_validates_and_gives_back",
            "tests/cli/test_train_builds.py::"
            "test_what_was_audited_since_goes_into_the_next_version_and_nothing_else_does",
            "tests/rentals/test_renting.py::test_a_key_in_the_env_file_of_the_workspace_is_found",
        ),
    ),
    "EXT-05": Requirement(
        "data only, without training",
        ("tests/cli/test_train_builds.py::test_data_alone_is_one_command",),
    ),
    "EXT-06": Requirement(
        "adapter and logs where they are expected",
        (
            "tests/faults/test_one_command.py::"
            "test_one_command_freezes_rents_trains_validates_and_gives_back",
            "tests/stages/test_train_places.py::test_adapter_and_logs_lie_where_the_recipe_says",
        ),
    ),
    "EXT-07": Requirement(
        "the running app finds the new model",
        (
            "tests/web/test_predictions.py::"
            "test_a_later_version_that_passes_becomes_active_and_is_asked",
            "tests/web/test_predictions.py::"
            "test_a_later_version_waits_until_it_passes_and_it_is_said_why",
            "tests/browser/test_method.py::"
            "test_switching_shows_each_and_both_with_what_differs_and_asks_nobody",
        ),
    ),
    "EXT-08": Requirement(
        "predictions precomputed",
        (
            "tests/stages/test_predict_ahead.py::"
            "test_every_example_is_answered_once_by_rules_and_model",
            "tests/stages/test_predict_ahead.py::test_a_worker_that_is_killed_goes_on_where_it_was",
        ),
    ),
    "EXT-09": Requirement(
        "models: list, info, set-active, delete",
        ("tests/cli/test_evaluate_models_predict.py::test_switching_and_taking_out",),
    ),
    "EXT-10": Requirement(
        "predict one message, a file, with a chosen version",
        (
            "tests/stages/test_predict.py::test_a_file_is_answered_row_by_row_in_its_order",
            "tests/stages/test_predict.py::test_a_version_or_a_base_can_be_chosen",
        ),
    ),
    "EXT-11": Requirement(
        "validate an adapter",
        (
            "tests/stages/test_registry.py::test_validating_names_everything_that_is_not_as_it_was",
            "tests/stages/test_predict.py::test_samples_for_validating_come_from_messages_and_a_sound_file",
        ),
    ),
    "EXT-12": Requirement(
        "audited statistics in pounds",
        (
            "tests/stages/test_audited.py::"
            "test_items_and_pounds_add_up_by_location_and_subcategory",
            "tests/stages/test_audited.py::test_ten_are_enough_and_other_fields_can_be_asked_for",
            "tests/browser/test_panels.py::"
            "test_audited_messages_add_up_by_place_and_say_whether_they_are_enough",
        ),
    ),
    "EXT-13": Requirement(
        "own GPU by the same recipe",
        (
            "tests/faults/test_one_command.py::"
            "test_the_same_recipe_trains_on_ones_own_machine_and_says_its_seconds",
        ),
    ),
    "EXT-14": Requirement(
        "a sentence and a mend for every known failure",
        tuple(dict.fromkeys(one.test for one in EXTRACT)),
    ),
    **{id: Requirement(caption) for id, caption in PLANNED.items()},
}

for _job, (_test, _numbers) in TOLD.items():
    for _id in (f"{_job}-{number}" for number in _numbers.split()):
        _known = REQUIREMENTS[_id]
        REQUIREMENTS[_id] = _known._replace(tests=(*_known.tests, _test))
