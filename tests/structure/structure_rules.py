"""Deterministic structural rules: some by hand, the others random, and always the same ones."""

from __future__ import annotations

from random import Random

BY_HAND = (
    # Removals free places that the same pass fills again; a counter of each side decides on later passes.
    """
for each synapse:
    keep = w*2 > a_pre + b_post
    if not keep:
        remove synapse
        lost_post += 1
        lost_pre += 1
        lost += 1
    else:
        w -= 1
for each pair in all:
    create synapse(w=lost_pre + 2*lost_post, c=i) if lost_post > 0 and (i + j + lost) % 3 == 0
for each post:
    if lost_post > 1:
        b_post = lost_post
    else:
        b_post += N_incoming
for each pre: a_pre += lost_pre - N_outgoing
""",
    # The same pair twice in a pass, and remove with create of the same pair.
    """
for each pair in all:
    if connected:
        remove synapse if c > 1
        create synapse(w=w + 1, c=0) if c > 0
    else:
        create synapse(w=1, c=5) if (i*2 + j) % 4 == 0
        create synapse(w=2, c=6) if (i + j) % 3 == 0
for each synapse:
    b_post += w
    na_pre += c
    total += w
for each pre:
    if na_pre > 4:
        a_pre = total - N
        na_pre = 0
    else:
        spare = 3
        a_pre = spare*a_pre
        a_pre = minimum(a_pre, 40)
""",
    # Elements see their own assignments, and the others' only in the next pass.
    """
for each synapse:
    w = w + 1
    c = int(w) % 4
    if c == 0:
        w = 0
    elif c == 1:
        w = 2*w
        remove synapse if N_incoming > 2 and N_outgoing > 1
    q = w - c
    n_pre += int(q > 2)
for each synapse: remove synapse if n_pre > 2 and w > 6
for each post: nb_post = N_incoming
for each pair in all:
    if nb_post < 2 and not connected and n_pre < 2: create synapse(w=n_pre, c=nb_post)
""",
)


