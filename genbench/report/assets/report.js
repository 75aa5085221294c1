"use strict";
/* What the pages of a report do. Tables are DataTables, charts are Plotly; both lie in this folder. */
const genbench = (() => {
  const root = document.documentElement.dataset.root;
  const received = new Map();
  const loading = new Map();

  /* Scripts are the only data that a page opened from a disk may load. */
  const script = (path) => {
    if (!loading.has(path)) {
      loading.set(path, new Promise((done, failed) => {
        const element = document.createElement("script");
        element.src = root + path;
        element.onload = done;
        element.onerror = () => failed(new Error(`${path} is missing`));
        document.head.append(element);
      }));
    }
    return loading.get(path);
  };
  const receive = (key, data) => received.set(key, data);
  const load = async (key) => {
    await script(`data/${key}.js`);
    return received.get(key);
  };

  /* --- theme ------------------------------------------------------------------------------------------ */
  const dark = () => getComputedStyle(document.documentElement).colorScheme.trim() === "dark"
    || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const remember = (value) => { try { localStorage.setItem("genbench-theme", value); } catch { /* no storage */ } };
  const remembered = () => { try { return localStorage.getItem("genbench-theme"); } catch { return null; } };
  const redraw = [];
  const showTheme = () => {
    const button = document.getElementById("theme");
    button.setAttribute("aria-pressed", String(dark()));
    button.textContent = dark() ? "Light" : "Dark";
    button.setAttribute("aria-label", dark() ? "Switch to light colours" : "Switch to dark colours");
    redraw.forEach((draw) => draw());
  };
  const setUpTheme = () => {
    if (remembered()) document.documentElement.dataset.theme = remembered();
    document.getElementById("theme").addEventListener("click", () => {
      document.documentElement.dataset.theme = dark() ? "light" : "dark";
      remember(document.documentElement.dataset.theme);
      showTheme();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
    showTheme();
  };

  /* --- tables ----------------------------------------------------------------------------------------- */
  /* A table becomes sortable when it comes near the screen: a page may have dozens. */
  const sortable = (table) => {
    table.api ??= new DataTable(table, { paging: false, info: false, searching: true, order: [], autoWidth: false,
      layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: null } });
    return table.api;
  };
  const setUpTables = () => {
    const near = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
      near.unobserve(target);
      sortable(target);
    }), { rootMargin: "300px" });
    document.querySelectorAll("table.board, table.plain").forEach((table) => near.observe(table));
  };
  const setUpFilters = () => {
    const form = document.querySelector("form.filters");
    if (!form) return;
    const found = document.getElementById("found");
    const filter = () => {
      const wanted = form.elements.model.value.trim().toLowerCase();
      let rows = 0;
      document.querySelectorAll("article.task").forEach((article) => {
        const table = article.querySelector("table.board");
        article.hidden = Boolean(form.elements.task.value) && article.dataset.task !== form.elements.task.value;
        if (!table) return;
        const metrics = [...table.tHead.querySelectorAll("[data-metric]")];
        const metric = form.elements.metric.value;
        const has = !metric || metrics.some((head) => head.dataset.metric === metric);
        article.hidden ||= !has;
        if (article.hidden) return;
        const api = sortable(table);
        api.search((text, data, index) => api.row(index).node().dataset.model.toLowerCase().includes(wanted)).draw();
        metrics.forEach((head) => table.querySelectorAll("tr").forEach((row) => {
          const cell = row.cells[head.cellIndex];
          if (cell) cell.hidden = Boolean(metric) && head.dataset.metric !== metric;
        }));
        rows += table.tBodies[0].querySelectorAll("tr[data-model]").length;
      });
      found.textContent = wanted || form.elements.task.value || form.elements.metric.value ? `${rows} rows` : "";
    };
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
  };

  /* --- sliders ---------------------------------------------------------------------------------------- */
  const stepsOf = (figure) => figure.dataset.steps.split(",").map(Number);
  const show = (figure, step) => {
    figure.querySelector("img").src = `${root}images/${figure.dataset.slug}/${step}.png`;
    const label = figure.querySelector(".step");
    if (label) label.textContent = `step ${step}`;
  };
  const setUpSliders = () => document.querySelectorAll(".slider").forEach((slider) => {
    const input = slider.querySelector("input");
    const output = slider.querySelector("output");
    const figures = [...slider.parentElement.querySelectorAll("figure[data-steps]")];
    input.addEventListener("input", () => {
      if (slider.dataset.share) {
        output.textContent = `${input.value} %`;
        input.setAttribute("aria-valuetext", output.textContent);
        figures.forEach((figure) => {
          const steps = stepsOf(figure);
          show(figure, steps[Math.round(input.value / 100 * (steps.length - 1))]);
        });
      } else {
        const step = slider.dataset.steps.split(",")[input.value];
        output.textContent = `step ${step}`;
        input.setAttribute("aria-valuetext", output.textContent);
        figures.forEach((figure) => show(figure, step));
      }
    });
  });

  /* --- charts ----------------------------------------------------------------------------------------- */
  const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c8c8c", "#b8a800"];
  const DASHES = ["solid", "dash", "dot", "dashdot"];
  const colour = (index) => COLOURS[index % COLOURS.length];
  const dash = (index) => DASHES[Math.floor(index / COLOURS.length) % DASHES.length];
  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const faint = (hex, opacity) => hex + Math.round(255 * opacity).toString(16).padStart(2, "0");
  const layout = (extra) => {
    const style = getComputedStyle(document.body);
    const value = (name) => { const probe = document.createElement("i"); probe.style.color = `var(${name})`;
      document.body.append(probe); const found = getComputedStyle(probe).color; probe.remove(); return found; };
    const axis = { gridcolor: value("--rule"), zerolinecolor: value("--rule"), linecolor: value("--rule"),
      ticks: "", title: { standoff: 12 } };
    return { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, autosize: true,
      font: { family: style.fontFamily, size: 13, color: value("--muted") }, margin: { l: 60, r: 22, t: 12, b: 48 },
      hoverlabel: { bgcolor: value("--raised"), bordercolor: value("--rule"), font: { color: value("--ink") }, namelength: 40 },
      /* Labels may move their own axis alone: a margin that moves both may never settle. */
      ...extra, xaxis: { ...axis, automargin: "height", ...extra.xaxis, title: { ...axis.title, ...extra.xaxis?.title } },
      yaxis: { ...axis, automargin: "width", ...extra.yaxis, title: { ...axis.title, ...extra.yaxis?.title } } };
  };
  const CONFIG = { displayModeBar: false, responsive: true, scrollZoom: false, staticPlot: false };
  const plot = (box, traces, extra) => Plotly.react(box.querySelector(".chart"), traces, layout(extra), CONFIG);

  const line = (x, y, name, index) => ({ x, y, name: escaped(name), mode: x.length > 1 ? "lines" : "markers",
    line: { color: colour(index), width: 2, dash: dash(index) }, marker: { color: colour(index) }, type: "scatter", legendgroup: name });
  const band = (x, low, high, name, index) => {
    const kept = x.map((_, i) => i).filter((i) => low[i] !== null && high[i] !== null);
    return { x: [...kept.map((i) => x[i]), ...kept.map((i) => x[i]).reverse()],
      y: [...kept.map((i) => high[i]), ...kept.map((i) => low[i]).reverse()],
      fill: "toself", fillcolor: faint(colour(index), 0.14), line: { width: 0 }, mode: "lines", type: "scatter", hoverinfo: "skip", name: escaped(name), legendgroup: name };
  };
  /* A legend of buttons: unlike one drawn by the chart it can be reached by keyboard and is read aloud. */
  const legend = (box, names, order, hidden, draw) => {
    const place = box.querySelector(".legend");
    if (place.dataset.names === JSON.stringify(names)) return;
    place.dataset.names = JSON.stringify(names);
    place.replaceChildren(...names.map((name) => {
      const index = order.indexOf(name);
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.style.setProperty("--line", colour(index));
      button.style.setProperty("--dash", { solid: "solid", dash: "dashed", dot: "dotted", dashdot: "double" }[dash(index)]);
      button.setAttribute("aria-pressed", String(!hidden.has(name)));
      button.addEventListener("click", () => {
        hidden.has(name) ? hidden.delete(name) : hidden.add(name);
        button.setAttribute("aria-pressed", String(!hidden.has(name)));
        draw();
      });
      return button;
    }));
  };
  const lines = (box, order, hidden, series, extra) => {
    const traces = series.filter((own) => !hidden.has(own.name)).flatMap((own) => {
      const index = order.indexOf(own.name);
      const bands = own.low ? [band(own.x, own.low, own.high, own.name, index)] : [];
      return [...bands, line(own.x, own.value, own.name, index)];
    });
    return plot(box, traces, { hovermode: "closest", ...extra });
  };

  const NUMBERS = ["step", "seconds", "samples", "value", "low", "high"];
  const unpack = (text) => Array.from(new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer), (x) => isNaN(x) ? null : x);
  const unpacked = (own) => Object.fromEntries(Object.entries(own).map(([key, value]) => [key, NUMBERS.includes(key) ? unpack(value) : value]));
  /* Where a line's steps lie on another axis, by the clock of its method or run. */
  const at = (clock, own, axis) => {
    if (axis === "step") return own.step;
    const times = clock[own.name] ?? clock[""];
    const place = new Map(times ? times.step.map((step, i) => [step, times[axis][i]]) : []);
    return own.step.map((step) => place.get(step) ?? null);
  };
  const curves = async (box) => {
    const packed = await load(box.dataset.clock);
    const clock = Object.fromEntries(Object.entries(packed).map(([name, times]) => [name, unpacked(times)]));
    const hidden = new Set();
    const pick = (name) => box.querySelector(`[name=${name}]`);
    const all = JSON.parse(box.dataset.names);
    const draw = async () => {
      const [key, index] = pick("quantity").value.split("#");
      const quantity = index ? (await load(key))[index] : await load(key);
      const axis = pick("axis").value;
      const names = all.filter((name) => quantity.series.some((own) => own.name === name));
      const series = quantity.series.map(unpacked).map((own) => ({ ...own, x: at(clock, own, axis) }));
      const scale = pick("log").checked ? "log" : "linear";
      const arrow = { higher: " ↑", lower: " ↓" }[quantity.better] ?? "";
      legend(box, names, all, hidden, draw);
      await lines(box, all, hidden, series, { xaxis: { title: { text: { step: "steps", seconds: "seconds of training", samples: "samples seen by a seed" }[axis] } },
        yaxis: { title: { text: escaped(quantity.name) + arrow }, type: scale } });
    };
    box.querySelector(".controls").addEventListener("input", draw);
    return draw;
  };
  const profiles = async (box) => {
    const data = await load("profiles");
    const hidden = new Set();
    const names = data.map((own) => own.name);
    const draw = () => {
      legend(box, names, names, hidden, draw);
      return lines(box, names, hidden, data, { xaxis: { title: { text: "normalised score" } }, yaxis: { title: { text: "share of runs above" }, range: [-0.02, 1.02] } });
    };
    return draw;
  };
  const improvements = async (box) => {
    const { names, values } = await load("improvements");
    const shown = names.map(escaped);
    /* Long names would leave no room for the matrix; the text under the pointer has them whole. */
    const most = box.clientWidth < 420 ? 12 : 24;
    const short = names.map((name) => escaped(name.length > most ? `${name.slice(0, most - 1)}…` : name));
    const axis = { tickmode: "array", tickvals: shown, ticktext: short };
    return () => plot(box, [{ type: "heatmap", x: shown, y: shown, z: values, zmin: 0, zmax: 1, xgap: 2, ygap: 2, showscale: false,
      colorscale: dark() ? [[0, "#a5431a"], [0.5, "#262b33"], [1, "#2b7cc4"]] : [[0, "#e8956b"], [0.5, "#f4f5f7"], [1, "#69aee6"]],
      texttemplate: names.length < 10 ? "%{z:.2f}" : "", hovertemplate: "%{y} beats %{x}: %{z:.2f}<extra></extra>" }],
    { yaxis: { ...axis, autorange: "reversed" }, xaxis: { ...axis, tickangle: -40 } });
  };
  const pareto = async (box) => {
    const data = await load("pareto");
    const select = box.querySelector("select");
    const draw = () => {
      const own = data[select.value];
      const front = own.model.map((_, i) => i).filter((i) => own.pareto[i]);
      const at = (indices, key) => indices.map((i) => own[key][i]);
      const every = own.model.map((_, i) => i);
      return plot(box, [
        { x: at(front, "training_seconds"), y: at(front, "value"), mode: "lines", line: { color: colour(0), width: 1.5, dash: "dot" }, hoverinfo: "skip", type: "scatter" },
        { x: own.training_seconds, y: own.value, text: own.model.map(escaped), mode: "markers+text", type: "scatter", textposition: "top center", cliponaxis: false,
          marker: { size: 10, color: every.map((i) => own.pareto[i] ? colour(0) : "#9aa5b1") }, hovertemplate: "%{text}<br>%{x:.3g} s, %{y:.4g}<extra></extra>" }],
      { xaxis: { title: { text: "seconds of training, all seeds" }, type: "log" }, yaxis: { title: { text: escaped(own.metric) + (own.better === "higher" ? " ↑" : " ↓") }, autorange: own.better === "higher" ? true : "reversed" } });
    };
    select.addEventListener("input", draw);
    return draw;
  };
  /* What a finding rests on: the signal, its limit, where healthy runs end, and when the failure began. */
  const evidence = async (box) => {
    const [key, index] = box.dataset.key.split("#");
    const own = unpacked((await load(key))[index]);
    const ends = [own.step[0], own.step.at(-1)];
    const positive = Math.min(own.limit, ...own.value) > 0 && Math.max(...own.value) > 100 * own.limit;
    const shade = (low, high, fill) => ({ x: [...ends, ...[...ends].reverse()], y: [low, low, high, high], fill: "toself", fillcolor: fill,
      line: { width: 2, color: fill }, mode: "lines", type: "scatter", hoverinfo: "skip" });
    const traces = [...own.band && !(positive && own.band[0] <= 0) ? [shade(...own.band, faint("#8c8c8c", 0.3))] : [],
      { x: ends, y: [own.limit, own.limit], mode: "lines", type: "scatter", line: { color: colour(1), width: 1.5, dash: "dash" }, hovertemplate: "limit %{y:.4g}<extra></extra>" },
      { ...line(own.step, own.value, own.name, 0), hovertemplate: "step %{x}: %{y:.4g}<extra></extra>" }];
    const onset = { type: "rect", yref: "paper", y0: 0, y1: 1, x0: own.onset[0], x1: own.onset[1], fillcolor: faint("#d0342c", 0.3), line: { width: 1, color: faint("#d0342c", 0.6) } };
    return () => plot(box, traces, { shapes: [onset], margin: { l: 48, r: 20, t: 6, b: 40 }, xaxis: { title: { text: "steps" } }, yaxis: { title: { text: escaped(own.name) }, type: positive ? "log" : "linear" } });
  };
  const CHARTS = { curves, profiles, improvements, pareto, evidence };
  const setUpCharts = () => {
    /* The chart library is large: it is read when the first chart comes near the screen. */
    const seen = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach(async ({ target }) => {
      seen.unobserve(target);
      await script("assets/plotly.min.js");
      const draw = await CHARTS[target.dataset.chart](target);
      await draw();
      redraw.push(draw);
      target.dataset.drawn = "true";
    }), { rootMargin: "200px" });
    document.querySelectorAll("[data-chart]").forEach((box) => seen.observe(box));
  };

  document.addEventListener("DOMContentLoaded", () => {
    setUpTheme();
    setUpTables();
    setUpFilters();
    setUpSliders();
    setUpCharts();
    document.documentElement.dataset.ready = "true";
  });
  return { receive };
})();
