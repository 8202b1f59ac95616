"""Other ways to spend a third of eight seeds each, and what a regret of .02 takes.

    python -m benchmarks.race.designs [--quick]

The worlds of race_study, and a hard one whose best configuration fails one run in four; means are
over the six. A way ends with one finalist and its seven fresh runs unless stated otherwise; they
are counted. Regret is against the best configuration of the study, `+-` its Monte Carlo standard
error. The bounds know how P(stable) is spread in the world, or think they do.
"""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.race.allocation import (
    Merit,
    best_odds,
    by_share_alone,
    empirical_bayes,
    fewest_failures,
    first_failure_out,
    halving,
    laplace,
    lexicographic,
    one_at_a_time,
    score_as_runs,
    top_two_thompson,
)
from benchmarks.race.costs import (
    AT_A_TIME,
    BEST,
    CONFIRM,
    IN_RACE,
    MOST_RUNS,
    NUM_BOUNDED,
    TARGET,
    Point,
    bounds,
    by_budget,
    point,
    rungs,
    runs_to_reach,
)
from benchmarks.race.slots import print_slots
from benchmarks.race.study import NUM_CONFIGURATIONS
from benchmarks.race.worlds import WORLDS, Configurations, Draw, Runs, draw_runs, with_quality
from lab.plan.presets import PRESETS
from lab.plan.race import Rules, Rung, rungs_of

NUM_SEEDS = 128
SCHEDULES = {
    "race 1,2,4,8 to 3, confirm 7": ((40, 1), (17, 2), (7, 4), (3, 8)),
    "race 1,2,6,16 to 2, confirm 5": ((40, 1), (15, 2), (5, 6), (2, 16)),
    "race 1,3,9,27 to 1, confirm 6": ((40, 1), (12, 3), (3, 9), (1, 27)),
    "race 1,2,4,14,14 to 1": ((40, 1), (16, 2), (6, 4), (3, 14)),
    "wide first cut": ((40, 1), (24, 2), (6, 4), (5, 6), (2, 12)),
    "narrow first cut": ((40, 1), (5, 5), (3, 10), (2, 22)),
    "30 trials, deeper": ((30, 1), (8, 4), (4, 9), (2, 20)),
    "best schedule": BEST,
}
CONFIRM_RUNS = {
    "eight seeds each, no confirm": 0,
    "race 1,2,4,8 to 3, confirm 7": 21,
    "race 1,2,6,16 to 2, confirm 5": 10,
    "race 1,3,9,27 to 1, confirm 6": 6,
}
"""In all, where not CONFIRM."""
RANKINGS: dict[str, Merit] = {
    "  ties by number, no score": by_share_alone,
    "  score as 4 more runs": score_as_runs(4),
    "  empirical Bayes on the score": empirical_bayes,
}
LAZY = ((40, 1), (9, 2), (5, 4), (4, 8), (2, 23))


def hard(rng: np.random.Generator, num_studies: int, num: int) -> Configurations:
    """Nothing is stable for long."""
    return with_quality(rng.beta(2, 4, (num_studies, num)), rng)


ALL_WORLDS: dict[str, Draw] = WORLDS | {"hard": hard}


def thirds(truth: Configurations, runs: Runs) -> dict[str, Point]:
    """Every way without knowledge of the world, for at most MOST_RUNS runs."""
    points: dict[str, Point] = {}

    def race(name: str, schedule: list[Rung], merit: Merit = lexicographic) -> None:
        raced = halving(schedule, runs, merit)
        confirm = CONFIRM_RUNS.get(name, CONFIRM)
        points[name] = point(truth, raced.winner, float(raced.num_runs.mean()) + confirm)

    race("eight seeds each, no confirm", [Rung(NUM_CONFIGURATIONS, 8)])
    for name, schedule in SCHEDULES.items():
        race(name, rungs(schedule))
    for name, merit in RANKINGS.items():
        race(name, rungs(BEST), merit)
    lazy = halving(rungs(LAZY), runs)
    points["lazy race, losers stop early"] = point(
        truth, lazy.winner, float(lazy.lazy_runs.mean()) + CONFIRM
    )
    thompson = top_two_thompson(np.random.default_rng(7))
    orders: dict[str, tuple[Merit, int]] = {
        "first failure out, in step": (first_failure_out, 1),
        "top-two Thompson, flat prior": (thompson, 1),
        "fewest failures first": (fewest_failures, 1),
        "best odds, four trials at a time": (best_odds, 4),
        "best odds, one trial at a time": (best_odds, 1),
        "best odds, two trials at a time": (best_odds, AT_A_TIME),
    }
    for name, (index, at_a_time) in orders.items():
        seen = one_at_a_time(runs, [IN_RACE], index, at_a_time)[IN_RACE]
        points[name] = point(truth, laplace(seen).argmax(axis=1), MOST_RUNS)
    most = seen.stable + 0.5 * seen.mean_score
    points["  winner: most stable runs"] = point(truth, most.argmax(axis=1), MOST_RUNS)
    return points


