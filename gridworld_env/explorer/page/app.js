// ---------------------------------------------------------------- the state of the page
const MODES = { solved: ["V*", Solved], sweep: ["Value iteration", ValueIteration], improve: ["Policy iteration", PolicyIteration], learn: ["Q-learning", Learning], policy: ["My policy", MyPolicy] };
const VIEWS = { values: "Values", policy: "Policy", q: "Q" };
const open = (square) => (square.wall || square.terminal ? FREE : square);
const TOOLS = { // title, key, and the square after painting
  look: ["Look", "L"], wall: ["Wall", "W", () => ({ ...FREE, wall: true })], free: ["Free", "F", () => FREE], start: ["Start", "S", (square) => ({ ...open(square), start: true })],
  plus: ["+1 end", "+", () => ({ ...FREE, terminal: true, reward: 1 })], minus: ["−1 end", "-", () => ({ ...FREE, terminal: true, reward: -1 })],
  end: ["End", "T", () => ({ ...FREE, terminal: true, reward: app.amount })], reward: ["Reward", "R", (square) => ({ ...open(square), reward: app.amount })],
};
const SLIDERS = { step_reward: ["Step reward", -2.5, 0.5], slip: ["Slip", 0, 1], discount: ["Discount", 0, 1], rate: ["Rate", 0, 1], exploration: ["Exploration", 0, 1], amount: ["Amount", -10, 10, 0.5] };
const app = { tool: "look", amount: -1, cursor: null, isPlaying: false, history: [], gesture: null };
let task = null, run = null, isStale = true;