class Writer:
    """Writes a random rule; reads nothing that the same pass accumulates into, which would be an error."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.counters: list[str] = []

    def rule(self) -> str:
        kinds = ["synapse", self.random.choice(["pre", "post"]), "pair", "synapse"]
        return "\n".join([*map(self.one, kinds), *self.reading()])

    def reading(self) -> list[str]:
        """Passes that read every counter: what nothing reads is an error."""
        sums = {side: ["N"] for side in ("pre", "post")}
        for name in self.counters:
            sums["post" if name.endswith("_post") else "pre"].append(name)
        variable = {"pre": "a_pre", "post": "nb_post"}
        return [f"for each {side}: {variable[side]} = ({' + '.join(names)}) % 7" for side, names in sums.items()]

    def one(self, kind: str, head: str = "") -> str:
        fresh = [f"m{len(self.counters)}{side}" for side in ("", "_pre", "_post")]
        kept = [
            c
            for c in self.counters
            if kind in ("synapse", "pair") or not c.endswith("_post" if kind == "pre" else "_pre")
        ]
        reads = {
            "synapse": ["w", "c", "a_pre", "nb_post", "i", "j", "N_outgoing", "N_incoming"],
            "pair": ["a_pre", "nb_post", "i", "j", "N_outgoing", "N_incoming"],
            "pre": ["a_pre", "na_pre", "i", "N_outgoing"], "post": ["b_post", "nb_post", "N_incoming"],
        }[kind] + kept  # fmt: skip
        adds = [*fresh, "na_pre", "b_post"]
        if kind in ("pre", "post"):
            adds = [fresh[0], f"m{len(self.counters)}_{kind}"]
        body = self.block(kind, reads, adds, 2)
        self.counters += [name for name in fresh if f"{name} +=" in body]
        return f"for each {head or ('pair in all' if kind == 'pair' else kind)}:\n{body}"

    def block(self, kind: str, reads: list[str], adds: list[str], depth: int) -> str:
        lines = []
        for _ in range(self.random.randint(2, 3)):
            lines += self.statement(kind, reads, adds, depth)
        return "\n".join("    " + line for line in lines)

    def statement(self, kind: str, reads: list[str], adds: list[str], depth: int) -> list[str]:
        choice = self.random.random()
        if depth and choice < 0.3:
            lines = [f"if {self.condition(reads)}:", *self.block(kind, reads, adds, depth - 1).split("\n")]
            if self.random.random() < 0.6:
                lines += ["else:", *self.block(kind, reads, adds, depth - 1).split("\n")]
            return lines
        if choice < 0.5:
            return [f"{self.random.choice(adds)} += {self.number(reads)}"]
        if kind == "synapse":
            if choice < 0.7:
                return [f"remove synapse if {self.condition(reads)}"]
            return [f"w = {self.number(reads)}" if choice < 0.85 else f"c = minimum(9, {self.number(reads)})"]
        if kind == "pair":
            if choice < 0.75:
                return [f"create synapse({self.values(reads)}) if {self.condition(reads)}"]
            return ["if connected:", f"    remove synapse if w > {self.number(reads)} and {self.condition(reads)}"]
        return [f"{'a_pre' if kind == 'pre' else 'nb_post'} = {self.number(reads)}"]

    def values(self, reads: list[str]) -> str:
        """What a new synapse gets."""
        return f"w={self.number(reads)}, c={self.number(reads)}"

    def number(self, reads: list[str]) -> str:
        """A whole number below ten, of type integer."""
        a, b = (f"int({self.random.choice(reads)})" for _ in range(2))
        k = self.random.randint(1, 5)
        return self.random.choice(
            [f"({a} + {k}*{b}) % 7", f"maximum(0, {a} - {b}) % 5", f"abs({a} - {k})*{k} % 9", f"{k}"]
        )

    def condition(self, reads: list[str]) -> str:
        first = f"{self.number(reads)} {self.random.choice(['<', '>=', '==', '!='])} {self.random.randint(0, 4)}"
        if self.random.random() < 0.4:
            return f"{first} {self.random.choice(['and', 'or'])} not {self.number(reads)} > 2"
        return first


class Grower(Writer):
    """Draws pairs, has limits and aggregates, and gives each synapse a number, ``tag``, and whatever it may have.

    Pass number p notes the pairs that it drew: ``s<p>_pre`` is the sum of ``digit_post``, a power of 16 for each neuron.
    """

    def __init__(self, seed: int, delays: bool) -> None:
        super().__init__(seed)
        self.delays, self.creates, self.passes, self.limited, self.head = delays, 0, 0, False, ""

    def rule(self) -> str:
        kinds = ["synapse", "pair", "pair", *self.random.choices(["synapse", "pair", "pair", "pre", "post"], k=2)]
        self.random.shuffle(kinds)
        return "\n".join([*map(self.one, kinds), *self.reading()])

    def one(self, kind: str, head: str = "") -> str:
        drawn = kind == "pair" and self.random.random() < 0.8
        self.head = self.random.choice([self.sample, self.sample, self.match])() if drawn else ""
        self.limited = kind in ("synapse", "pair") and self.random.random() < 0.35
        first, body = super().one(kind, self.head).split("\n", 1)
        note = f"    s{self.passes}_pre += digit_post\n" if drawn else ""
        self.passes += 1
        return f"{first}\n{note}{body}"

    # ---- heads ----

    def sample(self) -> str:
        """A head that draws pairs."""
        per = self.random.choice(["", "pre", "post"])
        few = str(self.random.randint(0, 3) if per else self.random.randint(0, 12))
        name = self.of_side(per)
        count = self.random.choice([name, f"{name}/2", f"{name} - 2", few, few, "1000"])
        free = ", unconnected" if self.random.random() < 0.5 else ""
        return f"pair in sample({count}{f', per={per}' if per else ''}{free})"

    def match(self) -> str:
        """A head that matches elements, below 16 of each neuron."""
        offers = [f"({self.of_side(side)} {self.random.choice('+-')} 2) % 9 - 2" for side in ("pre", "post")]
        return f"pair in match({', '.join(offers)})"

    def of_side(self, per: str) -> str:
        """A number that there is once, or for each neuron of a side."""
        own = {
            "": ["N", "N_post", "count(w > 2)"], "pre": ["a_pre", "N_outgoing", "count(c > 1, per=pre)"],
            "post": ["nb_post", "N_incoming", "sum(w, per=post)"],
        }[per]  # fmt: skip
        own += [c for c in self.counters if c.endswith(f"_{per}" if per else "") and (per or "_" not in c)]
        return self.random.choice(own)

    # ---- bodies ----

    def block(self, kind: str, reads: list[str], adds: list[str], depth: int) -> str:
        if depth < 2 or kind not in ("synapse", "pair"):
            return super().block(kind, reads, adds, depth)
        asked = ["count()", "count(w > 2, per=pre)", "sum(c, per=post)", "sum(w + c)"]
        if kind == "synapse":
            asked += ["rank(w)", "rank(c, per=post)", "rank(w + c, per=pre)", "min(w, per=post)", "max(c, per=pre)"]
        reads = reads + self.random.sample(asked, 2)
        body = super().block(kind, reads, adds, depth)
        if self.limited:
            body += "\n" + "\n".join("    " + line for line in self.with_limit(kind, reads))
        return body

    def statement(self, kind: str, reads: list[str], adds: list[str], depth: int) -> list[str]:
        lines = super().statement(kind, reads, adds, depth)
        if lines[0] == "if connected:" and "unconnected" in self.head:  # nothing to remove here
            lines = [f"create synapse({self.values(reads)})"]
        if self.limited and lines[0].startswith(("create", "remove", "if connected:")):
            return [f"{self.random.choice(adds)} += {self.number(reads)}"]
        return lines

    def with_limit(self, kind: str, reads: list[str]) -> list[str]:
        """The one statement that changes the network in a pass that has a limit."""
        per = self.random.choice(["", "pre", "post"])
        places = self.random.choice(
            [str(self.random.randint(0, 4)), f"{self.of_side(per)}/3", f"{self.of_side(per)} - 1"]
        )
        limit = f"limit {places}{f' per {per}' if per else ''}"
        condition = f" if {self.condition(reads)}" if self.random.random() < 0.5 else ""
        if kind == "synapse":
            return [f"remove synapse{condition} {limit}"]
        free = "unconnected" in self.head or "match" in self.head  # which may visit a synapse twice
        if free or self.random.random() < 0.6:
            return [f"create synapse({self.values(reads)}){condition} {limit}"]
        return ["if connected:", f"    remove synapse{condition} {limit}"]

    def values(self, reads: list[str]) -> str:
        self.creates += 1
        tag = f"(now*32 + {self.creates})*1024 + i*32 + j"
        values = f"{super().values(reads)}, tag={tag}, q=3 + {self.number(reads)}, born=t_in_timesteps"
        values += f", flag={self.number(reads)} > 1" if self.random.random() < 0.7 else ""
        return values + (f", delay=(1 + {self.number(reads)})*ms" if self.delays and self.random.random() < 0.7 else "")


RULES = (*BY_HAND, *(Writer(seed).rule() for seed in range(5)))
