// ---------------------------------------------------------------- Bellman's equations, on rows[s][a] = { reward, next }
const NEAR = 1e-9; // action values that differ by this part of themselves, or of 1, are tied

// Q(s,a) = r(s,a) + discount * sum over s' of P(s'|s,a) V(s')
const actionValue = (row, V, discount) => row.next.reduce((sum, [s, p]) => sum + discount * p * V[s], row.reward);
const backup = (rows, V, discount) => rows.map((actions) => actions.map((row) => actionValue(row, V, discount)));
const largest = (numbers) => numbers.reduce((most, x) => Math.max(most, x), -Infinity);
function greedy(Q, tolerance = NEAR) { // the actions whose value is the largest, all ties included
  return Q.map((q) => {
    const most = largest(q.filter((x) => !Number.isNaN(x))), near = tolerance * Math.max(1, Number.isFinite(most) ? Math.abs(most) : 1);
    return q.map((x) => x >= most - near);
  });
}
const alike = (actions) => actions.map((row) => row.map((taken) => (taken ? 1 / row.filter(Boolean).length : 0)));
const uniform = (rows) => rows.map((actions) => actions.map(() => 1 / actions.length));

// The rows of a policy (weights[s][a]): { reward, next: Map } for each state.
function chainOf(rows, weights) {
  return rows.map((actions, s) => {
    const next = new Map();
    let reward = 0;
    actions.forEach((row, a) => {
      const w = weights[s][a];
      if (w === 0) return;
      reward += w * row.reward;
      for (const [to, p] of row.next) next.set(to, (next.get(to) || 0) + w * p);
    });
    return { reward, next };
  });
}

// V = r + discount P V for some of the states; the others have the values of `known`. Gauss's elimination within the band
// of the matrix. I - discount P needs no pivots: each diagonal is at least the sum of the others in its row.
function solveChain(chain, discount, inside, known) {
  const V = Float64Array.from(known), number = new Map(), states = [];
  inside.forEach((is, s) => { if (is) { number.set(s, states.length); states.push(s); } });
  const n = states.length;
  let band = 0;
  states.forEach((s, i) => { for (const to of chain[s].next.keys()) if (number.has(to)) band = Math.max(band, Math.abs(number.get(to) - i)); });
  const width = 2 * band + 1, M = new Float64Array(n * width), right = new Float64Array(n);
  states.forEach((s, i) => {
    M[i * width + band] = 1;
    right[i] = chain[s].reward;
    for (const [to, p] of chain[s].next) {
      if (number.has(to)) M[i * width + band + number.get(to) - i] -= discount * p;
      else if (p > 0) right[i] += discount * p * V[to];
    }
  });
  for (let k = 0; k < n; k++) for (let i = k + 1; i <= Math.min(n - 1, k + band); i++) {
    const factor = M[i * width + band + k - i] / M[k * width + band];
    if (factor === 0) continue;
    for (let j = 0; j <= band; j++) M[i * width + band + k - i + j] -= factor * M[k * width + band + j];
    right[i] -= factor * right[k];
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = right[i];
    for (let j = 1; j <= Math.min(band, n - 1 - i); j++) sum -= M[i * width + band + j] * V[states[i + j]];
    V[states[i]] = sum / M[i * width + band];
  }
  return V;
}