function take(state) { Object.assign(app, state); isStale = true; }
function firstState() { return { world: readWorld(doc.worlds[0]), discount: doc.discount, mode: doc.mode, view: "policy", steps: doc.steps, learner: { ...doc.learner }, policy: [] }; }
function snapshot() { return { world: app.world, discount: app.discount, policy: app.policy }; }
// Change the world or the discount; changes of one gesture are undone together. A RangeError refuses.
function change(gesture, { world = app.world, discount = app.discount }) {
  if (world !== app.world) world = readWorld(writeWorld(world));
  if (gesture === null || gesture !== app.gesture) app.history.push(snapshot());
  if (app.history.length > 200) app.history.shift();
  app.gesture = gesture;
  app.policy = carriedPolicy(app.world, world);
  take({ world, discount, steps: 0 });
  draw();
}
function carriedPolicy(old, world) { // arrows stay with their squares
  const arrows = new Map();
  let s = 0;
  old.squares.forEach((square, at) => { if (!square.wall) arrows.set(`${Math.floor(at / old.width)},${at % old.width}`, app.policy[s++]); });
  return world.squares.flatMap((square, at) => (square.wall ? [] : [arrows.get(`${Math.floor(at / world.width)},${at % world.width}`) ?? 0]));
}
function refresh() { // plan again, if anything has changed since
  if (!isStale) return;
  const model = makeModel(app.world), rows = rowsOf(model), before = run instanceof Solved ? run : null;
  if (app.policy.length !== model.S || app.policy.some((a) => !(a >= 0 && a < model.A))) app.policy = Array(model.S).fill(0);
  task = { model, rows, discount: app.discount, best: solve(rows, app.discount), learner: app.learner, hand: app.policy, before };
  run = new MODES[app.mode][1](task);
  if (run instanceof Learning) { if (app.steps) run.step(app.steps); } else while (run.steps < app.steps && !run.isDone) run.step();
  isStale = false;
}
function step(times = 1) {
  refresh();
  if (run instanceof Learning) run.step(times); else for (let i = 0; i < times && !run.isDone; i++) run.step();
  app.steps = run.steps;
  draw();
}
function toTheEnd() { // in parts of a tenth of a second, between which the page can be paused
  refresh();
  pause();
  app.isPlaying = true;
  const living = run.task.model.living.filter(Boolean).length, until = run.steps + 200000;
  const isAtEnd = () => (run instanceof Learning ? run.right.size === living || run.steps >= until : run.isDone);
  const go = () => {
    if (!app.isPlaying) return;
    const pauseAt = performance.now() + 100;
    do run.step(100); while (!isAtEnd() && performance.now() < pauseAt);
    app.steps = run.steps;
    if (isAtEnd()) pause(); else timer = setTimeout(go);
    draw();
  };
  go();
}
let timer = 0;
function pause() { app.isPlaying = false; clearTimeout(timer); }
function play() {
  if (app.isPlaying) { pause(); draw(); return; }
  app.isPlaying = true;
  const tick = () => {
    if (!app.isPlaying) return;
    step();
    if (run.isDone) { pause(); draw(); } else timer = setTimeout(tick, app.mode === "learn" ? 60 : 350);
  };
  tick();
}
function startAgain() {
  pause();
  if (app.mode === "learn") app.learner = { ...app.learner, seed: app.learner.seed + (app.steps ? 0 : 1) };
  take({ steps: 0 });
  draw();
}
function undo() {
  const before = app.history.pop();
  app.gesture = null;
  if (before) { take({ ...before, steps: 0 }); draw(); } else say("There is nothing to undo.");
}
function setMode(mode) {
  pause();
  take({ mode, steps: 0 });
  draw();
}
function setTool(tool) { app.tool = tool; draw(); }
function paint(at, gesture) {
  const painted = TOOLS[app.tool][2];
  if (!painted) return;
  const squares = app.world.squares.slice();
  squares[at] = painted(squares[at]);
  if (JSON.stringify(squares[at]) === JSON.stringify(app.world.squares[at])) return;
  attempt(() => change(gesture, { world: { ...app.world, squares } }));
}
function turn(at, action = null) { // the arrow of a square, to the next action or to a given one
  refresh();
  const s = task.model.stateOf[at];
  if (s < 0 || !task.model.living[s]) return;
  const policy = app.policy.slice();
  policy[s] = action ?? (policy[s] + 1) % task.model.A;
  app.history.push(snapshot());
  take({ policy });
  draw();
}
function policyFrom(kind) {
  refresh();
  const { model, best } = task, random = makeRandom(Math.floor(Math.random() * 2 ** 32));
  const policy = best.optimal.map((taken) => ({ optimal: Math.max(0, taken.indexOf(true)), up: 0, random: Math.floor(random() * model.A) })[kind]);
  app.history.push(snapshot());
  take({ policy });
  draw();
}
function resize(rows, columns) {
  const { height, width, squares } = app.world, [h, w] = [height + rows, width + columns];
  const kept = Array.from({ length: Math.max(0, h * w) }, (_, at) => (Math.floor(at / w) < height && at % w < width ? squares[Math.floor(at / w) * width + at % w] : FREE));
  app.cursor = null;
  attempt(() => { expect(h > 0 && w > 0, "a map has at least one row and one column"); change(null, { world: { ...app.world, height: h, width: w, squares: kept } }); });
}
function setNumber(name, value) {
  const [, low, high] = SLIDERS[name], isWide = name === "step_reward" || name === "amount";
  if (!isNumber(value, isWide ? -1e6 : low, isWide ? 1e6 : high)) { draw(); say(`${SLIDERS[name][0]} is a number from ${isWide ? "−1,000,000" : low} to ${isWide ? "1,000,000" : high}.`); return; }
  if (name === "amount") { app.amount = value; draw(); }
  else if (name === "rate" || name === "exploration") { take({ learner: { ...app.learner, [name]: value }, steps: 0 }); draw(); }
  else if (name === "discount") change(name, { discount: value });
  else attempt(() => change(name, { world: { ...app.world, rules: { ...app.world.rules, [name]: value } } }));
}
function numberOf(name) { return name === "amount" ? app.amount : name === "discount" ? app.discount : name in app.learner ? app.learner[name] : app.world.rules[name]; }
function attempt(what) { try { what(); } catch (error) { if (!(error instanceof RangeError)) throw error; draw(); say(`That cannot be: ${error.message}.`); } }
function loadAddress() {
  try {
    const found = readAddress(location.hash);
    if (found) take(found);
    return "";
  } catch (error) {
    return `The address holds nothing that this page can show: ${error.message}.`;
  }
}
let remembering = 0;
function remember() {
  clearTimeout(remembering);
  if (!app.isPlaying) remembering = setTimeout(() => { try { history.replaceState(null, "", writeAddress(app.world, app)); } catch { /* a page inside another may not */ } }, 150);
}
