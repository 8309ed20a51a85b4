"""Random edits of valid models: each compiles up to the C++ compiler, or ends in an error of eqsnn's."""

import random
import re

import hypothesis
from hypothesis import given, settings
from hypothesis import strategies as st

import eqsnn.compiler
from eqsnn import Network, NeuronGroup, StructuralPlasticity, Synapses, ms, mV, start_scope
from eqsnn.errors import EqsnnError

MODEL = """dv/dt = (ge + gi - (v - El))/tau + sigma*sqrt(2/tau)*xi : volt (unless refractory)
dge/dt = -ge/tau_e : volt
gi : volt
n : integer
active : boolean
I = Imax*(1 + cos(2*pi*f*t)) : volt
x : 1 (constant)
total : 1 (shared)"""
THRESHOLD = "v > Vt and not active or n >= 3"
RESET = """v = Vr
n += int(v > Vt)
step = 0.5*mV
if active:
    ge = clip(ge - step, 0*mV, 3*mV)
else:
    ge /= 2"""
SYNAPSES = """w : volt
da/dt = -a/tau_e : 1 (event-driven)
d = abs(x_pre - x_post) : 1
last : second
count_all : 1 (shared)"""
ON_PRE = """ge_post += w
a += 1
w = clip(w - a*mV*exp(-d), 0*mV, 5*mV)
remove synapse if w <= 0*mV"""
ON_POST = """w += 0.1*mV*rand()
last = t
n_post += 1"""
RULE = """for each synapse:
    if w < 0.1*mV:
        remove synapse
        n_lost_post += 1
for each pair in sample(10):
    if connected:
        remove synapse if rand() < 0.1*int(w >= 1*mV)
    else:
        create synapse(w=1*mV, last=t) if rand() < exp(-d**2)
for each pair in sample(n_lost_post, per=post, unconnected):
    create synapse
for each synapse: remove synapse if rank(w, per=post) < 0.1*count(per=post) and w < mean(w) limit 3 per post
for each pair in match(2 - N_outgoing, n_post - N_incoming): create synapse(w=quantile(w, 0.5)) limit 5
for each pre: ge_pre = 0*mV"""
TEXTS = (MODEL, THRESHOLD, RESET, SYNAPSES, ON_PRE, ON_POST, RULE)
NAMESPACE = dict(
    El=-70 * mV, tau=10 * ms, tau_e=5 * ms, sigma=1 * mV, Vt=-50 * mV, Vr=-60 * mV, Imax=1 * mV, f=5 / (1000 * ms)
)  # fmt: skip

TOKEN = re.compile(r"\s+|[A-Za-z_]\w*|\d+\.?\d*(?:e-?\d+)?|\*\*|//|[-+*/<>=!]=|.", re.DOTALL)
EXTRA = [
    "v", "w", "w_post", "v_pre", "v_post", "x_post", "i", "j", "N_incoming", "t", "dt", "xi", "connected", "lastspike",
    "not_refractory", "True", "0", "1", "2.5", "1e400", "0.5*ms", "mV", "second", "exp(", "where(", "int(", "(", ")",
    "+", "-", "*", "/", "**", "//", "%", "<", "==", "=", "+=", "/=", " and ", " or ", "not ", " if ", ":", ",", "\n",
    "    ", "shared", "linked", "event-driven", "(summed)", "create synapse", "remove synapse", "count()", "limit 3",
    "limit 2 per pre", "per=post", "match(", "rank(w)", "mean(w, per=pre)", "max(", "unconnected", "n_lost", "n_lost_pre",
    "d", "I", "gi", "active", "n", "total", "sum(", "rand()", "poisson(", "timestep(t, dt)", "volt", ": 1", "_", "é",
]  # fmt: skip


def tokens(text):
    return TOKEN.findall(text)


VOCABULARY = [*EXTRA, *sorted({token for text in TEXTS for token in tokens(text)})]


