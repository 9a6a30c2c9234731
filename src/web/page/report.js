"use strict";
(() => {
  const trace = JSON.parse(document.getElementById("trace").textContent);

  // Elements. Text goes in as text, never as markup: file and class names are the user's.
  const add = (parent, ...children) => {
    for (const child of children.flat(Infinity)) if (child !== null && child !== undefined && child !== false) parent.append(child);
    return parent;
  };
  const make = (tag, attributes, ...children) => {
    const [name, ...classes] = tag.split(".");
    const element = document.createElement(name || "div");
    if (classes.length) element.className = classes.join(" ");
    for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
    return add(element, children);
  };
  const svg = (tag, attributes, ...children) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
    return add(element, children);
  };

  // Figures.
  const fixed = (value, digits) => (value === null || value === undefined || Number.isNaN(value)) ? "–" : Number(value).toFixed(digits);
  const percent = (value, digits = 1) => value === null || value === undefined ? "–" : fixed(100 * value, digits) + " %";
  const bytes = (value) => value >= 1e6 ? fixed(value / 1e6, 2) + " MB" : value >= 1e3 ? fixed(value / 1e3, 1) + " kB" : value + " B";
  const duration = (seconds) => seconds >= 90 ? fixed(seconds / 60, 1) + " min" : seconds >= 0.1 ? fixed(seconds, 1) + " s" : fixed(1000 * seconds, 1) + " ms";

  // Parts that several sections share.
  const tile = (value, caption, mark) => make("div.tile", {}, make(mark ? "b." + mark : "b", {}, value), make("span", {}, caption));
  const picture = (uri, caption, kind) => uri ? make("figure", {}, make(kind ? "img." + kind : "img", {src: uri, alt: caption}), make("figcaption", {}, caption)) : null;
  const table = (heads, rows, options = {}) => {
    const head = make("tr", {}, heads.map((h) => make(h.number ? "th.n" : "th", {}, h.title)));
    const body = rows.map((row) => make(row.on ? "tr.on" : "tr", {}, heads.map((h) => make(h.number ? "td.n" : "td", {}, row[h.key] ?? "–"))));
    const made = make("table", {}, make("thead", {}, head), make("tbody", {}, body));
    return make("div.scroll", options.label ? {tabindex: 0, role: "region", "aria-label": options.label} : {}, made);
  };
  const bars = (rows) => {
    const most = Math.max(...rows.map((row) => row.value), 1e-12);
    return make("div.bars", {}, rows.map((row) => {
      const bar = make(row.on ? "i.on" : "i");
      bar.style.width = Math.max(0.5, 100 * row.value / most) + "%";
      return [make("span.name", {}, row.name), make("div", {}, bar), make("span.value", {}, row.text)];
    }));
  };
  const folded = (title, ...children) => make("details", {}, make("summary", {}, title), children);

  // Lines over epochs: each series {name, color, values}.
  const lines = (series, label, format) => {
    const width = 460, height = 220, left = 44, right = 12, top = 12, bottom = 30;
    const values = series.flatMap((s) => s.values).filter((v) => Number.isFinite(v));
    const most = Math.max(...values, 1e-9), least = Math.min(...values, 0);
    const count = Math.max(...series.map((s) => s.values.length));
    const x = (i) => left + (count < 2 ? 0.5 : i / (count - 1)) * (width - left - right);
    const y = (v) => top + (1 - (v - least) / (most - least)) * (height - top - bottom);
    const chart = svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, width: width});
    for (let k = 0; k <= 4; ++k) {
      const v = least + k / 4 * (most - least);
      add(chart, svg("line", {x1: left, x2: width - right, y1: y(v), y2: y(v), stroke: "var(--grid)"}),
        svg("text", {x: left - 6, y: y(v) + 4, "text-anchor": "end"}, format(v)));
    }
    const stride = Math.max(1, Math.ceil(count / 10));
    for (let i = 0; i < count; i += stride) add(chart, svg("text", {x: x(i), y: height - 8, "text-anchor": "middle"}, String(i + 1)));
    for (const s of series) {
      add(chart, svg("polyline", {points: s.values.map((v, i) => `${x(i)},${y(v)}`).join(" "), fill: "none", stroke: s.color, "stroke-width": 2.5, "stroke-linejoin": "round"}),
        s.values.map((v, i) => svg("circle", {cx: x(i), cy: y(v), r: 3, fill: s.color})));
    }
    const legend = make("div.legend", {}, series.map((s) => {
      const mark = make("i");
      mark.style.background = s.color;
      return make("span", {}, mark, s.name);
    }));
    return make("figure", {}, chart, legend, make("figcaption", {}, label + " by epoch"));
  };

  const histogram = (counts, caption) => {
    const width = 256, height = 70, most = Math.max(...counts, 1);
    const path = counts.map((c, i) => `${i === 0 ? "M" : "L"}${i},${height - height * Math.sqrt(c / most)}`).join("");
    return make("figure", {}, svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": caption, width: width},
      svg("path", {d: `${path}L255,${height}L0,${height}Z`, fill: "var(--bar)"})), make("figcaption", {}, caption));
  };

  const confusion = (data) => {
    if (!data || !data.matrix) return null;
    const rows = data.matrix.map((counts, truth) => {
      const sum = counts.reduce((a, b) => a + b, 0);
      return make("tr", {}, make("th.r", {scope: "row"}, data.labels[truth]), counts.map((count, predicted) => {
        const cell = make("td", {title: `${data.labels[truth]} taken for ${data.labels[predicted]}: ${count}`}, count || "·");
        const share = sum ? count / sum : 0;
        const color = truth === predicted ? "var(--accent)" : "var(--val)";
        cell.style.background = `color-mix(in srgb, ${color} ${Math.round(70 * share)}%, transparent)`;
        return cell;
      }));
    });
    const head = make("tr", {}, make("th.r", {}, "truth ↓ predicted →"), data.labels.map((l) => make("th", {scope: "col"}, l)));
    return make("div.scroll", {tabindex: 0, role: "region", "aria-label": "Confusion matrix"}, make("table.matrix", {}, make("thead", {}, head), make("tbody", {}, rows)));
  };

  const sections = {
    data_in: (d) => [
      make("div.tiles", {}, tile(d.images, "images"), tile(d.classes.length, "classes"), tile(`${d.split.train} + ${d.split.val}`, "training + validation"),
        tile(d.skipped.length, "skipped, not decodable")),
      d.sheet && picture(d.sheet, "A few images of every class"),
      make("h3", {}, "Images per class"),
      bars(d.classes.map((c) => ({name: c.name, value: c.images, text: `${c.images} (${c.train} + ${c.val})`}))),
      d.skipped.length ? folded(`${d.skipped.length} skipped`, table([{title: "File", key: "file"}, {title: "Reason", key: "reason"}], d.skipped)) : null,
    ],
    preprocessing: (d) => [
      make("div.row", {}, picture(d.original.uri, `${d.original.file}: ${d.original.width} × ${d.original.height}, 0–255`),
        picture(d.prepared.uri, `prepared: ${d.prepared.width} × ${d.prepared.height}`)),
      make("h3", {}, "One pixel"),
      make("p", {}, `The pixel at (${d.pixel.x}, ${d.pixel.y}) was ${d.pixel.before.join(", ")} and became ${d.pixel.after.map((v) => fixed(v, 3)).join(", ")}.`),
      make("div.row", {}, histogram(d.histogram.before, "values of this photo, 0–255"), histogram(d.histogram.after, "values of all prepared images, 0–255 before the scaling")),
      make("p.soft", {}, `${fixed(d.images_per_second, 0)} images per second, on all cores. Training, evaluation and prediction use this same code.`),
      folded("The preprocess spec", make("pre", {style: "white-space: pre-wrap; overflow-wrap: anywhere"}, JSON.stringify(d.spec, null, 1))),
    ],
    to_tensor: (d) => [
      make("p", {}, `${d.shape_in.join(" × ")} becomes ${d.shape_out.join(" × ")}: each colour is a plane of its own.`),
      make("div.row", {}, d.channels.map((c) => picture(c.uri, `${c.name}: ${fixed(c.min, 2)} to ${fixed(c.max, 2)}, mean ${fixed(c.mean, 2)}`))),
      make("h3", {}, `The corner of the ${d.channels[0].name} plane, as numbers`),
      make("div.scroll", {}, make("table.numbers", {}, d.values.map((row) => make("tr", {}, row.map((v) => make("td", {}, fixed(v, 3))))))),
    ],
    training: (d) => [
      make("div.tiles", {}, tile(d.net, d.trained ? "network" : "not trained here"), tile(fixed(d.parameters / 1e6, 2) + " M", "parameters"), tile(fixed(d.gmacs, 2) + " G", "multiply–adds per image"),
        d.device ? tile(d.device, "device") : null),
      d.reason ? make("p", {}, d.reason) : null,
      d.epochs.length ? [
        make("div.row", {},
          lines([{name: "training", color: "var(--train)", values: d.epochs.map((e) => e.loss)}, {name: "validation", color: "var(--val)", values: d.epochs.map((e) => e.val_loss)}], "Loss", (v) => fixed(v, 2)),
          lines([{name: "training", color: "var(--train)", values: d.epochs.map((e) => e.accuracy)}, {name: "validation", color: "var(--val)", values: d.epochs.map((e) => e.val_accuracy)}], "Accuracy", (v) => fixed(v, 2))),
        table([{title: "Epoch", key: "epoch", number: true}, {title: "Loss", key: "loss", number: true}, {title: "Accuracy", key: "accuracy", number: true},
          {title: "Val. loss", key: "val_loss", number: true}, {title: "Val. accuracy", key: "val_accuracy", number: true}, {title: "Observation", key: "observation"}],
        d.epochs.map((e) => ({epoch: e.epoch, loss: fixed(e.loss, 3), accuracy: fixed(e.accuracy, 3), val_loss: fixed(e.val_loss, 3), val_accuracy: fixed(e.val_accuracy, 3), observation: e.observation})), {label: "Epochs"}),
      ] : null,
    ],
    optimization: (d) => {
      const counts = {};
      for (const node of d.nodes) counts[node.precision] = (counts[node.precision] || 0) + 1;
      const saved = 1 - d.bytes.engine / d.bytes.model;
      return [
        make("div.tiles", {}, tile(d.precision, "precision chosen"), tile(`${d.graph_before.nodes} → ${d.nodes.length}`, "nodes → steps"),
          tile(`${bytes(d.bytes.model)} → ${bytes(d.bytes.engine)}`, `model → engine, ${saved >= 0 ? "−" : "+"}${fixed(Math.abs(100 * saved), 0)} %`),
          d.gate ? tile(d.gate.passed ? "passed" : "failed", "accuracy gate", d.gate.passed ? "pass" : "fail") : null),
        make("h3", {}, "Candidates: every precision as a whole plan"),
        table([{title: "Precision", key: "precision"}, {title: "Latency, ms", key: "latency", number: true}, {title: "Top-1", key: "top1", number: true}, {title: "Drop, points", key: "drop", number: true}, {title: "Verdict", key: "verdict"}],
          d.candidates.map((c) => ({precision: c.label, latency: c.latency_ms ? fixed(c.latency_ms, 3) : "–", top1: percent(c.top1), drop: fixed(c.drop_points, 2), verdict: c.chosen ? "chosen" : c.reason, on: c.chosen}))),
        d.gate ? make("p.soft", {}, `Gate: ${d.gate.lost} images lost, ${d.gate.gained} gained of ${d.gate.images}; limit ${fixed(d.gate.max_drop, 2)} points; 95 % interval ${fixed(d.gate.ci95_points[0], 2)} to ${fixed(d.gate.ci95_points[1], 2)}${d.gate.decided ? "" : `; ${d.gate.images_needed || "no number of"} images would decide`}.`) : null,
        d.calibration.method ? make("p.soft", {}, `Calibration: ${d.calibration.method} on ${d.calibration.images} images.`) : null,
        make("h3", {}, "Memory of the activations"),
        bars([{name: "all values", value: d.memory.sum_of_values, text: bytes(d.memory.sum_of_values)}, {name: "this plan's arena", value: d.memory.arena_bytes, text: bytes(d.memory.arena_bytes), on: true},
          {name: "largest live set", value: d.memory.largest_live_set, text: bytes(d.memory.largest_live_set)}]),
        folded(`Passes (${d.passes.filter((p) => p.changed).length} changed something)`, table([{title: "Pass", key: "name"}, {title: "Nodes", key: "nodes", number: true}, {title: "Changed", key: "did"}],
          d.passes.map((p) => ({name: p.name, nodes: `${p.nodes_before} → ${p.nodes_after}`, did: p.changed ? "yes" : "no"})))),
        folded(`Steps: ${Object.entries(counts).map(([p, n]) => `${n} ${p}`).join(", ")}`, table([{title: "Layer", key: "name"}, {title: "Op", key: "op"}, {title: "Output", key: "shape"}, {title: "Precision", key: "precision"}, {title: "Tactic", key: "tactic"}, {title: "µs", key: "us", number: true}],
          d.nodes.map((n) => ({...n, us: n.microseconds ? fixed(n.microseconds, 1) : "–"})))),
        d.graph_after.picture ? folded("A picture of the plan: what runs after what, and how", make("div.drawing", {tabindex: 0, role: "region", "aria-label": "the plan"}, make("img", {src: d.graph_after.picture, alt: "the plan's steps from top to bottom"}))) : null,
        d.graph_before.picture ? folded("A picture of the graph before", make("div.drawing", {tabindex: 0, role: "region", "aria-label": "the graph before"}, make("img", {src: d.graph_before.picture, alt: "the model's nodes from top to bottom"}))) : null,
        folded(`The graph before: ${d.graph_before.nodes} nodes`, table([{title: "Node", key: "name"}, {title: "Op", key: "op"}, {title: "Output", key: "shape"}], d.graph_before.layers)),
        d.fallbacks.length ? folded(`${d.fallbacks.length} nodes stay wider than asked`, table([{title: "Node", key: "node"}, {title: "Precision", key: "precision"}, {title: "Reason", key: "reason"}], d.fallbacks)) : null,
      ];
    },
    metrics: (d) => [
      make("div.tiles", {}, tile(`${percent(d.before.top1)} → ${percent(d.after.top1)}`, "top-1 accuracy"), tile(`${fixed(d.before.latency_ms.p50, 2)} → ${fixed(d.after.latency_ms.p50, 2)} ms`, "latency, batch 1"),
        tile(`${d.reduction >= 0 ? "−" : "+"}${fixed(100 * Math.abs(d.reduction), 0)} %`, "latency"), tile(percent(d.agreement), "same answer on the same images")),
      make("h3", {}, "Latency of one image, model only (median)"),
      bars(d.ladder.map((r) => ({name: r.name, value: r.latency_ms.p50, text: fixed(r.latency_ms.p50, 2) + " ms", on: r.chosen}))),
      make("h3", {}, "From the bytes of a JPEG to the label (median)"),
      bars(d.ladder.map((r) => ({name: r.name, value: r.end_to_end_ms.p50, text: fixed(r.end_to_end_ms.p50, 2) + " ms", on: r.chosen}))),
      table([{title: "", key: "name"}, {title: "Top-1", key: "top1", number: true}, {title: "p50", key: "p50", number: true}, {title: "p90", key: "p90", number: true}, {title: "p99", key: "p99", number: true}, {title: "min", key: "min", number: true}, {title: "Images/s", key: "rate", number: true}],
        d.ladder.map((r) => ({name: r.name, top1: percent(r.top1), p50: fixed(r.latency_ms.p50, 3), p90: fixed(r.latency_ms.p90, 3), p99: fixed(r.latency_ms.p99, 3), min: fixed(r.latency_ms.min, 3), rate: fixed(r.images_per_second, 0), on: r.chosen}))),
      (d.not_built || []).map((r) => make("p.soft", {}, `${r.name} was not built: ${r.reason}.`)),
      make("p.soft", {}, `Before: ${d.baseline}. Drop ${fixed(d.drop_points, 2)} points, 95 % interval ${fixed(d.ci95_points[0], 2)} to ${fixed(d.ci95_points[1], 2)}, ${d.images} images.`),
      d.confusion ? [make("h3", {}, "What the engine takes for what"), confusion(d.confusion)] : null,
    ],
    prediction: (d) => [
      make("div.row", {}, picture(d.photo || d.input, d.file || "the image"), d.attention ? picture(d.attention.picture, d.attention.kind === "class_activation" ? `what spoke for “${d.attention.label}” (class-activation map)` : `what spoke for “${d.attention.label}” (${d.attention.kind})`) : null,
        make("div", {}, bars(d.top.map((t, i) => ({name: t.label, value: t.p, text: fixed(t.p, 3), on: i === 0}))),
          d.truth ? make("p.soft", {}, d.correct ? `The folder says ${d.truth} too.` : `The folder says ${d.truth}.`) : null)),
      d.groups.map((g) => make("div.group", {}, make("h3", {}, `${g.group} (${g.layers.length})`),
        folded(`${fixed(g.layers.reduce((sum, l) => sum + (l.microseconds || 0), 0) / 1000, 3)} ms`, table([{title: "Layer", key: "name"}, {title: "Op", key: "op"}, {title: "Output", key: "shape"}, {title: "Precision", key: "precision"}, {title: "Tactic", key: "tactic"}, {title: "µs", key: "us", number: true}, {title: "Strongest feature maps", key: "maps"}],
          g.layers.map((l) => ({...l, shape: Array.isArray(l.shape) ? l.shape.join("x") : l.shape, us: l.microseconds ? fixed(l.microseconds, 1) : "–",
            maps: make("div.maps", {}, (l.maps || []).map((m) => make("img", {src: m.picture || m.uri, alt: `channel ${m.channel}`, title: `channel ${m.channel}`})))})))))),
    ],
  };

  const stages = trace.stages;
  add(document.getElementById("head"), make("h1", {}, trace.title), trace.key_insight ? make("p.insight", {}, trace.key_insight) : null, trace.note ? make("p.note", {}, trace.note) : null);
  if (stages.length > 1) {
    add(document.getElementById("flow"), stages.map((s, i) => make("a", {href: "#" + s.id}, make("b", {}, String(i + 1)), s.title)));
    add(document.getElementById("main"), make("div", {}, table([{title: "Stage", key: "title"}, {title: "Input", key: "input"}, {title: "What happens", key: "operation"}, {title: "Output", key: "output"}, {title: "Example", key: "example"}],
      stages.map((s, i) => ({...s, title: `${i + 1} ${s.title}`})), {label: "Stages"})));
  }
  stages.forEach((stage, i) => {
    const reason = stage.details.not_run_because;
    const body = reason ? [make("p", {}, `Not run here: ${reason}.`)] : sections[stage.id] ? sections[stage.id](stage.details) : [];
    add(document.getElementById("main"), make("section", {id: stage.id},
      make("span.step", {}, stages.length > 1 ? `Stage ${i + 1}` : ""), make("h2", {}, stage.title),
      stage.input ? make("div.transform", {}, make("span", {}, stage.input), make("span.op", {}, "→ " + stage.operation + " →"), make("span", {}, stage.output)) : null,
      stage.seconds ? make("p.soft", {}, `${stage.example ? stage.example + " · " : ""}took ${duration(stage.seconds)}`) : null, body));
  });
  const here = trace.environment || {};
  add(document.getElementById("foot"), [here.cpu, here.isa, here.threads ? here.threads + " threads" : null, ...(here.libraries || [])].filter(Boolean).join(" · "));
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
})();
