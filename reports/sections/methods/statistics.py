"""How the page's statistics are made, each with its source."""

from __future__ import annotations

from typing import NamedTuple

from reports.kit.markup import Html, element, joined
from reports.kit.shares import RunShare
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
        f"its lower bound: three of three show more than {RunShare(3, 3).interval.low:.0%}, ten "
        f"of ten more than {RunShare(10, 10).interval.low:.0%}. Without runs the interval is 0 to "
        "100%.",
        "Wilson 1927; Brown, Cai and DasGupta 2001, eq. 4",
    ),
    Statistic(
        "What to expect of a lucky trial",
        "Beta-binomial shrinkage: P(stable) of the trials is drawn from a Beta distribution whose "
        "two parameters maximise the likelihood of all counts; a trial's estimate is the mean of "
        "its posterior. Among many trials the best-looking one is partly lucky: only fresh seeds "
        "show by how much.",
        "Casella 1985; Robinson 2017",
    ),
    Statistic(
        "Time to failure",
        "Product-limit curve over images seen, with Greenwood's variance on the log-log scale. "
        "Pruned runs were stopped because they looked poor, so this is no ordinary censoring: "
        "the curve is drawn between two extremes, all of them failing at once and none ever "
        "failing.",
        "Kaplan and Meier 1958; Kalbfleisch and Prentice 1980",
    ),
    Statistic(
        "Quality of several runs",
        "Interquartile mean of final qualities, failures as 0; percentile bootstrap that "
        "resamples seeds within each configuration. Runs of one seed each have no such interval.",
        "Agarwal et al. 2021, section 4.1",
    ),
    Statistic(
        "Effect of a choice",
        "Difference of P(stable). Paired over configurations that were run at both levels and are "
        f"equal in all else, from {LEAST_CONFIGURATIONS} of them on; the bootstrap resamples "
        "configurations, not runs. Where there are no pairs: the difference of two Wilson "
        "intervals, over first runs of trials.",
        "Newcombe 1998, method 10",
    ),
    Statistic(
        "Settings in whose order runs score higher",
        "Spearman's rank correlation with the score over first runs of Sobol trials, pruned ones "
        "as the lowest; intervals on Fisher's scale that hold for all settings together "
        "(Bonferroni). The one setting that the space asks about was named before any run and is "
        "tested alone.",
        "Spearman 1904; Bonett and Wright 2000",
    ),
    Statistic(
        "Risk of a finalist",
        "CVaR at 25%: the mean final quality of the worst quarter of its runs, failures as 0.",
        "Rockafellar and Uryasev 2000",
    ),
    Statistic(
        "One study against another",
        "On the page that compares two: the probability that a run of the first ends better "
        "than a run of the second, ties one half, with a bootstrap of both.",
        "Mann and Whitney 1947; Agarwal et al. 2021",
    ),
    Statistic(
        "Importance",
        "PED-ANOVA: how differently a parameter is spread among the best trials and among all. "
        f"Beside it the largest value that {NUM_SHUFFLES} shuffles of the outcomes gave: a "
        "parameter below that has shown no effect.",
        "Watanabe, Bansal and Hutter 2023",
    ),
    Statistic(
        "Maps, shares and effects over the space",
        "From unbiased runs alone, which no optimizer chose: Sobol points, and known ones where "
        "stated. An optimizer returns to good regions, so shares among its trials would "
        "overstate those of the space. Hatched where a cell has few runs.",
        "Sobol 1967; Owen 1998",
    ),
    Statistic(
        "Onset of a failure",
        "Median over runs, with the order statistics that contain it for any distribution; "
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
        "the same rows get the same verdict. It is not a probability.",
        "lab.stability.confidence",
    ),
    Statistic(
        "When this page shows less",
        f"Below {LEAST_TRIALS} trials with a verdict there are no maps and no importances. Above "
        f"{MOST_MARKS:,} runs figures bin their marks and curves become bands, with the selection "
        "drawn on top; parallel coordinates take a sample that keeps every outcome. Every sample "
        "is labelled “showing x of y”.",
        "",
    ),
)


def statistics_section() -> Html:
    """Name, method and source of each, in two columns where there is room."""
    entries = [
        element(
            "div",
            element("dt", it.name),
            element("dd", it.made, element("cite", it.source) if it.source else None),
        )
        for it in STATISTICS
    ]
    return element("dl", joined(entries), class_="method-list")