// V of a policy, by a linear system. Without a discount a policy that goes round for ever earns nothing, minus infinity or
// infinity there; NaN where its sum has no limit.
function evaluatePolicy(rows, weights, discount) {
  const chain = chainOf(rows, weights), n = chain.length, zero = new Float64Array(n), all = chain.map(() => true);
  if (discount < 1) return solveChain(chain, discount, all, zero);
  const forever = Array(n).fill(0), worth = new Float64Array(n);
  const leaves = chain.map(({ next }) => [...next.values()].reduce((sum, p) => sum + p, 0) < 1 - 1e-12);
  for (const group of components(chain.map(({ next }) => [...next.keys()]))) {
    const members = new Set(group), isClosed = group.every((s) => !leaves[s] && [...chain[s].next.keys()].every((to) => members.has(to)));
    if (isClosed) { const each = valueOfGoingRound(chain, rows, weights, group); for (const s of group) { forever[s] = 1; worth[s] = each; } }
  }
  const V = Float64Array.from(worth);
  const reaches = (wanted) => canReach(chain.map(({ next }) => [...next.keys()]), worth.map((x, s) => (forever[s] && wanted(x) ? 1 : 0)));
  const [down, up, open] = [reaches((x) => x === -Infinity), reaches((x) => x === Infinity), reaches(Number.isNaN)];
  const settled = all.map((_, s) => Boolean(forever[s] || down[s] || up[s] || open[s]));
  for (let s = 0; s < n; s++) if (!forever[s]) V[s] = open[s] || (up[s] && down[s]) ? NaN : up[s] ? Infinity : down[s] ? -Infinity : 0;
  return solveChain(chain, 1, settled.map((is) => !is), V);
}
function valueOfGoingRound(chain, rows, weights, group) {
  if (group.every((s) => rows[s].every((row, a) => weights[s][a] === 0 || row.free))) return 0;
  const [root, ...others] = group, inside = chain.map(() => false);
  for (const s of others) inside[s] = true;
  const V = solveChain(chain, 1, inside, new Float64Array(chain.length)); // what is earned until the next visit of the root
  const size = group.reduce((most, s) => Math.max(most, Math.abs(chain[s].reward), Math.abs(V[s])), 0);
  const round = [...chain[root].next].reduce((sum, [to, p]) => sum + p * (to === root ? 0 : V[to]), chain[root].reward);
  return Math.abs(round) <= 1e-12 * size ? NaN : round > 0 ? Infinity : -Infinity;
}

// ---------------------------------------------------------------- graphs: next[i] lists where i can go
function components(next) { // strongly connected components, by Tarjan's algorithm without recursion
  const n = next.length, order = Array(n).fill(-1), low = Array(n).fill(0), open = Array(n).fill(false), stack = [], found = [];
  let count = 0;
  for (let start = 0; start < n; start++) {
    if (order[start] >= 0) continue;
    const calls = [[start, 0]];
    while (calls.length) {
      const call = calls[calls.length - 1], [s, i] = call;
      if (i === 0) { order[s] = low[s] = count++; stack.push(s); open[s] = true; }
      if (i < next[s].length) {
        const to = next[s][i];
        call[1]++;
        if (order[to] < 0) calls.push([to, 0]); else if (open[to]) low[s] = Math.min(low[s], order[to]);
        continue;
      }
      calls.pop();
      if (calls.length) { const above = calls[calls.length - 1][0]; low[above] = Math.min(low[above], low[s]); }
      if (low[s] === order[s]) {
        const group = [];
        let top;
        do { top = stack.pop(); open[top] = false; group.push(top); } while (top !== s);
        found.push(group.sort((a, b) => a - b));
      }
    }
  }
  return found;
}
function canReach(next, targets) { // whether each can reach a target
  const before = next.map(() => []), found = Array.from(targets, Boolean), queue = [];
  next.forEach((list, s) => list.forEach((to) => before[to].push(s)));
  found.forEach((is, s) => { if (is) queue.push(s); });
  while (queue.length) for (const s of before[queue.pop()]) if (!found[s]) { found[s] = true; queue.push(s); }
  return found;
}
// End components: sets of states in which some of the rows that are `allowed[s][a]` can go on for ever. Returns which rows
// do, and the number of the component of each state, -1 where it is in none.
function endComponents(rows, allowed) {
  let inside = allowed.map((row) => row.slice());
  for (;;) {
    const next = rows.map((actions, s) => actions.flatMap((row, a) => (inside[s][a] ? row.next.map(([to]) => to) : [])));
    const label = Array(rows.length).fill(-1);
    components(next).forEach((group, k) => group.forEach((s) => { label[s] = k; }));
    let changed = false;
    inside = inside.map((row, s) => row.map((is, a) => {
      const stays = is && rows[s][a].next.length > 0 && rows[s][a].next.every(([to]) => label[to] === label[s]);
      changed ||= is && !stays;
      return stays;
    }));
    if (!changed) return { inside, label: label.map((k, s) => (inside[s].some(Boolean) ? k : -1)) };
  }
}
