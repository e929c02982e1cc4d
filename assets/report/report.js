// The life of a report: sorting, filters, charts and samples. Everything is in the page: it asks for nothing.
"use strict";
(() => {
  const NS = "http://www.w3.org/2000/svg";
  const runs = JSON.parse(document.getElementById("report-data").textContent);
  const announcer = document.getElementById("announcer");

  /** An element with attributes and children (text or elements): nothing is ever parsed as HTML. */
  function make(tag, attributes = {}, ...children) {
    const svg = make.svg.has(tag);
    const element = svg ? document.createElementNS(NS, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }
  make.svg = new Set("svg g rect circle path line text polyline polygon title".split(" "));

  const say = (text) => {
    announcer.textContent = text;
  };

  // ---- numbers ----

  function figure(value) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "-";
    const size = Math.abs(value);
    if (size >= 1000) return Math.round(value).toLocaleString("en-US");
    if (size >= 10) return value.toFixed(2);
    if (size !== 0 && size < 0.001) return value.toExponential(1);
    return value.toFixed(4);
  }

  function shortFigure(value) {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 10000 || size < 0.001) return value.toExponential(0).replace("e+", "e");
    return String(Number(value.toPrecision(3)));
  }

  function niceTicks(low, high, most) {
    const raw = (high - low) / Math.max(2, most);
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = power * ([1, 2, 2.5, 5].find((factor) => factor * power >= raw) ?? 10);
    const ticks = [];
    for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) ticks.push(at * step);
    return ticks;
  }

  function logTicks(low, high) {
    const powers = [];
    for (let power = Math.ceil(Math.log10(low)); power <= Math.log10(high) + 1e-9; power++) {
      powers.push(10 ** power);
    }
    return powers.length >= 2 ? powers : niceTicks(low, high, 4).filter((tick) => tick > 0);
  }

  // ---- tables ----

  const missing = (cell) => cell === undefined || cell === "";

  /** First click: the best first (or A to Z); second: the other way; third: as the table came. */
  function sortable(table) {
    const body = table.tBodies[0];
    const original = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, at) => {
      const button = head.querySelector("button");
      if (button === null) return;
      button.addEventListener("click", () => {
        const first = head.dataset.first ?? "ascending";
        const second = first === "ascending" ? "descending" : "ascending";
        const now = head.getAttribute("aria-sort");
        const next = now === null ? first : now === first ? second : null;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        if (next !== null) head.setAttribute("aria-sort", next);
        const rows = next === null ? original : sorted(original, at, next);
        body.append(...rows);
        const name = button.textContent.trim();
        say(next === null ? "Original order" : `Sorted by ${name}, ${next}`);
      });
    });
  }

  function sorted(rows, at, direction) {
    const sign = direction === "ascending" ? 1 : -1;
    const text = rows.every((row) => row.cells[at].dataset.v === undefined);
    const keyOf = (row) => (text ? row.cells[at].textContent.trim() : row.cells[at].dataset.v);
    return [...rows].sort((a, b) => {
      const [x, y] = [keyOf(a), keyOf(b)];
      if (missing(x) || missing(y)) return Number(missing(x)) - Number(missing(y));
      return sign * (text ? x.localeCompare(y) : Number(x) - Number(y));
    });
  }

  /** Columns and rows that the tools above a scoreboard choose. */
  function filters(section, state) {
    const table = section.querySelector("table.scores");
    const tools = section.querySelector(".table-tools");
    if (table === null || tools === null) return;
    const all = tools.querySelector("[name=all]");
    const find = tools.querySelector("[name=columns]");
    const rows = tools.querySelector("[name=rows]");
    const apply = () => {
      const words = find.value.trim().toLowerCase();
      [...table.tHead.rows[0].cells].forEach((head, at) => {
        const main = head.dataset.main !== "no";
        const named = words === "" || head.textContent.toLowerCase().includes(words);
        const hidden = at >= 2 && (words === "" ? !(all.checked || main) : !named);
        for (const row of table.rows) row.cells[at].hidden = hidden;
      });
      const wanted = rows.value.trim().toLowerCase();
      for (const row of table.tBodies[0].rows) {
        row.hidden =
          !row.cells[0].textContent.toLowerCase().includes(wanted) || state.hiddenKinds.has(row.dataset.kind);
      }
    };
    for (const input of [all, find, rows]) input.addEventListener("input", apply);
    state.listeners.push(apply);
    apply();
    table.tBodies[0].addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row !== null) pick(state, row.dataset.row);
    });
    state.listeners.push(() => {
      for (const row of table.tBodies[0].rows)
        row.classList.toggle("picked", state.picked.has(row.dataset.row));
    });
  }

  function kinds(section, state) {
    for (const box of section.querySelectorAll("[name=kind]")) {
      box.addEventListener("input", () => {
        if (box.checked) state.hiddenKinds.delete(box.value);
        else state.hiddenKinds.add(box.value);
        changed(state);
      });
    }
  }

  function pick(state, name) {
    if (state.picked.has(name)) state.picked.delete(name);
    else state.picked.add(name);
    changed(state);
  }

  function changed(state) {
    for (const listener of state.listeners) listener();
  }

  // ---- charts ----

  const rowsShown = (state) => state.run.rows.filter((row) => !state.hiddenKinds.has(row.kind));
  const fadedClass = (state, row) => (state.picked.size > 0 && !state.picked.has(row.name) ? " faded" : "");
  const cellOf = (row, metric) => row.metrics[metric] ?? null;

  /** A chart that is drawn anew for its width, its choices and what is picked. */
  function chart(figureElement, state, draw) {
    const holder = figureElement.querySelector(".drawing");
    const readout = figureElement.querySelector(".readout");
    const paint = () => {
      const focused = holder.contains(document.activeElement)
        ? document.activeElement.dataset.key
        : undefined;
      const svg = draw(Math.max(280, Math.min(980, holder.clientWidth || 760)));
      holder.replaceChildren(svg);
      roving(svg, readout, state);
      if (focused !== undefined) {
        [...svg.querySelectorAll("[data-key]")].find((mark) => mark.dataset.key === focused)?.focus();
      }
    };
    for (const choice of figureElement.querySelectorAll("select, input"))
      choice.addEventListener("input", paint);
    state.listeners.push(paint);
    let width = 0;
    new ResizeObserver(([entry]) => {
      if (Math.abs(entry.contentRect.width - width) < 1) return;
      width = entry.contentRect.width;
      paint();
    }).observe(holder);
    paint();
  }

  /** One tab stop a chart; arrows walk over its marks, Enter picks a recommender, everything is read out. */
  function roving(svg, readout, state) {
    const marks = [...svg.querySelectorAll("[data-key]")];
    marks.forEach((mark, at) => {
      mark.setAttribute("tabindex", at === 0 ? "0" : "-1");
      const tell = () => {
        readout.textContent = mark.getAttribute("aria-label");
      };
      mark.addEventListener("focus", () => {
        for (const other of marks) other.setAttribute("tabindex", other === mark ? "0" : "-1");
        tell();
      });
      mark.addEventListener("pointerenter", tell);
      mark.addEventListener("click", () => pick(state, mark.dataset.row));
      mark.addEventListener("keydown", (event) => {
        const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
        if (step !== undefined) {
          marks[(at + step + marks.length) % marks.length].focus();
          event.preventDefault();
        } else if (event.key === "Enter" || event.key === " ") {
          pick(state, mark.dataset.row);
          event.preventDefault();
        }
      });
    });
  }

  function described(row, metric, cell) {
    const interval =
      cell.ci95 === null ? "" : `, 95 % interval ${figure(cell.ci95[0])} to ${figure(cell.ci95[1])}`;
    const seeds = cell.sd === null ? "" : `, deviation between seeds ${figure(cell.sd)}`;
    return `${row.name}: ${metric} ${figure(cell.mean)}${interval}${seeds}, ${cell.n} cases`;
  }

  function frame(width, height, label) {
    return make("svg", {
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "group",
      "aria-label": label,
    });
  }

  const text = (x, y, words, attributes = {}) => make("text", { x, y, ...attributes }, words);
  const shorten = (name, letters) =>
    name.length <= letters ? name : `${name.slice(0, Math.max(1, letters - 1))}…`;

  function drawBars(state, metric, width) {
    const rows = rowsShown(state).filter((row) => cellOf(row, metric) !== null);
    const pitch = 26;
    const left = Math.min(210, Math.round(width * 0.36));
    const right = 58;
    const height = rows.length * pitch + 34;
    const ends = rows.flatMap((row) => {
      const { mean, ci95 } = cellOf(row, metric);
      return [mean, ...(ci95 ?? [])];
    });
    const below = rows.some((row) => cellOf(row, metric).mean < 0);
    const low = below ? Math.min(0, ...ends) : 0;
    const high = Math.max(0, ...ends) || 1;
    const scale = (value) => left + ((Math.max(low, value) - low) / (high - low)) * (width - left - right);
    const svg = frame(width, height, `Bars of ${metric} for ${rows.length} recommenders`);
    for (const tick of niceTicks(low, high, (width - left) / 90)) {
      svg.append(
        make("line", { class: "grid", x1: scale(tick), x2: scale(tick), y1: 4, y2: height - 26 }),
        text(scale(tick), height - 10, shortFigure(tick), { class: "tick", "text-anchor": "middle" }),
      );
    }
    rows.forEach((row, at) => {
      const cell = cellOf(row, metric);
      const y = 4 + at * pitch;
      const middle = y + pitch / 2;
      const [from, to] = [Math.min(scale(0), scale(cell.mean)), Math.max(scale(0), scale(cell.mean))];
      const label = described(row, metric, cell);
      const group = make(
        "g",
        {
          "data-key": row.name,
          "data-row": row.name,
          role: "img",
          "aria-label": label,
          class: fadedClass(state, row),
        },
        make("rect", { x: 0, y, width, height: pitch, fill: "transparent" }),
        text(left - 8, middle + 4, shorten(row.name, Math.floor(left / 7)), { "text-anchor": "end" }),
        make("rect", {
          class: `mark ${row.kind}`,
          x: from,
          y: y + 4,
          width: Math.max(1, to - from),
          height: pitch - 8,
        }),
      );
      const end = cell.ci95 === null ? to : Math.max(to, scale(cell.ci95[1]));
      if (cell.ci95 !== null) group.append(whisker(scale(cell.ci95[0]), scale(cell.ci95[1]), middle));
      group.append(text(end + 5, middle + 4, figure(cell.mean), { class: "tick" }));
      svg.append(group);
    });
    svg.append(make("line", { class: "axis", x1: scale(0), x2: scale(0), y1: 4, y2: height - 26 }));
    return svg;
  }

  function whisker(from, to, y) {
    return make("path", { class: "whisker", d: `M${from} ${y - 4}v8m0-4H${to}m0-4v8` });
  }

  const COSTS = {
    seconds: {
      label: "seconds to fit and answer",
      of: (cost) => cost.fitSeconds + cost.answerSeconds,
      floor: 0.001,
    },
    calls: { label: "calls of the language model", of: (cost) => cost.llmCalls, floor: 1 },
    tokens: { label: "tokens", of: (cost) => cost.promptTokens + cost.completionTokens, floor: 1 },
    usd: { label: "US dollars", of: (cost) => cost.usd, floor: 0.0001 },
  };

  /** Rows that no row of lower or equal cost equals, by rising cost. Controls and the ceiling do not compete. */
  function paretoFront(points, better) {
    if (better === null) return [];
    const sign = better === "higher" ? 1 : -1;
    const beats = (a, b) =>
      a.cost <= b.cost &&
      sign * (a.value - b.value) >= 0 &&
      (a.cost < b.cost || sign * (a.value - b.value) > 0);
    const competing = points.filter(({ row }) => row.kind === "classic" || row.kind === "llm");
    return competing
      .filter((point) => !competing.some((other) => beats(other, point)))
      .sort((a, b) => a.cost - b.cost);
  }

  const SHAPES = {
    circle: (x, y) => make("circle", { cx: x, cy: y, r: 6 }),
    square: (x, y) => make("rect", { x: x - 5.5, y: y - 5.5, width: 11, height: 11 }),
    triangle: (x, y) =>
      make("polygon", { points: `${x},${y - 7.5} ${x + 7.5},${y + 5.5} ${x - 7.5},${y + 5.5}` }),
    diamond: (x, y) => make("polygon", { points: `${x},${y - 8} ${x + 8},${y} ${x},${y + 8} ${x - 8},${y}` }),
  };
  const SHAPE_OF = { control: "square", classic: "circle", llm: "triangle", ceiling: "diamond" };

  function shape(kind, x, y) {
    const drawn = SHAPES[SHAPE_OF[kind]](x, y);
    drawn.setAttribute("class", `mark ${kind}`);
    return drawn;
  }

  function drawCost(state, metric, costName, width) {
    const { label, of, floor } = COSTS[costName];
    const points = rowsShown(state).flatMap((row) => {
      const cell = cellOf(row, metric);
      const cost = row.cost === null ? null : of(row.cost);
      if (cell === null || cost === null) return [];
      return [{ row, cell, value: cell.mean, cost: Math.max(floor, cost) }];
    });
    const height = Math.min(480, Math.max(300, width * 0.6));
    const box = { left: 56, right: width - 14, top: 12, bottom: height - 46 };
    const svg = frame(width, height, `${metric} against ${label}: ${points.length} recommenders`);
    if (points.length === 0) {
      svg.append(text(box.left, 40, "No row has this cost."));
      return svg;
    }
    const costs = points.map(({ cost }) => Math.log10(cost));
    const span = Math.max(1, Math.max(...costs) - Math.min(...costs));
    const [c0, c1] = [Math.min(...costs) - 0.08 * span, Math.max(...costs) + 0.18 * span];
    const ends = points.flatMap(({ cell }) => [cell.mean, ...(cell.ci95 ?? [])]);
    const spread = Math.max(...ends) - Math.min(...ends) || 1;
    const [v0, v1] = [Math.min(...ends) - 0.05 * spread, Math.max(...ends) + 0.05 * spread];
    const x = (cost) => box.left + ((Math.log10(cost) - c0) / (c1 - c0)) * (box.right - box.left);
    const y = (value) => box.bottom - ((value - v0) / (v1 - v0)) * (box.bottom - box.top);
    for (const tick of niceTicks(v0, v1, 6)) {
      svg.append(
        make("line", { class: "grid", x1: box.left, x2: box.right, y1: y(tick), y2: y(tick) }),
        text(box.left - 6, y(tick) + 4, shortFigure(tick), { class: "tick", "text-anchor": "end" }),
      );
    }
    for (const tick of logTicks(10 ** c0, 10 ** c1)) {
      svg.append(
        make("line", { class: "grid", x1: x(tick), x2: x(tick), y1: box.top, y2: box.bottom }),
        text(x(tick), box.bottom + 17, shortFigure(tick), { class: "tick", "text-anchor": "middle" }),
      );
    }
    svg.append(
      text((box.left + box.right) / 2, height - 8, `${label} (log scale)`, { "text-anchor": "middle" }),
    );
    const better = state.run.columns.find(({ name }) => name === metric)?.better ?? null;
    const front = paretoFront(points, better);
    if (front.length > 0) {
      const steps = front.map((point, at) =>
        at === 0 ? `M${x(point.cost)} ${y(point.value)}` : `H${x(point.cost)}V${y(point.value)}`,
      );
      svg.append(make("path", { class: "front", d: `${steps.join("")}H${box.right}` }));
    }
    const taken = points.map((point) => [x(point.cost) - 8, y(point.value) - 8, 16, 16]);
    const labels = [...points].sort((a, b) => Number(front.includes(b)) - Number(front.includes(a)));
    const drawn = new Map();
    for (const point of labels) {
      const place = placeLabel(x(point.cost), y(point.value), point.row.name.length * 6.9, taken, box);
      if (place !== null) drawn.set(point, place);
    }
    for (const point of points) {
      const { row, cell } = point;
      const [px, py] = [x(point.cost), y(point.value)];
      const onFront = front.includes(point) ? ", on the Pareto front" : "";
      const told = `${described(row, metric, cell)}; ${figure(of(row.cost))} ${label}${onFront}`;
      const group = make("g", {
        "data-key": row.name,
        "data-row": row.name,
        role: "img",
        "aria-label": told,
        class: fadedClass(state, row),
      });
      if (cell.ci95 !== null) {
        group.append(make("path", { class: "whisker", d: `M${px} ${y(cell.ci95[0])}V${y(cell.ci95[1])}` }));
      }
      group.append(shape(row.kind, px, py));
      const place = drawn.get(point);
      if (place !== undefined) {
        group.append(
          text(place[0], place[1] + 11, row.name, { class: front.includes(point) ? "strong" : "" }),
        );
      }
      svg.append(group);
    }
    return svg;
  }

  /** The first free place beside, above or below a point; null where all are taken: the read-out tells the name. */
  function placeLabel(x, y, width, taken, box) {
    const places = [
      [x + 10, y - 8],
      [x - 10 - width, y - 8],
      [x - width / 2, y - 25],
      [x - width / 2, y + 10],
      [x + 8, y - 22],
      [x + 8, y + 8],
    ];
    const free = places.find(
      ([left, top]) =>
        left >= box.left &&
        left + width <= box.right + 12 &&
        top >= box.top - 8 &&
        top + 15 <= box.bottom + 4 &&
        taken.every(([l, t, w, h]) => left + width <= l || l + w <= left || top + 15 <= t || t + h <= top),
    );
    if (free === undefined) return null;
    taken.push([free[0], free[1], width, 15]);
    return free;
  }

  function drawCurve(state, curve, width) {
    const xs = curve.points.map(({ x }) => x);
    const numbers = xs.every((x) => typeof x === "number");
    const lines = rowsShown(state).flatMap((row) => {
      const points = curve.points.flatMap(({ x, metric }, at) => {
        const cell = cellOf(row, metric);
        return cell === null ? [] : [{ at: numbers ? x : at, cell, metric }];
      });
      return points.length < 2 ? [] : [{ row, points }];
    });
    const height = Math.min(420, Math.max(260, width * 0.5));
    const box = { left: 56, right: width - Math.min(140, width * 0.25), top: 10, bottom: height - 44 };
    const svg = frame(width, height, `${curve.title}: ${lines.length} recommenders`);
    if (lines.length === 0) return svg;
    const places = numbers ? xs : xs.map((_, at) => at);
    const [x0, x1] = [Math.min(...places), Math.max(...places)];
    const values = lines.flatMap(({ points }) => points.map(({ cell }) => cell.mean));
    const spread = Math.max(...values) - Math.min(...values) || 1;
    const [v0, v1] = [Math.min(...values) - 0.06 * spread, Math.max(...values) + 0.06 * spread];
    const x = (place) => box.left + ((place - x0) / (x1 - x0)) * (box.right - box.left);
    const y = (value) => box.bottom - ((value - v0) / (v1 - v0)) * (box.bottom - box.top);
    for (const tick of niceTicks(v0, v1, 5)) {
      svg.append(
        make("line", { class: "grid", x1: box.left, x2: box.right, y1: y(tick), y2: y(tick) }),
        text(box.left - 6, y(tick) + 4, shortFigure(tick), { class: "tick", "text-anchor": "end" }),
      );
    }
    places.forEach((place, at) => {
      svg.append(text(x(place), box.bottom + 17, String(xs[at]), { class: "tick", "text-anchor": "middle" }));
    });
    svg.append(text((box.left + box.right) / 2, height - 6, curve.xLabel, { "text-anchor": "middle" }));
    const taken = [];
    const named = [...lines].sort((a, b) => b.points.at(-1).cell.mean - a.points.at(-1).cell.mean);
    for (const { row, points } of named) {
      const told = points.map(({ at, cell }) => `${numbers ? at : xs[at]}: ${figure(cell.mean)}`).join(", ");
      const last = points.at(-1);
      const path = points.map(({ at, cell }, n) => `${n === 0 ? "M" : "L"}${x(at)} ${y(cell.mean)}`).join("");
      const group = make(
        "g",
        {
          "data-key": row.name,
          "data-row": row.name,
          role: "img",
          "aria-label": `${row.name}: ${curve.title} ${told}`,
          class: fadedClass(state, row),
        },
        make("path", { class: `line ${row.kind}`, d: path }),
        ...points.map(({ at, cell }) => shape(row.kind, x(at), y(cell.mean))),
      );
      const top = y(last.cell.mean);
      if (taken.every((other) => Math.abs(other - top) >= 14)) {
        taken.push(top);
        const letters = Math.floor((width - box.right - 12) / 6.9);
        group.append(text(x(last.at) + 11, top + 4, shorten(row.name, letters)));
      }
      svg.append(group);
    }
    return svg;
  }

  function drawForest(state, comparisons, metric, width) {
    const shown = comparisons.filter((one) => one.metric === metric);
    const pitch = 28;
    const left = Math.min(300, Math.round(width * 0.42));
    const height = shown.length * pitch + 48;
    const ends = shown
      .flatMap(({ difference, ci95 }) => [difference, ...(ci95 ?? [])])
      .filter(Number.isFinite);
    const reach = Math.max(...ends.map(Math.abs), 1e-9) * 1.08;
    const x = (value) => left + ((value + reach) / (2 * reach)) * (width - left - 14);
    const svg = frame(width, height, `Differences in ${metric} with 95 % intervals`);
    for (const tick of niceTicks(-reach, reach, (width - left) / 80)) {
      svg.append(
        make("line", { class: "grid", x1: x(tick), x2: x(tick), y1: 2, y2: height - 42 }),
        text(x(tick), height - 26, shortFigure(tick), { class: "tick", "text-anchor": "middle" }),
      );
    }
    svg.append(make("line", { class: "axis", x1: x(0), x2: x(0), y1: 2, y2: height - 42 }));
    svg.append(text((left + width) / 2, height - 6, `difference in ${metric}`, { "text-anchor": "middle" }));
    shown.forEach((one, at) => {
      const y = 2 + at * pitch + pitch / 2;
      const row = state.run.rows.find(({ name }) => name === one.recommender) ?? {
        kind: "classic",
        name: one.recommender,
      };
      const interval =
        one.ci95 === null ? "" : `, 95 % interval ${figure(one.ci95[0])} to ${figure(one.ci95[1])}`;
      const verdict = one.verdict === null ? "not shown to differ" : `significantly ${one.verdict}`;
      const told = `${one.recommender} less ${one.to}: ${figure(one.difference)}${interval}; corrected p ${figure(one.adjusted)}; ${verdict}`;
      const group = make(
        "g",
        {
          "data-key": `${one.recommender} ${one.to}`,
          "data-row": one.recommender,
          role: "img",
          "aria-label": told,
          class: fadedClass(state, row),
        },
        make("rect", { x: 0, y: y - pitch / 2, width, height: pitch, fill: "transparent" }),
        text(left - 8, y + 4, shorten(`${one.recommender} - ${one.to}`, Math.floor(left / 7)), {
          "text-anchor": "end",
          class: one.verdict === null ? "" : "strong",
        }),
      );
      if (one.ci95 !== null) group.append(whisker(x(one.ci95[0]), x(one.ci95[1]), y));
      if (Number.isFinite(one.difference)) group.append(shape(row.kind, x(one.difference), y));
      svg.append(group);
    });
    return svg;
  }

  // ---- samples ----

  function samples(section, state) {
    const holder = section.querySelector(".samples");
    const book = state.run.samples;
    if (holder === null || book === null) return;
    const choice = (name) => holder.querySelector(`[name=${name}]`);
    const show = holder.querySelector(".case");
    const count = holder.querySelector(".count");
    let at = 0;
    const valueIn = (one, name, metric) => one.answers[name]?.values[metric];
    const fits = (one) => {
      const words = choice("words").value.trim().toLowerCase();
      const told = () =>
        [one.name, ...one.facts.map((fact) => fact.text), ...titlesIn(one)].join(" ").toLowerCase();
      if (words !== "" && !told().includes(words)) return false;
      const [winner, loser, metric] = ["winner", "loser", "metric"].map((name) => choice(name).value);
      if (winner === "" || loser === "") return true;
      const [a, b] = [valueIn(one, winner, metric), valueIn(one, loser, metric)];
      const lower = state.run.columns.find(({ name }) => name === metric)?.better === "lower";
      return a !== undefined && b !== undefined && (lower ? a < b : a > b);
    };
    const titlesIn = (one) => {
      const lists = Object.values(one.answers).flatMap((answer) => Object.values(answer.lists).flat());
      return [...lists, ...Object.values(one.relevant).flat()].map((place) => book.titles[place]);
    };
    const update = (step = 0) => {
      const found = book.cases.filter(fits);
      at = found.length === 0 ? 0 : (((at + step) % found.length) + found.length) % found.length;
      count.textContent =
        found.length === 0
          ? "No case fits."
          : `Case ${at + 1} of ${found.length} (${book.cases.length} kept)`;
      show.replaceChildren(
        ...(found.length === 0 ? [] : caseParts(found[at], book, choice("setting").value, state)),
      );
    };
    for (const input of holder.querySelectorAll("input, select")) {
      input.addEventListener("input", () => {
        at = 0;
        update();
      });
    }
    holder.querySelector(".previous").addEventListener("click", () => update(-1));
    holder.querySelector(".next").addEventListener("click", () => update(1));
    state.listeners.push(() => update());
    update();
  }

  function caseParts(one, book, setting, state) {
    const right = one.relevant[setting] ?? one.relevant[""] ?? [];
    const facts = make("dl", {}, make("dt", {}, "case"), make("dd", {}, one.name));
    for (const { label, text: words } of one.facts)
      facts.append(make("dt", {}, label), make("dd", {}, words || "-"));
    if (right.length > 0) {
      facts.append(
        make("dt", {}, "right"),
        make("dd", {}, right.map((place) => book.titles[place]).join("; ")),
      );
    }
    const metrics = [
      ...new Set(Object.values(one.answers).flatMap(({ values }) => Object.keys(values))),
    ].filter((name) => setting === "" || !name.includes("/") || name.endsWith(`/${setting}`));
    const lists = rowsShown(state).some(({ name }) => one.answers[name]?.lists[setting] !== undefined);
    const heads = ["recommender", ...(lists ? ["answer, best first"] : []), ...metrics];
    const table = make(
      "table",
      {},
      make(
        "caption",
        {},
        `Answers to ${one.name}${setting === "" ? "" : ` (${setting})`}; right ones are marked`,
      ),
      make(
        "thead",
        {},
        make("tr", {}, ...heads.map((head) => make("th", { scope: "col", class: "left" }, head))),
      ),
    );
    const body = make("tbody");
    for (const row of rowsShown(state)) {
      const answer = one.answers[row.name];
      if (answer === undefined) continue;
      const items = (answer.lists[setting] ?? []).map((place) =>
        make("li", { class: right.includes(place) ? "hit" : null }, book.titles[place]),
      );
      body.append(
        make(
          "tr",
          { class: state.picked.has(row.name) ? "picked" : null },
          make("th", { scope: "row" }, row.name),
          ...(lists ? [make("td", {}, items.length === 0 ? "-" : make("ol", {}, ...items))] : []),
          ...metrics.map((name) => make("td", {}, figure(answer.values[name]))),
        ),
      );
    }
    table.append(body);
    return [
      facts,
      make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Answers" }, table),
    ];
  }

  // ---- the page ----

  for (const table of document.querySelectorAll("table.sortable")) sortable(table);

  for (const run of runs) {
    const section = document.getElementById(run.id);
    const state = { run, picked: new Set(), hiddenKinds: new Set(), listeners: [] };
    kinds(section, state);
    filters(section, state);
    const on = (name, draw) => {
      const element = section.querySelector(`figure.${name}`);
      if (element !== null)
        chart(element, state, (width) =>
          draw((field) => element.querySelector(`[name=${field}]`).value, width),
        );
    };
    on("bars", (value, width) => drawBars(state, value("metric"), width));
    on("cost", (value, width) => drawCost(state, value("metric"), value("cost"), width));
    on("curves", (value, width) => drawCurve(state, run.curves[Number(value("curve"))], width));
    on("forest", (value, width) => drawForest(state, run.comparisons, value("metric"), width));
    samples(section, state);
  }

  for (const button of document.querySelectorAll("button.copy")) {
    button.addEventListener("click", async () => {
      const from = document.getElementById(button.dataset.from);
      try {
        await navigator.clipboard.writeText(from.textContent);
        say("Copied");
      } catch {
        // A page from a file may not reach the clipboard: the text is selected for the keyboard instead.
        getSelection().selectAllChildren(from);
        say("Selected: press Control C");
      }
    });
  }
  document.documentElement.dataset.ready = "yes";
})();
