"use strict";
// The page of one video. Time is counted in rows: the frames that the results hold, from 0.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const video = $("video"), lanesBox = $("lanes"), tip = document.createElement("div");
  const SVG = "http://www.w3.org/2000/svg";
  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  const ACTIONS = data.actions.length;
  const state = { row: 0, from: 0, to: data.count, acts: new Set(), ids: null, person: null };
  let playable = false;

  // --- Rows, frames and seconds ---
  const frameOf = (row) => data.frames.length === 2
    ? data.frames[0] + data.frames[1] * row
    : data.frames[Math.min(row, data.frames.length - 1)] ?? 0;
  const secondsOf = (row) => frameOf(row) / data.fps;
  const clock = (seconds) => {
    const tenths = Math.round(seconds * 10), two = (n) => String(n).padStart(2, "0");
    const h = Math.floor(tenths / 36000), m = Math.floor(tenths / 600) % 60, s = Math.floor(tenths / 10) % 60;
    return `${h ? `${h}:${two(m)}` : m}:${two(s)}.${tenths % 10}`;
  };
  const parsed = (text) => {  // "75", "1:15" or "1:15.5" as seconds; null of anything else
    const parts = text.trim().split(":").map(Number);
    return text.trim() && parts.every((p) => Number.isFinite(p) && p >= 0) ? parts.reduce((sum, p) => sum * 60 + p, 0) : null;
  };
  const rowOf = (seconds) => {
    let low = 0, high = data.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (secondsOf(middle) < seconds - 1e-6) low = middle + 1; else high = middle;
    }
    return low;
  };
  const inside = (row) => Math.max(0, Math.min(data.count - 1, Math.floor(row)));
  const share = (row) => (row - state.from) / (state.to - state.from);

  // --- Making elements: text is only ever set as text ---
  const make = (name, attributes = {}, text = "") => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return element;
  };
  const draw = (name, attributes) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const swatch = (action) => {
    const svg = draw("svg", { class: "dot", "aria-hidden": "true" });
    svg.append(draw("rect", { class: action < 0 ? "there" : `a${action}`, width: "100%", height: "100%", rx: 2 }));
    return svg;
  };

  // --- What a person does ---
  const spanAt = (spans, row) => spans.find((span) => span[0] <= row && row <= span[1]);
  const actionAt = (lane, row) => (spanAt(lane.acts, row) ?? [0, 0, -1])[2];
  const scoresAt = (lane, row) => {
    let i = -1;
    while (i + 1 < lane.at.length && lane.at[i + 1] <= row) i += 1;
    if (i < 0) return null;
    const code = lane.scores.slice(i * ACTIONS, (i + 1) * ACTIONS);
    return [...code].map((character) => DIGITS.indexOf(character) / (DIGITS.length - 1));
  };
  const wordsOf = (action) => action < 0 ? "" : data.actions[action];

  // --- Moving through time ---
  const seek = (row) => {
    state.row = inside(row);
    if (playable) video.currentTime = (state.row + 0.5) / data.count * video.duration;
    show();
  };
  const show = () => {
    const at = share(state.row + 0.5);
    $("cursor").style.setProperty("--at", at);
    $("cursor").toggleAttribute("data-out", at < 0 || at > 1);
    $("clock").textContent = data.count ? `${clock(secondsOf(state.row))} · frame ${frameOf(state.row)}` : "no frames";
    showNow();
  };
  const showNow = () => {
    const there = data.lanes.filter((lane) => spanAt(lane.runs, state.row));
    const signature = there.map((lane) => `${lane.id}:${actionAt(lane, state.row)}:${lane.id === state.person}`).join();
    if ($("now").dataset.shown === signature) return;
    $("now").dataset.shown = signature;
    $("now-count").textContent = data.lanes.length ? `${there.length} ${there.length === 1 ? "person" : "people"}` : "";
    $("now").replaceChildren(...there.map((lane) => {
      const action = actionAt(lane, state.row), scores = scoresAt(lane, state.row);
      const button = make("button", { type: "button", "aria-pressed": lane.id === state.person });
      const score = action >= 0 && scores ? ` ${Math.round(100 * scores[action])} %` : "";
      button.append(make("b", {}, lane.id), swatch(action), make("span", { class: "act" }, wordsOf(action) + score));
      button.addEventListener("click", () => choose(lane.id === state.person ? null : lane.id));
      const item = make("li");
      item.append(button);
      return item;
    }));
  };
  const choose = (id) => {
    state.person = id;
    for (const button of document.querySelectorAll(".who")) {
      button.setAttribute("aria-pressed", Number(button.textContent) === id);
    }
    show();
  };

  // --- The timeline ---
  const step = (seconds) => [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((s) => s >= seconds) ?? 7200;
  const drawRuler = () => {
    const ruler = $("ruler"), marks = [];
    const first = secondsOf(state.from), last = secondsOf(Math.max(state.from, state.to - 1));
    const each = step((last - first) * 64 / Math.max(120, ruler.clientWidth));
    for (let t = Math.ceil(first / each) * each; t <= last + 1e-6; t += each) {
      const at = share(rowOf(t));
      if (at > 0.96) break;
      const mark = make("span", {}, each < 1 ? clock(t) : clock(t).replace(/\.\d$/, ""));
      mark.style.left = `${100 * at}%`;
      marks.push(mark);
    }
    for (const [row, kind] of data.marks) {
      const at = share(row + 0.5);
      if (at < 0 || at > 1) continue;
      const mark = make("i", { title: `${kind} at ${clock(secondsOf(row))}` });
      mark.style.left = `${100 * at}%`;
      marks.push(mark);
    }
    ruler.replaceChildren(...marks);
  };
  const drawCurve = (id, values) => {
    const most = Math.max(1, ...values);
    const points = data.curves.at.map((row, i) => `${(1000 * share(row + 0.5)).toFixed(1)},${(96 - 92 * values[i] / most).toFixed(1)}`);
    $(id).replaceChildren(draw("polyline", { points: points.join(" ") }));
    $(`l-${id}`).textContent = `${id === "near" ? "close by" : "people"} 0–${most}`;
  };
  const shownActs = (lane) => lane.acts.filter((a) => a[1] >= state.from && a[0] < state.to && (!state.acts.size || state.acts.has(a[2])));
  const wanted = (lane) => (!state.ids || state.ids.has(lane.id))
    && lane.runs.some((run) => run[1] >= state.from && run[0] < state.to)
    && (!state.acts.size || shownActs(lane).length > 0);
  const length = (lane) => lane.runs.reduce((sum, run) => sum + run[1] - run[0] + 1, 0);
  const ORDERS = {
    first: (a, b) => a.runs[0][0] - b.runs[0][0] || a.id - b.id,
    long: (a, b) => length(b) - length(a) || a.id - b.id,
    fast: (a, b) => (b.speed ?? -1) - (a.speed ?? -1) || a.id - b.id,
  };
  const block = (span, attributes) => draw("rect", {
    x: `${(100 * share(span[0])).toFixed(3)}%`, y: 0, height: "100%",
    width: `${Math.max(0.15, 100 * (share(span[1] + 1) - share(span[0]))).toFixed(3)}%`, ...attributes,
  });
  const drawLane = (lane, wide) => {
    const item = make("li", { class: "lane" });
    const last = lane.runs[lane.runs.length - 1][1];
    const totals = new Map();
    for (const act of lane.acts) totals.set(act[2], (totals.get(act[2]) ?? 0) + act[1] - act[0] + 1);
    const main = [...totals].sort((a, b) => b[1] - a[1])[0];
    const label = [`Person ${lane.id}`, `${clock(secondsOf(lane.runs[0][0]))} to ${clock(secondsOf(last))}`];
    if (main) label.push(`mostly ${wordsOf(main[0])}`);
    if (lane.speed !== null) label.push(`${lane.speed} body heights a second`);
    const who = make("button", { type: "button", class: "who", tabindex: -1, "aria-label": label.join(", "), "aria-pressed": lane.id === state.person }, lane.id);
    const bar = draw("svg", { class: "bar", "aria-hidden": "true" });
    for (const run of lane.runs) {
      if (run[1] >= state.from && run[0] < state.to) bar.append(block(run, { class: "there" }));
    }
    for (const act of lane.acts) {
      if (act[1] < state.from || act[0] >= state.to) continue;
      const off = state.acts.size && !state.acts.has(act[2]);
      bar.append(block(act, { class: `a${act[2]}${off ? " dim" : ""}` }));
      const from = Math.max(0, share(act[0])), words = wordsOf(act[2]);
      if (!off && (Math.min(1, share(act[1] + 1)) - from) * wide > 6.2 * words.length + 8) {
        const text = draw("text", { class: `t${act[2]}`, x: `${100 * from}%`, dx: 4, y: 14 });
        text.textContent = words;
        bar.append(text);
      }
    }
    item.append(who, bar);
    item.lane = lane;
    return item;
  };
  const drawLanes = () => {
    const chosen = data.lanes.filter(wanted).sort(ORDERS[$("sort").value]);
    const wide = $("ruler").clientWidth;
    lanesBox.replaceChildren(...chosen.map((lane) => drawLane(lane, wide)));
    const first = lanesBox.querySelector(".who");
    if (first) first.tabIndex = 0;
    $("time").style.setProperty("--bar", `${lanesBox.offsetWidth - lanesBox.clientWidth}px`);
    $("found").textContent = `${chosen.length} of ${data.lanes.length} people`;
  };
  const drawEvents = () => {
    for (const item of document.querySelectorAll("#events li")) {
      const { kind, ids, first, last } = item.dataset;
      const chip = document.querySelector(`#kinds [data-kind="${kind}"]`);
      const people = ids.split(" ").map(Number);
      item.hidden = chip.getAttribute("aria-pressed") !== "true" || Number(last) < state.from || Number(first) >= state.to
        || (state.ids !== null && !people.some((id) => state.ids.has(id)));
    }
  };
  const drawAll = () => {
    if (lanesBox) drawLanes();
    drawRuler();
    drawCurve("people", data.curves.people);
    drawCurve("near", data.curves.near);
    drawEvents();
    show();
  };

  // --- Filters ---
  const range = (from, to) => {
    state.from = Math.max(0, Math.min(Math.floor(from), data.count - 2));
    state.to = Math.min(data.count, Math.max(Math.ceil(to), state.from + 2));
    $("from").value = state.from > 0 ? clock(secondsOf(state.from)) : "";
    $("to").value = state.to < data.count ? clock(secondsOf(state.to)) : "";
    drawAll();
  };
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("filters").addEventListener("change", (event) => {
    if (event.target.id === "from" || event.target.id === "to") {
      const from = parsed($("from").value), to = parsed($("to").value);
      range(from === null ? 0 : rowOf(from), to === null ? data.count : rowOf(to));
    } else {
      drawAll();
    }
  });
  $("ids")?.addEventListener("input", () => {
    const ids = $("ids").value.match(/-?\d+/g);
    state.ids = ids ? new Set(ids.map(Number)) : null;
    drawAll();
  });
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => {
      const factor = Number(button.dataset.zoom), half = (state.to - state.from) * factor / 2;
      if (factor) range(state.row - half, state.row + half); else range(0, data.count);
    });
  }
  const chips = $("chips");
  if (chips) {
    const present = new Set(data.lanes.flatMap((lane) => lane.acts.map((act) => act[2])));
    for (const action of [...present].sort((a, b) => a - b)) {
      const chip = make("button", { type: "button", class: "chip", "aria-pressed": false });
      chip.append(swatch(action), wordsOf(action));
      chip.addEventListener("click", () => {
        if (!state.acts.delete(action)) state.acts.add(action);
        chip.setAttribute("aria-pressed", state.acts.has(action));
        drawAll();
      });
      chips.append(chip);
    }
  }
  for (const chip of document.querySelectorAll("#kinds .chip")) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") !== "true");
      drawEvents();
    });
  }

  // --- Pointer and keys ---
  const rowUnder = (event, element) => {
    const box = element.getBoundingClientRect();
    return inside(state.from + (event.clientX - box.left) / box.width * (state.to - state.from));
  };
  const surface = (target) => target.closest?.(".bar, .curve, .ruler");
  $("time").addEventListener("click", (event) => {
    const under = surface(event.target), who = event.target.closest(".who");
    if (under) seek(rowUnder(event, under));
    const item = event.target.closest(".lane");
    if (item && (under || who)) {
      choose(item.lane.id);
      if (who) seek(item.lane.runs[0][0]);
    }
  });
  tip.id = "tip";
  tip.hidden = true;
  tip.setAttribute("role", "tooltip");
  $("timeline").append(tip);
  const hint = (event) => {
    const under = surface(event.target);
    tip.hidden = !under;
    if (!under) return;
    const row = rowUnder(event, under), lane = event.target.closest(".lane")?.lane;
    const lines = [make("p", {}, `${lane ? `Person ${lane.id} · ` : ""}${clock(secondsOf(row))} · frame ${frameOf(row)}`)];
    if (lane && spanAt(lane.runs, row)) {
      const scores = scoresAt(lane, row) ?? [];
      const best = scores.map((score, action) => [score, action]).sort((a, b) => b[0] - a[0]).slice(0, 3);
      for (const [score, action] of best.filter((pair) => pair[0] >= 0.02)) {
        const line = make("p"), bar = draw("svg", { width: 60, height: 9, "aria-hidden": "true" });
        bar.append(draw("rect", { width: 60 * score, height: 9 }));
        line.append(bar, `${wordsOf(action)} ${Math.round(100 * score)} %`);
        lines.push(line);
      }
    } else if (!lane) {
      const i = data.curves.at.findLastIndex((at) => at <= row);
      if (i >= 0) lines.push(make("p", {}, `${data.curves.people[i]} people, ${data.curves.near[i]} close by`));
    }
    tip.replaceChildren(...lines);
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 4))}px`;
    tip.style.top = `${event.clientY + 20 + box.height > innerHeight ? event.clientY - box.height - 12 : event.clientY + 20}px`;
  };
  $("time").addEventListener("pointermove", hint);
  $("time").addEventListener("pointerleave", () => { tip.hidden = true; });
  lanesBox?.addEventListener("keydown", (event) => {
    const item = event.target.closest(".lane");
    if (!item) return;
    const other = { ArrowDown: item.nextElementSibling, ArrowUp: item.previousElementSibling, Home: lanesBox.firstElementChild, End: lanesBox.lastElementChild }[event.key];
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (other) {
      event.target.tabIndex = -1;
      const who = other.querySelector(".who");
      who.tabIndex = 0;
      who.focus();
      choose(other.lane.id);
    } else if (way) {
      const starts = [...new Set([...item.lane.runs, ...item.lane.acts].map((span) => span[0]))].sort((a, b) => a - b);
      const next = way > 0 ? starts.find((row) => row > state.row) : starts.findLast((row) => row < state.row);
      if (next !== undefined) seek(next);
      choose(item.lane.id);
    } else {
      return;
    }
    event.preventDefault();
  });
  for (const button of document.querySelectorAll("#events [data-row]")) {
    button.addEventListener("click", () => {
      const row = Number(button.dataset.row);
      if (row < state.from || row >= state.to) range(0, data.count);
      seek(row);
      choose(Number(button.parentElement.dataset.ids.split(" ")[0]));
      (video ?? $("timeline")).scrollIntoView({ block: "nearest" });
    });
  }
  for (const button of document.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => {
      video?.pause();
      seek(state.row + Number(button.dataset.step));
    });
  }

  // --- The video ---
  if (video) {
    const follow = () => {
      if (playable) state.row = inside(video.currentTime / video.duration * data.count);
      show();
    };
    const tick = () => {
      follow();
      if (!video.paused) requestAnimationFrame(tick);
    };
    video.addEventListener("loadedmetadata", () => {
      playable = Number.isFinite(video.duration) && video.duration > 0 && video.videoWidth > 0;
      if (state.row) seek(state.row);
    });
    video.addEventListener("error", () => {
      playable = false;
      $("unplayable").hidden = false;
    });
    video.addEventListener("play", tick);
    video.addEventListener("seeked", follow);
    $("pace").addEventListener("change", () => { video.playbackRate = Number($("pace").value); });
    const movie = $("movie");
    if (movie) {
      const bytes = Uint8Array.from(atob(movie.textContent), (character) => character.charCodeAt(0));
      video.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
    } else if (video.error) {
      $("unplayable").hidden = false;
    }
  }
  addEventListener("resize", drawAll);
  drawAll();
})();
