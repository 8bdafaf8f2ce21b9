"""How alike are two articles, in numbers?

One new article beside several earlier ones, all at once: the fingerprints are laid end to end and summed by segment.
Shares are weighted by how rare what is shared is; all lie within 0..1 but the counts.
"""

import numpy as np
from numpy.typing import NDArray

from stream.stories.fingerprint import FLAG_BITS, IN_LEAD, LEAD, NAME, NUMBER, TF_BITS, TITLE, Fingerprint
from stream.stories.rarity import Rarity

Words = NDArray[np.uint32]
Reals = NDArray[np.float32]

COLUMNS = (
    "cosine", "terms_new", "terms_old", "lead_cosine", "lead_new", "lead_old", "title", "title_new", "title_old",
    "numbers", "numbers_new", "numbers_old", "numbers_shared", "names", "names_shared", "anchors", "largest",
    "only_numbers_new", "only_numbers_old", "title_numbers_apart", "only_names_new", "only_names_old", "title_mass",
    "title_only_new", "title_only_old", "body_lead",
    "passages_new", "passages_old", "passages_lead", "passages_shared", "passages_weight",
)  # fmt: skip
_TF = (1 + np.log1p(np.arange(4))).astype(np.float32)
_RARE = np.float32(0.35)  # the weight from which a shared term is an anchor


def features_of(new: Fingerprint, olds: list[Fingerprint], languages: tuple[int, ...], rarity: Rarity) -> Reals:
    terms = _term_features(new, olds, languages, rarity)
    passages = _passage_features(new, olds, rarity)
    return np.concatenate((terms, passages), axis=1)


class _Sums:
    """Sums by earlier article, of what stands in all of their terms or in the shared ones alone."""

    def __init__(self, segments: NDArray[np.int64], count: int) -> None:
        self._segments, self._count = segments, count

    def __call__(self, values: NDArray[np.generic]) -> Reals:
        return np.bincount(self._segments, values, self._count).astype(np.float32)


def _term_features(new: Fingerprint, olds: list[Fingerprint], languages: tuple[int, ...], rarity: Rarity) -> Reals:
    both = np.concatenate([new.terms, *(old.terms for old in olds)])
    weights = rarity.term_weights(both, languages)
    mine, theirs = both[: len(new.terms)], both[len(new.terms) :]
    my_weights, w = weights[: len(mine)], weights[len(mine) :]
    below = np.array([min(new.terms_below, old.terms_below) for old in olds], np.uint32)
    segments = np.repeat(np.arange(len(olds)), [len(old.terms) for old in olds])
    uniform = theirs < below[segments]
    theirs_tf = w * _tf(theirs)
    whole = _Sums(segments, len(olds))
    titled, lead, number, name = (_has(theirs, flag) for flag in (TITLE, LEAD | TITLE, NUMBER, NAME))
    wl, wt = w * lead, w * titled
    norm, w_u, lead_norm, lead_w = whole(uniform * theirs_tf**2), whole(uniform * w), whole(w * wl), whole(wl)
    title_w, n_old, name_w, name_lead_w = whole(wt), whole(number), whole(w * name), whole(wl * name)
    body_w, n_lead, n_title = lead_w - title_w, whole(number & lead), whole(number & titled)

    place = matched(mine >> FLAG_BITS, theirs >> FLAG_BITS)
    at = np.flatnonzero(place >= 0)
    place, shared = place[at], _Sums(segments[at], len(olds))
    w, titled, lead, number, name = w[at], titled[at], lead[at], number[at], name[at]
    uniform = uniform[at]
    m = mine[place]
    my_title, my_lead, my_number, my_name = (_has(m, flag) for flag in (TITLE, LEAD | TITLE, NUMBER, NAME))
    my_all = my_weights * _tf(mine)
    all_s, lead_s, my_lead_s = shared(w), shared(w * lead), shared(w * my_lead)
    dot, s_u = shared(uniform * my_all[place] * theirs_tf[at]), shared(uniform * w)
    lead_dot = shared(w * w * (lead & my_lead))
    t_s, t_old, t_new = shared(w * (titled & my_title)), shared(w * (titled & my_lead)), shared(w * (my_title & lead))
    n_s, name_s, anchors = shared(number), shared(w * (name | my_name)), shared(w > _RARE)
    num_lead_s, num_old_s = shared(my_lead & my_number), shared(number & lead)
    num_t_s, num_t_old_s = shared(number & my_title), shared(number & titled)
    nm_new_s, nm_old_s = shared(w * (my_lead & my_name)), shared(w * (name & lead))
    body_s = shared(w * (lead & my_lead & ~titled & ~my_title))
    largest = np.zeros(len(olds), np.float32)
    np.maximum.at(largest, segments[at], w)

    cut = np.searchsorted(mine, below, side="left")
    has_title, has_lead, has_number, has_name = (_has(mine, flag) for flag in (TITLE, LEAD | TITLE, NUMBER, NAME))
    my_title_w, my_lead_names = my_weights[has_title].sum(), my_weights[has_name & has_lead].sum()
    lead_known = np.maximum(_prefix(my_weights * has_lead)[cut], my_lead_s)  # what the other left out is not missed
    numbers_new, names_new = np.float32(has_number.sum()), my_weights[has_name].sum()
    body_mine = my_weights[has_lead & ~has_title].sum()
    return np.stack((
        dot / np.sqrt(norm * _prefix(my_all**2)[cut] + 1e-9),
        s_u / (_prefix(my_weights)[cut] + 1e-6), s_u / (w_u + 1e-6),
        lead_dot / np.sqrt(lead_norm * np.square(my_weights[has_lead]).sum() + 1e-9),
        my_lead_s / (lead_known + 1e-6), lead_s / (lead_w + 1e-6),
        t_s / (np.minimum(title_w, my_title_w) + 1e-6), t_new / (my_title_w + 1e-6), t_old / (title_w + 1e-6),
        n_s / np.maximum(np.minimum(n_old, numbers_new), 1), np.full_like(n_old, numbers_new), n_old, n_s,
        name_s / (np.minimum(name_w, names_new) + 0.3), name_s,
        anchors, largest / (all_s + 1e-6),
        (has_number & has_lead).sum() - num_lead_s, n_lead - num_old_s,
        np.minimum((has_number & has_title).sum() - num_t_s, n_title - num_t_old_s),
        (my_lead_names - nm_new_s) / (my_lead_names + 0.3), (name_lead_w - nm_old_s) / (name_lead_w + 0.3), t_s,
        my_title_w - t_s, title_w - t_s, body_s / (np.minimum(body_w, body_mine) + 0.5),
    ), axis=1).astype(np.float32)  # fmt: skip


