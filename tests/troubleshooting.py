"""What goes wrong in the jobs extract and qa: the sentence that is said, and who causes it.

`docs/how-to/troubleshooting.md` is generated from this table, with the sentences as the code has
them; tests/guards/test_troubleshooting.py checks that every sentence and every test exists.
"""

from __future__ import annotations

from typing import NamedTuple


class Trouble(NamedTuple):
    """When it is said, by which place of the code, what to try, and who causes it.

    `says` is "file: beginning of the sentence". `mend` is for sentences whose mend does not stand
    beside them in the code.
    """

    when: str
    says: str
    test: str
    mend: str = ""


EXTRACT: tuple[Trouble, ...] = (
    Trouble(
        "no model is active",
        "stages/predict/asking.py: No model is active: none has been trained",
        "tests/web/test_bad_input.py::test_no_model_is_active",
    ),
    Trouble(
        "a version is there, and none answers",
        "stages/predict/asking.py: No model is active.",
        "tests/stages/test_predict.py::test_no_active_model_is_said_in_two_lines",
    ),
    Trouble(
        "the key is not set",
        "targets/lambda_cloud.py: There is no key for Lambda.",
        "tests/rentals/test_renting.py::test_without_a_key_it_says_where_to_put_one",
    ),
    Trouble(
        "the key is of another account",
        "targets/_rest.py: {name} does not accept the key",
        "tests/web/test_bad_input.py::test_the_key_of_another_account",
    ),
    Trouble(
        "not enough audited messages",
        "stages/train/enough.py: {what} is made of {said}",
        "tests/cli/test_train_enough.py::"
        "test_fewer_than_ten_are_refused_with_their_count_unless_forced",
        "hone review, or --force",
    ),
    Trouble(
        "answers are slow",
        "cli/predict.py: {slow} is slow here",
        "tests/cli/test_evaluate_models_predict.py::"
        "test_a_model_that_is_slow_here_is_said_to_be_with_what_is_faster",
        "A smaller base, --on a GPU, or --method rules",
    ),
    Trouble(
        "it hangs: the SSH key",
        "targets/_ssh.py: {name} refuses {key}",
        "tests/targets/test_ssh_refusals.py::test_a_key_that_the_host_does_not_know_is_refused",
    ),
    Trouble(
        "it hangs: credits, or the standing of the account",
        "targets/_rest.py: {name} does not let this account do that",
        "tests/targets/test_cloud_refusals.py::test_lambda_s_errors",
    ),
    Trouble(
        "it hangs: the account's quota",
        "targets/_lambda_api.py: Lambda rents no more machines",
        "tests/targets/test_cloud_refusals.py::test_lambda_s_errors",
        "The provider's own words, or: hone jobs reap",
    ),
    Trouble(
        "it hangs: nothing is free",
        "targets/_rental_choice.py: None of {gpu} is free",
        "tests/rentals/test_renting.py::"
        "test_a_job_waits_for_a_provider_that_has_nothing_or_is_in_trouble",
    ),
    Trouble(
        "it times out: a firewall, or a machine that never comes up",
        "targets/_rental_life.py: {text} was not usable within",
        "tests/rentals/test_running.py::test_a_bad_machine_is_given_back_and_another_one_rented",
    ),
    Trouble(
        "it times out: the address, or a firewall",
        "targets/_ssh.py: {name} cannot be reached",
        "tests/targets/test_ssh_refusals.py::"
        "test_a_host_that_is_not_there_is_said_with_the_command_to_try",
    ),
    Trouble(
        "where the log is",
        "cli/jobs.py: Its worker has printed nothing yet",
        "tests/cli/test_train.py::test_a_job_that_has_printed_nothing_says_where_its_log_is",
        "hone jobs watch JOB; hone targets check lambda",
    ),
    Trouble(
        "the task was changed after the model was trained",
        "workspace/contenders.py: {ref} is not what it was",
        "tests/web/test_bad_input.py::test_a_model_of_another_schema_is_not_asked",
        "Put the task file back as it was, or build a new dataset version and train again",
    ),
    Trouble(
        "a file of another tool in place of a Slack export",
        "importers/_slack_source.py: {path} is no Slack export: it holds neither",
        "tests/web/test_bad_input.py::test_an_export_of_another_tool",
    ),
    Trouble(
        "a Slack export without users.json",
        "importers/slack.py: no users.json",
        "tests/web/test_bad_input.py::test_a_slack_export_without_users_keeps_the_ids_and_says_so",
        "Export again with the members, or go on: the ids are kept",
    ),
)

