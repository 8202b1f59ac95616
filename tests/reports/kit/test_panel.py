from reports.kit.panel import Option, Panel, Picker, blank, render


def _menu(groups: list[str]) -> str:
    options = {f"path{i}": Option(f"name {i}", group=group) for i, group in enumerate(groups)}
    return str(render(Panel("map", blank(100), "", pickers=(Picker("Across", options, "path1"),))))


def test_options_of_several_groups_stand_under_their_headings() -> None:
    menu = _menu(["network", "network", "optimizer"])
    assert menu.count("<optgroup") == 2
    assert menu.index('label="network"') < menu.index("name 0") < menu.index("name 1")
    assert menu.index("name 1") < menu.index('label="optimizer"') < menu.index("name 2")


def test_options_of_one_group_or_none_have_no_heading() -> None:
    assert "<optgroup" not in _menu(["network", "network"])
    assert "<optgroup" not in _menu(["", ""])
