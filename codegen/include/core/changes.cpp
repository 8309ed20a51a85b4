// What a pass has staged, taken up at its end: removals, then creations in (i, j) order. All or nothing.
#include <algorithm>

#include "layout.h"
#include "slots.h"

using namespace eqsnn;

namespace {

// Ascending by row and place, each once.
void sort_removals(Ragged& r) {
    StagedRemoval* const first = r.staged_removals;
    const auto key = [](const StagedRemoval& s) { return uint64_t(uint32_t(s.i)) << 32 | uint32_t(s.offset); };
    const auto before = [=](const StagedRemoval& a, const StagedRemoval& b) { return key(a) < key(b); };
    const auto same = [=](const StagedRemoval& a, const StagedRemoval& b) { return key(a) == key(b); };
    if (!std::is_sorted(first, first + r.n_removals, before)) std::sort(first, first + r.n_removals, before);
    r.n_removals = std::unique(first, first + r.n_removals, same) - first;
}

int32_t slot_of(const Ragged& r, const StagedRemoval& s) { return r.row_start[s.i] + s.offset; }

bool is_pair(const Candidate& c) { return c.staged >= 0; }

// The neuron of whatever competes; -1 marks what has lost.
int32_t& row_of(Ragged& r, const Candidate& c) {
    return is_pair(c) ? r.staged_pairs[c.staged].i : r.staged_removals[~c.staged].i;
}

// Of candidates for the same places, those with the smallest keys take them; the others have lost.
void settle_group(Ragged& r, Candidate* first, Candidate* last) {
    const double places = first->places;
    const auto before = [](const Candidate& a, const Candidate& b) { return a.key < b.key; };
    if (static_cast<double>(last - first) <= places) return;
    Candidate* const losers = first + (places >= 1 ? static_cast<int64_t>(places) : 0);
    std::nth_element(first, losers, last, before);
    for (Candidate* c = losers; c != last; ++c) row_of(r, *c) = -1;
}

void sort_by_group(Candidate* first, Candidate* last) {
    if (std::all_of(first, last, [=](const Candidate& c) { return c.group == first->group; })) return;
    std::sort(first, last, [](const Candidate& a, const Candidate& b) { return a.group < b.group; });
}

// Of all removals, or all pairs, that compete for a limit's places, the first of each group take them.
void hold_to_limits(Ragged& r, bool pairs) {
    Candidate* first = r.candidates;
    Candidate* const end = std::partition(first, first + r.n_candidates, [&](const Candidate& c) {
        return is_pair(c) == pairs && row_of(r, c) >= 0;
    });
    while (first != end) {
        const int32_t limit = first->limit;
        Candidate* const last = std::partition(first, end, [=](const Candidate& c) { return c.limit == limit; });
        sort_by_group(first, last);
        while (first != last) {
            const int32_t group = first->group;
            Candidate* next = first;
            while (next != last && next->group == group) ++next;
            settle_group(r, first, next);
            first = next;
        }
    }
}

// Drops what has lost; what is left keeps its order.
template <class T>
int64_t without_losers(T* first, int64_t n) {
    return std::remove_if(first, first + n, [](const T& staged) { return staged.i < 0; }) - first;
}

// Turns the sign of the serials that are to go (on again: back), which hides them from the search for a connection.
void toggle_removals(Ragged& r) {
    for (int64_t k = 0; k < r.n_removals; ++k) {
        int64_t& serial = r.serial[slot_of(r, r.staged_removals[k])];
        serial = ~serial;
    }
}

bool connected(const Ragged& r, int32_t i, int32_t j) {
    const int32_t end = r.row_start[i] + r.row_length[i];
    int32_t slot = find_in(r.post, r.row_start[i], end, j);
    while (slot >= 0 && r.serial[slot] < 0) slot = find_in(r.post, slot + 1, end, j);
    return slot >= 0;
}

uint64_t key_of(const StagedPair& s) { return uint64_t(uint32_t(s.i)) << 32 | uint32_t(s.j); }

// Whether any pair was staged twice in a row: by two statements, or because a matching holds it twice.
bool any_twins(const Ragged& r) {
    const StagedPair* const last = r.staged_pairs + r.n_pairs;
    const auto same = [](const StagedPair& a, const StagedPair& b) { return key_of(a) == key_of(b); };
    return std::adjacent_find(static_cast<const StagedPair*>(r.staged_pairs), last, same) != last;
}

// Of equal pairs that compete for the same places, the one staged first does so for all. Returns how many do not.
int64_t refuse_twins(Ragged& r) {
    if (r.multi || !any_twins(r)) return 0;
    const auto pair_of = [&r](const Candidate& c) { return key_of(r.staged_pairs[c.staged]); };
    Candidate* const first = r.candidates;
    Candidate* const last = std::partition(first, first + r.n_candidates, is_pair);
    std::sort(first, last, [=](const Candidate& a, const Candidate& b) {
        if (a.limit != b.limit) return a.limit < b.limit;
        return pair_of(a) != pair_of(b) ? pair_of(a) < pair_of(b) : a.staged < b.staged;
    });
    int64_t refusals = 0;
    for (const Candidate *c = first, *stands = first; c != last; ++c) {
        if (c == stands || c->limit != stands->limit || pair_of(*c) != pair_of(*stands)) {
            stands = c;
        } else {
            row_of(r, *c) = -1;
            ++refusals;
        }
    }
    return refusals;
}

// Of pairs that compete for a limit's places, those that are connected take none. Returns how many.
int64_t refuse_connected(Ragged& r) {
    int64_t refusals = 0;
    for (int64_t k = 0; k < r.n_candidates && !r.multi; ++k) {
        const Candidate& c = r.candidates[k];
        if (!is_pair(c) || row_of(r, c) < 0) continue;
        if (!connected(r, r.staged_pairs[c.staged].i, r.staged_pairs[c.staged].j)) continue;
        row_of(r, c) = -1;
        ++refusals;
    }
    return refusals;
}

// Sorts the pairs, ties by when they were staged, and drops those that are refused. Returns how many.
int64_t settle_pairs(Ragged& r) {
    StagedPair* const first = r.staged_pairs;
    const auto before = [](const StagedPair& a, const StagedPair& b) {
        return key_of(a) != key_of(b) ? key_of(a) < key_of(b) : a.order < b.order;
    };
    if (!std::is_sorted(first, first + r.n_pairs, before)) std::sort(first, first + r.n_pairs, before);
    if (r.multi) return 0;
    int64_t kept = 0;
    uint64_t previous = UINT64_MAX;
    for (int64_t k = 0; k < r.n_pairs; ++k) {
        const StagedPair pair = first[k];
        if (key_of(pair) != previous && !connected(r, pair.i, pair.j)) first[kept++] = pair;
        previous = key_of(pair);
    }
    const int64_t refusals = r.n_pairs - kept;
    r.n_pairs = kept;
    return refusals;
}

int32_t reserve_log(Ragged& r, int64_t changes) {
    const int64_t n = r.n_log + changes, room = n + n / 2 + 64;
    if (r.logging && n > r.log_room) {
        if (!lengthen(r.log, r.n_log, room)) return no_memory;
        r.log_room = room;
    }
    if (r.logging == log_values && n > r.log_record_room) {
        if (!lengthen(r.log_records, r.n_log * r.stride, room * r.stride)) return no_memory;
        r.log_record_room = room;
    }
    return 0;
}

// The variables of line k's synapse, as they are now.
void log_record(Ragged& r, int64_t k) {
    if (r.logging != log_values) return;
    unsigned char* const record = r.log_records + k * r.stride;
    for (int32_t c = 0; c < r.n_columns; ++c)
        copy_items(record + r.columns[c].offset, 0, r.columns[c].data, r.log[k].slot, 1, r.columns[c].size);
}

int32_t prepare(Ragged& r) {
    if (r.failed) return no_memory;
    if (r.n_pairs > most_entries - r.live) return too_many;
    if (const int32_t error = reserve_log(r, r.n_removals + r.n_pairs)) return error;
    const StagedPair* const pairs = r.staged_pairs;
    return reserve_both(
        r, false, r.n_pairs, [=](int64_t k) { return pairs[k].i; }, [=](int64_t k) { return pairs[k].j; }, r.n_removals);
}

// By identity, since neither the place in a row nor the order of creation means anything.
void log_removals(Ragged& r, int64_t step) {
    const int64_t logged = r.n_log;
    for (int64_t k = 0; k < r.n_removals; ++k) {
        const int32_t slot = slot_of(r, r.staged_removals[k]);
        r.log[r.n_log++] = Change{step, ~r.serial[slot], r.pre[slot], r.post[slot], -1, slot};
    }
    std::sort(r.log + logged, r.log + r.n_log, [](const Change& a, const Change& b) {
        if (a.i != b.i) return a.i < b.i;
        return a.j != b.j ? a.j < b.j : a.serial < b.serial;
    });
    for (int64_t k = logged; k < r.n_log; ++k) log_record(r, k);
}

// From the end of each row, so that the synapse which fills a gap is never one that is still to go.
void remove_staged(Ragged& r, int64_t step) {
    if (r.logging) log_removals(r, step);
    for (int64_t k = r.n_removals - 1; k >= 0; --k) erase(r, slot_of(r, r.staged_removals[k]));
}

// One more than the highest number of a synapse of the same pair, or 0.
int32_t next_number(const Ragged& r, int32_t slot) {
    const int32_t* const numbers = column<int32_t>(&r, r.numbered);
    int32_t next = 0;
    for (int32_t s = r.row_start[r.pre[slot]]; s < slot; ++s)
        if (r.post[s] == r.post[slot] && numbers[s] >= next) next = numbers[s] + 1;
    return next;
}

void create_staged(Ragged& r, int64_t step) {
    for (int64_t k = 0; k < r.n_pairs; ++k) {
        const StagedPair pair = r.staged_pairs[k];
        const int32_t slot = insert(r, pair.i, pair.j);
        const unsigned char* const record = r.staged_records + int64_t{pair.order} * r.stride;
        for (int32_t c = 0; c < r.n_columns; ++c)
            copy_items(r.columns[c].data, slot, record + r.columns[c].offset, 0, 1, r.columns[c].size);
        if (r.numbered >= 0) column<int32_t>(&r, r.numbered)[slot] = next_number(r, slot);
        if (!r.logging) continue;
        r.log[r.n_log] = Change{step, r.serial[slot], pair.i, pair.j, 1, slot};
        log_record(r, r.n_log++);
    }
}

// Long lists are given back: the next pass may be a small one.
void clear_staged(Ragged& r) {
    const int64_t most = 16 + r.live / 128;
    if (r.pair_room > most) {
        std::free(r.staged_pairs);
        std::free(r.staged_records);
        r.staged_pairs = nullptr;
        r.staged_records = nullptr;
        r.pair_room = 0;
    }
    if (r.removal_room > most) {
        std::free(r.staged_removals);
        r.staged_removals = nullptr;
        r.removal_room = 0;
    }
    if (r.candidate_room > most) {
        std::free(r.candidates);
        r.candidates = nullptr;
        r.candidate_room = 0;
    }
    r.n_pairs = r.n_removals = r.n_candidates = 0;
    r.failed = 0;
}

}  // namespace

