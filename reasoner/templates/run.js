"use strict";
const run = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function put(parent, tag, attributes = {}, text) {
  const inSvg = parent.namespaceURI === SVG || tag === "svg";
  const item = inSvg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) item.setAttribute(name, value);
  if (text !== undefined) item.textContent = text;
  parent.appendChild(item);
  return item;
}
const percent = (p) => (p === null ? "unknown" : Math.round(p * 100) + " %");
const sure = (p) => (p === null ? "unknown" : Math.min(99, Math.round(p * 100)) + " %"); // only proof is 100 %
const count = (n) => n.toLocaleString("en");
const short = (text, most) => (text.length > most ? text.slice(0, most - 1) + "\u2026" : text);
const time = (s) => (s < 60 ? s.toFixed(s < 10 ? 2 : 1) + " s"
  : Math.floor(s / 60) + "m" + String(Math.round(s % 60)).padStart(2, "0") + "s");
const judged = (v) => (v === true ? "right" : v === false ? "wrong" : "");

// ---- the answer

document.title = short(run.question, 60);
$("question").textContent = run.question;
$("eyebrow").textContent = `${run.created.replace("T", " ").replace(/[+].*/, " UTC")}  \u00b7  run ${run.run}`;
$("answer").textContent = run.answer === null ? "No answer yet" : run.answer;
$("badge").className = "badge " + judged(run.verified);
$("badge").textContent = run.answer === null ? "no answer" : run.verified ? "verified"
  : run.verified === false ? "rejected by the verifier" : `not verified, confidence ${sure(run.confidence)}`;
$("ended").textContent = `after ${time(run.used_s)}` + (run.stop ? `, stopped: ${run.stop}` : ", did not finish");
for (const step of run.steps) put($("steps"), "li", {}, step);
for (const [name, value] of Object.entries(run.facts)) {
  put($("facts"), "dt", {}, name);
  put($("facts"), "dd", {}, typeof value === "number" ? count(value) : value);
}
if (run.damage) {
  put($("facts"), "dt", {}, "damage");
  put($("facts"), "dd", {}, `${run.damage} records could not be used`);
}
for (const other of run.alternatives) {
  const row = put($("alternatives"), "li");
  put(row, "span", {}, other.answer);
  put(row, "span", { class: "muted" }, other.verified === false ? "rejected"
    : other.verified ? "verified" : sure(other.confidence));
}
$("others").hidden = run.alternatives.length === 0;

// ---- confidence over time

const end = Math.max(run.used_s, 1e-3, ...run.changes.map((c) => c.t));
let cursor = null;
let chartX = null;

function drawChart() {
  const svg = $("chart");
  svg.replaceChildren();
  const width = svg.clientWidth || 900, height = 210;
  const left = 42, right = 16, top = 26, bottom = 24;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const x = (t) => left + (t / end) * (width - left - right);
  const y = (p) => height - bottom - p * (height - top - bottom);
  chartX = x;
  for (const p of [0, 0.5, 1]) {
    put(svg, "line", { class: "grid", x1: left, x2: width - right, y1: y(p), y2: y(p) });
    put(svg, "text", { x: left - 8, y: y(p) + 4, "text-anchor": "end" }, p * 100 + "%");
  }
  for (let i = 0; i <= 4; i++)
    put(svg, "text", { x: x((end * i) / 4), y: height - 6,
      "text-anchor": i === 0 ? "start" : i === 4 ? "end" : "middle" }, time((end * i) / 4));
  for (const t of run.resumed_s) {
    put(svg, "line", { class: "resumed", x1: x(t), x2: x(t), y1: top, y2: height - bottom });
    put(svg, "text", { x: x(t) + 4, y: height - bottom - 6 }, "resumed");
  }
  if (run.changes.length) {
    let path = `M${x(run.changes[0].t)} ${y(run.changes[0].confidence)}`;
    for (const c of run.changes.slice(1)) path += `H${x(c.t)}V${y(c.confidence)}`;
    path += `H${x(end)}`;
    put(svg, "path", { class: "under", d: `${path}V${y(0)}H${x(run.changes[0].t)}Z` });
    put(svg, "path", { class: "sure", d: path });
  }
  let said = null, free = -1;
  for (const c of run.changes) {
    if (c.answer === said) continue;
    said = c.answer;
    const dot = put(svg, "circle", { class: "dot " + judged(c.verified), cx: x(c.t), cy: y(c.confidence), r: 5.5 });
    put(dot, "title", {}, `${time(c.t)}: ${c.answer} (${percent(c.confidence)})`);
    const label = short(c.answer, 34), wide = label.length * 6.2;
    const late = x(c.t) + wide > width - right;
    const from = late ? x(c.t) - wide : x(c.t);
    if (from > free) {
      put(svg, "text", { class: "said", x: x(c.t), y: Math.max(12, y(c.confidence) - 11),
        "text-anchor": late ? "end" : "start" }, label);
      free = from + wide + 8;
    }
  }
  cursor = put(svg, "line", { class: "cursor", y1: top - 8, y2: height - bottom });
}

