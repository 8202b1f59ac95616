"""Statistics over seeds (docs/science.md section 3): pure functions of arrays, by idea.

    P(stable) of trials           shares.py      Wilson, Clopper and Pearson, Newcombe, shrinkage
    along a parameter             bins.py        shares and means in bins
    time to failure               survival.py    Kaplan and Meier, Greenwood, pruned runs, median
    quality over seeds            resampling.py  interquartile mean, CVaR, bootstraps
    one against another           comparing.py   improvement, paired effects, ranks, Pareto front
    groups of images              corrected.py   shares by a classifier that errs, total variation
    one score, two groups         separation.py  area under the ROC curve

Nothing here drops a NaN: where one goes in, NaN comes out, so that a number that could not be
made is seen. Callers turn failed runs into the quality 0 before they average.
"""

from __future__ import annotations

from lab.statistics.bins import BinnedMeans as BinnedMeans
from lab.statistics.bins import BinnedShares as BinnedShares
from lab.statistics.bins import bin_of as bin_of
from lab.statistics.bins import binned_means as binned_means
from lab.statistics.bins import binned_shares as binned_shares
from lab.statistics.comparing import Effect as Effect
from lab.statistics.comparing import RankCorrelations as RankCorrelations
from lab.statistics.comparing import improvement_interval as improvement_interval
from lab.statistics.comparing import paired_effect as paired_effect
from lab.statistics.comparing import pareto_front as pareto_front
from lab.statistics.comparing import probability_of_improvement as probability_of_improvement
from lab.statistics.comparing import rank_correlation_interval as rank_correlation_interval
from lab.statistics.comparing import rank_correlations as rank_correlations
from lab.statistics.corrected import CorrectedShares as CorrectedShares
from lab.statistics.corrected import Distance as Distance
from lab.statistics.corrected import corrected_shares as corrected_shares
from lab.statistics.corrected import total_variation as total_variation
from lab.statistics.resampling import Repeated as Repeated
from lab.statistics.resampling import bootstrap_interval as bootstrap_interval
from lab.statistics.resampling import bootstrap_intervals as bootstrap_intervals
from lab.statistics.resampling import by_runs as by_runs
from lab.statistics.resampling import conditional_value_at_risk as conditional_value_at_risk
from lab.statistics.resampling import interquartile_mean as interquartile_mean
from lab.statistics.separation import Separation as Separation
from lab.statistics.separation import separation as separation
from lab.statistics.shares import SUGGESTED_FRESH_SEEDS as SUGGESTED_FRESH_SEEDS
from lab.statistics.shares import Interval as Interval
from lab.statistics.shares import Intervals as Intervals
from lab.statistics.shares import Shrinkage as Shrinkage
from lab.statistics.shares import StableShares as StableShares
from lab.statistics.shares import difference_interval as difference_interval
from lab.statistics.shares import exact_interval as exact_interval
from lab.statistics.shares import shrink as shrink
from lab.statistics.shares import stable_shares as stable_shares
from lab.statistics.shares import wilson_interval as wilson_interval
from lab.statistics.survival import Median as Median
from lab.statistics.survival import SurvivalBounds as SurvivalBounds
from lab.statistics.survival import SurvivalCurve as SurvivalCurve
from lab.statistics.survival import kaplan_meier as kaplan_meier
from lab.statistics.survival import median_interval as median_interval
from lab.statistics.survival import restricted_mean as restricted_mean
from lab.statistics.survival import survival_at as survival_at
from lab.statistics.survival import survival_bounds as survival_bounds
from lab.statistics.survival import survival_interval as survival_interval