int32_t eqsnn_ragged_stage_room(Ragged* r, Staged list) {
    if (r->failed) return no_memory;  // nothing of this pass will happen: asking again for each element takes seconds
    const int64_t n = list == staged_pairs ? r->pair_room : list == staged_removals ? r->removal_room : r->candidate_room;
    const int64_t room = n < 8 ? 16 : n * 2 < most_entries ? n * 2 : most_entries;
    bool fits = room > n;
    switch (list) {
    case staged_removals:
        fits = fits && lengthen(r->staged_removals, n, room);
        if (fits) r->removal_room = room;
        break;
    case staged_candidates:
        fits = fits && lengthen(r->candidates, n, room);
        if (fits) r->candidate_room = room;
        break;
    case staged_pairs:
        // The records first: if the pairs then fail, they are only longer than they need be.
        fits = fits && (r->stride == 0 || lengthen(r->staged_records, n * r->stride, room * r->stride)) &&
               lengthen(r->staged_pairs, n, room);
        if (fits) r->pair_room = room;
    }
    if (!fits) r->failed = 1;
    return fits ? 0 : no_memory;
}

int32_t eqsnn_ragged_reserve(Ragged* r, int32_t removals, int32_t limited) {
    const int64_t n_removals = r->live * removals, n_candidates = r->live * limited;
    if (r->removal_room < n_removals) {
        if (!lengthen(r->staged_removals, r->n_removals, n_removals)) return no_memory;
        r->removal_room = n_removals;
    }
    if (r->candidate_room < n_candidates) {
        if (!lengthen(r->candidates, r->n_candidates, n_candidates)) return no_memory;
        r->candidate_room = n_candidates;
    }
    return reserve_log(*r, r->live);
}

