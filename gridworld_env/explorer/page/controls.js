// ---------------------------------------------------------------- the page: what is seen and pressed
function paintPage() {
  refresh();
  const canvas = $("map"), { world } = app, { model } = task;
  const most = matchMedia("(max-width: 760px)").matches ? Math.min(innerHeight * 0.4, (canvas.clientWidth - 4) / world.width * world.height + 4) : 0;
  canvas.style.setProperty("--map-height", `${most}px`);
  const states = model.living.map((_, s) => s).filter((s) => model.living[s]);
  const sizes = states.flatMap((s) => (app.view === "q" ? run.Q[s] : [run.V[s]])).filter(Number.isFinite).map(Math.abs), limit = sizes.reduce((a, b) => Math.max(a, b), 0);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight], agent = run instanceof Learning ? run.agent.state : null;
  drawMap(fitCanvas(canvas, width, height), model, width, height, { ...run, V: run.V, limit, view: app.view, agent, cursor: app.cursor });
  drawScale($("scale"), limit, { ink: getComputedStyle(document.body).color });
  $("caption").textContent = spoken || run.says();
  $("square").textContent = squareInWords();
  pressButtons(app);
  for (const button of document.querySelectorAll("button[data-step]")) button.setAttribute("aria-pressed", String(world.rules.step_reward === Number(button.dataset.step)));
  for (const name of Object.keys(SLIDERS)) showNumber(name, numberOf(name));
  nameMap();
  const isStepped = app.mode !== "solved" && app.mode !== "policy";
  $("runs").hidden = !isStepped; $("from").hidden = app.mode !== "policy"; $("learner").hidden = app.mode !== "learn";
  $("play").textContent = app.isPlaying ? "Pause" : "Play";
  for (const id of ["step", "play", "end"]) $(id).disabled = run.isDone;
  $("amounts").hidden = app.tool !== "end" && app.tool !== "reward";
  if ($("numbers").open) fillTable();
  remember();
}
function nameMap() { // the known map that is shown, whatever the rules are
  const squares = JSON.stringify([app.world.width, app.world.squares]), list = $("maps");
  doc.worlds.forEach((world) => { world.text ??= (({ width, squares: known }) => JSON.stringify([width, known]))(readWorld(world)); });
  const isShown = (i) => doc.worlds[i]?.text === squares, own = doc.worlds.length; // the last of the list
  if (!isShown(list.selectedIndex)) list.selectedIndex = [...doc.worlds.keys(), own].find((i) => i === own || isShown(i));
  $("title").textContent = `Gridworld: ${list.value}`;
}
function squareInWords() { // the square under the cursor: its numbers, and how they come about
  const at = app.cursor, { model } = task;
  if (at === null || at >= app.world.squares.length) return "Point at a square for its numbers.";
  const s = model.stateOf[at], place = `row ${Math.floor(at / app.world.width)}, column ${at % app.world.width}`;
  if (s < 0) return `${place}: a wall`;
  if (!model.living[s]) return `${place}, state ${s}: the episode ends here${app.world.squares[at].reward === null ? "" : `, reward ${amount(app.world.squares[at].reward)}${rulesInWords(app.world.squares[at])}`}`;
  const { actions } = app.world.rules, best = run.Q[s].indexOf(largest(run.Q[s].filter((x) => !Number.isNaN(x))));
  const values = actions.map((move, a) => `${NAMES[move]} ${exact(run.Q[s][a])}`).join(", ");
  const { teleport, teleport_reward, teleport_on_entry } = app.world.squares[at], paid = teleport_reward === null ? "" : `, reward ${amount(teleport_reward)}`;
  const far = teleport ? `; ${teleport_on_entry ? "who enters is taken" : "every action leads"} to row ${teleport[0]}, column ${teleport[1]}${paid}` : "";
  return `${place}, state ${s}${far}${rulesInWords(app.world.squares[at])}: V = ${exact(run.V[s], 9)}\nQ: ${values}\n${app.mode === "learn" || best < 0 ? "" : formulaOf(s, best)}`;
}
function rulesInWords({ wind, gust, one_way, reward }) {
  const strength = wind[0] + wind[1], way = NAMES[wind[0] ? (strength < 0 ? 0 : 2) : (strength < 0 ? 3 : 1)];
  const blows = strength ? `; the wind blows ${Math.abs(strength)} ${way}${gust ? `, one square more or one less with probability ${exact(gust)} each` : ""}` : "";
  const paid = isDrawn(reward) ? `; its reward is drawn: ${reward.map(([p, x]) => `${amount(x)} with probability ${exact(p)}`).join(", ")}` : "";
  return blows + (one_way === null ? "" : `; it can be left only ${NAMES[one_way]}`) + paid;
}
function formulaOf(s, a) {
  const { model, discount } = task, terms = new Map();
  for (const { p, next, reward, ends } of model.outcomes[s][a]) {
    const later = exact(run.V[next], 4), inside = ends ? amount(reward) : `${exact(reward)} + ${exact(discount)} · ${run.V[next] < 0 ? `(${later})` : later}`;
    terms.set(inside, (terms.get(inside) || 0) + p);
  }
  return `Q(${NAMES[model.world.rules.actions[a]]}) = ${[...terms].map(([inside, p]) => (terms.size === 1 ? inside : `${exact(p)} (${inside})`)).join(" + ")} = ${exact(run.Q[s][a])}`;
}
function fillTable() {
  const table = $("numbers").querySelector("table"), { model } = task, { actions } = app.world.rules;
  table.textContent = "";
  const addRow = (cells, tag) => { const row = make("tr", table); for (const cell of cells) make(tag, row, cell); };
  addRow(["state", "row", "column", "V", ...actions.map((move) => `Q ${NAMES[move]}`), "arrows"], "th");
  model.squareOf.forEach((at, s) => addRow([s, Math.floor(at / app.world.width), at % app.world.width, exact(run.V[s], 14), ...run.Q[s].map((x) => exact(x, 14)),
    model.living[s] ? actions.filter((_, a) => run.taken[s][a]).map((move) => NAMES[move]).join(", ") : "ends"], "td"));
}

