// ---------------------------------------------------------------- the state of the page
const SLIDERS = { rate: ["Rate h", 0.01, 1], weight: ["Weight of R1", 0, 1], steps_of_D: ["D moves, k", 1, 5, 1] };
const MOST_UPDATES = 5000;
const app = { ...doc.start, isPlaying: false }; // game, loss, penalty, update, rate, weight, steps_of_D, at: [psi, theta]
let path = [app.at], memory = {}, timer = 0;

const here = () => path[path.length - 1], distanceOf = ([psi, theta]) => Math.hypot(psi, theta);
const isOver = () => here().some((x) => !Number.isFinite(x) || Math.abs(x) >= BOUND) || path.length > MOST_UPDATES;
function update(times = 1) {
  for (let i = 0; i < times && !isOver(); i++) path.push(UPDATES[app.update].step(app, here(), memory));
  draw();
}
function pause() { app.isPlaying = false; clearTimeout(timer); }
function play() {
  if (app.isPlaying) { pause(); draw(); return; }
  app.isPlaying = true;
  const tick = () => { if (!app.isPlaying) return; update(); if (isOver()) pause(); else timer = setTimeout(tick, 33); };
  tick();
}
function restart(changes = {}) { // the same beginning under other rules
  Object.assign(app, changes);
  path = [app.at]; memory = {};
  draw();
}
function choose(name, value) { pause(); restart({ [name]: value }); }
function setNumber(name, value) {
  const [title, low, high] = SLIDERS[name], isWhole = name !== "steps_of_D" || Number.isInteger(value);
  if (!(value >= low && value <= high && isWhole)) { draw(); say(`${title} is a ${name === "steps_of_D" ? "whole " : ""}number from ${low} to ${high}.`); return; }
  if (app[name] !== value) { const count = path.length - 1; restart({ [name]: value }); update(count); }
}

// ---------------------------------------------------------------- the address: what follows the # is the game and how far it is
const CHOICES = { game: GAMES, loss: LOSSES, penalty: { none: "none", r1: "R1" }, update: UPDATES };
function writeAddress() {
  const parts = new URLSearchParams();
  for (const name of [...Object.keys(CHOICES), ...Object.keys(SLIDERS)]) parts.set(name, app[name]);
  parts.set("at", app.at.join(","));
  parts.set("updates", path.length - 1);
  return "#" + parts;
}
function loadAddress() { // a sentence where it cannot be read
  const parts = new URLSearchParams(location.hash.slice(1)), found = {};
  if (!parts.has("game")) return "";
  for (const [name, known] of Object.entries(CHOICES)) {
    found[name] = parts.get(name) ?? app[name];
    if (!Object.hasOwn(known, found[name])) return `The address asks for the ${name} ${found[name]}, which this page does not have.`;
  }
  for (const [name, [, low, high]] of Object.entries(SLIDERS)) {
    found[name] = Number(parts.get(name) ?? app[name]);
    if (!(found[name] >= low && found[name] <= high)) return `The address has ${name} ${parts.get(name)}; expected ${low} to ${high}.`;
  }
  found.steps_of_D = Math.round(found.steps_of_D);
  found.at = (parts.get("at") ?? "1,1").split(",").map(Number);
  const updates = Number(parts.get("updates") ?? 0);
  if (found.at.length !== 2 || !found.at.every((x) => Math.abs(x) < BOUND) || !(updates >= 0 && updates <= MOST_UPDATES)) return "The address has no beginning within -10 and 10, or too many updates.";
  restart(found);
  update(updates);
  return "";
}
let remembering = 0;
function remember() {
  clearTimeout(remembering);
  if (!app.isPlaying) remembering = setTimeout(() => { try { history.replaceState(null, "", writeAddress()); } catch { /* a page inside another may not */ } }, 150);
}

