// ---------------------------------------------------------------- small things of a page with a picture and a panel
const doc = JSON.parse(document.getElementById("document").textContent);
const $ = (id) => document.getElementById(id), rgb = (c) => `rgb(${c[0]},${c[1]},${c[2]})`, clamp = (x, low, high) => Math.min(Math.max(x, low), high);
const minus = (text) => text.replace("-", "−");
function exact(x, digits = 6) { // for words and tables
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "not known" : x > 0 ? "∞" : "−∞";
  return minus(String(Number(x.toPrecision(digits))));
}
function make(tag, parent, text, attributes = {}) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.appendChild(element);
  return element;
}
function on(id, what) { $(id).addEventListener("click", what); }
function fitCanvas(canvas, width, height) {
  const scale = devicePixelRatio || 1, [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  const g = canvas.getContext("2d");
  g.setTransform(scale, 0, 0, scale, 0, 0);
  return g;
}
// A button for each [name, title, hint]; `data` is what they choose among.
function addButtons(parent, names, data, press) {
  for (const [name, title, hint] of names) make("button", $(parent), title, { [`data-${data}`]: name, "aria-pressed": "false", ...(hint ? { title: hint } : {}) }).addEventListener("click", () => press(name));
}
function pressButtons(app) { // show what is chosen
  for (const button of document.querySelectorAll("button[aria-pressed]")) {
    const [name, value] = Object.entries(button.dataset)[0];
    if (name in app) button.setAttribute("aria-pressed", String(String(app[name]) === value));
  }
}
// A number that is dragged or written. `changed(name, value, isDone)` takes it; `numberOf(name)` is what it is.
function addSlider(parent, name, [title, low, high, step = 0.01], changed, numberOf) {
  const line = make("div", $(parent), undefined, { class: "line" });
  make("span", line, title);
  const range = make("input", line, undefined, { type: "range", min: low, max: high, step, "data-number": name, "aria-label": title });
  const box = make("input", line, undefined, { type: "number", step: "any", "data-number": name, "aria-label": `${title} as a number` });
  range.addEventListener("input", () => changed(name, Number(range.value), false));
  range.addEventListener("change", () => changed(name, Number(range.value), true));
  box.addEventListener("change", () => { changed(name, box.value.trim() === "" ? NaN : Number(box.value), true); box.value = numberOf(name); });
}
function showNumber(name, value) {
  for (const input of document.querySelectorAll(`[data-number="${name}"]`)) if (input !== document.activeElement || input.type === "range") input.value = value;
}
let pending = 0, spoken = "";
function draw() { if (!pending) pending = requestAnimationFrame(() => { pending = 0; paintPage(); }); } // paintPage is the page's own
function say(text) { spoken = text; draw(); }
for (const name of ["pointerdown", "keydown", "change"]) addEventListener(name, () => { spoken = ""; }, true); // it has been read
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
