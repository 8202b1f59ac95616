"""``python -m tests.hosts``: a search over three hosts of this machine that loses one of them.

Prints what was seen; exits with 0 and one sentence where network namespaces are not allowed.
``python -m tests.hosts 2`` gives each run two workers. `make test-hosts` checks both as tests.
"""

from __future__ import annotations

import sys

from lab.record import RUN_FILE, read_json
from tests.hosts.namespaces import unavailable
from tests.hosts.story import search_that_loses_a_host


def main(num_workers: int) -> int:
    """Tell the story; the search's own exit code."""
    if reason := unavailable():
        print(f"no hosts can be made here: {reason}")
        return 0
    with search_that_loses_a_host(num_workers) as story:
        print(story.said)
        lost = story.lost
        print(f"{lost.host} was cut off in trial {lost.trial} after {lost.num_rows} evaluations")
        if lost.gang:
            print(f"its gang had workers on {' and '.join(lost.gang)}")
        alone = {
            trial: read_json(folder / RUN_FILE)["score"] for trial, folder in story.alone.items()
        }
        for run in story.study.runs:
            print(
                f"trial {run.trial}: {run.verdict}, score {run.card.score:.6f} "
                f"(left alone {alone[run.trial]:.6f}), {len(run.evaluations)} evaluations, "
                f"attempts {run.card.attempts}, ended on {run.card.host}"
            )
        for name, seconds in story.seconds.items():
            print(f"{name}: {seconds:.0f} s")
        return story.exit_code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 1))
