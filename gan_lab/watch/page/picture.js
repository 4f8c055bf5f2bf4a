// ---------------------------------------------------------------- the field and the path, the eigenvalues, the distance
const { theme } = doc, SIDE = 17, REACHES = [1.5, 2.5, 4, 6.5, 10.5];

function reachOf(path) { // of the picture, so that all of the path is in it
  const furthest = path.reduce((most, [psi, theta]) => Math.max(most, Math.abs(psi), Math.abs(theta)), 0);
  return REACHES.find((reach) => reach >= 1.08 * furthest) ?? REACHES[REACHES.length - 1];
}
function planeOf(width, height, reach) { // from (psi, theta) to pixels and back
  const side = Math.min(width, height) - 4, left = (width - side) / 2, top = (height - side) / 2;
  return {
    side, left, top, x: (psi) => left + (psi / reach + 1) / 2 * side, y: (theta) => top + (1 - theta / reach) / 2 * side,
    place: (x, y) => [(2 * (x - left) / side - 1) * reach, (1 - 2 * (y - top) / side) * reach],
  };
}
function drawPlane(g, width, height, { rules, path, reach }) {
  const { side, left, top, x, y } = planeOf(width, height, reach), ink = getComputedStyle(document.body).color;
  g.clearRect(0, 0, width, height);
  g.save(); g.beginPath(); g.rect(left, top, side, side); g.clip();
  g.strokeStyle = rgb(theme.line); g.lineWidth = 1;
  g.beginPath(); g.moveTo(left, y(0)); g.lineTo(left + side, y(0)); g.moveTo(x(0), top); g.lineTo(x(0), top + side); g.stroke();
  drawField(g, rules, reach, x, y, side);
  g.strokeStyle = rgb(theme.path); g.lineWidth = 2; g.lineJoin = "round"; g.beginPath();
  path.forEach(([psi, theta], i) => g[i ? "lineTo" : "moveTo"](x(psi), y(theta)));
  g.stroke();
  const dot = ([psi, theta], colour, radius) => { g.beginPath(); g.arc(x(psi), y(theta), radius, 0, 7); g.fillStyle = rgb(colour); g.fill(); g.strokeStyle = rgb(theme.ink); g.lineWidth = 1; g.stroke(); };
  dot([0, 0], theme.equilibrium, 7); dot(path[0], theme.paper, 5); dot(path[path.length - 1], theme.path, 7);
  g.restore();
  g.strokeStyle = rgb(theme.muted); g.strokeRect(left, top, side, side);
  g.fillStyle = ink; g.font = "13px system-ui, sans-serif"; g.textBaseline = "middle";
  g.textAlign = "right"; g.fillText(`ψ of D, to ${reach}`, left + side - 6, y(0) + 12);
  g.textAlign = "left"; g.fillText(`θ of G, to ${reach}`, x(0) + 6, top + 12);
}
function drawField(g, rules, reach, x, y, side) {
  const line = Array.from({ length: SIDE }, (_, i) => reach * (2 * (i + 1) / (SIDE + 1) - 1));
  const arrows = line.flatMap((theta) => line.map((psi) => [psi, theta, ...fieldAt(rules, [psi, theta])]));
  const longest = arrows.reduce((most, [, , u, v]) => Math.max(most, Math.hypot(u, v)), 0) || 1;
  g.strokeStyle = rgb(theme.muted); g.lineWidth = 1.3;
  for (const [psi, theta, u, v] of arrows) {
    const size = Math.hypot(u, v), length = Math.sqrt(size / longest) * side / (SIDE + 1) * 0.8; // by its root, so that short ones are seen
    if (length < 2) continue;
    const [dx, dy] = [u / size, -v / size], [px, py] = [x(psi), y(theta)], [ex, ey] = [px + dx * length, py + dy * length], head = Math.min(6, length * 0.5);
    g.beginPath(); g.moveTo(px, py); g.lineTo(ex, ey);
    for (const turn of [0.5, -0.5]) { g.moveTo(ex, ey); g.lineTo(ex - head * (dx * Math.cos(turn) - dy * Math.sin(turn)), ey - head * (dx * Math.sin(turn) + dy * Math.cos(turn))); }
    g.stroke();
  }
}
function drawEigenvalues(g, width, height, eigenvalues) { // inside the unit circle a rule converges
  const most = eigenvalues.reduce((far, [re, im]) => Math.max(far, Math.abs(re), Math.abs(im)), 1.1) * 1.08;
  const side = Math.min(width, height), x = (re) => width / 2 + re / most * side / 2, y = (im) => height / 2 - im / most * side / 2;
  g.clearRect(0, 0, width, height);
  g.strokeStyle = rgb(theme.line); g.lineWidth = 1;
  g.beginPath(); g.moveTo(x(-most), y(0)); g.lineTo(x(most), y(0)); g.moveTo(x(0), y(-most)); g.lineTo(x(0), y(most)); g.stroke();
  g.strokeStyle = rgb(theme.equilibrium); g.lineWidth = 2; g.setLineDash([6, 4]); g.beginPath(); g.arc(x(0), y(0), side / 2 / most, 0, 7); g.stroke(); g.setLineDash([]);
  for (const [re, im] of eigenvalues) { g.beginPath(); g.arc(x(re), y(im), 5, 0, 7); g.fillStyle = rgb(theme.path); g.fill(); g.strokeStyle = rgb(theme.paper); g.lineWidth = 1; g.stroke(); }
}
function drawDistance(g, width, height, distances, radius) { // on a logarithmic scale, with the predicted line
  const ink = getComputedStyle(document.body).color, n = Math.max(10, distances.length - 1), seen = distances.filter((d) => d > 0);
  const line = [distances[0], distances[0] * radius ** n].map((d) => clamp(d, 1e-14, 1e3));
  const low = Math.log10(seen.reduce((a, b) => Math.min(a, b), Math.max(line[1], 1e-14))) - 0.1, high = Math.log10(seen.reduce((a, b) => Math.max(a, b), Math.min(line[1], 20))) + 0.1;
  const x = (i) => 6 + i / n * (width - 12), y = (d) => 16 + (high - Math.log10(d)) / (high - low) * (height - 34);
  g.clearRect(0, 0, width, height);
  g.strokeStyle = rgb(theme.line); g.lineWidth = 1; g.strokeRect(6, 16, width - 12, height - 34);
  g.save(); g.beginPath(); g.rect(6, 16, width - 12, height - 34); g.clip();
  g.lineWidth = 2; g.strokeStyle = rgb(theme.equilibrium); g.setLineDash([6, 4]); g.beginPath(); g.moveTo(x(0), y(line[0])); g.lineTo(x(n), y(line[1])); g.stroke(); g.setLineDash([]);
  g.strokeStyle = rgb(theme.path); g.beginPath();
  distances.forEach((d, i) => { if (d > 0) g[i ? "lineTo" : "moveTo"](x(i), y(d)); });
  g.stroke(); g.restore();
  g.fillStyle = ink; g.font = "12px system-ui, sans-serif"; g.textBaseline = "middle";
  g.textAlign = "left"; g.fillText(exact(10 ** high, 2), 6, 7); g.fillText(exact(10 ** low, 2), 6, height - 8);
  g.textAlign = "right"; g.fillText(`${n} updates`, width - 6, height - 8);
}