// ---- the tree

const kids = run.tree.map(() => []);
run.tree.forEach((node, row) => { if (node.parent >= 0) kids[node.parent].push(row); });
kids.forEach((list) => list.sort((a, b) => run.tree[b].visits - run.tree[a].visits || a - b));
const onBest = new Set(run.best);
const opened = new Set();
const STEP_X = 270, STEP_Y = 24, MAX_KIDS = 24;
let most = 1;
for (const node of run.tree) most = Math.max(most, node.visits);

function openUntil(rows) {  // breadth first along the most visited, until this many are shown
  opened.clear();
  for (const row of run.best) opened.add(row);
  let shown = 1;
  const queue = [0];
  for (let at = 0; at < queue.length && shown < rows; at++) {
    opened.add(queue[at]);
    shown += Math.min(kids[queue[at]].length, MAX_KIDS);
    queue.push(...kids[queue[at]].slice(0, 4));
  }
}

let drawn = new Map();  // row -> its group
let layout = new Map();  // row -> [x, y]
let now = end;

function place() {
  layout = new Map();
  let next = 0;
  const visible = (row) => (opened.has(row) ? kids[row].slice(0, MAX_KIDS)
    .concat(kids[row].slice(MAX_KIDS).filter((k) => onBest.has(k))) : []);
  const stack = [[0, 0, false]];  // row, depth, children placed
  while (stack.length) {
    const [row, depth, placed] = stack.pop();
    const below = visible(row);
    if (!placed && below.length) {
      stack.push([row, depth, true]);
      for (let i = below.length - 1; i >= 0; i--) stack.push([below[i], depth + 1, false]);
    } else {
      const middle = below.length ? (layout.get(below[0])[1] + layout.get(below[below.length - 1])[1]) / 2 : next++ * STEP_Y;
      layout.set(row, [depth * STEP_X, middle]);
    }
  }
}

const color = (q) => `color-mix(in oklab, var(--high) ${Math.round(100 * (q ?? 0))}%, var(--low))`;
const radius = (visits) => 4 + 7 * Math.sqrt(visits / most);

function shape(group, node, r) {
  const square = ["answer", "right", "wrong"].includes(node.state);
  const item = square
    ? put(group, "rect", { class: "shape", x: -r, y: -r, width: 2 * r, height: 2 * r, rx: 2 })
    : put(group, "circle", { class: "shape", r });
  if (node.state === "open" || node.state === "closed") item.style.fill = color(node.q);
}

