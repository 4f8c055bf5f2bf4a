// ---------------------------------------------------------------- Q-learning
// Q(S,A) <- Q(S,A) + rate [R + discount max over a of Q(S',a) - Q(S,A)], and no max where the episode has ended in S'.
const LONGEST_EPISODE = 1000; // steps; then another one begins

function makeRandom(seed) { // numbers in [0, 1), the same for the same seed (mulberry32)
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
class QLearning {
  constructor(model, discount, { rate, exploration, seed }) {
    Object.assign(this, { model, discount, rate, exploration, random: makeRandom(seed) });
    this.Q = model.outcomes.map((actions) => actions.map(() => 0));
    this.visits = model.outcomes.map((actions) => actions.map(() => 0));
    this.steps = this.episodes = 0;
    this.begin();
  }
  drawn(weights) { // an index, as likely as its weight
    let left = this.random() * weights.reduce((sum, w) => sum + w, 0), last = 0;
    for (let i = 0; i < weights.length; i++) {
      if (weights[i] <= 0) continue;
      last = i;
      if ((left -= weights[i]) < 0) return i;
    }
    return last;
  }
  begin() { this.state = this.drawn(this.model.starts); this.length = 0; }
  choose() { // with probability `exploration` any action, else one of the greedy ones
    const q = this.Q[this.state], most = largest(q), isGreedy = this.random() >= this.exploration;
    return this.drawn(q.map((x) => (!isGreedy || x === most ? 1 : 0)));
  }
  step() {
    const { Q, model, state } = this, action = this.choose(), outcomes = model.outcomes[state][action];
    const { next, reward, ends } = outcomes[this.drawn(outcomes.map((one) => one.p))];
    Q[state][action] += this.rate * (reward + this.discount * (ends ? 0 : largest(Q[next])) - Q[state][action]);
    this.visits[state][action]++; this.steps++; this.length++; this.state = next;
    if (ends || this.length >= LONGEST_EPISODE) { this.episodes++; this.begin(); }
    return { state, action, reward, next, ends };
  }
}