WORDS = [
    "for",
    "each",
    "in",
    "if",
    "else",
    "create",
    "remove",
    "synapse",
    "pair",
    "pre",
    "post",
    "sample",
    "per",
    "unconnected",
    "unless",
    "refractory",
    "constant",
    "event",
    "driven",
    "shared",
    "volt",
    "second",
    "integer",
    "boolean",
    "dv",
    "dge",
    "da",
    "exp",
    "cos",
    "sqrt",
    "abs",
    "clip",
    "where",
    "int",
    "rand",
    "and",
    "or",
    "not",
]
KINDS = {
    "name": [w for w in VOCABULARY if re.fullmatch(r"[A-Za-z_]\w*", w) and w not in WORDS]
    + ["w*v_post", "v/mV", "int(active)", "lastspike_pre", "i_post", "rand()"],
    "function": ["exp", "cos", "sqrt", "abs", "floor", "int", "sign", "poisson", "log", "exponential", "rand"],
    "number": ["0", "1", "2", "-1", "0.5", "3*mV", "2.5e-3", "1e300", "10**10", "True"],
    "operator": ["+", "-", "*", "/", "//", "%", "**", "<", "<=", "==", "!=", " and ", " or "],
    "assignment": ["=", "+=", "-=", "*=", "/="],
}


def kind_of(part):
    """The words that may stand in the place of a token, so that the text still follows the grammar."""
    return next((kind for kind, words in KINDS.items() if part in words), None)


def altered(text, choose, edits):
    """A text with names, numbers and operators replaced by others, and lines deleted, doubled or exchanged."""
    for _ in range(edits):
        parts = tokens(text)
        places = [k for k, part in enumerate(parts) if kind_of(part)]
        at = places[choose(len(places))]
        words = KINDS[kind_of(parts[at])]
        parts[at] = words[choose(len(words))]
        text = "".join(parts)
        if not choose(4):
            lines = text.split("\n")
            one, other = choose(len(lines)), choose(len(lines))
            lines[one], lines[other] = lines[other], lines[one]
            if choose(2):
                lines.insert(one, lines[other])
            text = "\n".join(lines)
    return text


def edited(text, choose, edits):
    """A text that is altered, or has tokens deleted, doubled, replaced, inserted or exchanged."""
    if choose(4):
        return altered(text, choose, edits)
    parts = tokens(text)
    for _ in range(edits):
        at, other = choose(len(parts)), choose(len(parts))
        word = VOCABULARY[choose(len(VOCABULARY))]
        match choose(5):
            case 0:
                parts[at] = ""
            case 1:
                parts[at] = word
            case 2:
                parts.insert(at, word)
            case 3:
                parts[at], parts[other] = parts[other], parts[at]
            case _:
                parts.insert(at, parts[other])
    return "".join(parts)


def front(texts):
    """Everything that happens to a network before the C++ compiler is called."""
    model, threshold, reset, synapses, on_pre, on_post, rule = texts
    start_scope()
    G = NeuronGroup(
        10, model, threshold=threshold, reset=reset, refractory=5 * ms, method="euler", namespace=NAMESPACE
    )  # fmt: skip
    S = Synapses(G, G, synapses, on_pre=on_pre, on_post=on_post, namespace=NAMESPACE)
    S.connect()
    R = StructuralPlasticity(S, rule, dt=1 * ms)
    Network(G, S, R).run(1 * ms)


class ReachedError(Exception):
    """The front half is done."""


def _stop(*args, **kwargs):
    raise ReachedError


def outcome(texts):
    """The code of the error, or None where the model is fine."""
    library, eqsnn.compiler._library = eqsnn.compiler._library, _stop
    try:
        front(texts)
    except ReachedError:
        return None
    except EqsnnError as error:
        assert str(error) and (error.__cause__ is None)
        return error.code
    finally:
        eqsnn.compiler._library = library
    raise AssertionError("the run neither stopped nor failed")


def test_the_texts_are_valid_as_they_stand():
    assert outcome(TEXTS) is None


@settings(max_examples=120, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
@given(st.integers(0, len(TEXTS) - 1), st.integers(1, 4), st.randoms(use_true_random=False))
def test_edited_texts_compile_or_say_why_not(which, edits, source):
    texts = list(TEXTS)
    texts[which] = edited(texts[which], source.randrange, edits)
    outcome(texts)


def search(count, seed=0):
    """Look for texts that break something: `python tests/errors/test_random_edits.py 5000`."""
    source = random.Random(seed)
    codes = {}
    for k in range(count):
        texts = list(TEXTS)
        which = source.randrange(len(TEXTS))
        texts[which] = edited(texts[which], source.randrange, source.randint(1, 4))
        try:
            code = outcome(texts)
        except Exception as error:
            print(f"---- {k}: {type(error).__name__}: {str(error)[:300]}\n{texts[which]}")
            continue
        codes[code] = codes.get(code, 0) + 1
    print(dict(sorted(codes.items(), key=lambda item: -item[1])))


if __name__ == "__main__":
    import sys

    search(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
