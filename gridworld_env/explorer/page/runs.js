// ---------------------------------------------------------------- what is shown: five runs with the same interface
// A run has V, Q, taken[s][a] (the arrows), green and red (sets of states), steps, isDone, says() and step(). A task has
// { model, rows, discount, best, learner, hand, before }; `best` is what `solve` returns, `before` the run that was shown before.

const setOf = (model, isIn) => new Set(model.living.map((_, s) => s).filter((s) => model.living[s] && isIn(s)));
const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
const differ = (one, other) => one.some((taken, a) => taken !== other[a]);
const differing = (model, one, other) => setOf(model, (s) => !one[s].every(Boolean) && !other[s].every(Boolean) && differ(one[s], other[s]));
function placeName(model, s) { const at = model.squareOf[s], { width } = model.world; return `row ${Math.floor(at / width)}, column ${at % width}`; }
function infinityInWords({ best, discount }) {
  const parts = [];
  if (best.infinite.length) parts.push(`V* is infinite in ${count(best.infinite.length, "square")}: at discount 1 the agent can collect reward for ever there. Lower the discount, or make the step reward negative.`);
  if (best.minus.length) parts.push(`V* is minus infinity in ${count(best.minus.length, "square")}: no policy is sure to reach an end from there, and going on costs. Lower the discount, or add a terminal square.`);
  return discount === 1 ? parts.join(" ") : "";
}

class Solved {
  constructor(task) {
    const { best, model, before } = task, isSameMap = before && String(before.task.model.squareOf) === String(model.squareOf);
    const flipped = isSameMap ? differing(model, before.taken, best.optimal) : new Set();
    Object.assign(this, { task, V: best.V, Q: best.Q, taken: best.optimal, red: new Set(), steps: 0, isDone: true });
    this.green = flipped.size || !isSameMap ? flipped : before.green; // those of the last change
  }
  step() { /* there is nothing left to do */ }
  says() {
    const flips = this.green.size ? ` The optimal actions changed in ${count(this.green.size, "square")}, framed green.` : "";
    return infinityInWords(this.task) || `V* and all optimal actions. They follow while you drag a rule or paint.${flips}`;
  }
}

class ValueIteration { // Algorithm 4
  constructor(task) {
    Object.assign(this, { task, V: new Float64Array(task.model.S), steps: 0, change: Infinity, green: new Set(), red: new Set() });
    this.look();
  }
  look() { this.Q = backup(this.task.rows, this.V, this.task.discount); this.taken = greedy(this.Q); }
  step() {
    if (this.isDone) return;
    const before = this.taken, V = Float64Array.from(this.Q, largest);
    this.change = V.reduce((most, v, s) => Math.max(most, Math.abs(v - this.V[s])), 0);
    this.V = V; this.steps++;
    this.look();
    this.green = differing(this.task.model, before, this.taken);
  }
  get isDone() {
    const { discount } = this.task, size = this.V.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
    return this.steps >= MOST_SWEEPS || this.change <= Math.max(1e-10 * (1 - discount), 2e-16 * size);
  }
  says() {
    if (!this.steps) return `V = 0 in every square. A step is one sweep: V(s) becomes the largest Q(s, a). ${infinityInWords(this.task)}`;
    const { discount, best } = this.task, far = this.V.reduce((most, v, s) => Math.max(most, v === best.V[s] ? 0 : Math.abs(v - best.V[s])), 0);
    const proof = discount < 1 ? `, which proves that V is within ${exact(discount / (1 - discount) * this.change, 3)} of V*` : "";
    const end = this.isDone && this.steps < MOST_SWEEPS ? " V no longer changes." : this.isDone ? ` It still changes after ${MOST_SWEEPS} sweeps.` : "";
    return `Sweep ${this.steps}: the largest change was ${exact(this.change, 3)}${proof}. In truth it is ${exact(far, 3)} away.${end} ${infinityInWords(this.task)}`;
  }
}
const MOST_SWEEPS = 20000;

