from lab.config import RunConfig, config_paths
from reports.kit.families import FAMILIES, OTHER, by_family, family_of, with_headings

PATHS = ["optimizer.critic.lr", "terms.bcr.weight", "optimizer.schedule", "augmentation.kind"]
NOT_SEARCHED = {"seed", "evaluation", "stability", "trainer", "files"}


def test_every_section_of_the_configuration_has_a_family() -> None:
    assert {part for parts in FAMILIES.values() for part in parts} == (
        set(RunConfig.model_fields) - NOT_SEARCHED
    )
    assert {path.split(".")[0] for path in config_paths() if family_of(path) == OTHER} <= (
        NOT_SEARCHED
    )


def test_a_path_that_no_configuration_has_is_among_the_other_settings() -> None:
    assert family_of("of.another.version") == OTHER


def test_settings_of_a_family_stand_together_in_order_of_appearance() -> None:
    assert by_family(PATHS) == {
        "optimizer": ["optimizer.critic.lr", "optimizer.schedule"],
        "remedies": ["terms.bcr.weight", "augmentation.kind"],
    }


def test_a_heading_stands_before_the_first_of_a_family() -> None:
    assert with_headings(PATHS) == [
        ("optimizer.critic.lr", "optimizer"),
        ("optimizer.schedule", ""),
        ("terms.bcr.weight", "remedies"),
        ("augmentation.kind", ""),
    ]


def test_settings_of_one_family_have_no_heading() -> None:
    assert with_headings(["loss", "penalty.kind"]) == [("loss", ""), ("penalty.kind", "")]