int32_t eqsnn_ragged_stage_removals(Ragged* r, const int32_t* slots, int64_t n) {
    for (int64_t k = 0; k < n; ++k) stage_remove(r, slots[k]);
    return r->failed ? no_memory : 0;
}

int32_t eqsnn_ragged_stage_pairs(Ragged* r, const int32_t* i, const int32_t* j, int64_t n) {
    for (int64_t k = 0; k < n; ++k) stage_create(r, i[k], j[k]);
    return r->failed ? no_memory : 0;
}

int32_t eqsnn_ragged_apply(Ragged* r, int64_t step) {
    if (!r->n_pairs && !r->n_removals && !r->failed) return 0;
    int64_t refusals = 0;
    if (r->failed) r->n_candidates = 0;  // some may stand for what found no place
    if (r->n_candidates) {
        hold_to_limits(*r, false);
        r->n_removals = without_losers(r->staged_removals, r->n_removals);
    }
    sort_removals(*r);
    toggle_removals(*r);
    if (r->n_candidates) {
        refusals = refuse_twins(*r);
        refusals += refuse_connected(*r);
        hold_to_limits(*r, true);
        r->n_pairs = without_losers(r->staged_pairs, r->n_pairs);
    }
    refusals += settle_pairs(*r);
    const int32_t error = prepare(*r);
    if (error) {
        toggle_removals(*r);
    } else {
        remove_staged(*r, step);
        create_staged(*r, step);
        r->removed += r->n_removals;
        r->created += r->n_pairs;
        r->refusals += refusals;
    }
    clear_staged(*r);
    tidy(*r);
    return error;
}
