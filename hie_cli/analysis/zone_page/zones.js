// Lines, areas and points of the ground, drawn on one frame. Coordinates are pixels of the frame.
"use strict";
const canvas = document.getElementById("canvas");
const pen = canvas.getContext("2d");
const status = document.getElementById("status");
const COLOURS = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"];
const WORDS = {
  line: "Click the two ends of a line. In is from its left to its right, as the arrow shows.",
  zone: "Click the corners of an area, then its first corner again, or press Finish area.",
  ground: "Click a point of the ground and write its place in metres.",
};
const state = { mode: "line", open: [], lines: [], zones: [], ground: [], homography: null, cross: null, changed: false };
const picture = new Image();

function say(text, wrong = false) {
  status.textContent = text;
  status.classList.toggle("error", wrong);
}

function fresh(kind) {
  const taken = new Set(state[kind].map((shape) => shape.name));
  const word = kind === "lines" ? "line" : "area";
  let number = 1;
  while (taken.has(`${word} ${number}`)) number += 1;
  return `${word} ${number}`;
}

function unit() { return Math.max(1, canvas.width / 640); }

function add(point) {
  state.changed = true;
  if (state.mode === "ground") {
    state.homography = null;
    state.ground.push({ pixel: point, metres: ["", ""] });
    lists(true);
  } else if (state.mode === "zone" && state.open.length > 2 && near(point, state.open[0])) {
    finish();
    return;
  } else {
    state.open.push(point);
    if (state.mode === "line" && state.open.length === 2) finish();
  }
  draw();
}

function near(a, b) { return Math.hypot(a[0] - b[0], a[1] - b[1]) < 8 * unit(); }

function finish() {
  const kind = state.mode === "line" ? "lines" : "zones";
  const least = kind === "lines" ? 2 : 3;
  if (state.mode === "ground" || state.open.length < least) {
    say(`${WORDS[state.mode]} ${state.open.length} points are set.`);
    return;
  }
  state[kind].push({ name: fresh(kind), points: state.open });
  state.open = [];
  lists();
  draw();
  say("Added. Give it a name in the list, and save when all is drawn.");
}

function undo() {
  if (state.open.length) state.open.pop();
  else if (state.mode === "ground" && state.ground.length) { state.ground.pop(); lists(); }
  draw();
}

function path(points, closed) {
  pen.beginPath();
  points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  if (closed) pen.closePath();
}

function stroke(colour, width) {
  pen.lineJoin = "round";
  pen.strokeStyle = "#000"; pen.lineWidth = width + 2 * unit(); pen.stroke();
  pen.strokeStyle = colour; pen.lineWidth = width; pen.stroke();
}

function caption(text, [x, y]) {
  pen.font = `${14 * unit()}px system-ui, sans-serif`;
  pen.lineWidth = 3 * unit(); pen.strokeStyle = "#000"; pen.strokeText(text, x, y);
  pen.fillStyle = "#fff"; pen.fillText(text, x, y);
}

function arrow([[x1, y1], [x2, y2]], colour) {
  // From left to right of the line's way; y grows downwards.
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const across = [-(y2 - y1) / length, (x2 - x1) / length];
  const size = 22 * unit();
  const from = [(x1 + x2) / 2 - across[0] * size / 2, (y1 + y2) / 2 - across[1] * size / 2];
  const to = [from[0] + across[0] * size, from[1] + across[1] * size];
  const along = [(x2 - x1) / length, (y2 - y1) / length];
  const wing = 7 * unit();
  path([from, to], false); stroke(colour, 2 * unit());
  path([-1, 1].flatMap((side) => {
    const back = [to[0] - across[0] * wing + side * along[0] * wing, to[1] - across[1] * wing + side * along[1] * wing];
    return side < 0 ? [back, to] : [back];
  }), false);
  stroke(colour, 2 * unit());
  caption("in", [to[0] + 4 * unit(), to[1] + 4 * unit()]);
}

function dot([x, y], colour) {
  pen.beginPath(); pen.arc(x, y, 4 * unit(), 0, 7); stroke(colour, 2 * unit());
}

function draw() {
  pen.drawImage(picture, 0, 0);
  state.zones.forEach((shape, i) => {
    const colour = COLOURS[i % COLOURS.length];
    path(shape.points, true);
    pen.globalAlpha = 0.25; pen.fillStyle = colour; pen.fill(); pen.globalAlpha = 1;
    stroke(colour, 2 * unit()); caption(shape.name, shape.points[0]);
  });
  state.lines.forEach((shape, i) => {
    const colour = COLOURS[i % COLOURS.length];
    path(shape.points, false); stroke(colour, 3 * unit());
    arrow(shape.points, colour); caption(shape.name, shape.points[0]);
  });
  state.ground.forEach((point, i) => { dot(point.pixel, "#fff"); caption(String(i + 1), [point.pixel[0] + 6 * unit(), point.pixel[1]]); });
  if (state.open.length) {
    path(state.open, false); stroke("#fff", 2 * unit());
    state.open.forEach((point) => dot(point, "#fff"));
  }
  if (state.cross && document.activeElement === canvas) {
    const [x, y] = state.cross, size = 9 * unit();
    path([[x - size, y], [x + size, y]], false); stroke("#fff", unit());
    path([[x, y - size], [x, y + size]], false); stroke("#fff", unit());
  }
}

function item(list, parts) {
  const row = document.createElement("li");
  row.append(...parts);
  list.append(row);
}

function field(value, label, changed, type = "text") {
  const input = document.createElement("input");
  Object.assign(input, { type, value, maxLength: 60 });
  if (type === "number") input.step = "any";
  input.setAttribute("aria-label", label);
  input.addEventListener("input", () => { state.changed = true; changed(input.value); draw(); });
  return input;
}

