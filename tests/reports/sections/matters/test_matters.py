from reports.kit.blocks import Missing
from reports.kit.panel import Panel
from reports.sections.matters.matters import matters_blocks
from tests.made_up.handmade import Run, handmade

SPACE = {"a": {"kind": "float", "low": 0.0, "high": 1.0}}


def test_five_trials_have_no_importances() -> None:
    study = handmade(SPACE, [("sobol", {"a": 0.5})] * 5, [Run(number) for number in range(5)])
    assert matters_blocks(study) == [
        Missing("Too few runs: 5 trials with a verdict; this section is drawn for 12 or more.")
    ]


def test_a_study_without_parameters_gives_a_sentence() -> None:
    study = handmade({}, [("sobol", {})] * 20, [Run(number) for number in range(20)])
    assert matters_blocks(study) == [
        Missing("This study samples no parameters, so there are no importances.")
    ]


def test_what_cannot_be_drawn_is_a_sentence_among_the_figures() -> None:
    points = [("sobol", {"a": i / 20}) for i in range(20)]
    runs = [Run(i, "stable" if i < 9 else "diverged") for i in range(20)]
    importances, effects, dependence = matters_blocks(handmade(SPACE, points, runs))
    assert isinstance(importances, Panel)
    assert isinstance(effects, Missing)
    assert isinstance(dependence, Panel)
    assert all(panel.table is not None for panel in (importances, dependence))
