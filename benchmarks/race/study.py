"""What the race finds in made-up studies, for how many runs, and whether its interval holds.

    python -m benchmarks.race.study [--quick]

Forty configurations a study, of known P(stable), in several worlds. Against (a) one seed each and
(b) eight seeds each, picking the best; both race and these are shown the same runs. On a smooth
surface over three parameters also (c) Optuna's plain TPE with one seed a trial and as many runs as
the race, and the lab's whole planner (Sobol, TPE, race, confirm). Then: how often a 95 % interval
from M fresh runs holds the winner's P(stable), by four methods, exactly (no fresh run is drawn);
and how often the bootstrap interval of quality holds.

Other ways for as few runs, and what a smaller regret costs: benchmarks/race_designs.

`regret` is the true P(stable) of the best configuration of the study less that of the chosen one;
`+-` is the Monte Carlo standard error of the mean before it.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.race.intervals import METHODS, coverage, quality_coverage
from benchmarks.race.strategies import FIXED_SEEDS, Chosen, Design, fixed_seeds, raced
from benchmarks.race.surface import SearchResult, plain_tpe, whole_planner
from benchmarks.race.worlds import WORLDS, Array, Configurations, draw_runs
from lab.statistics import Intervals

NUM_CONFIGURATIONS = 40
DESIGNS = (Design((1, 2, 4, 8), 3, 7), Design((1, 2, 6, 16), 2, 5))
CONFIRM_COUNTS = (3, 4, 5, 7, 8, 10, 16, 20, 40)
SHARES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995)
"""True P(stable) at which coverage is shown by itself."""


class Figures(NamedTuple):
    """What a strategy did over many studies: means, and their standard errors."""

    num_runs: float
    stable: float
    stable_error: float
    claimed: float
    """The share of stable runs it reports; above P(stable) it is biased."""
    stable_low: float
    """5th percentile over studies."""
    regret: float
    regret_error: float
    quality: float
    coverage: float
    coverage_error: float
    width: float

    def __str__(self) -> str:
        stable = f"{self.stable:.3f} +-{self.stable_error:.3f}  {self.claimed:.3f}"
        regret = f"{self.regret:6.3f} +-{self.regret_error:.3f}"
        cover = f"{100 * self.coverage:5.1f} +-{100 * self.coverage_error:.1f}"
        return (
            f"{self.num_runs:6.0f}  {stable}  {self.stable_low:.3f}  {regret}  "
            f"{self.quality:.3f}  {cover}  {self.width:.3f}"
        )


HEADER = "  runs  P(stable)      claims 5th pc  regret         quality cover %       width"


def figures(
    stable: Array,
    quality: Array,
    best: Array,
    num_runs: NDArray[np.int64],
    share: Array,
    claim: Intervals,
) -> Figures:
    """Of one strategy; one entry a study: truth of the chosen, the best there was, its claim."""
    root = np.sqrt(stable.size)
    regret = best - stable
    holds = (claim.low <= stable) & (stable <= claim.high)
    return Figures(
        num_runs=float(num_runs.mean()),
        stable=float(stable.mean()),
        stable_error=float(stable.std() / root),
        claimed=float(share.mean()),
        stable_low=float(np.quantile(stable, 0.05)),
        regret=float(regret.mean()),
        regret_error=float(regret.std() / root),
        quality=float(quality.mean()),
        coverage=float(holds.mean()),
        coverage_error=float(holds.std() / root),
        width=float((claim.high - claim.low).mean()),
    )


def figures_of(truth: Configurations, chosen: Chosen) -> Figures:
    """Of a strategy that picks one of the given configurations."""
    here = np.arange(chosen.picked.size)
    return figures(
        truth.stable[here, chosen.picked],
        truth.quality[here, chosen.picked],
        truth.stable.max(axis=1),
        chosen.num_runs,
        chosen.share,
        chosen.claim,
    )


class World(NamedTuple):
    """Every strategy in one world, and the true P(stable) of the first design's winners."""

    by_strategy: dict[str, Figures]
    winners: Array


def compare(world: str, num_studies: int, seed: int = 0) -> World:
    """The strategies that share their configurations and runs."""
    rng = np.random.default_rng(seed)
    truth = WORLDS[world](rng, num_studies, NUM_CONFIGURATIONS)
    most = max(FIXED_SEEDS, *(design.seeds[-1] for design in DESIGNS))
    runs = draw_runs(truth, most, rng)
    figures = {
        "(a) 1 seed each": figures_of(truth, fixed_seeds(runs, 1)),
        f"(b) {FIXED_SEEDS} seeds each": figures_of(truth, fixed_seeds(runs, FIXED_SEEDS)),
    }
    winners: list[Array] = []
    for design in DESIGNS:
        confirmed, in_race = raced(design, truth, runs, rng)
        figures[str(design)] = figures_of(truth, confirmed)
        figures[f"  by the race's {design.seeds[-1]} runs"] = figures_of(truth, in_race)
        winners.append(truth.stable[np.arange(num_studies), confirmed.picked])
    return World(figures, winners[0])


def searched(result: SearchResult) -> Figures:
    """Of a strategy that proposes configurations; regret is against the surface's summit."""
    summit = np.full(result.stable.size, result.summit)
    return figures(
        result.stable, result.quality, summit, result.num_runs, result.share, result.claim
    )


def main(arguments: list[str]) -> int:
    """Print every table."""
    quick = "--quick" in arguments
    num_studies, num_searches = (20, 1) if quick else (4_000, 200)
    winners: dict[str, Array] = {}
    for world in WORLDS:
        compared = compare(world, num_studies)
        winners[world] = compared.winners
        print(f"\n{world}: {num_studies} studies of {NUM_CONFIGURATIONS} configurations")
        _print_table(compared.by_strategy)
    print(f"\nwhole searches on the surface: {num_searches} of each")
    num_runs = DESIGNS[0].rules(NUM_CONFIGURATIONS).num_runs
    _print_table(
        {
            f"(c) TPE, {num_runs} trials": searched(plain_tpe(num_runs, num_searches)),
            "lab: Sobol, TPE, race, confirm": searched(
                whole_planner(DESIGNS[0], NUM_CONFIGURATIONS, num_searches)
            ),
        }
    )
    _print_coverage(winners)
    _print_quality_coverage(20 if quick else 4_000)
    return 0


def _print_table(by_strategy: dict[str, Figures]) -> None:
    print(f"{'':36}{HEADER}")
    for name, row in by_strategy.items():
        print(f"{name:36}{row}", flush=True)


def _print_coverage(winners: dict[str, Array]) -> None:
    print("\nmean coverage in % of a 95 % interval from M fresh runs of the race's winner")
    fixed = {f"P = {share}": np.array([share]) for share in SHARES}
    for method in METHODS:
        print(f"\n{method:16}" + "".join(f"  M={count:<4}" for count in CONFIRM_COUNTS))
        for name, stable in (winners | fixed).items():
            cells = [100 * coverage(method, count, stable).mean() for count in CONFIRM_COUNTS]
            print(f"{name:16}" + "".join(f"  {cell:5.1f} " for cell in cells), flush=True)


def _print_quality_coverage(num_draws: int) -> None:
    print("\ncoverage in % of the bootstrap 95 % interval of the interquartile mean of quality")
    counts = CONFIRM_COUNTS[:-1]
    print(f"{'':16}" + "".join(f"  M={count:<4}" for count in counts))
    for share in (1.0, 0.95, 0.8):
        cells = [100 * quality_coverage(count, share, num_draws) for count in counts]
        print(f"P = {share:<12}" + "".join(f"  {cell:5.1f} " for cell in cells), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
