import json

from reports.kit.markup import Html, data_block, element


def test_text_in_an_element_is_escaped() -> None:
    assert element("p", "<b>&</b>") == "<p>&lt;b&gt;&amp;&lt;/b&gt;</p>"


def test_markup_passes_through_an_element() -> None:
    assert element("p", Html("<b>x</b>")) == "<p><b>x</b></p>"


def test_attribute_values_cannot_break_out_of_their_quotes() -> None:
    assert element("a", "x", title='"><script>') == '<a title="&quot;&gt;&lt;script&gt;">x</a>'


def test_none_leaves_children_and_attributes_out() -> None:
    assert element("p", None, "x", id=None, class_="a", hidden=True) == '<p class="a" hidden>x</p>'


def test_a_data_block_cannot_be_ended_by_its_data() -> None:
    data = {"name": "</script><script>alert(1)</script>", "n": [1, None]}
    block = data_block("x-data", data)
    assert block.count("</script>") == 1
    assert json.loads(block.split(">", 1)[1].rsplit("<", 1)[0]) == data
