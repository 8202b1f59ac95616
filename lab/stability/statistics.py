"""Statistics over seeds (SCIENCE.md section 3): pure functions of arrays, by idea.

    P(stable) of trials           shares.py      Wilson's interval, shrinkage
    time to failure               survival.py    Kaplan and Meier, Greenwood, pruned runs
    quality over seeds            resampling.py  interquartile mean, CVaR, bootstraps
    one against another           comparing.py   improvement, paired effects, ranks, Pareto front

Nothing here drops a NaN: where one goes in, NaN comes out, so that a number that could not be
made is seen. Callers turn failed runs into the quality 0 before they average.
"""

from __future__ import annotations

from lab.stability.comparing import Effect as Effect
from lab.stability.comparing import RankCorrelations as RankCorrelations
from lab.stability.comparing import improvement_interval as improvement_interval
from lab.stability.comparing import paired_effect as paired_effect
from lab.stability.comparing import pareto_front as pareto_front
from lab.stability.comparing import probability_of_improvement as probability_of_improvement
from lab.stability.comparing import rank_correlations as rank_correlations
from lab.stability.resampling import Repeated as Repeated
from lab.stability.resampling import bootstrap_interval as bootstrap_interval
from lab.stability.resampling import bootstrap_intervals as bootstrap_intervals
from lab.stability.resampling import by_runs as by_runs
from lab.stability.resampling import conditional_value_at_risk as conditional_value_at_risk
from lab.stability.resampling import interquartile_mean as interquartile_mean
from lab.stability.shares import Interval as Interval
from lab.stability.shares import Intervals as Intervals
from lab.stability.shares import Shrinkage as Shrinkage
from lab.stability.shares import StableShares as StableShares
from lab.stability.shares import shrink as shrink
from lab.stability.shares import stable_shares as stable_shares
from lab.stability.shares import wilson_interval as wilson_interval
from lab.stability.survival import SurvivalBounds as SurvivalBounds
from lab.stability.survival import SurvivalCurve as SurvivalCurve
from lab.stability.survival import kaplan_meier as kaplan_meier
from lab.stability.survival import restricted_mean as restricted_mean
from lab.stability.survival import survival_at as survival_at
from lab.stability.survival import survival_bounds as survival_bounds
from lab.stability.survival import survival_interval as survival_interval
