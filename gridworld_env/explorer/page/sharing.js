// ---------------------------------------------------------------- a world as text: in the document, and in the address
const FREE = { wall: false, terminal: false, start: false, start_weight: 1, reward: null, slip: null, bump_reward: null, teleport: null, teleport_reward: null, teleport_on_entry: false, wind: [0, 0], gust: 0, one_way: null };
const KNOWN = { "#": { wall: true }, ".": {}, S: { start: true }, "+": { terminal: true, reward: 1 }, "-": { terminal: true, reward: -1 } };
const RULES = { step_reward: -0.04, slip: 0, reward_on: "enter", moves: "cardinal", bump_reward: null, actions: null, exploring_starts: false };
const actionsOf = (moves) => (moves === "cardinal" ? [0, 1, 2, 3] : [0, 1, 2, 3, 4, 5, 6, 7]); // where the rules name none
const MOST_SQUARES = 1000, LONGEST_SIDE = 40;
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRTUVWXYZ";

const isNumber = (x, low = -1e6, high = 1e6) => typeof x === "number" && Number.isFinite(x) && x >= low && x <= high;
const isLaw = (law) => Array.isArray(law) && law.length > 0 && law.every((pair) => Array.isArray(pair) && pair.length === 2 && isNumber(pair[0], 0, 1) && isNumber(pair[1])) && Math.abs(law.reduce((sum, [p]) => sum + p, 0) - 1) <= 1e-9;
function expect(isSo, sentence) { if (!isSo) throw new RangeError(sentence); }

// { map: rows of glyphs, legend, rules } as a world; a RangeError says in a sentence what is wrong.
function readWorld({ map, legend = {}, rules = {} }) {
  expect(Array.isArray(map) && map.length > 0 && map.every((row) => typeof row === "string" && [...row].length === [...map[0]].length && row.length > 0), "the rows of the map are not equally long");
  const height = map.length, width = [...map[0]].length, kinds = { ...KNOWN, ...legend };
  expect(height <= LONGEST_SIDE && width <= LONGEST_SIDE && height * width <= MOST_SQUARES, `the map has ${height} rows and ${width} columns; this page takes at most ${MOST_SQUARES} squares, ${LONGEST_SIDE} a side`);
  const squares = map.flatMap((row) => [...row].map((glyph) => {
    expect(Object.hasOwn(kinds, glyph), `the map has an unknown glyph ${glyph}`);
    return { ...FREE, ...kinds[glyph] };
  }));
  for (const square of squares) {
    expect(["wall", "terminal", "start", "teleport_on_entry"].every((name) => typeof square[name] === "boolean") && isNumber(square.start_weight, 1e-300), "a square is neither a wall nor free");
    expect(["reward", "bump_reward", "teleport_reward"].every((name) => square[name] === null || isNumber(square[name]) || isLaw(square[name])), "a reward of a square is no number from -1,000,000 to 1,000,000, and no list of [probability, number] whose probabilities sum to 1");
    expect(Array.isArray(square.wind) && square.wind.length === 2 && square.wind.every(Number.isInteger) && square.wind.includes(0), "the wind of a square is no [rows, columns] of which one is 0");
    expect(isNumber(square.gust, 0, square.wind.some(Boolean) ? 0.5 : 0), "the gust of a square is no probability from 0 to 0.5, or it has no wind");
    expect(square.one_way === null || (Number.isInteger(square.one_way) && isNumber(square.one_way, 0, 7)), "the way out of a square is no move from 0 to 7");
    expect(square.slip === null || isNumber(square.slip, 0, 1), "the slip of a square is no probability");
  }
  const isFree = (row, column) => Number.isInteger(row) && Number.isInteger(column) && row >= 0 && column >= 0 && row < height && column < width && !squares[row * width + column].wall;
  expect(squares.every(({ teleport, terminal }) => teleport === null || (!terminal && Array.isArray(teleport) && isFree(...teleport))), "a teleport leads into a wall or off the map");
  expect(squares.some((square) => !square.wall && !square.terminal), "the map has no square to start on");
  const all = { ...RULES, ...rules };
  expect(isNumber(all.step_reward) && (all.bump_reward === null || isNumber(all.bump_reward)), "the step reward is no number from -1,000,000 to 1,000,000");
  expect(isNumber(all.slip, 0, 1), "the slip is no probability");
  expect(["enter", "exit"].includes(all.reward_on) && ["cardinal", "king", "octile"].includes(all.moves), "the rules are none that this page knows");
  all.actions ??= actionsOf(all.moves);
  expect(Array.isArray(all.actions) && all.actions.length > 0 && all.actions.every((move) => Number.isInteger(move) && move >= 0 && move <= 8), "the actions are none that this page knows");
  return { height, width, squares, rules: all };
}
const changesOf = (object, usual) => Object.fromEntries(Object.entries(object).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(usual[name])));
function writeWorld({ height, width, squares, rules }) { // the other way round
  const legend = {}, glyphs = new Map(Object.entries(KNOWN).map(([glyph, square]) => [JSON.stringify({ ...FREE, ...square }), glyph]));
  const text = squares.map((square) => {
    const key = JSON.stringify(square);
    if (!glyphs.has(key)) { const n = Object.keys(legend).length, glyph = LETTERS[n] ?? String.fromCharCode(0x100 + n); glyphs.set(key, glyph); legend[glyph] = changesOf(square, FREE); }
    return glyphs.get(key);
  });
  const map = Array.from({ length: height }, (_, row) => text.slice(row * width, (row + 1) * width).join(""));
  return { map, legend, rules: changesOf(rules, { ...RULES, actions: actionsOf(rules.moves) }) };
}

