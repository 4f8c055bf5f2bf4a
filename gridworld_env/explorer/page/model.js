// ---------------------------------------------------------------- the dynamics of a gridworld
// The rules of gridworld_env/dynamics, once more: a world has height x width squares, row by row, and rules. The states
// are the squares that are no walls, numbered in the same order. A square is { wall, terminal, start, start_weight,
// reward, slip, bump_reward, teleport: [row, column], teleport_reward, teleport_on_entry }; numbers are null where the rules
// of the world hold, and a teleport is null where there is none.

const MOVES = [[-1, 0], [0, 1], [1, 0], [0, -1], [-1, 1], [1, 1], [1, -1], [-1, -1], [0, 0]]; // rows, columns
const SIDES = [[3, 1], [0, 2], [1, 3], [2, 0], [7, 5], [4, 6], [5, 7], [6, 4], [8, 8]]; // at right angles to each move
const NAMES = ["up", "right", "down", "left", "up right", "down right", "down left", "up left", "stay"];

// The square that a move leads to. A wall or the edge stops it; "octile" also stops a diagonal at the corner of a wall.
function squareAfter(world, at, move) {
  const { height, width, squares, rules } = world, row = Math.floor(at / width), column = at % width;
  const isFree = (r, c) => r >= 0 && r < height && c >= 0 && c < width && !squares[r * width + c].wall;
  const [down, right] = MOVES[move];
  if (!isFree(row + down, column + right)) return at;
  const corner = down && right && rules.moves === "octile";
  if (corner && !(isFree(row + down, column) && isFree(row, column + right))) return at;
  return (row + down) * width + column + right;
}

// One move, without its probability: { square, reward, ends }.
function outcomeOf(world, at, move) {
  const { squares, rules } = world, here = squares[at], entering = rules.reward_on === "enter";
  if (here.terminal && entering) return { square: at, reward: 0, ends: true }; // the episode is over
  const made = here.terminal ? at : squareAfter(world, at, move), there = squares[made];
  const leaves = here.teleport && !here.teleport_on_entry, enters = there.teleport && there.teleport_on_entry && made !== at;
  const by = leaves ? here : enters ? there : null, square = by ? by.teleport[0] * world.width + by.teleport[1] : made;
  const paying = entering ? squares[square] : here, bump = here.bump_reward ?? rules.bump_reward;
  if (by && by.teleport_reward !== null) return { square, reward: by.teleport_reward, ends: entering && paying.terminal };
  const length = rules.moves === "octile" && move >= 4 && move < 8 ? Math.SQRT2 : 1;
  const stopped = made === at && move !== 8 && !here.terminal && !by;
  const reward = stopped && bump !== null ? bump : paying.reward ?? rules.step_reward * length;
  return { square, reward, ends: paying.terminal };
}

// The moves that an action can become, each with its probability: what is intended, and the two sides by slipping.
function mixtureOf(world, at, move) {
  const slip = move === 8 ? 0 : world.squares[at].slip ?? world.rules.slip;
  return [[move, 1 - slip], [SIDES[move][0], slip / 2], [SIDES[move][1], slip / 2]].filter(([, p]) => p > 0);
}

// The tables: outcomes[s][a] is a list of { p, next, reward, ends }.
function makeModel(world) {
  const squareOf = [], stateOf = world.squares.map((square, at) => (square.wall ? -1 : squareOf.push(at) - 1));
  const outcomes = squareOf.map((at) => world.rules.actions.map((action) => mixtureOf(world, at, action).map(([move, p]) => {
    const { square, reward, ends } = outcomeOf(world, at, move);
    return { p, next: stateOf[square], reward, ends };
  })));
  const living = squareOf.map((at) => !world.squares[at].terminal), marked = squareOf.some((at) => world.squares[at].start);
  const starts = squareOf.map((at, s) => {
    const { start, start_weight } = world.squares[at];
    if (world.rules.exploring_starts || !marked) return living[s] ? 1 : 0;
    return start ? start_weight : 0;
  });
  return { world, S: squareOf.length, A: world.rules.actions.length, squareOf, stateOf, outcomes, living, starts };
}

// What is expected of each state and action: { reward, next: [[state, probability], ...] }, as a planner reads it.
function rowsOf(model) {
  return model.outcomes.map((actions) => actions.map((outcomes) => {
    const next = new Map();
    let reward = 0;
    for (const one of outcomes) {
      reward += one.p * one.reward;
      if (!one.ends) next.set(one.next, (next.get(one.next) || 0) + one.p);
    }
    return { reward, next: [...next], free: outcomes.every((one) => one.reward === 0 && !one.ends) };
  }));
}