QA: tuple[Trouble, ...] = (
    Trouble(
        "columns that are not recognised",
        "importers/_asking.py: it is not clear which columns",
        "tests/web/test_bad_input.py::test_a_csv_without_columns_that_are_recognised",
        "Name them, as it shows: hone import FILE --map question=COLUMN --map answer=COLUMN",
    ),
    Trouble(
        "the key is not configured",
        "targets/_serverless_account.py: There is no key for RunPod.",
        "tests/browser/test_connecting.py::"
        "test_what_keeps_it_from_connecting_is_said_with_its_mend",
    ),
    Trouble(
        "no endpoints found",
        "stages/endpoint_choice.py: RunPod accepts the key, and no endpoints were found",
        "tests/browser/test_connecting.py::"
        "test_what_keeps_it_from_connecting_is_said_with_its_mend",
    ),
    Trouble(
        "the endpoint is of another account",
        "stages/endpoint_choice.py: The account has no endpoint",
        "tests/web/test_endpoints.py::test_endpoints_are_listed_by_name_and_one_is_taken",
        "One of this account's: Connect on the screen Settings lists them",
    ),
    Trouble(
        "the job is stuck IN_QUEUE",
        "targets/_jobs_api.py: {begins} no worker is ready: check max workers",
        "tests/serverless/test_serverless_faults.py::"
        "test_without_workers_the_reason_is_told_until_one_comes",
        "Raise max workers in RunPod's console; where a GPU is missing, name more types",
    ),
    Trouble(
        "nobody took it up in time",
        "targets/_serverless_follow.py: RunPod dropped the request: no worker took it up",
        "tests/serverless/test_serverless_faults.py::"
        "test_a_request_that_nobody_took_up_in_time_has_failed_with_the_reason",
        "Check max workers of the endpoint, then: hone jobs resume JOB",
    ),
    Trouble(
        "training fails immediately, on an endpoint",
        "targets/_serverless_follow.py: RunPod says that the request failed",
        "tests/targets/test_words_of_failure.py::test_what_fails_at_once_is_said_with_its_mend",
        "What the worker said, with its own mend; else: hone jobs logs JOB",
    ),
    Trouble(
        "training fails immediately, on a rented machine",
        "supervisor/rental.py: The rehearsal on {place} failed",
        "tests/rentals/test_rehearsal.py::test_what_is_broken_there_costs_the_rehearsal_alone",
        "The mend of what was said; the machine is given back",
    ),
    Trouble(
        "out of memory",
        "engine/memory.py: Out of memory at batch",
        "tests/engine/test_memory.py::test_out_of_memory_names_the_batch_and_what_to_set",
    ),
    Trouble(
        "the worker image is too old",
        "worker/serverless.py: The worker image is out of date",
        "tests/worker/test_serverless.py::"
        "test_an_order_that_this_image_cannot_carry_out_is_refused_with_the_mend",
        "Build it anew: docker/README.md",
    ),
    Trouble(
        "unexpected argument: an image from before it could say so",
        "targets/_serverless_follow.py: The worker image is out of date",
        "tests/targets/test_words_of_failure.py::test_what_fails_at_once_is_said_with_its_mend",
        "Build it anew: docker/README.md",
    ),
    Trouble(
        "AWQ, or another quantised base",
        "workspace/bases.py: The base {name} is quantised",
        "tests/stages/test_train_plan.py::"
        "test_a_quantised_base_is_refused_by_its_name_with_the_one_to_take",
        "The unquantised base that it names",
    ),
    Trouble(
        "an unsupported architecture",
        "workspace/bases.py: The base {name} in {folder} cannot be trained",
        "tests/workspace/test_catalogue.py::"
        "test_a_config_alone_is_enough_for_a_plan_and_not_for_a_training",
        "Another base that it names: hone models bases",
    ),
    Trouble(
        "no space left on the network volume",
        "targets/_s3.py: No space is left {inside} {name}.",
        "tests/serverless/test_serverless_faults.py::test_a_full_volume_is_said_before_the_request",
        "Enlarge the volume in RunPod's console (Storage), or delete under hone/",
    ),
    Trouble(
        "no space left while it trains",
        "engine/memory.py: The disk is full",
        "tests/engine/test_memory.py::test_a_full_disk_is_found_inside_other_errors",
    ),
    Trouble(
        "a virtual environment made on another system",
        "cli/foreign.py: The Python environment {here} was made on another system",
        "tests/cli/test_foreign.py::test_packages_of_another_system_are_two_lines",
    ),
)

TROUBLES: dict[str, tuple[Trouble, ...]] = {"extract": EXTRACT, "qa": QA}