def presets(num_studies: int) -> dict[str, dict[str, list[Point]]]:
    """Each preset's race, and best odds with one finalist and as many runs."""
    rows_by_world: dict[str, dict[str, list[Point]]] = {}
    for name, preset in PRESETS.items():
        schedule = rungs_of(preset.trials, preset.seeds, preset.race)
        total = Rules(schedule, (), tuple(range(preset.confirm))).num_runs
        rows: dict[str, list[Point]] = {"its race": [], "best odds, two at a time": []}
        for draw in ALL_WORLDS.values():
            rng = np.random.default_rng(3)
            truth = draw(rng, num_studies, preset.trials)
            runs = draw_runs(truth, 40, rng)
            rows["its race"].append(point(truth, halving(schedule, runs).winner, total))
            budget = total - preset.confirm
            seen = one_at_a_time(runs, [budget], best_odds, AT_A_TIME)[budget]
            rows["best odds, two at a time"].append(
                point(truth, laplace(seen).argmax(axis=1), total)
            )
        rows_by_world[name] = rows
    return rows_by_world


def _print_rows(rows: dict[str, list[Point]]) -> None:
    print(f"{'':40}  runs  " + "".join(f"{world:17}" for world in ALL_WORLDS) + "mean of 6")
    for name, cells in rows.items():
        mean = np.mean([cell.regret for cell in cells[: len(WORLDS)]])
        num_runs = max(cell.num_runs for cell in cells)
        print(f"{name:40} {num_runs:5.0f}  " + "".join(f"{cell!s:17}" for cell in cells), end="")
        print(f"{mean:.4f}", flush=True)


def main(arguments: list[str]) -> int:
    """Print every table."""
    quick = "--quick" in arguments
    num_studies = 4 if quick else 1_500
    without: dict[str, list[Point]] = {}
    bound: dict[str, list[Point]] = {}
    costs: dict[str, list[float]] = {}
    grown: dict[str, list[Point]] = {}
    for draw in ALL_WORLDS.values():
        rng = np.random.default_rng(11)
        truth = draw(rng, num_studies, NUM_CONFIGURATIONS)
        runs = draw_runs(truth, NUM_SEEDS, rng)
        knowing, curve = bounds(draw, truth, runs)
        for table, cells in ((without, thirds(truth, runs)), (bound, knowing)):
            for name, cell in cells.items():
                table.setdefault(name, []).append(cell)
        curves = by_budget(draw, truth, runs) | {"knowledge gradient, true prior": curve}
        for name, points in curves.items():
            costs.setdefault(name, []).append(runs_to_reach(points, TARGET))
        for name in ("as many seeds each, Bayes's choice", "best odds, two trials at a time"):
            for cell in curves[name]:
                grown.setdefault(f"{name}, {cell.num_runs:.0f}", []).append(cell)
    print(f"regret for at most {MOST_RUNS} runs (the most over worlds); {num_studies} studies")
    _print_rows(without)
    print(f"\nbounds; {min(num_studies, NUM_BOUNDED)} studies")
    _print_rows(bound)
    print("\nas runs grow")
    _print_rows(grown)
    print(f"\nruns, with {CONFIRM} to confirm, until the mean regret is {TARGET}")
    print(f"{'':37}" + "".join(f"{world:>9}" for world in ALL_WORLDS))
    for name, numbers in costs.items():
        print(f"{name:37}" + "".join(f"{number:9.0f}" for number in numbers))
    for name, rows in presets(num_studies // 2).items():
        print(f"\npreset {name}")
        _print_rows(rows)
    print_slots(IN_RACE, 1 if quick else 40)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