function changed(name, value, isDone) {
  if (isDone && numberOf(name) === value) app.gesture = null; else setNumber(name, value);
  if (isDone) app.gesture = null;
}
function addControls() {
  addButtons("modes", Object.entries(MODES).map(([name, [title]]) => [name, title]), "mode", setMode);
  addButtons("views", Object.entries(VIEWS).map(([name, title], i) => [name, title, `Key ${i + 1}`]), "view", (view) => { app.view = view; draw(); });
  addButtons("tools", Object.entries(TOOLS).map(([name, [title, key]]) => [name, title, `Key ${key}`]), "tool", setTool);
  for (const name of ["step_reward", "slip", "discount"]) addSlider("rules", name, SLIDERS[name], changed, numberOf);
  for (const name of ["rate", "exploration"]) addSlider("learner", name, SLIDERS[name], changed, numberOf);
  addSlider("amounts", "amount", SLIDERS.amount, changed, numberOf);
  const isLecture = ({ name }) => name === "lecture", chosen = (world) => { pause(); app.gesture = null; app.cursor = null; change(null, { world: readWorld(world) }); };
  for (const { name } of doc.worlds) make("option", $("maps"), name);
  make("option", $("maps"), "your own map", { disabled: "" });
  $("maps").addEventListener("change", () => chosen(doc.worlds[$("maps").selectedIndex]));
  on("lecture", () => { $("maps").selectedIndex = doc.worlds.findIndex(isLecture); chosen(doc.worlds.find(isLecture)); });
  for (const button of document.querySelectorAll("button[data-step]")) button.addEventListener("click", () => { app.gesture = null; setNumber("step_reward", Number(button.dataset.step)); });
  for (const button of document.querySelectorAll("button[data-from]")) button.addEventListener("click", () => policyFrom(button.dataset.from));
  on("step", () => { pause(); step(); }); on("play", play); on("end", toTheEnd); on("again", startAgain); on("undo", undo);
  on("more_rows", () => resize(1, 0)); on("fewer_rows", () => resize(-1, 0)); on("more_columns", () => resize(0, 1)); on("fewer_columns", () => resize(0, -1));
  on("reset", () => { pause(); app.history.push(snapshot()); $("maps").selectedIndex = 0; take({ ...firstState(), tool: "look", cursor: null }); draw(); });
  on("share", async () => {
    const address = location.href.split("#")[0] + writeAddress(app.world, app);
    try { await navigator.clipboard.writeText(address); say("The link is copied. It opens this page as it is now."); } catch { say("The address of this page is the link: copy it from the address bar."); }
  });
  $("numbers").addEventListener("toggle", draw);
}

