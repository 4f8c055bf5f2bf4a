// ---------------------------------------------------------------- the dynamics of a gridworld
// The rules of gridworld_env/dynamics, once more: a world has height x width squares, row by row, and rules. The states
// are the squares that are no walls, numbered in the same order. A square is { wall, terminal, start, start_weight,
// reward, slip, bump_reward, teleport: [row, column], teleport_reward, teleport_on_entry, wind: [rows, columns], gust,
// one_way: a move }; numbers are null where the rules of the world hold, a teleport and a way are null where there is none.
// A reward that is drawn is a list of [probability, reward].

const MOVES = [[-1, 0], [0, 1], [1, 0], [0, -1], [-1, 1], [1, 1], [1, -1], [-1, -1], [0, 0]]; // rows, columns
const SIDES = [[3, 1], [0, 2], [1, 3], [2, 0], [7, 5], [4, 6], [5, 7], [6, 4], [8, 8]]; // at right angles to each move
const NAMES = ["up", "right", "down", "left", "up right", "down right", "down left", "up left", "stay"];

// The next square in a direction, -1 where a wall or the edge is.
function neighbour({ height, width, squares }, at, [down, right]) {
  const row = Math.floor(at / width) + down, column = at % width + right, next = row * width + column;
  return row >= 0 && row < height && column >= 0 && column < width && !squares[next].wall ? next : -1;
}
// Whether a one-way square is in the way: it is left in another direction, or entered against its own.
function isAgainstArrow({ squares }, at, ahead, [down, right]) {
  if (!down && !right) return false;
  const mine = MOVES[squares[at].one_way], theirs = ahead < 0 ? undefined : MOVES[squares[ahead].one_way];
  return Boolean(mine && (mine[0] !== down || mine[1] !== right)) || Boolean(theirs && theirs[0] === -down && theirs[1] === -right);
}
function glide(world, at, direction) { // one square on, unless something is in the way
  const ahead = neighbour(world, at, direction);
  return ahead < 0 || isAgainstArrow(world, at, ahead, direction) ? at : ahead;
}

// Where a move leads: { made, stopped }. A wall, the edge or a one-way square stops it; "octile" also stops a diagonal at
// the corner of a wall. Then the wind of the square that is left blows, `more` squares further than it says.
function squareAfter(world, at, move, more) {
  const direction = MOVES[move], [down, right] = direction, ahead = neighbour(world, at, direction);
  const corner = down && right && world.rules.moves === "octile" && [direction, [down, 0], [0, right]].some((part) => neighbour(world, at, part) < 0);
  const isRefused = Boolean(corner) || isAgainstArrow(world, at, ahead, direction), isBlocked = isRefused || ahead < 0;
  const { wind } = world.squares[at], axis = wind[0] ? 0 : 1, strength = Math.abs(wind[axis]), towards = Math.sign(wind[axis]);
  let made = isBlocked ? at : ahead;
  if (!strength) return { made, stopped: isBlocked };
  const along = axis ? [0, right] : [down, 0], across = axis ? [down, 0] : [0, right], blows = strength + more;
  let isAgainst = false; // a part of the move against the wind, which takes one square off it
  if (isBlocked && !isRefused) { // each part of a move into a wall is made that can be
    for (const part of [across, along]) made = glide(world, made, part);
    const hasGone = axis ? made % world.width !== at % world.width : Math.floor(made / world.width) !== Math.floor(at / world.width);
    isAgainst = along[axis] === -towards && blows > 0 && !hasGone;
  }
  const stopped = isBlocked && made === at && !isAgainst, gale = axis ? [0, towards] : [towards, 0];
  for (let square = isAgainst ? 1 : 0; square < Math.min(blows, world.height + world.width); square++) made = glide(world, made, gale);
  return { made, stopped };
}

// One move, without its probability: { square, reward, ends }.
function outcomeOf(world, at, move, more) {
  const { squares, rules } = world, here = squares[at], entering = rules.reward_on === "enter";
  if (here.terminal && entering) return { square: at, reward: 0, ends: true }; // the episode is over
  const { made, stopped } = here.terminal ? { made: at, stopped: false } : squareAfter(world, at, move, more), there = squares[made];
  const leaves = here.teleport && !here.teleport_on_entry, enters = there.teleport && there.teleport_on_entry && made !== at;
  const by = leaves ? here : enters ? there : null, square = by ? by.teleport[0] * world.width + by.teleport[1] : made;
  const paying = entering ? squares[square] : here, bump = here.bump_reward ?? rules.bump_reward;
  if (by && by.teleport_reward !== null) return { square, reward: by.teleport_reward, ends: entering && paying.terminal };
  const length = rules.moves === "octile" && move >= 4 && move < 8 ? Math.SQRT2 : 1;
  const reward = stopped && !by && bump !== null ? bump : paying.reward ?? rules.step_reward * length;
  return { square, reward, ends: paying.terminal };
}

// The moves that an action can become, each with its probability: [move, squares that the wind blows more, probability].
// What is intended, and the two sides by slipping; each of them in ordinary, stronger and weaker wind where it is gusty.
function mixtureOf(world, at, move) {
  const { slip: own, gust } = world.squares[at], slip = move === 8 ? 0 : own ?? world.rules.slip;
  const calm = [[move, 1 - slip], [SIDES[move][0], slip / 2], [SIDES[move][1], slip / 2]], winds = [[0, 1 - 2 * gust], [1, gust], [-1, gust]];
  return winds.flatMap(([more, q]) => calm.map(([made, p]) => [made, more, p * q])).filter(([, , p]) => p > 0);
}
const isDrawn = Array.isArray; // a reward: a number, or a list of [probability, number]
const meanOf = (reward) => (isDrawn(reward) ? reward.reduce((sum, [p, x]) => sum + p * x, 0) : reward);

// The tables: outcomes[s][a] is a list of { p, next, reward, ends }.
function makeModel(world) {
  const squareOf = [], stateOf = world.squares.map((square, at) => (square.wall ? -1 : squareOf.push(at) - 1));
  const outcomes = squareOf.map((at) => world.rules.actions.map((action) => mixtureOf(world, at, action).flatMap(([move, more, p]) => {
    const { square, reward, ends } = outcomeOf(world, at, move, more);
    return (isDrawn(reward) ? reward : [[1, reward]]).map(([q, paid]) => ({ p: p * q, next: stateOf[square], reward: paid, ends }));
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
    return { reward, next: [...next], free: reward === 0 && !outcomes.some((one) => one.ends) };
  }));
}
