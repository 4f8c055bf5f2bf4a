// ---------------------------------------------------------------- the picture of the map, in the colours of the explorer
const { theme } = doc;

function luminance(c) {
  const part = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
}
const inkOn = (c) => (luminance(c) > 0.18 ? theme.ink : theme.paper);
function heat(share) { // -1 to 1, by the stops of the theme
  const { positions, colors } = theme.heat, at = clamp(share, -1, 1);
  let i = 1;
  while (i < positions.length - 1 && at > positions[i]) i++;
  const t = (at - positions[i - 1]) / (positions[i] - positions[i - 1]);
  return colors[i - 1].map((low, channel) => Math.round(low + t * (colors[i][channel] - low)));
}
const colourOf = (value, limit) => (Number.isFinite(value) ? heat(limit ? value / limit : 0) : theme.not_finite);
function endColour(reward) { return reward > 0 ? theme.positive : reward < 0 ? theme.negative : theme.neutral; }

function short(x) { // for a square
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "?" : x > 0 ? "∞" : "−∞";
  return minus((Math.abs(x) >= 1000 ? x.toPrecision(4) : x.toFixed(2)).replace(/^-(0\.0*)$/, "$1"));
}
const amount = (x) => (isDrawn(x) ? `~${amount(Number(meanOf(x).toPrecision(6)))}` : (x > 0 ? "+" : "") + minus(String(x))); // of a drawn one the mean, with a tilde

// Where the squares lie on the canvas: { cell, left, top }.
function placeOf(world, width, height) {
  const cell = Math.max(8, Math.min((width - 4) / world.width, (height - 4) / world.height, 170));
  return { cell, left: (width - cell * world.width) / 2, top: 2 };
}
function arrow(g, x, y, dx, dy, length, width, from) {
  const size = Math.hypot(dx, dy), [ux, uy] = [dx / size, dy / size], head = Math.max(4, width * 2.4);
  const [ex, ey] = [x + ux * length, y + uy * length];
  g.lineWidth = width;
  g.beginPath(); g.moveTo(x + ux * from, y + uy * from); g.lineTo(ex - ux * head * 0.8, ey - uy * head * 0.8); g.stroke();
  g.beginPath(); g.moveTo(ex, ey);
  g.lineTo(ex - ux * head - uy * head * 0.62, ey - uy * head + ux * head * 0.62);
  g.lineTo(ex - ux * head + uy * head * 0.62, ey - uy * head - ux * head * 0.62);
  g.closePath(); g.fill();
}
function drawArrows(g, x, y, actions, taken, cell) { // one arrow for each action that is taken
  const alone = taken.filter(Boolean).length === 1, reach = cell * (alone ? 0.24 : 0.3);
  actions.forEach((move, a) => {
    if (!taken[a]) return;
    if (move === 8) { g.beginPath(); g.arc(x, y, cell * 0.06, 0, 7); g.fill(); return; }
    arrow(g, x, y, MOVES[move][1], MOVES[move][0], reach, Math.max(1, cell * 0.045), alone ? -reach : cell * 0.06);
  });
}
function drawWedges(g, x, y, actions, q, taken, cell, limit) { // Q of each action in the part of the square that it points to
  const moving = actions.map((move, a) => [move, a]).filter(([move]) => move !== 8), half = Math.PI / (moving.some(([move]) => move > 3) ? 8 : 4);
  const marked = taken.every(Boolean) ? taken.map(() => false) : taken; // of all actions none is marked
  for (const [move, a] of moving) {
    const [dy, dx] = MOVES[move], angle = Math.atan2(dy, dx), colour = colourOf(q[a], limit);
    const edge = (t) => { const reach = cell / 2 / Math.max(Math.abs(Math.cos(t)), Math.abs(Math.sin(t))); return [x + Math.cos(t) * reach, y + Math.sin(t) * reach]; };
    g.beginPath(); g.moveTo(x, y);
    for (const t of [angle - half, angle, angle + half]) g.lineTo(...edge(t));
    g.closePath(); g.fillStyle = rgb(colour); g.fill();
    if (cell >= 16) { g.strokeStyle = rgb(theme.line); g.lineWidth = 1; g.stroke(); }
    g.fillStyle = rgb(inkOn(colour));
    if (marked[a] && cell >= 24) { // a dot marks the largest
      const [ex, ey] = [x + dx * cell * 0.44 / Math.max(1, Math.hypot(dx, dy)), y + dy * cell * 0.44 / Math.max(1, Math.hypot(dx, dy))];
      g.beginPath(); g.arc(ex, ey, Math.max(2, cell * 0.025), 0, 7); g.fill();
    }
    if (cell < 58 || half < 0.5) continue;
    g.font = `${marked[a] ? 700 : 400} ${clamp(cell * 0.13, 9, 17)}px system-ui, sans-serif`;
    g.fillText(short(q[a]), x + dx * cell * 0.27, y + dy * cell * 0.3, cell * 0.36);
  }
}
function drawFrame(g, x, y, cell, colour, width, inset) {
  g.strokeStyle = rgb(colour); g.lineWidth = width;
  g.strokeRect(x - cell / 2 + inset, y - cell / 2 + inset, cell - 2 * inset, cell - 2 * inset);
}