function remover(label, from, shape) {
  const button = document.createElement("button");
  button.type = "button"; button.textContent = "Remove";
  button.setAttribute("aria-label", `Remove ${label}`);
  button.addEventListener("click", () => { from.splice(from.indexOf(shape), 1); state.changed = true; lists(); draw(); });
  return button;
}

function lists(focus = false) {
  for (const kind of ["lines", "zones"]) {
    const list = document.getElementById(kind);
    list.replaceChildren();
    state[kind].forEach((shape, i) => {
      const swatch = document.createElement("span");
      swatch.className = "swatch"; swatch.style.background = COLOURS[i % COLOURS.length];
      const parts = [swatch, field(shape.name, `Name of ${shape.name}`, (value) => { shape.name = value; })];
      if (kind === "lines") {
        const turn = document.createElement("button");
        turn.type = "button"; turn.textContent = "Turn";
        turn.setAttribute("aria-label", `Turn the direction of ${shape.name}`);
        turn.addEventListener("click", () => { shape.points.reverse(); state.changed = true; draw(); });
        parts.push(turn);
      }
      item(list, [...parts, remover(shape.name, state[kind], shape)]);
    });
  }
  const list = document.getElementById("ground");
  list.replaceChildren();
  state.ground.forEach((point, i) => {
    const number = document.createElement("span");
    number.textContent = `${i + 1}`;
    item(list, [number, ...[0, 1].map((axis) => field(point.metres[axis], `Point ${i + 1}, ${"xy"[axis]} in metres`,
      (value) => { point.metres[axis] = value; }, "number")), remover(`point ${i + 1}`, state.ground, point)]);
  });
  if (state.homography && !state.ground.length) {
    const words = document.createElement("span");
    words.textContent = "The file's homography is kept.";
    item(list, [words]);
  }
  if (focus && list.lastChild) list.lastChild.querySelector("input").focus();
}

function values() {
  const named = (kind) => {
    const names = state[kind].map((shape) => shape.name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new Error(`two of the ${kind} are called "${twice}"`);
    return Object.fromEntries(state[kind].map((shape) => [shape.name, shape.points]));
  };
  const found = { lines: named("lines"), zones: named("zones") };
  if (state.ground.length) {
    const metres = state.ground.map((point) => point.metres.map((text) => (String(text).trim() === "" ? NaN : Number(text))));
    if (metres.flat().some((number) => !Number.isFinite(number))) throw new Error("a point of the ground has no place in metres");
    found.ground = { pixels: state.ground.map((point) => point.pixel), metres };
  } else if (state.homography) found.ground = { homography: state.homography };
  return found;
}

async function post(name, body) {
  const answer = await fetch(name, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

async function save() {
  if (state.open.length) { say("a shape is not finished; finish it or undo its points", true); return false; }
  try {
    const said = await post("save", values());
    state.changed = false;
    say(`Saved to ${said.saved}`);
    return true;
  } catch (error) {
    say(error.message, true);
    return false;
  }
}

function mode(name) {
  state.mode = name;
  state.open = [];
  document.querySelectorAll("[data-mode]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.mode === name)));
  document.getElementById("finish").disabled = name !== "zone";
  say(WORDS[name]);
  draw();
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  const x = (event.clientX - box.left) * canvas.width / box.width;
  const y = (event.clientY - box.top) * canvas.height / box.height;
  return [Math.round(10 * x) / 10, Math.round(10 * y) / 10];
}

canvas.addEventListener("click", (event) => { state.cross = place(event); add(state.cross); });
canvas.addEventListener("keydown", (event) => {
  const step = (event.shiftKey ? 10 : 1) * Math.max(1, Math.round(unit()));
  const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
  state.cross ??= [Math.round(canvas.width / 2), Math.round(canvas.height / 2)];
  if (event.key in moves) {
    const [x, y] = moves[event.key];
    state.cross = [Math.min(Math.max(state.cross[0] + x, 0), canvas.width), Math.min(Math.max(state.cross[1] + y, 0), canvas.height)];
  } else if (event.key === "Enter") add([...state.cross]);
  else if (event.key === "Escape") { state.open = []; }
  else if (event.key === "Backspace") undo();
  else return;
  event.preventDefault();
  draw();
});
canvas.addEventListener("focus", draw);
canvas.addEventListener("blur", draw);
document.querySelectorAll("[data-mode]").forEach((button) => button.addEventListener("click", () => mode(button.dataset.mode)));
document.getElementById("finish").addEventListener("click", finish);
document.getElementById("undo").addEventListener("click", undo);
document.getElementById("save").addEventListener("click", save);
document.getElementById("done").addEventListener("click", async () => {
  if (state.changed && !(await save())) return;
  await post("done", {});
  document.querySelectorAll("button, input").forEach((each) => { each.disabled = true; });
  say("Done. This page can be closed.");
});
window.addEventListener("beforeunload", (event) => { if (state.changed) event.preventDefault(); });

async function begin() {
  const found = await (await fetch("zones.json")).json();
  for (const kind of ["lines", "zones"]) state[kind] = Object.entries(found[kind]).map(([name, points]) => ({ name, points }));
  if (found.ground?.pixels) state.ground = found.ground.pixels.map((pixel, i) => ({ pixel, metres: found.ground.metres[i] }));
  state.homography = found.ground?.homography ?? null;
  picture.src = "frame.png";
  await picture.decode();
  canvas.width = picture.width;
  canvas.height = picture.height;
  lists();
  mode("line");
}
begin().catch((error) => say(error.message, true));
