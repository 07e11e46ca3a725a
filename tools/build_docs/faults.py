"""The page of faults: what can go wrong at each target, what becomes of the job, and its test."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """A fault at a target, the outcome, and the test (`file::name`) that makes it happen."""

    what: str  # a name of an emulator's menu, or words
    outcome: str
    test: str
    shown_by: str = ""  # what stands in the test's file in place of the fault's name


TROUBLES = "rentals/test_troubles.py::test_a_job_ends_as_it_should_and_no_machine_is_left"
RUNNING = "rentals/test_running.py::"
RENTING = "rentals/test_renting.py::"
BAD = RUNNING + "test_a_bad_machine_is_given_back_and_another_one_rented"
BACK = RENTING + "test_giving_back_asks_again_until_the_machine_is_gone"
MAY_NOT = RENTING + "test_an_account_that_may_not_rent_is_said_and_the_job_can_be_resumed"
DIES = RUNNING + "test_a_job_whose_host_dies_goes_on_elsewhere_by_itself_from_its_last_checkpoint"
WAITS = RENTING + "test_a_job_waits_for_a_provider_that_has_nothing_or_is_in_trouble"
FULL = "rentals/test_troubles.py::test_a_disk_that_is_full_there_is_said_and_the_machine_given_back"
REALLY_FULL = "rentals/test_full_disk.py::"
RENTED_FULL = (
    REALLY_FULL + "test_a_rented_machine_with_a_full_disk_is_given_back_and_no_checkpoint_is_lost"
)
NO_SECOND = RENTING + "test_a_kill_between_request_and_answer_rents_no_second_machine"
SERVERLESS = "serverless/test_serverless_faults.py::"
ENDPOINT_WORKER = "serverless/test_serverless_worker.py::"
SLOWLY = ENDPOINT_WORKER + "test_what_only_takes_long_delays_the_job_and_asks_for_nothing_twice"
S3 = "targets/test_s3.py::"
BROUGHT = SERVERLESS + "test_what_comes_broken_is_fetched_again_and_checked_by_its_hash"
SSH = "targets/test_ssh.py::"
SSH_NO = "targets/test_ssh_refusals.py::"
BUCKET = "serverless/test_own_bucket.py::"
DISK = "serverless/test_full_disk.py::"
REAL_DISK = (
    DISK + "test_a_checkpoint_that_the_volume_cannot_hold_ends_the_job_and_loses_none_before_it"
)

# Of every machine that is rented.
RENTED = (
    Fault("slow_upload", "succeeds, later", TROUBLES),
    Fault("connection_cut", "the upload goes on where it was cut; succeeds", TROUBLES),
    Fault("sshd_lag", "waited for; succeeds", TROUBLES),
    Fault("gpu_dead", "given back, another one is rented; succeeds", TROUBLES),
    Fault("host_dies", "another one is rented, twice at most; on from its checkpoint", DIES),
    Fault("host_key_changes", "lost: the key is not believed; given back", TROUBLES),
    Fault("disk_full", "failed in two lines; given back", FULL, "FULL"),
    Fault(
        "a disk that really is full while it trains",
        "failed in two lines; every checkpoint before is here; given back",
        RENTED_FULL,
        "small_disk",
    ),
    Fault("no_capacity", "waits and says so; the next type of the user's order", WAITS),
    Fault("reply_lost", "found by its name: no second machine", TROUBLES),
    Fault("http_status", "5xx: waits and says so; else refused in two lines", WAITS),
    Fault(
        "supervisor killed around every step",
        "the next one goes on: one machine, given back",
        "faults/test_rented_kill.py::test_a_rented_job_outlives_a_kill_before_and_after_each_step",
        "RENTED",
    ),
)
KILLED_IN_CALL = (
    "faults/test_rented_kill.py::"
    "test_a_kill_between_the_request_and_its_answer_rents_no_second_machine"
)
TABLES: dict[str, tuple[Fault, ...]] = {
    "local": (
        Fault(
            "worker killed at any step",
            "lost, says so; `hone jobs resume` goes on from the last sound checkpoint",
            "faults/test_local_kill.py::"
            "test_a_worker_killed_at_any_step_is_seen_as_such_and_goes_on",
            "PAUSES",
        ),
        Fault(
            "supervisor killed around every step",
            "the next one goes on; one worker",
            "faults/test_supervisor_kill.py::"
            "test_a_local_job_outlives_a_kill_before_and_after_each_step",
            "killed_at",
        ),
        Fault(
            "full disk",
            "failed in two lines; the checkpoint before stays",
            "engine/test_full_disk.py::"
            "test_half_a_checkpoint_is_taken_away_and_the_one_before_stays",
            "small_disk",
        ),
        Fault(
            "worker ignores everything",
            "killed with its children",
            "targets/test_local.py::"
            "test_a_worker_that_ignores_everything_is_killed_with_its_children",
            "ignores_stop",
        ),
        Fault(
            "worker never claims",
            "ended at the deadline; failed in two lines",
            "targets/test_local.py::test_a_worker_that_never_claims_is_ended_at_the_deadline",
            "claim",
        ),
    ),
    "ssh": (
        Fault(
            "line cut while it runs",
            "costs nothing: the job runs on",
            SSH + "test_a_line_that_is_cut_while_the_job_runs_costs_nothing",
            "cut",
        ),
        Fault(
            "upload cut",
            "goes on where it was",
            SSH + "test_an_upload_that_is_cut_goes_on_where_it_was",
            "cut",
        ),
        Fault(
            "download cut",
            "goes on where it was",
            SSH + "test_a_download_that_is_cut_goes_on_where_it_was",
            "cut",
        ),
        Fault(
            "another host key",
            "refused in two lines",
            SSH_NO + "test_a_host_is_pinned_when_first_seen_and_another_key_is_refused",
            "pinned",
        ),
        Fault(
            "full disk there",
            "said before and while files are sent",
            SSH_NO + "test_a_full_disk_there_is_told_before_and_while_files_are_sent",
            "disk_usage",
        ),
        Fault(
            "a disk that really is full while it trains",
            "failed in two lines; every checkpoint before is here",
            REALLY_FULL + "test_a_machine_of_ones_own_with_a_full_disk_loses_no_checkpoint",
            "small_disk",
        ),
        Fault(
            "host not there",
            "refused in two lines",
            SSH_NO + "test_a_host_that_is_not_there_is_said_with_the_command_to_try",
            "not_there",
        ),
        Fault(
            "worker ended by a signal",
            "lost, with the signal",
            SSH + "test_a_worker_s_end_by_a_signal_is_known",
            "signal",
        ),
        Fault(
            "supervisor killed around every step",
            "the next one goes on; one worker",
            "faults/test_supervisor_kill.py::"
            "test_a_job_over_ssh_outlives_a_kill_before_and_after_each_step",
            "killed_at",
        ),
    ),
    "lambda": (
        *RENTED,
        Fault("capacity_hidden", "asked again; succeeds", TROUBLES),
        Fault("quota_exceeded", "failed in two lines; can be resumed", MAY_NOT),
        Fault("account_inactive", "failed in two lines; can be resumed", MAY_NOT),
        Fault("unhealthy", "given back, another one is rented", BAD),
        Fault("preempted", "another one is rented; on from its checkpoint", TROUBLES),
        Fault("html_429", "waited out; succeeds", TROUBLES),
        Fault("internal_error", "asked again; succeeds", TROUBLES),
        Fault("sshd_before_active", "not believed before it is active; succeeds", TROUBLES),
        Fault("terminate_ignored", "asked again until it is gone", BACK),
        Fault("lingers", "waited for until the list no longer has it", BACK),
        Fault("reply_slow", "a kill meanwhile rents no second machine", KILLED_IN_CALL),
        Fault(
            "over the rate of requests",
            "asks once a second at most",
            "targets/test_cloud_refusals.py::test_one_request_a_second_goes_to_lambda",
            "one_request_a_second",
        ),
        Fault(
            "name of a key taken, file system elsewhere, unknown type",
            "refused in two lines",
            "targets/test_cloud_refusals.py::test_lambda_s_errors",
            "global/duplicate",
        ),
    ),
    "runpod": (
        *RENTED,
        Fault("balance_low", "failed in two lines; can be resumed", MAY_NOT),
        Fault("rate_limited", "Retry-After is obeyed; succeeds", TROUBLES),
        Fault("never_ssh", "given back, another one is rented", BAD),
        Fault("delete_500", "looked for: it is gone", BACK),
        Fault("delete_409", "asked again until it is gone", BACK),
        Fault("reply_slow", "a kill meanwhile rents no second machine", KILLED_IN_CALL),
        Fault(
            "both sentences of no capacity",
            "mean the same",
            "targets/test_cloud_refusals.py::test_runpod_s_errors",
            "no longer any instances",
        ),
        Fault(
            "everything at home dead for ever",
            "the pod ends itself at its limit",
            "rentals/test_guard.py::"
            "test_with_everything_at_home_dead_for_ever_the_pod_ends_at_its_limit",
            "dead_for_ever",
        ),
    ),
    "runpod-serverless": (
        Fault("cold_start", "waited for, and said", SLOWLY),
        Fault(
            "no_workers",
            "waits, and says what to check; dropped by RunPod at its time to live: failed",
            SERVERLESS + "test_without_workers_the_reason_is_told_until_one_comes",
        ),
        Fault(
            "throttled",
            "waits, and says so",
            SERVERLESS + "test_without_workers_the_reason_is_told_until_one_comes",
        ),
        Fault(
            "worker_dies",
            "another worker goes on from its checkpoint (without a volume: anew)",
            ENDPOINT_WORKER + "test_a_worker_that_is_lost_is_replaced_and_the_job_goes_on",
        ),
        Fault(
            "pings_lost",
            "another worker goes on from its checkpoint",
            ENDPOINT_WORKER
            + "test_a_worker_that_the_platform_hears_no_more_is_replaced_and_the_job_goes_on",
        ),
        Fault(
            "late_progress",
            "hides nothing",
            ENDPOINT_WORKER + "test_an_old_progress_after_the_result_hides_nothing",
        ),
        Fault(
            "duplicate_delivery",
            "one worker carries it out",
            ENDPOINT_WORKER + "test_a_request_that_comes_to_two_workers_is_carried_out_by_one",
        ),
        Fault(
            "result_refused",
            "loses nothing: the volume counts",
            ENDPOINT_WORKER + "test_a_result_that_is_refused_as_too_large_loses_nothing",
        ),
        Fault("rate_limited", "waited out; one request", SLOWLY),
        Fault(
            "unauthorized_empty",
            "refused in two lines; nothing waits",
            SERVERLESS + "test_a_wrong_key_is_said_with_its_mend_and_nothing_waits",
        ),
        Fault(
            "reply_lost",
            "one training, by its ticket",
            SERVERLESS + "test_after_a_lost_answer_the_job_runs_once",
        ),
        Fault("reply_slow", "waited for; one request", SLOWLY),
        Fault(
            "http_status",
            "429: waited out; 402, 403: refused in two lines, can be resumed",
            SERVERLESS + "test_an_inactive_account_is_said",
        ),
        Fault(
            "request over 10 MB",
            "refused before anything is sent",
            "serverless/test_two_keys.py::"
            "test_what_is_too_large_is_measured_before_anything_is_sent",
            "12",
        ),
        Fault(
            "executionTimeout over",
            "cancelled, with its checkpoint here",
            ENDPOINT_WORKER + "test_out_of_time_at_the_provider_it_ends_with_a_checkpoint",
            "TIMED_OUT",
        ),
        Fault(
            "time to live over in the queue",
            "failed in two lines",
            SERVERLESS + "test_a_request_that_nobody_took_up_in_time_has_failed_with_the_reason",
            "ttl_seconds",
        ),
        Fault(
            "result deleted before anybody looked",
            "brought home from the volume",
            ENDPOINT_WORKER
            + "test_a_result_that_runpod_has_deleted_before_anybody_looked_is_brought_home",
            "GONE",
        ),
        Fault(
            "another image",
            "failed; says that it is not Hone's worker",
            ENDPOINT_WORKER + "test_another_image_is_recognised_by_its_failure_or_its_answer",
            "FOREIGN",
        ),
        Fault(
            "endpoint does not answer",
            "tried again; the job stays",
            ENDPOINT_WORKER
            + "test_an_endpoint_that_does_not_answer_is_unavailable_and_the_job_stays",
            "Unavailable",
        ),
        Fault(
            "bad_gateway",
            "asked again, ten times and more",
            SERVERLESS + "test_an_upload_that_is_cut_again_and_again_arrives",
        ),
        Fault(
            "repeat_token",
            "the listing is whole",
            S3 + "test_a_listing_is_whole_though_tokens_repeat_and_access_is_denied_once",
        ),
        Fault(
            "access_denied",
            "asked again; for good: refused in two lines",
            S3 + "test_a_key_that_is_denied_for_good_is_no_stumble",
        ),
        Fault("get_cut", "goes on where it was cut", BROUGHT),
        Fault("get_corrupt", "fetched again, compared by its hash", BROUGHT),
        Fault(
            "volume_full",
            "refused in two lines before the request",
            SERVERLESS + "test_a_full_volume_is_said_before_the_request",
        ),
        Fault(
            "volume full while it trains",
            "failed in two lines; every checkpoint before is here",
            REAL_DISK,
            "small_disk",
        ),
        Fault(
            "no room for a sign of life",
            "the worker is ended, the request failed in two lines",
            DISK + "test_a_volume_without_room_for_a_sign_of_life_ends_the_request_and_its_worker",
            "filler",
        ),
        Fault(
            "disk of a worker without a volume full",
            "failed in two lines; every checkpoint before is here",
            DISK + "test_the_full_disk_of_a_worker_without_a_volume_brings_home_what_was_before",
            "own_disk",
        ),
        Fault(
            "bucket not fit, or its key wrong",
            "refused before anything is sent, all reasons at once",
            BUCKET + "test_a_bucket_where_a_training_could_run_twice_or_be_read_is_refused"
            "_with_both_reasons",
            "is_conditional",
        ),
        Fault(
            "bucket takes nothing any more at the end",
            "failed in two lines; what the worker had is lost with it",
            BUCKET + "test_a_bucket_that_takes_nothing_any_more_ends_the_job_in_two_lines",
            "expired",
        ),
        Fault(
            "supervisor killed around every step",
            "the next one goes on; one request",
            "faults/test_serverless_kill.py::"
            "test_a_serverless_job_outlives_a_kill_before_and_after_each_step",
            "killed_at",
        ),
    ),
}
# Emulator -> the target whose table holds every fault of its menu.
MENUS = {
    "lambda": "lambda",
    "rp_pods": "runpod",
    "rp_jobs": "runpod-serverless",
    "rp_s3": "runpod-serverless",
}