// shown: { V, Q, taken, view, limit, red, green, agent, cursor }, of the states; red and green are sets of states.
function drawMap(g, model, width, height, shown) {
  const { world, stateOf, living } = model, { cell, left, top } = placeOf(world, width, height);
  g.clearRect(0, 0, width, height);
  g.textAlign = "center"; g.textBaseline = "middle";
  world.squares.forEach((square, at) => {
    const s = stateOf[at], x = left + (at % world.width + 0.5) * cell, y = top + (Math.floor(at / world.width) + 0.5) * cell;
    const colour = square.wall ? theme.wall : square.terminal ? endColour(meanOf(square.reward)) : colourOf(shown.V[s], shown.limit);
    g.fillStyle = rgb(colour);
    g.fillRect(x - cell / 2, y - cell / 2, cell + 0.5, cell + 0.5);
    if (square.wall) return;
    if (cell >= 10) drawFrame(g, x, y, cell, theme.line, 1, 0);
    g.fillStyle = g.strokeStyle = rgb(inkOn(colour));
    if (square.terminal) drawEnd(g, x, y, cell, square, inkOn(colour));
    else drawState(g, x, y, cell, square, s, world.rules.actions, shown);
    if (shown.red.has(s)) drawFrame(g, x, y, cell, theme.red, Math.max(3, cell * 0.04), Math.max(2, cell * 0.03));
    if (shown.green.has(s)) drawFrame(g, x, y, cell, theme.green, Math.max(3, cell * 0.04), Math.max(2, cell * 0.03));
  });
  const centre = (at) => [left + (at % world.width + 0.5) * cell, top + (Math.floor(at / world.width) + 0.5) * cell];
  if (shown.agent !== null && living.length) for (const [part, colour] of [[1, theme.ink], [0.87, theme.paper], [0.72, theme.agent]]) {
    g.fillStyle = rgb(colour); g.beginPath(); g.arc(...centre(model.squareOf[shown.agent]), Math.max(4, cell * 0.1) * part, 0, 7); g.fill();
  }
  if (shown.cursor !== null) { const [x, y] = centre(shown.cursor); g.setLineDash([5, 4]); drawFrame(g, x, y, cell, theme.paper, 5, 2); drawFrame(g, x, y, cell, theme.agent, 3, 2); g.setLineDash([]); }
}
function drawEnd(g, x, y, cell, square, ink) { // a terminal square: two frames, and its reward
  if (cell >= 20) { drawFrame(g, x, y, cell, ink, Math.max(1, cell * 0.02), cell * 0.05); drawFrame(g, x, y, cell, ink, Math.max(1, cell * 0.02), cell * 0.1); }
  g.font = `600 ${clamp(cell * 0.3, 8, 40)}px system-ui, sans-serif`;
  g.fillText(square.reward === null ? "end" : amount(square.reward), x, y, cell * 0.76);
}
function drawRules(g, x, y, cell, { wind, gust, one_way }) { // wind: a chevron for each square that it blows; one way: a wedge on the side of the way out
  if (cell < 24) return;
  const strength = Math.max(...wind.map(Math.abs)), chevrons = Math.min(strength, 3) + (gust ? 1 : 0), half = cell * 0.055;
  const [ay, ax] = wind.map(Math.sign), [mx, my] = wind[0] ? [x + cell * 0.42, y - cell * 0.3] : [x + cell * 0.28, y - cell * 0.42];
  g.lineWidth = Math.max(1, cell / 44);
  for (let i = 0; strength && i < chevrons; i++) { // of gusts one more, fainter
    const tip = (i - (chevrons - 1) / 2) * half * 1.05 + half / 2;
    g.globalAlpha = gust && i === chevrons - 1 ? 0.4 : 1;
    g.beginPath();
    for (const [u, v] of [[tip - half, -half], [tip, 0], [tip - half, half]]) g.lineTo(mx + u * ax - v * ay, my + u * ay + v * ax);
    g.stroke();
  }
  g.globalAlpha = 1;
  if (one_way === null) return;
  const [down, right] = MOVES[one_way], norm = Math.hypot(down, right), [dx, dy] = [right / norm, down / norm], tip = cell * 0.47 * norm;
  g.beginPath();
  for (const [u, v] of [[tip, 0], [tip - cell * 0.1, cell * 0.2], [tip - cell * 0.1, -cell * 0.2]]) g.lineTo(x + u * dx - v * dy, y + u * dy + v * dx);
  g.closePath(); g.globalAlpha = 0.5; g.fill(); g.globalAlpha = 1;
}
function drawState(g, x, y, cell, square, s, actions, { V, Q, taken, view, limit }) {
  const small = `600 ${clamp(cell * (view === "q" ? 0.1 : 0.15), 8, 20)}px system-ui, sans-serif`, ink = inkOn(colourOf(V[s], limit));
  if (view === "q") drawWedges(g, x, y, actions, Q[s], taken[s], cell, limit);
  else {
    const lone = view === "values" || cell < 34;
    if (view !== "values" && cell >= 10) drawArrows(g, x, y - (lone ? 0 : cell * 0.1), actions, taken[s], cell);
    if (view === "values" ? cell >= 22 : !lone) {
      g.font = `${view === "values" ? 600 : 400} ${clamp(cell * (view === "values" ? 0.24 : 0.19), 8, 30)}px system-ui, sans-serif`;
      g.fillText(short(V[s]), x, y + (view === "values" ? 0 : cell * 0.34), cell * 0.92);
    }
  }
  if (square.start && cell >= 12) drawFrame(g, x, y, cell, view === "q" ? theme.ink : ink, Math.max(1, cell * 0.02), cell * 0.03);
  g.fillStyle = g.strokeStyle = rgb(view === "q" ? theme.ink : ink);
  drawRules(g, x, y, cell, square);
  const label = [square.start ? "S" : "", square.reward === null ? "" : `r ${amount(square.reward)}`, square.teleport ? `→ ${square.teleport}` : ""].filter(Boolean).join(" ");
  if (!label || cell < (view === "q" && label.length > 1 ? 120 : 30)) return;
  g.font = small; g.textAlign = "left"; g.fillStyle = rgb(view === "q" ? inkOn(colourOf(Q[s][0], limit)) : ink);
  g.fillText(label, x - cell * 0.43, y - cell * 0.37, cell * 0.5);
  g.textAlign = "center";
}
function drawScale(canvas, limit, colours) {
  const width = canvas.clientWidth, scale = devicePixelRatio || 1, bar = Math.min(260, width * 0.5), left = (width - bar) / 2;
  canvas.width = Math.round(width * scale); canvas.height = Math.round(20 * scale);
  const g = canvas.getContext("2d");
  g.setTransform(scale, 0, 0, scale, 0, 0);
  for (let i = 0; i < bar; i++) { g.fillStyle = rgb(heat(2 * i / (bar - 1) - 1)); g.fillRect(left + i, 4, 1.5, 12); }
  g.fillStyle = colours.ink; g.font = "13px system-ui, sans-serif"; g.textBaseline = "middle";
  g.textAlign = "right"; g.fillText(short(-limit), left - 7, 10.5);
  g.textAlign = "left"; g.fillText(short(limit), left + bar + 7, 10.5);
}
