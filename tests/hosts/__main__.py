"""``python -m tests.hosts``: a search over three hosts of this machine that loses one of them.

Prints what was seen; exits with 0 and one sentence where network namespaces are not allowed.
Arguments go to the search, say ``--workers 2``. `make test-hosts` checks the same as tests.
"""

from __future__ import annotations

import sys

from tests.hosts.namespaces import unavailable
from tests.hosts.story import hosts_of, search_that_loses_a_host


def main(arguments: list[str]) -> int:
    """Tell the story; the search's own exit code."""
    if reason := unavailable():
        print(f"no hosts can be made here: {reason}")
        return 0
    with search_that_loses_a_host(arguments) as story:
        print(story.said)
        lost = story.lost
        print(f"{lost.host} was cut off in trial {lost.trial} after {lost.num_rows} evaluations")
        alone = {run.trial: run.run["score"] for run in story.alone.runs}
        for run in story.study.runs:
            print(
                f"trial {run.trial}: {run.verdict}, score {run.run['score']:.6f} "
                f"(left alone {alone[run.trial]:.6f}), {len(run.evaluations)} evaluations, "
                f"attempts {run.run['attempts']}, ended on {', '.join(hosts_of(run.run))}"
            )
        for name, seconds in story.seconds.items():
            print(f"{name}: {seconds:.0f} s")
        return story.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
