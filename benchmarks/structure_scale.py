"""The cost of structural rules: time against synapses, against attempts, and against changes.

    python benchmarks/structure_scale.py [--most 1e7] [--append]

Three promises of the language are measured, each with the exponent of a power law fitted to the medians:

- what samples pairs costs the same in a network of any size (exponent 0), but for the caches;
- what visits all synapses, or all neurons of a side, costs as much for each of them (exponent 1);
- whatever the size, time grows as the number of attempts, and of synapses changed (exponent 1).

Networks have 100 synapses for each neuron, three variables, and the index that spikes of postsynaptic neurons need. A
rule is the only thing that its network does in a step, so the time of a step is that of the rule. Rules create as many
synapses as they remove, or next to none, so networks keep their size. Sizes, and numbers, are interleaved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log
from statistics import median
from typing import Any

import numpy as np
from side_by_side import arguments, precisions, report

PER_NEURON = 100
SHORTEST = 0.02         # seconds that a measurement takes, at the least


@dataclass(frozen=True)
class Rule:
    """A rule to be timed: what it is called, its text, and the exponents promised against synapses and against `n`."""

    name: str
    text: str
    against_synapses: float
    against_n: float | None = None


REWIRE = '''
for each pair in sample(n):
    if connected:
        remove synapse if rand() < p_less
    else:
        create synapse(w=rand()) if rand() < p
'''
COUNT = '''
for each pair in sample(n): tried_post += 1
for each pair in sample(n): create synapse(w=rand()) if rand() < p*tried_post
'''
FREE = '''
for each pair in sample(n, unconnected): create synapse(w=rand()) if rand() < p
'''
LIMIT = '''
for each pair in sample(n): create synapse(w=rand()) limit 1
'''
ONE = '''
for each synapse: remove synapse limit 1
for each pair in sample(1, unconnected): create synapse(w=rand())
'''
MATCH = '''
for each pair in match(int(rand() < n/N_pre), int(rand() < n/N_post)): create synapse(w=rand()) if rand() < p
'''
ONE_FOR_EACH = '''
for each synapse: remove synapse limit 1 per post
for each pair in sample(1, per=post, unconnected): create synapse(w=rand())
'''
EXCHANGE = '''
for each pair in sample(n, unconnected): create synapse(w=2)
for each synapse: remove synapse if w > 1
'''
RULES = [
    Rule('sample(n)', REWIRE, 0, 1),
    Rule('sample(n, unconnected)', FREE, 0, 1),
    Rule('sample(n), limit', LIMIT, 0, 1),
    Rule('sample(n), counter of neurons', COUNT, 0),
    Rule('match of n', MATCH, 1),
    Rule('sample(1, per=post)', 'for each pair in sample(1, per=post):\n    if connected: remove synapse if w > 1', 1),
    Rule('each synapse', 'for each synapse: remove synapse if w > 1', 1),
    Rule('count, mean per post', 'for each synapse: remove synapse if w > mean(w, per=post) + count()', 1),
    Rule('quantile', 'for each synapse: remove synapse if w < quantile(w, 0.1) - 2', 1),
    Rule('quantile per post', 'for each synapse: remove synapse if w < quantile(w, 0.1, per=post) - 2', 1),
    Rule('rank', 'for each synapse: remove synapse if rank(w) + w < 0', 1),
    Rule('rank per post', 'for each synapse: remove synapse if rank(w, per=post) + w < 0', 1),
    Rule('limit 1', ONE, 1),
    Rule('limit 1 per post', ONE_FOR_EACH, 1),
]


@dataclass
class Case:
    """A network of some size, with rules of which one is active; `seconds` are those of a step, repeat by repeat."""

    network: Any
    synapses: Any
    live: int
    rules: dict[str, Any]
    seconds: list[float] = field(default_factory=list)
    steps: int = 1

    def choose(self, name: str, b: Any, n: float) -> None:
        """Make one rule the only one, and find how many steps take long enough to be timed."""
        for rule in self.rules.values():
            rule.active = rule.name == self.rules[name].name
        self.set(name, n)
        self.seconds, self.steps = [], 1
        self.step(b)
        while (taken := self.step(b)*self.steps) < SHORTEST:
            self.steps = max(2*self.steps, min(100*self.steps, int(1.2*SHORTEST/max(taken/self.steps, 1e-7))))

    def set(self, name: str, n: float) -> None:
        """Give a rule its numbers, with which it creates about as many synapses as it removes: less than one a step."""
        source = len(self.synapses.source_group)
        density = self.live/source**2
        p = min(0.5/max(n, 1), density/2)
        self.rules[name].namespace |= {'n': n, 'p': p, 'p_less': min(1.0, p*(1 - density)/density)}
        surplus = self.synapses.ragged.order()[self.live:]
        if len(surplus) > self.live//50:
            self.synapses.ragged.remove(surplus)

    def step(self, b: Any) -> float:
        """Seconds of one step, of as many as are timed together."""
        self.network.run(self.steps*b.ms)
        return self.network.loop_seconds/self.steps

    @property
    def median(self) -> float:
        """Median over the repeats, in seconds."""
        return median(self.seconds)


def build(b: Any, live: int, rules: Sequence[Rule], precision: str) -> Case:
    """Make a network of so many synapses, at random."""
    n = max(live//PER_NEURON, 2*PER_NEURON)
    group = b.NeuronGroup(n, 'x : 1', threshold='x > 1', dt=1*b.ms)
    synapses = b.Synapses(group, group, 'w : 1\na : 1\nc : integer', on_pre='a = 0', on_post='a = 1', dt=1*b.ms)
    pairs = np.random.default_rng(0).permutation(np.unique(np.random.default_rng(1).integers(0, n*n, 2*live)))[:live]
    synapses.connect(i=pairs//n, j=pairs % n)
    synapses.w = 'rand()'
    made = {rule.name: b.StructuralPlasticity(synapses, rule.text, dt=1*b.ms) for rule in rules}
    for rule in made.values():
        rule.active = False
    return Case(b.Network(group, synapses, precision=precision), synapses, len(synapses), made)


def interleave(b: Any, cases: Sequence[Case], repeats: int) -> None:
    """Time one step of each in turn, again and again."""
    for _ in range(repeats):
        for case in cases:
            case.seconds.append(case.step(b))


def exponent(x: Sequence[float], y: Sequence[float]) -> float:
    """Return the slope of the line through the logarithms."""
    logs = [(log(a), log(b)) for a, b in zip(x, y, strict=True)]
    mean = [sum(part)/len(logs) for part in zip(*logs, strict=True)]
    return sum((a - mean[0])*(b - mean[1]) for a, b in logs)/sum((a - mean[0])**2 for a, _ in logs)


def against_size(b: Any, cases: dict[int, Case], repeats: int) -> list[list[str]]:
    """Time of every rule against the number of synapses, at n = 1000."""
    rows = [['rule', *(f'{live:.0e}, us' for live in cases), 'exponent', 'promised']]
    for rule in RULES:
        for case in cases.values():
            case.choose(rule.name, b, 1000)
        interleave(b, list(cases.values()), repeats)
        times = [case.median for case in cases.values()]
        rows.append([rule.name, *(f'{t*1e6:.1f}' for t in times), f'{exponent(list(cases), times):.2f}',
                     f'{rule.against_synapses:g}'])
    return rows


def against_number(b: Any, case: Case, rules: Sequence[Rule], numbers: Sequence[int], repeats: int) -> list[list[str]]:
    """Time of rules against n in one network, less that of none; numbers are taken in turn.

    The exponent is that of times which stand out from that of none, and so from the noise in it.
    """
    rows = [['rule', 'n = 0, us', *(f'{n:.0e}, us' for n in numbers), 'exponent', 'promised']]
    for rule in rules:
        steps: dict[int, int] = {}
        seconds: dict[int, list[float]] = {n: [] for n in (0, *numbers)}
        for n in seconds:
            case.choose(rule.name, b, n)
            steps[n] = case.steps
        for _ in range(repeats):
            for n, found in seconds.items():
                case.set(rule.name, n)
                case.steps = steps[n]
                found.append(case.step(b))
        nothing, *times = [median(found) for found in seconds.values()]
        more = {n: t - nothing for n, t in zip(numbers, times, strict=True)}
        clear = {n: t for n, t in more.items() if t > nothing/5}
        rows.append([rule.name, f'{nothing*1e6:.1f}', *(f'{t*1e6:.1f}' if n in clear else '' for n, t in more.items()),
                     f'{exponent(list(clear), list(clear.values())):.2f}', '1'])
    return rows


def against_what_is_free(b: Any, most: float, precision: str, repeats: int) -> list[list[str]]:
    """Time of sampling ten unconnected pairs against the number of pairs, where many or few of them are free."""
    sides = [n for n in (100, 316, 1000, 3162) if n*n <= most]
    rows = [['unconnected pairs of', *(f'{n*n:.0e}, us' for n in sides), 'exponent', 'promised']]
    for title, free, multi in (('1 % connected', 0.99, False), ('half connected', 0.5, False),
                               ('all but 1 % connected', 0.01, False), ('all but 100 connected', None, False),
                               ('1 % connected, multisynaptic', 0.99, True)):
        cases = []
        for n in sides:
            b.start_scope()
            group = b.NeuronGroup(n, '', dt=1*b.ms)
            synapses = b.Synapses(group, group, 'w : 1', multisynaptic_index='copy' if multi else None, dt=1*b.ms)
            pairs = np.random.default_rng(0).permutation(n*n)[100 if free is None else round(free*n*n):]
            synapses.connect(i=pairs//n, j=pairs % n)
            text = 'for each pair in sample(n, unconnected): create synapse(w=1) if rand() < nothing'
            rule = b.StructuralPlasticity(synapses, text, dt=1*b.ms, name='rule', namespace={'nothing': 0.0})
            case = Case(b.Network(group, synapses, precision=precision), synapses, len(synapses), {'free': rule})
            case.choose('free', b, 10)
            cases.append(case)
        interleave(b, cases, repeats)
        times = [case.median for case in cases]
        rows.append([title, *(f'{t*1e6:.1f}' for t in times), f'{exponent([n*n for n in sides], times):.2f}', '0'])
    return rows


def main() -> None:
    """Time rules against synapses, attempts and changes."""
    args = arguments(__doc__, most={'type': float, 'default': 1e7})
    import eqsnn as b

    b.prefs.threads = 1
    precision = precisions(args.precision)[0]
    b.prefs.precision = precision
    b.seed(1)
    exchange = Rule('created and removed', EXCHANGE, 1)
    cases = {}
    for live in [10**k for k in range(4, 9) if 10**k <= args.most]:
        b.start_scope()
        cases[live] = build(b, live, [*RULES, exchange], precision)
    title = f'n = 1000, {precision}'
    report(args, [f'Structural rules against the number of synapses, {title}'], against_size(b, cases, args.repeats))
    middle = cases[sorted(cases)[len(cases)//2]]
    numbers = [10**k for k in range(1, 6)]
    attempts = [rule for rule in RULES if rule.against_n is not None]
    report(args, [f'Structural rules against attempts n, {middle.live} synapses, {precision}',
                  'Times are less that of n = 0.'],
           against_number(b, middle, attempts, numbers, args.repeats))
    report(args, [f'n synapses created and n removed in a step, {middle.live} synapses, {precision}',
                  'Times are less that of n = 0, in which every synapse is looked at.'],
           against_number(b, middle, [exchange], numbers, args.repeats))
    del cases, middle
    report(args, [f'Ten of the unconnected pairs, where many or few are free, {precision}'],
           against_what_is_free(b, args.most, precision, args.repeats))


if __name__ == '__main__':
    main()