// ---------------------------------------------------------------- what is seen and pressed
function paintPage() {
  const plane = $("plane"), { eigenvalues, radius } = predicted(app), reach = reachOf(path), steps = path.length - 1;
  drawPlane(fitCanvas(plane, plane.clientWidth, plane.clientHeight), plane.clientWidth, plane.clientHeight, { rules: app, path, reach });
  for (const [id, paint] of [["circle", (...box) => drawEigenvalues(...box, eigenvalues)], ["distance", (...box) => drawDistance(...box, path.map(distanceOf), radius)]]) {
    const canvas = $(id);
    paint(fitCanvas(canvas, canvas.clientWidth, canvas.clientHeight), canvas.clientWidth, canvas.clientHeight);
  }
  const [psi, theta] = here(), from = distanceOf(path[0]), average = steps && distanceOf(here()) > 0 ? (distanceOf(here()) / from) ** (1 / steps) : NaN;
  const end = here().some((x) => Math.abs(x) >= BOUND) ? " The players have reached the edge of what they may play." : "";
  $("caption").textContent = spoken || `Update ${steps}: ψ = ${exact(psi)}, θ = ${exact(theta)}, V = ${exact(valueAt(app, here()))}, distance ${exact(distanceOf(here()))}${steps ? `, on average times ${exact(average)} an update` : ""}.${end}`;
  $("prediction").textContent = `Predicted near the equilibrium: an update multiplies the distance by ${exact(radius, 10)}; ${verdict({ radius, eigenvalues })}.`;
  $("equation").textContent = UPDATES[app.update].equation;
  pressButtons(app);
  for (const name of Object.keys(SLIDERS)) showNumber(name, app[name]);
  const isDirac = app.game === "dirac";
  $("losses").hidden = $("penalties").hidden = !isDirac; $("weights").hidden = !isDirac || app.penalty === "none"; $("turns").hidden = app.update !== "alternating";
  $("play").textContent = app.isPlaying ? "Pause" : "Play";
  for (const id of ["step", "play", "many"]) $(id).disabled = isOver();
  if ($("numbers").open) fillTable();
  remember();
}
function fillTable() {
  const table = $("numbers").querySelector("table"), shown = path.map((w, i) => [i, ...w, distanceOf(w)]).slice(-200);
  table.textContent = "";
  for (const [tag, cells] of [["th", ["update", "ψ", "θ", "distance"]], ...shown.map(([i, ...numbers]) => ["td", [i, ...numbers.map((x) => exact(x, 14))]])]) {
    const row = make("tr", table);
    for (const cell of cells) make(tag, row, cell);
  }
}
function placePlayers([psi, theta]) { pause(); if (Math.abs(psi) < BOUND && Math.abs(theta) < BOUND) restart({ at: [psi, theta] }); }
function start() {
  $("title").textContent = doc.title;
  addButtons("games", Object.entries(GAMES), "game", (name) => choose("game", name));
  addButtons("updates", Object.keys(UPDATES).map((name) => [name, name[0].toUpperCase() + name.slice(1)]), "update", (name) => choose("update", name));
  addButtons("losses", Object.entries(LOSSES).map(([name, [title]]) => [name, title]), "loss", (name) => choose("loss", name));
  addButtons("penalties", [["none", "No penalty"], ["r1", "Penalty R1"]], "penalty", (name) => choose("penalty", name));
  for (const [parent, name] of [["rates", "rate"], ["weights", "weight"], ["turns", "steps_of_D"]]) addSlider(parent, name, SLIDERS[name], setNumber, (one) => app[one]);
  on("step", () => { pause(); update(); }); on("play", play); on("many", () => { pause(); update(100); }); on("again", () => { pause(); restart(); });
  on("share", async () => {
    try { await navigator.clipboard.writeText(location.href.split("#")[0] + writeAddress()); say("The link is copied. It opens this page as it is now."); } catch { say("The address of this page is the link: copy it from the address bar."); }
  });
  $("numbers").addEventListener("toggle", draw);
  const plane = $("plane"), keys = { n: () => { pause(); update(); }, " ": play, e: () => { pause(); update(100); }, 0: () => { pause(); restart(); } };
  plane.addEventListener("pointerdown", (event) => {
    const box = plane.getBoundingClientRect();
    placePlayers(planeOf(box.width, box.height, reachOf(path)).place(event.clientX - box.left, event.clientY - box.top).map((x) => Number(x.toPrecision(3))));
  });
  addEventListener("keydown", (event) => {
    const { target, key } = event, aside = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[key];
    if (event.ctrlKey || event.altKey || event.metaKey || target.matches("input[type=number]")) return;
    if (target === plane && aside) { event.preventDefault(); placePlayers(app.at.map((x, i) => Number((x + aside[i]).toPrecision(3)))); return; }
    if (!Object.hasOwn(keys, key) || (key === " " && target.matches("button, summary"))) return;
    event.preventDefault();
    keys[key]();
  });
  addEventListener("hashchange", () => { pause(); const found = loadAddress(); if (found) say(found); });
  new ResizeObserver(draw).observe(plane);
  const complaint = loadAddress();
  if (complaint) say(complaint);
  draw();
}
start();