class PolicyIteration { // Algorithm 5
  constructor(task) {
    const { rows, model, discount } = task;
    Object.assign(this, { task, V: new Float64Array(model.S), steps: 0, isDone: false, green: new Set(), red: new Set(), said: "" });
    this.taken = rows.map((actions) => actions.map(() => true));
    this.Q = backup(rows, this.V, discount);
  }
  step() {
    if (this.isDone) return;
    const { rows, discount, model, best } = this.task, turn = Math.floor(this.steps / 2) + 1;
    this.green = new Set();
    if (this.steps % 2 === 0) {
      this.V = evaluatePolicy(rows, alike(this.taken), discount);
      this.Q = backup(rows, this.V, discount);
      const endless = setOf(model, (s) => !Number.isFinite(this.V[s])).size;
      this.said = `Evaluation ${turn}: V of the policy, by ${count(model.S, "linear equation")}.${endless ? ` In ${count(endless, "square")} the policy never ends.` : ""} The next step improves the policy.`;
    } else {
      const better = greedy(this.Q), changed = setOf(model, (s) => differ(better[s], this.taken[s]));
      this.isDone = !changed.size;
      this.green = changed; this.taken = better;
      const isBest = this.V.every((v, s) => v === best.V[s] || Math.abs(v - best.V[s]) <= 1e-6 * Math.max(1, Math.abs(v)));
      this.said = changed.size ? `Improvement ${turn} changed the policy in ${count(changed.size, "square")}, framed green. The next step evaluates it.`
        : isBest ? `Improvement ${turn} changed nothing: the policy is optimal, and V is V*.`
          : `Improvement ${turn} changed nothing, but V is not V*: from a policy that never ends, improving finds none that does.`;
    }
    this.steps++;
  }
  says() { return `${this.said || "The first policy takes every action alike. A step evaluates the policy, the next one improves it."} ${infinityInWords(this.task)}`; }
}

class Learning { // Q-learning
  constructor(task) {
    const { model, discount, learner } = task;
    Object.assign(this, { task, agent: new QLearning(model, discount, learner), last: null, green: new Set(), red: new Set() });
    this.look();
  }
  get steps() { return this.agent.steps; }
  get isDone() { return false; }
  look() {
    this.Q = this.agent.Q.map((q) => q.slice());
    this.V = Float64Array.from(this.Q, largest);
    this.taken = this.Q.map((q) => q.map((x) => x === largest(q)));
  }
  get right() { return setOf(this.task.model, (s) => this.taken[s].every((is, a) => !is || this.task.best.optimal[s][a])); }
  step(times = 1) { for (let i = 0; i < times; i++) this.last = this.agent.step(); this.look(); }
  says() {
    const { model } = this.task, living = setOf(model, () => true).size;
    if (!this.last) return `The agent knows nothing: Q = 0. A step moves it once, and it learns from that step. ${infinityInWords(this.task)}`;
    const { state, action, reward, next, ends } = this.last, move = NAMES[model.world.rules.actions[action]];
    const told = `Step ${this.steps}, episode ${this.agent.episodes + (ends ? 0 : 1)}: ${move} in ${placeName(model, state)} led to ${placeName(model, next)}, reward ${exact(reward)}${ends ? ", the end" : ""}.`;
    return `${told} The greedy policy is optimal in ${this.right.size} of ${count(living, "square")}. ${infinityInWords(this.task)}`;
  }
}

class MyPolicy { // is this policy optimal?
  constructor(task) {
    const { rows, discount, best, model, hand } = task;
    this.taken = hand.map((chosen, s) => rows[s].map((_, a) => a === chosen));
    this.V = evaluatePolicy(rows, alike(this.taken), discount);
    this.Q = backup(rows, this.V, discount);
    const better = improvable(rows, this.V, best.V, discount);
    Object.assign(this, { task, steps: 0, isDone: true, green: new Set(), red: setOf(model, (s) => better[s]) });
  }
  step() { /* the arrows are turned by hand */ }
  says() {
    const { model, best } = this.task, names = [...this.red].slice(0, 4).map((s) => `(${placeName(model, s)})`);
    if (!this.red.size) return `Yes, this policy is optimal: in no square is another action better. ${infinityInWords(this.task)}`;
    const more = this.red.size > names.length ? ` and ${this.red.size - names.length} more` : "";
    const total = model.starts.reduce((sum, w) => sum + w, 0);
    const fromStart = (V) => model.starts.reduce((sum, w, s) => (w ? sum + w / total * V[s] : sum), 0);
    return `No, it is not optimal. It can be improved in ${count(this.red.size, "square")}, framed red: ${names.join(", ")}${more}. From the start it earns ${exact(fromStart(this.V))}; V* is ${exact(fromStart(best.V))}.`;
  }
}