function drawTree() {
  place();
  const svg = $("tree");
  svg.replaceChildren();
  drawn = new Map();
  const view = put(svg, "g", { id: "view" });
  const edges = put(view, "g");
  const curve = (a, b) => `M${a[0]} ${a[1]}C${a[0] + 90} ${a[1]} ${b[0] - 110} ${b[1]} ${b[0]} ${b[1]}`;
  for (const [row, at] of layout) {
    const node = run.tree[row];
    const group = put(view, "g", {
      class: `node ${node.state}${onBest.has(row) ? " best" : ""}`,
      transform: `translate(${at[0]} ${at[1]})`, tabindex: 0, role: "button",
    });
    group.edges = [];
    if (node.parent >= 0) {
      const best = onBest.has(row) && onBest.has(node.parent);
      const line = put(edges, "path", { class: "edge" + (best ? " best" : ""), d: curve(layout.get(node.parent), at) });
      line.style.strokeWidth = (best ? 1.6 : 0.8) + 3.2 * Math.sqrt(node.visits / most);
      group.edges.push(line);
    }
    for (const also of node.also)
      if (layout.has(also)) group.edges.push(put(edges, "path", { class: "edge also", d: curve(layout.get(also), at) }));
    const r = radius(node.visits);
    if (onBest.has(row)) put(group, "circle", { class: "ring", r: r + 3.5 });
    shape(group, node, r);
    const inside = opened.has(row) && kids[row].length;
    const extra = (opened.has(row) ? Math.max(0, kids[row].length - MAX_KIDS) : kids[row].length) + node.hidden;
    const label = put(group, "text", { x: r + 6, y: inside ? -r - 3 : 4 }, short(node.text || "start", 28));
    put(label, "tspan", { class: "count" }, `  ${count(node.visits)}${extra ? `  +${count(extra)}` : ""}`);
    const flip = () => { opened.has(row) ? opened.delete(row) : opened.add(row); drawTree(); };
    group.addEventListener("click", () => { if (!moved) flip(); });
    group.addEventListener("keydown", (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); flip(); } });
    group.addEventListener("pointerenter", () => describe(node));
    group.addEventListener("focus", () => describe(node));
    drawn.set(row, group);
  }
  look();
  show();
}

function describe(node) {
  const box = $("detail");
  box.replaceChildren();
  put(box, "b", {}, node.text || "start");
  const meaning = { open: "open", closed: "closed: nothing new below", dead: "dead: all below it failed",
    solved: "leads to a verified answer", answer: "an answer, not judged", right: "verified answer", wrong: "rejected answer" };
  const rows = [["state", meaning[node.state]], ["visits", count(node.visits)], ["value with search", percent(node.q)],
    ["the model's own value", percent(node.value)], ["sampled share", percent(node.prior)], ["found after", time(node.t)]];
  if (node.answer !== null) rows.push(["answer", short(node.answer, 400)]);
  if (node.reason) rows.push(["verifier", short(node.reason, 400)]);
  for (const [name, value] of rows) {
    const row = put(box, "div");
    put(row, "span", {}, name);
    put(row, "span", {}, value);
  }
}

// ---- moving about

let zoom = 1, offset = [0, 0], moved = false, grip = null;
const look = () => $("view").setAttribute("transform", `translate(${offset[0]} ${offset[1]}) scale(${zoom})`);

function bounds(rows) {
  let x0 = 1e9, x1 = -1e9, y0 = 1e9, y1 = -1e9;
  for (const [row, [x, y]] of layout) {
    if (rows && !rows.has(row)) continue;
    x0 = Math.min(x0, x - 20); x1 = Math.max(x1, x + 230); y0 = Math.min(y0, y - 24); y1 = Math.max(y1, y + 24);
  }
  return [x0, x1, y0, y1];
}

function fit(rows, least = 0.12) {
  const { clientWidth: width, clientHeight: height } = $("stage");
  let [x0, x1, y0, y1] = bounds(rows);
  const whole = Math.min(1.25, width / (x1 - x0), height / (y1 - y0));
  zoom = Math.max(least, whole);
  if (zoom > whole) [x0, x1, y0, y1] = bounds(onBest);  // too much for the window: the best line first
  offset = [(width - zoom * (x0 + x1)) / 2, (height - zoom * (y0 + y1)) / 2];
  look();
}