// ---------------------------------------------------------------- pointer and keys
function squareAt(event) {
  const box = $("map").getBoundingClientRect(), { cell, left, top } = placeOf(app.world, box.width, box.height);
  const column = Math.floor((event.clientX - box.left - left) / cell), row = Math.floor((event.clientY - box.top - top) / cell);
  return row >= 0 && column >= 0 && row < app.world.height && column < app.world.width ? row * app.world.width + column : null;
}
function act(at, gesture) {
  app.cursor = at;
  if (app.tool === "look") { if (app.mode === "policy") turn(at); } else paint(at, gesture);
  draw();
}
function addPointer() {
  const canvas = $("map");
  let gesture = null, number = 0;
  canvas.addEventListener("pointerdown", (event) => {
    const at = squareAt(event);
    if (at === null || event.button) return;
    gesture = `painting ${++number}`;
    canvas.setPointerCapture(event.pointerId);
    act(at, gesture);
  });
  canvas.addEventListener("pointermove", (event) => {
    const at = squareAt(event);
    if (at === null || at === app.cursor) return;
    if (gesture && app.tool !== "look") act(at, gesture); else { app.cursor = at; draw(); }
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { gesture = null; app.gesture = null; });
}
const ARROWS = { ArrowUp: 0, ArrowRight: 1, ArrowDown: 2, ArrowLeft: 3 };
function onMap(event) { // keys while the map has the focus
  const { height, width, rules } = app.world, at = app.cursor ?? 0, move = ARROWS[event.key];
  if (event.key === "Enter") act(at, null);
  else if (move === undefined) return false;
  else if (event.shiftKey) { if (app.mode === "policy" && rules.actions.includes(move)) turn(at, rules.actions.indexOf(move)); }
  else if (app.cursor === null) app.cursor = 0;
  else app.cursor = clamp(Math.floor(at / width) + MOVES[move][0], 0, height - 1) * width + clamp(at % width + MOVES[move][1], 0, width - 1);
  draw();
  return true;
}
function onPage(key) { // keys everywhere but in a field
  const tool = Object.keys(TOOLS).find((name) => TOOLS[name][1] === key.toUpperCase()), view = Object.keys(VIEWS)[Number(key) - 1];
  const isStepped = app.mode !== "solved" && app.mode !== "policy";
  if (tool) setTool(tool);
  else if (view) { app.view = view; draw(); }
  else if (key === "n" && isStepped) { pause(); step(); }
  else if (key === "e" && isStepped) toTheEnd();
  else if (key === "0") startAgain();
  else if (key === " " && isStepped) play();
  else return false;
  return true;
}
function start() {
  addControls(); addPointer();
  take(firstState());
  const complaint = loadAddress();
  addEventListener("keydown", (event) => {
    const { target } = event, isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
    if (target.matches("input[type=number], select")) return;
    if (isUndo) { event.preventDefault(); undo(); return; }
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (target === $("map") && onMap(event)) { event.preventDefault(); return; }
    if (event.key === " " && target.matches("button, summary")) return; // the bar presses what has the focus
    if (onPage(event.key)) event.preventDefault();
  });
  addEventListener("hashchange", () => { pause(); const found = loadAddress(); if (found) say(found); draw(); });
  new ResizeObserver(draw).observe($("map"));
  if (complaint) say(complaint);
  draw();
}
start();