// The address: what follows the # holds the world, the discount, and how far the algorithm has come.
function writeAddress(world, { discount, mode, view, steps, policy, learner }) {
  const { map, legend, rules } = writeWorld(world), parts = new URLSearchParams();
  parts.set("map", map.join("/"));
  if (Object.keys(legend).length) parts.set("legend", JSON.stringify(legend));
  for (const [name, value] of Object.entries(rules)) parts.set(name, JSON.stringify(value));
  parts.set("discount", discount);
  parts.set("show", `${mode},${view}`);
  if (mode !== "solved" && mode !== "policy") parts.set("steps", steps);
  if (mode === "learn") parts.set("learner", JSON.stringify(learner));
  if (mode === "policy") parts.set("policy", policy.join(""));
  return "#" + parts;
}
function readAddress(text) { // null where there is none; a RangeError or SyntaxError where it cannot be read
  const parts = new URLSearchParams(text.replace(/^#/, "").replaceAll("+", "%2B"));
  if (!parts.has("map")) return null;
  const rules = Object.fromEntries(Object.keys(RULES).filter((name) => parts.has(name)).map((name) => [name, JSON.parse(parts.get(name))]));
  const world = readWorld({ map: parts.get("map").split("/"), legend: JSON.parse(parts.get("legend") || "{}"), rules });
  const [mode, view] = (parts.get("show") || "solved,policy").split(","), discount = Number(parts.get("discount") ?? 0.9);
  const steps = Number(parts.get("steps") || 0), learner = { rate: 0.1, exploration: 0.1, seed: 1, ...JSON.parse(parts.get("learner") || "{}") };
  expect(isNumber(discount, 0, 1), "the discount is no number from 0 to 1");
  expect(Object.hasOwn(MODES, mode) && Object.hasOwn(VIEWS, view), "it asks for a view that this page does not have");
  expect(Number.isInteger(steps) && isNumber(steps, 0, 1e6), "the number of steps is no whole number up to 1,000,000");
  expect(isNumber(learner.rate, 0, 1) && isNumber(learner.exploration, 0, 1) && Number.isInteger(learner.seed), "the learner's numbers are out of their range");
  return { world, discount, mode, view, steps, learner, policy: [...(parts.get("policy") || "")].map(Number) };
}