$("tree").addEventListener("wheel", (e) => {
  e.preventDefault();
  const box = $("tree").getBoundingClientRect(), at = [e.clientX - box.left, e.clientY - box.top];
  const next = Math.min(4, Math.max(0.05, zoom * Math.exp(-e.deltaY / 500)));
  offset = offset.map((o, i) => at[i] - ((at[i] - o) * next) / zoom);
  zoom = next;
  look();
}, { passive: false });
$("tree").addEventListener("pointerdown", (e) => { grip = [e.clientX - offset[0], e.clientY - offset[1], e.clientX, e.clientY]; moved = false; });
window.addEventListener("pointermove", (e) => {
  if (!grip) return;
  if (Math.hypot(e.clientX - grip[2], e.clientY - grip[3]) > 4) { moved = true; $("tree").classList.add("dragged"); }
  offset = [e.clientX - grip[0], e.clientY - grip[1]];
  look();
});
window.addEventListener("pointerup", () => { grip = null; $("tree").classList.remove("dragged"); });
$("fit").addEventListener("click", () => fit());
$("line").addEventListener("click", () => { for (const row of run.best) opened.add(row); drawTree(); fit(onBest); });
$("more").addEventListener("click", () => {
  for (const row of [...layout.keys()]) if (kids[row].length) opened.add(row);
  drawTree();
  fit();
});

// ---- going through time

function show() {
  let seen = 0;
  for (const node of run.tree) if (node.t <= now) seen++;
  for (const [row, group] of drawn) {
    const future = run.tree[row].t > now;
    group.classList.toggle("future", future);
    for (const edge of group.edges) edge.classList.toggle("future", future);
  }
  let best = null;
  for (const c of run.changes) if (c.t <= now) best = c;
  const sure = best === null ? "no answer" : best.verified ? "verified" : best.verified === false ? "rejected" : percent(best.confidence);
  $("now").textContent = `${time(now)}  \u00b7  ${count(seen - 1)} nodes  \u00b7  ${sure}`;
  cursor.setAttribute("x1", chartX(now));
  cursor.setAttribute("x2", chartX(now));
}

$("when").addEventListener("input", () => { now = ($("when").value / 1000) * end; show(); });
let playing = null;
function pause() { cancelAnimationFrame(playing); playing = null; $("play").textContent = "Play"; }
$("play").addEventListener("click", () => {
  if (playing !== null) return pause();
  const from = now >= end ? 0 : now, began = performance.now(), length = 6000;
  $("play").textContent = "Pause";
  const frame = (t) => {
    now = Math.min(end, from + ((t - began) / length) * end);
    $("when").value = (now / end) * 1000;
    show();
    if (now >= end) pause(); else playing = requestAnimationFrame(frame);
  };
  playing = requestAnimationFrame(frame);
});

// ---- legend and first picture

for (const [state, word] of [["open", "open"], ["closed", "closed"], ["dead", "dead"], ["solved", "solved"],
  ["answer", "answer"], ["right", "verified"], ["wrong", "rejected"]]) {
  const item = put($("legend"), "span");
  const group = put(put(item, "svg", { viewBox: "-8 -8 16 16" }), "g", { class: "node " + state });
  shape(group, { state, q: 0.6 }, 5);
  put(item, "span", {}, word);
}
$("left").textContent = "Size and line width: visits. Colour: how promising, grey to blue. "
  + "Dashed lines: the same state reached another way. Click to open or close, drag to move, wheel to zoom."
  + (run.left_out ? ` The ${count(run.left_out)} least visited nodes are left out.` : "");
drawChart();
openUntil(26);
drawTree();
fit(null, 0.8);
window.addEventListener("resize", () => { drawChart(); show(); fit(null, 0.8); });
