"""Event code and structural rules: trees, blocks and spans."""

import pytest
from grammar_rules import ALL, DEEP_R
from grammar_trees import passes, shape, statements

from eqsnn.grammar import ast


def test_event_code():
    v, w, gone = statements(
        """v_post += w
                w = clip(w - a_post, 0*mV, wmax)
                remove synapse if w <= 0*mV"""
    )
    assert (v.target.id, v.operator, v.value.id) == ("v_post", "+=", "w")
    assert w.span.text == "w = clip(w - a_post, 0*mV, wmax)"
    assert isinstance(gone, ast.RemoveSynapse)
    assert gone.condition.span.text == "w <= 0*mV" and gone.limit is None
    assert gone.span.text == "remove synapse if w <= 0*mV"


@pytest.mark.parametrize("operator", ["=", "+=", "-=", "*=", "/="])
def test_assignments(operator):
    (node,) = statements(f"x{operator}-1")
    assert (node.operator, node.value.span.text) == (operator, "-1")


LAYOUTS = [
    "a = 1\nb = 2\nif c: d = 3",
    "a = 1; b = 2;\n\n  # so\n    if c: d = 3;",
    "\n      a = 1\n  b = 2 # two\n          if c:\n             d = 3\n\n    ",
    "a = 1\n        b = 2\n        if c:\n            # deep\n            d = (\n3)",
    "\ta = 1\r\n\tb = 2\r\n\tif c:\r\n\t\td = 3\r\n",
    "a = \\\n 1; b = 2\nif c:\n d = 3\n# end",
]


@pytest.mark.parametrize("text", LAYOUTS)
def test_layout_does_not_change_the_meaning(text):
    assert shape(statements(text)) == shape(statements(LAYOUTS[0]))


def test_nothing_does_nothing():
    assert statements("") == statements("\n   # nothing\n") == ()


def test_branches():
    first, last = statements("""if a:
                    x = 1
                    if b: y = 1
                elif c:
                    x = 2
                else:
                    x = 3
                z = 1""")
    assert [type(s).__name__ for s in first.body] == ["Assign", "If"]
    (other,) = first.orelse
    assert isinstance(other, ast.If) and other.condition.span.text == "c"
    assert [s.span.text for s in other.orelse] == ["x = 3"]
    assert first.span.text.startswith("if a:") and first.span.text.endswith("x = 3")
    assert other.span.text.startswith("elif c:") and other.span.end == first.span.end
    assert first.body[1].span.text == "if b: y = 1"
    assert last.span.text == "z = 1"


def test_a_block_on_the_first_line_of_a_text_ends_where_its_surroundings_are():
    block, after = statements("if a:\n                x = 1\n            y = 2")
    assert [s.span.text for s in block.body] == ["x = 1"] and after.target.id == "y"


def test_structural_statements():
    plain, named, full = statements(
        "remove synapse\ncreate synapse(w=w0, t_open=t)\ncreate synapse (w=1) if rand() < p limit 2*n per post"
    )
    assert plain == ast.RemoveSynapse(None, None, plain.span)
    assert [(k.name.id, k.value.span.text) for k in named.values] == [("w", "w0"), ("t_open", "t")]
    assert full.condition.span.text == "rand() < p"
    assert (full.limit.count.span.text, full.limit.per, full.limit.span.text) == ("2*n", "post", "limit 2*n per post")
    assert statements("create synapse()")[0].values == ()
    assert statements("remove synapse limit 3")[0].limit.per is None


def test_deep_r():
    prune, grow = passes(DEEP_R)
    assert isinstance(prune.head, ast.EachSynapse) and prune.head.span.text == "synapse"
    (branch,) = prune.body
    assert [type(s).__name__ for s in branch.body] == ["RemoveSynapse", "Assign"]
    assert prune.span.text.startswith("for each synapse:") and prune.span.text.endswith("n_dormant += 1")
    assert grow.head.span.text == "pair in sample(n_dormant, unconnected)"
    assert (grow.head.selection.per, grow.head.selection.unconnected) == (None, True)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("synapse", ("EachSynapse",)),
        ("pre", ("EachNeuron", ("str", "pre"))),
        ("post", ("EachNeuron", ("str", "post"))),
        ("pair in all", ("EachPair", ("All",))),
        ("pair in sample(3)", ("EachPair", ("Sample", ("Number", ("int", 3)), ("NoneType", None), ("bool", False)))),
        (
            "pair in sample(n, unconnected, per=post)",
            ("EachPair", ("Sample", ("Name", ("str", "n")), ("str", "post"), ("bool", True))),
        ),
        ("pair in match(a, b)", ("EachPair", ("Match", ("Name", ("str", "a")), ("Name", ("str", "b"))))),
    ],
)
def test_heads(head, expected):
    (one,) = passes(f"for each {head}: x = 1")
    assert shape(one.head) == expected
    assert one.head.span.text == head
    assert shape(passes(f"for each {head}:\n\n    x = 1\n")) == shape((one,))


def test_a_pass_on_one_line_may_hold_an_if():
    (one,) = passes("for each synapse: if w < 0: remove synapse; n += 1")
    (branch,) = one.body
    assert [s.span.text for s in branch.body] == ["remove synapse", "n += 1"]


def test_every_rule_of_the_language_parses():
    assert [len(passes(rule)) for rule in ALL] == [1, 2, 2, 3, 2]
