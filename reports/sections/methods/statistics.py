"""How the page's statistics are made, in words, each with its source."""

from __future__ import annotations

from typing import NamedTuple

from reports.kit.markup import Html, element, joined
from reports.kit.shares import Share
from reports.study.scale import LEAST_CONFIGURATIONS, LEAST_TRIALS, MOST_MARKS, NUM_SHUFFLES


class Statistic(NamedTuple):
    """A quantity, how it is made, and who described it."""

    name: str
    made: str
    source: str


STATISTICS = (
    Statistic(
        "P(stable)",
        "k of n runs that ended stable, with Wilson's score interval at 95%; trials are ranked by "
        f"its lower bound: three of three say more than {Share(3, 3).interval.low:.0%}, ten of "
        f"ten more than {Share(10, 10).interval.low:.0%}. Without runs the interval is 0 to 100%.",
        "Wilson 1927; Brown, Cai and DasGupta 2001, eq. 4",
    ),
    Statistic(
        "What a lucky trial likely is",
        "Beta-binomial shrinkage: P(stable) of the trials is drawn from a Beta distribution whose "
        "two parameters maximise the likelihood of all counts; a trial's estimate is the mean of "
        "its posterior. Among many trials the best-looking one is partly lucky: only fresh seeds "
        "settle it.",
        "Casella 1985; Robinson 2017",
    ),
    Statistic(
        "Time to failure",
        "Product-limit curve over images seen, with Greenwood's variance on the log-log scale. "
        "Pruned runs were stopped because they looked poor, so they are no ordinary censoring: "
        "the curve is shown between the two extremes, all of them failing at once and none ever.",
        "Kaplan and Meier 1958; Kalbfleisch and Prentice 1980",
    ),
    Statistic(
        "Quality of several runs",
        "Interquartile mean of final qualities, failures as 0; percentile bootstrap that draws "
        "seeds again within each configuration. Runs of one seed each have no such interval.",
        "Agarwal et al. 2021, section 4.1",
    ),
    Statistic(
        "Effect of a choice",
        "Difference of P(stable). Paired over configurations that were run at both levels and are "
        f"equal in all else, from {LEAST_CONFIGURATIONS} of them on; the bootstrap draws "
        "configurations, not runs, again. Where there are no pairs: the difference of two Wilson "
        "intervals, over first runs of trials.",
        "Newcombe 1998, method 10",
    ),
    Statistic(
        "Risk of a finalist",
        "CVaR at 25%: the mean final quality of the worst quarter of its runs, failures as 0.",
        "Rockafellar and Uryasev 2000",
    ),
    Statistic(
        "One study against another",
        "On the page that compares two: the probability that a run of the one ends better than a "
        "run of the other, ties one half, with a bootstrap of both.",
        "Mann and Whitney 1947; Agarwal et al. 2021",
    ),
    Statistic(
        "Importance",
        "PED-ANOVA: how differently a parameter is spread among the best trials and among all. "
        f"Beside it the largest value that {NUM_SHUFFLES} shuffles of the outcomes gave: below "
        "that a parameter has shown nothing.",
        "Watanabe, Bansal and Hutter 2023",
    ),
    Statistic(
        "Maps, shares and effects over the space",
        "From runs that nobody chose by results alone: Sobol points, and known ones where it says "
        "so. An optimiser returns to where it was good, so shares among its trials would flatter "
        "the space. Hatched where a cell has few runs.",
        "Sobol 1967; Owen 1998",
    ),
    Statistic(
        "Onset of a failure",
        "Median over runs, with the order statistics that hold it whatever the distribution; "
        "fewer than six runs have no such interval.",
        "David and Nagaraja 2003, section 7.1",
    ),
    Statistic(
        "Early against final quality",
        "Spearman's rank correlation over runs still alive at that time, with a bootstrap over "
        "runs.",
        "Spearman 1904",
    ),
    Statistic(
        "Confidence of a verdict",
        "Share of nine settings, the rule's limits from half to twice as sensitive, under which "
        "the same rows get the same name. It is no probability.",
        "lab.stability.confidence",
    ),
    Statistic(
        "When this page says less",
        f"Below {LEAST_TRIALS} trials with a verdict there are no maps and no importances. Above "
        f"{MOST_MARKS:,} runs figures bin their marks and curves become bands, with the selection "
        "drawn on top; parallel coordinates take a sample that keeps every outcome. Whatever is "
        "sampled says “showing x of y”.",
        "",
    ),
)


def statistics_section() -> Html:
    """Name, making and source of each, in two columns where there is room."""
    entries = [
        element(
            "div",
            element("dt", it.name),
            element("dd", it.made, element("cite", it.source) if it.source else None),
        )
        for it in STATISTICS
    ]
    return element("dl", joined(entries), class_="method-list")