def _passage_features(new: Fingerprint, olds: list[Fingerprint], rarity: Rarity) -> Reals:
    mine = new.shingles
    both = np.concatenate([mine, *(old.shingles for old in olds)])
    weights = rarity.passage_weights(both)
    theirs, my_w, w = both[len(mine) :], weights[: len(mine)], weights[len(mine) :]
    below = np.array([min(new.shingles_below, old.shingles_below) for old in olds], np.uint32)
    segments = np.repeat(np.arange(len(olds)), [len(old.shingles) for old in olds])
    uniform, lead = theirs >> np.uint32(1) < below[segments], _has(theirs, IN_LEAD)
    whole = _Sums(segments, len(olds))
    w_u, lead_w = whole(uniform * w), whole(lead * w)
    place = matched(mine >> np.uint32(1), theirs >> np.uint32(1))
    at = np.flatnonzero(place >= 0)
    shared, w = _Sums(segments[at], len(olds)), w[at]
    s_u, lead_s = shared(uniform[at] * w), shared((lead[at] & _has(mine[place[at]], IN_LEAD)) * w)
    cut = np.searchsorted(mine, np.minimum(below.astype(np.uint64) << np.uint64(1), 0xFFFFFFFF).astype(np.uint32))
    my_lead_w = my_w[_has(mine, IN_LEAD)].sum()
    return np.stack((
        s_u / np.maximum(_prefix(my_w)[cut], 1e-6), s_u / np.maximum(w_u, 1e-6),
        lead_s / np.maximum(np.minimum(lead_w, my_lead_w), 1e-6), shared(np.ones(len(at))), shared(w),
    ), axis=1).astype(np.float32)  # fmt: skip


def _has(values: Words, flag: int) -> NDArray[np.bool_]:
    return (values & np.uint32(flag)) > 0


def _tf(terms: Words) -> Reals:
    """How much a term's repetition adds: nothing for one, the logarithm of how often for more."""
    repeated: Reals = _TF[terms & np.uint32(TF_BITS)]
    return repeated


def matched(mine: Words, theirs: Words) -> NDArray[np.int64]:
    """For each of theirs its place in mine (ascending), -1 where it is none of mine."""
    if not len(mine):
        return np.full(len(theirs), -1)
    place = np.minimum(np.searchsorted(mine, theirs), len(mine) - 1)
    return np.where(mine[place] == theirs, place, -1)


def _prefix(values: Reals) -> Reals:
    return np.append(np.float32(0), np.cumsum(values))
