"""Kills a training with SIGKILL at random instants and compares the weights: prints the table.

python benchmarks/kill_resume.py [--instants 20] [--seed 3]

Default recipe (length grouping, dropout, cosine), two batches a step, four epochs, checkpoints in
the middle of epochs, LoRA and full fine-tuning, on a random base of 36,000 weights. One run per
instant: killed, resumed, compared with a run that was not killed: exported model, weights and
optimizer of the last step must be equal bit by bit. Exits 1 when one differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
# The root of the checkout in place of this folder, so that `tests` can be imported.
sys.path[0] = str(REPOSITORY)

from tests.engine.small import make_small_base  # noqa: E402
from tests.loop.kills import draw_instants, run_and_kill, run_to_end, traces  # noqa: E402
from tests.loop.test_resume import TOTAL_STEPS, job  # noqa: E402


def main() -> int:
    """Print a line per kill, then how many ended with the same bits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--instants", type=int, default=20)
    parser.add_argument("--seed", type=int, default=3)
    asked = parser.parse_args()
    equal = done = 0
    print("| training | killed at step | after ms | last step seen | checkpoint | same bits |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        base = make_small_base(root / "small")
        for is_lora in (True, False):
            name = "lora" if is_lora else "full"
            straight = job(root / f"straight-{name}", base, is_lora=is_lora)
            if run_to_end(straight) != 0:
                print(straight.log.read_text()[-2000:])
                return 1
            for number, instant in enumerate(
                draw_instants(asked.instants, TOTAL_STEPS, seed=asked.seed)
            ):
                broken = job(root / f"{name}-{number}", base, is_lora=is_lora)
                struck = run_and_kill(broken, instant)
                code = 0 if broken.has_result else run_to_end(broken)
                is_equal = code == 0 and traces(broken) == traces(straight)
                equal, done = equal + is_equal, done + 1
                seen = (struck.last_step, struck.newest_checkpoint) if struck else ("ended", "")
                print(
                    f"| {name} | {instant.step} | {instant.delay_seconds * 1000:.0f} | {seen[0]} "
                    f"| {seen[1]} | {'yes' if is_equal else 'NO'} |",
                    flush=True,
                )
    print(f"{equal} of {done} ended with the same bits")
    return 0 if equal == done else 1


if __name__ == "__main__":
    sys.exit(main())
