// ---------------------------------------------------------------- V*, by policy iteration
const ROUNDING = 1e-12; // a difference of values, as a part of the largest, that may be rounding

// { V, Q, optimal, infinite, minus }: the last two list the states in which V* is infinite, and minus infinity.
function solve(rows, discount) {
  const V = discount < 1 ? iterate(rows, discount).V : solveUndiscounted(rows);
  const Q = backup(rows, V, discount); // NaN where an action can lead to infinity and to minus infinity: not ruled out
  const optimal = greedy(Q.map((q) => q.map((x) => (Number.isNaN(x) ? Infinity : x))));
  const states = [...V.keys()];
  return {
    V, Q, optimal: discount < 1 ? optimal : withoutGoingRound(rows, V, optimal),
    infinite: states.filter((s) => V[s] === Infinity), minus: states.filter((s) => V[s] === -Infinity),
  };
}

// Policy iteration (Algorithm 5) from the policy that takes every action alike, until no action is better.
// `round`: states of a policy that goes round for ever, and is better than one that ends; null where there is none.
function iterate(rows, discount) {
  let weights = uniform(rows);
  for (;;) {
    const V = evaluatePolicy(rows, weights, discount);
    const round = [...V.keys()].filter((s) => !Number.isFinite(V[s]));
    if (round.length) return { V, round };
    const Q = backup(rows, V, discount), better = alike(greedy(Q, ROUNDING));
    const near = ROUNDING * V.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
    const isBest = Q.every((q, s) => largest(q) <= V[s] + near), isSame = String(better) === String(weights);
    if (isBest || isSame) return { V, round: null };
    weights = better;
  }
}

// Discount 1. States among which the agent can rest for ever at no cost become one, with resting as one more action. Where
// no policy is sure to end or to rest, V* is minus infinity. From a policy that ends, policy iteration finds V*, or a policy
// that goes round for ever and gains in each round: there V* is infinite. (Bertsekas and Tsitsiklis, 1991.)
function solveUndiscounted(rows) {
  const V = new Float64Array(rows.length), infinite = rows.map(() => false);
  for (;;) {
    const kept = rows.map((actions, s) => (infinite[s] ? [] : actions));
    const { merged, groupOf } = withRests(kept);
    const sure = surelyEnds(merged), safe = merged.map((actions) => actions.filter((row) => row.next.every(([to]) => sure[to])));
    const gains = rows.map((actions, s) => !infinite[s] && actions.some((row) => row.reward > 0 && row.next.length > 0));
    const { V: found, round } = iterate(safe, 1);
    let gaining = round === null ? [] : rows.map((_, s) => s).filter((s) => !infinite[s] && round.includes(groupOf[s]));
    if (!gaining.length) { // where nothing surely ends, a round may still gain
      const lost = rows.map((_, s) => !infinite[s] && !sure[groupOf[s]]);
      if (lost.some((is, s) => is && gains[s])) gaining = gainingRound(kept, lost);
    }
    if (!gaining.length) return V.map((_, s) => (infinite[s] ? Infinity : sure[groupOf[s]] ? found[groupOf[s]] : -Infinity));
    const next = rows.map((actions) => actions.flatMap((row) => row.next.map(([to]) => to)));
    canReach(next, infinite.map((is, s) => is || gaining.includes(s))).forEach((is, s) => { infinite[s] = is; });
  }
}
// States of a set that no policy leaves surely, in which a round gains: the mean of the best policy is found at a discount
// near 1, and judged at 1.
function gainingRound(rows, lost) {
  const part = rows.map((actions, s) => (lost[s] ? actions : []));
  const near = iterate(part, 1 - 1e-5), policy = alike(greedy(backup(part, near.V, 1 - 1e-5)));
  const V = evaluatePolicy(part, policy, 1);
  return [...V.keys()].filter((s) => V[s] === Infinity);
}
function withRests(rows) {
  const { inside, label } = endComponents(rows, rows.map((actions) => actions.map((row) => row.free)));
  const groupOf = [], numbers = new Map(), merged = [];
  rows.forEach((_, s) => {
    const key = label[s] < 0 ? `state ${s}` : label[s];
    if (!numbers.has(key)) { numbers.set(key, merged.length); merged.push(label[s] < 0 ? [] : [{ reward: 0, next: [], free: false }]); }
    groupOf.push(numbers.get(key));
  });
  rows.forEach((actions, s) => actions.forEach((row, a) => {
    if (inside[s][a]) return;
    const next = new Map();
    for (const [to, p] of row.next) next.set(groupOf[to], (next.get(groupOf[to]) || 0) + p);
    merged[groupOf[s]].push({ reward: row.reward, next: [...next], free: false });
  }));
  return { merged, groupOf };
}
// The states from which some policy ends with probability 1.
function surelyEnds(rows) {
  let sure = rows.map((actions) => actions.length > 0);
  for (;;) {
    const allowed = rows.map((actions) => actions.filter((row) => row.next.every(([to]) => sure[to])));
    const ends = allowed.map((actions) => actions.some((row) => row.next.reduce((sum, [, p]) => sum + p, 0) < 1 - 1e-12));
    const found = canReach(allowed.map((actions) => actions.flatMap((row) => row.next.map(([to]) => to))), ends).map((is, s) => is && sure[s]);
    if (found.every((is, s) => is === sure[s])) return sure;
    sure = found;
  }
}
// Discount 1: optimal actions without those that only go round for free, as planners/equations/ways_out.py has it. Within a
// set of states in which optimal steps can go on for ever, those are kept that lead nearer to a way out, or that rest.
function withoutGoingRound(rows, V, optimal) {
  const endless = optimal.map((row, s) => row.map((is, a) => is && Number.isFinite(V[s]) && rows[s][a].next.reduce((sum, [, p]) => sum + p, 0) > 1 - 1e-12));
  const zones = endComponents(rows, endless);
  const rests = endComponents(rows, zones.inside.map((row, s) => row.map((is, a) => is && rows[s][a].free && V[s] <= NEAR)));
  const steps = rows.map((_, s) => (rests.label[s] >= 0 || optimal[s].some((is, a) => is && !zones.inside[s][a]) ? 0 : Infinity));
  for (let changed = true; changed;) {
    changed = false;
    rows.forEach((actions, s) => actions.forEach((row, a) => {
      if (!zones.inside[s][a]) return;
      const there = 1 + row.next.reduce((least, [to]) => Math.min(least, steps[to]), Infinity);
      if (there < steps[s]) { steps[s] = there; changed = true; }
    }));
  }
  return optimal.map((row, s) => row.map((is, a) => {
    if (!is || !zones.inside[s][a] || rests.inside[s][a] || steps[s] === Infinity) return is;
    return rows[s][a].next.some(([to]) => steps[to] < steps[s]);
  }));
}

// Is this policy optimal? The states in which one other action is better, by Q of the policy's own V. Without a discount
// there may be none though the policy is not optimal: it goes round for ever, or never rests. Then those that lose are named.
function improvable(rows, V, best, discount) {
  const Q = backup(rows, V, discount), near = (v) => NEAR * Math.max(1, Number.isFinite(v) ? Math.abs(v) : 1);
  const better = rows.map((_, s) => Number.isFinite(V[s]) && largest(Q[s].filter((x) => !Number.isNaN(x))) > V[s] + near(V[s]));
  const lost = rows.map((_, s) => (Number.isFinite(V[s]) ? best[s] > V[s] + near(best[s]) : best[s] > V[s]));
  return better.some(Boolean) ? better.map((is, s) => is || (lost[s] && !Number.isFinite(V[s]))) : lost;
}
