
// Exploring figures: the specification curve and grids of joint groups, from the page's own data.
// Estimates are pointed at by mouse, touch or arrow keys; options that are cleared dim theirs.
(() => {
  const { make } = page;
  const SAYS = ["holds", "below", "above"];
  const WORDS = ["holds 1", "wholly below 1", "wholly above 1"];

  const whole = (number) => number.toLocaleString("en-US");

  // As the report prints ratios: only 1 is 1.00, small ones keep two digits, large ones lose some.
  const ratio = (number) => {
    if (number >= 1000) return ">999";
    if (number >= 99.5) return number.toFixed(0);
    if (number >= 9.95) return number.toFixed(1);
    if (number < 0.001) return "<0.001";
    if (number < 0.095) return number.toFixed(number >= 0.00995 ? 3 : 4);
    for (let digits = 2; digits < 7; digits += 1) {
      if (number === 1 || Number(number.toFixed(digits)) !== 1) return number.toFixed(digits);
    }
    return number.toFixed(6);
  };
  // A difference has as many decimals as most of those that are printed.
  const difference = (number, printed) => {
    const digits = printed.map((words) => /^\D*\d+(?:\.(\d+))?/.exec(words)?.[1]?.length ?? 0);
    return number.toFixed(Math.round(median(digits))).replace("-", "\u2212");
  };

  const median = (numbers) => {
    const sorted = Float64Array.from(numbers).sort();
    const half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  };

  // Which options are chosen, and which estimates that keeps.
  const filter = (data, box, changed) => {
    const chosen = data.choices.map((choice) => choice.options.map(() => true));
    const keeps = (at) => chosen.every((options, choice) => options[data.picks[choice][at]]);
    const places = data.rows.map((_, at) => at);
    const state = { keeps, kept: places, all: places, whole: true };
    const again = () => {
      state.kept = places.filter(keeps);
      state.whole = state.kept.length === places.length;
      box.dataset.kept = state.kept.length;
      changed();
    };
    const inputs = [];
    state.fieldsets = data.choices.map((choice, at) => {
      const set = make("fieldset", "choice", make("legend", "", choice.label));
      choice.options.forEach((label, option) => {
        if (!data.picks[at].includes(option)) return;
        const input = make("input");
        Object.assign(input, { type: "checkbox", checked: true });
        Object.assign(input.dataset, { choice: at, option });
        input.addEventListener("change", () => {
          chosen[at][option] = input.checked;
          again();
        });
        inputs.push(input);
        const row = make("div", "option", make("label", "chip", input, make("span", "", label)));
        row.dataset.choice = at;
        row.dataset.option = option;
        if (data.base !== undefined && data.base !== null) {
          row.classList.toggle("of-base", at > 0 && data.picks[at][data.base] === option);
        }
        set.append(row);
      });
      return set;
    });
    state.reset = make("button", "reset", "Keep all");
    state.reset.type = "button";
    state.reset.disabled = true;
    state.reset.addEventListener("click", () => {
      for (const input of inputs) input.checked = true;
      for (const options of chosen) options.fill(true);
      again();
    });
    box.dataset.kept = places.length;
    return state;
  };

  const canvasOf = (canvas, height) => {
    const width = canvas.clientWidth;
    const dots = devicePixelRatio || 1;
    canvas.width = Math.round(width * dots);
    canvas.height = Math.round(height * dots);
    const pen = canvas.getContext("2d");
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    return [pen, width];
  };

  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    const get = (name) => style.getPropertyValue(`--fig-${name}`).trim();
    return {
      ink: get("ink"), muted: get("muted"), rule: get("rule"), paper: get("paper"),
      published: get("series-4"), says: [get("ink"), get("series-1"), get("series-2")],
      sans: style.getPropertyValue("--sans"),
    };
  };

  const drawWhenSeen = (element, draw) => {
    let seen = false;
    const now = () => { if (seen) draw(); };
    new IntersectionObserver((entries, observer) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen = true;
      observer.disconnect();
      draw();
    }, { rootMargin: "600px" }).observe(element);
    new ResizeObserver(now).observe(element);
    page.redraw.push(now);
    return now;
  };

  // The curve -------------------------------------------------------------------------------

  const LEFT = 46, RIGHT = 8, TOP = 10, FOOT = 40, HIGH = 300, STRIP = 18;

  const scales = (data, width) => {
    const [low, high] = data.limits.map(Math.log);
    const inside = width - LEFT - RIGHT;
    const step = inside / data.rows.length;
    return {
      inside, step,
      x: (place) => LEFT + place * step,
      y: (number) => {
        const at = (Math.log(Math.min(Math.max(number, 1e-9), 1e9)) - low) / (high - low);
        return TOP + (1 - Math.min(Math.max(at, 0), 1)) * (HIGH - TOP - FOOT);
      },
      bins: Math.min(data.rows.length, Math.max(Math.floor(inside / 3), 1)),
    };
  };

  // Places of each bin of neighbours that are kept.
  const binned = (data, bins, keeps) => {
    const found = Array.from({ length: bins }, () => []);
    const number = data.rows.length;
    for (let at = 0; at < number; at += 1) {
      if (keeps(at)) found[Math.floor((at * bins) / number)].push(at);
    }
    return found;
  };

  const frame = (pen, data, to, width, ink) => {
    pen.font = `12px ${ink.sans}`;
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    for (const tick of data.ticks) {
      const y = Math.round(to.y(tick)) + 0.5;
      pen.strokeStyle = tick === 1 ? ink.ink : ink.rule;
      pen.beginPath();
      pen.moveTo(LEFT, y);
      pen.lineTo(width - RIGHT, y);
      pen.stroke();
      pen.fillStyle = ink.ink;
      pen.fillText(String(tick), LEFT - 6, y);
    }
    pen.textBaseline = "top";
    pen.fillStyle = ink.muted;
    const number = data.rows.length;
    pen.textAlign = "left";
    pen.fillText("1", LEFT, HIGH - FOOT + 6);
    pen.textAlign = "right";
    pen.fillText(whole(number), width - RIGHT, HIGH - FOOT + 6);
    pen.textAlign = "center";
    pen.fillText("Specifications, lowest odds ratio first", LEFT + to.inside / 2, HIGH - FOOT + 22);
  };

  const marks = (pen, data, to, places, ink, dim) => {
    const wide = to.inside / to.bins;
    const mid = (list, column) => median(list.map((at) => data[column][at] ?? 1));
    const points = wide >= 7;
    places.forEach((list, bin) => {
      if (!list.length) return;
      // Whole dots, so that neighbours neither overlap nor leave a seam.
      const x = points ? LEFT + bin * wide : Math.round(LEFT + bin * wide);
      const broad = points ? wide : Math.round(LEFT + (bin + 1) * wide) - x;
      const y = to.y(mid(list, "estimate"));
      const says = data.says[list[list.length >> 1]];
      if (!dim) {
        const [high, low] = [to.y(mid(list, "high")), to.y(mid(list, "low"))];
        pen.fillStyle = ink.muted;
        pen.globalAlpha = points ? 0.8 : 0.24;
        pen.fillRect(points ? x + wide / 2 - 0.6 : x, high, points ? 1.2 : broad, low - high);
      }
      pen.globalAlpha = dim ? 0.38 : 1;
      pen.fillStyle = dim ? ink.muted : ink.says[says];
      if (points) {
        pen.beginPath();
        pen.arc(x + wide / 2, y, 3.2, 0, 2 * Math.PI);
        pen.fill();
      } else {
        pen.fillRect(x, y - (dim ? 0.8 : 1.5), broad, dim ? 1.6 : 3);
      }
    });
    pen.globalAlpha = 1;
  };

  const line = (pen, colour, dash, ...ends) => {
    pen.strokeStyle = colour;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(ends[0], ends[1]);
    pen.lineTo(ends[2], ends[3]);
    pen.stroke();
    pen.setLineDash([]);
  };

  const landmarks = (pen, data, to, width, ink) => {
    if (data.published) {
      const y = to.y(data.published_at);
      line(pen, ink.published, [2, 3], LEFT, y, width - RIGHT, y);
    }
    if (data.base === null) return;
    const x = to.x(data.base + 0.5);
    const y = to.y(data.estimate[data.base]);
    line(pen, ink.ink, [5, 3], x, TOP, x, HIGH - FOOT);
    pen.fillStyle = ink.ink;
    pen.strokeStyle = ink.paper;
    pen.beginPath();
    for (const [dx, dy] of [[0, -6], [6, 0], [0, 6], [-6, 0]]) pen.lineTo(x + dx, y + dy);
    pen.closePath();
    pen.fill();
    pen.stroke();
  };

  const watermark = (pen, width, ink) => {
    if (!document.body.classList.contains("artificial")) return;
    pen.save();
    pen.translate(LEFT + (width - LEFT) / 2, HIGH / 2 - 10);
    pen.rotate(-0.3);
    pen.font = `700 ${Math.min(40, width / 12)}px ${ink.sans}`;
    pen.textAlign = "center";
    pen.fillStyle = ink.muted;
    pen.globalAlpha = 0.28;
    pen.fillText("ARTIFICIAL DATA", 0, 0);
    pen.restore();
  };

  const drawCurve = (canvas, data, state) => {
    const [pen, width] = canvasOf(canvas, HIGH);
    if (!width) return;
    const to = scales(data, width);
    const ink = colours();
    frame(pen, data, to, width, ink);
    if (!state.whole) marks(pen, data, to, binned(data, to.bins, () => true), ink, true);
    marks(pen, data, to, binned(data, to.bins, state.keeps), ink, false);
    landmarks(pen, data, to, width, ink);
    watermark(pen, width, ink);
  };

  // How many of the specifications at each place have an option; one scale a choice.
  const drawStrips = (set, choice, data, state) => {
    const canvases = [...set.querySelectorAll("canvas")].filter((canvas) => canvas.clientWidth);
    if (!canvases.length) return;
    const ink = colours();
    const bins = Math.min(data.rows.length, 140);
    const count = (keeps) => {
      const found = new Map(canvases.map((canvas) => [canvas.dataset.option, new Array(bins).fill(0)]));
      data.picks[choice].forEach((option, at) => {
        if (keeps(at)) found.get(String(option))[Math.floor((at * bins) / data.rows.length)] += 1;
      });
      return found;
    };
    const all = count(() => true);
    const kept = count(state.keeps);
    const most = Math.max(...[...all.values()].flat(), 1);
    for (const canvas of canvases) {
      const [pen, width] = canvasOf(canvas, STRIP);
      const wide = (width - LEFT - RIGHT) / bins;
      const bars = (counts, colour) => {
        pen.fillStyle = colour;
        counts.forEach((number, bin) => {
          const high = (number / most) * (STRIP - 2);
          const x = Math.round(LEFT + bin * wide);
          pen.fillRect(x, STRIP - high, Math.round(LEFT + (bin + 1) * wide) - x, high);
        });
      };
      if (!state.whole) bars(all.get(canvas.dataset.option), ink.rule);
      bars(kept.get(canvas.dataset.option), ink.muted);
      line(pen, ink.rule, [], LEFT, STRIP - 0.5, width - RIGHT, STRIP - 0.5);
    }
  };

  const differs = (data, at) => {
    const found = [];
    data.choices.forEach((choice, place) => {
      const option = data.picks[place][at];
      // The first choice is what the interval says, which nobody chose.
      if (place && option) found.push(`${choice.label}: ${choice.options[option]}`);
    });
    return found;
  };

  const told = (data, at) => {
    const others = differs(data, at);
    return others.length ? `Other than the base in ${others.join("; ")}` : "The base specification";
  };

  const legend = (data) => {
    const list = make("ul", "legend");
    const entry = (kind, ...words) => list.append(make("li", "", make("i", kind), ...words));
    [1, 0, 2].forEach((says) => {
      if (data.says.includes(says)) entry(SAYS[says], `Interval ${WORDS[says]}`);
    });
    if (data.base !== null) entry("base", `Base: ${data.shown[data.base]}`);
    if (data.published) entry("published", `Published: ${data.published}`);
    return list;
  };

  const keptWords = (data, state) => {
    const number = state.kept.length;
    const total = data.rows.length;
    if (!number) return `None of ${whole(total)} specifications is kept.`;
    const share = (says) => {
      const part = state.kept.filter((at) => data.says[at] === says).length;
      return part ? `in ${(100 * part / number).toFixed(1)}%` : "in none";
    };
    const middle = ratio(median(state.kept.map((at) => data.estimate[at])));
    const which = state.whole ? `All ${whole(total)} specifications` :
      `${whole(number)} of ${whole(total)} specifications`;
    return `${which}: median odds ratio ${middle}; interval wholly below 1 ${share(1)}, ` +
      `wholly above 1 ${share(2)}.`;
  };

  const curve = (key, data, box) => {
    const canvas = make("canvas");
    canvas.setAttribute("aria-hidden", "true");
    const cursor = make("div", "cursor");
    const plot = make("div", "plot", canvas, cursor);
    const kept = make("p", "kept");
    kept.setAttribute("role", "status");
    const state = filter(data, box, () => refresh());
    const readout = make("div", "readout");
    const choices = make("div", "choices", ...state.fieldsets);
    for (const row of choices.querySelectorAll(".option")) {
      const strip = make("canvas", "strip");
      strip.setAttribute("aria-hidden", "true");
      strip.dataset.option = row.dataset.option;
      row.append(strip);
    }
    const number = data.rows.length;
    Object.entries({
      role: "slider", tabindex: "0", "aria-label": "Specification, lowest odds ratio first",
      "aria-valuemin": 1, "aria-valuemax": number,
    }).forEach(([name, value]) => plot.setAttribute(name, value));
    box.append(
      legend(data),
      make("div", "stage", plot, readout),
      make("div", "keeping", kept, state.reset),
      make("p", "explore-how", "Point at the curve, or use the arrow keys on it. Clear an option to dim the specifications that have it."),
      choices,
    );

    let at = data.base ?? 0;
    // Before it is drawn, the width is not asked for: that would lay out the whole page.
    let drawn = false;
    const point = (place) => {
      at = Math.min(Math.max(place, 0), number - 1);
      plot.dataset.at = at;
      plot.setAttribute("aria-valuenow", at + 1);
      const n = data.n[at] === null ? "" : `n ${whole(data.n[at])}`;
      const events = data.events[at] === null ? "" : `events ${whole(data.events[at])}`;
      const people = [n, events].filter(Boolean).join(", ");
      plot.setAttribute("aria-valuetext",
        `Number ${whole(at + 1)} of ${whole(number)}: odds ratio ${data.shown[at]}, ${people}. ${told(data, at)}`);
      readout.replaceChildren(
        make("p", "readout-place", `No. ${whole(at + 1)} of ${whole(number)}`),
        make("p", "readout-value", make("span", "sr", "Odds ratio "), data.shown[at]),
        make("p", "", people),
        make("p", "", told(data, at)),
        make("p", "", page.link(data.rows[at])),
      );
      for (const row of choices.querySelectorAll(".option")) {
        row.classList.toggle("here", data.picks[row.dataset.choice][at] === Number(row.dataset.option));
      }
      moveCursor();
    };
    const moveCursor = () => {
      const width = drawn ? canvas.clientWidth : 0;
      if (width) cursor.style.left = `${scales(data, width).x(at + 0.5)}px`;
    };

    // The nearest specification that is kept.
    const nearest = (place) => {
      if (state.whole || !state.kept.length) return place;
      return state.kept.reduce((best, one) =>
        (Math.abs(one - place) < Math.abs(best - place) ? one : best));
    };
    const step = (by) => {
      const list = state.kept.length ? state.kept : state.all;
      const here = list.findIndex((one) => one >= at);
      const exact = list[here] === at;
      const from = here < 0 ? list.length - (by > 0 ? 1 : 0) : here - (!exact && by > 0 ? 1 : 0);
      point(list[Math.min(Math.max(from + by, 0), list.length - 1)]);
    };
    const pointed = (event) => {
      const to = scales(data, canvas.clientWidth);
      const x = event.clientX - canvas.getBoundingClientRect().left;
      const place = Math.floor((x - LEFT) / to.step);
      point(nearest(Math.min(Math.max(place, 0), number - 1)));
    };
    plot.addEventListener("pointermove", pointed);
    plot.addEventListener("pointerdown", pointed);
    plot.addEventListener("keydown", (event) => {
      const far = Math.max(Math.round(number / 20), 1);
      const steps = {
        ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: far, PageDown: -far,
        Home: -number, End: number,
      };
      if (!(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      step(steps[event.key]);
    });
    const draw = () => {
      drawn = true;
      drawCurve(canvas, data, state);
      state.fieldsets.forEach((set, choice) => drawStrips(set, choice, data, state));
      moveCursor();
    };
    const redraw = drawWhenSeen(box, draw);
    const refresh = () => {
      kept.textContent = keptWords(data, state);
      state.reset.disabled = state.whole;
      if (state.kept.length && !state.keeps(at)) point(nearest(at));
      redraw();
    };
    kept.textContent = keptWords(data, state);
    point(at);
  };

  // Joint groups -----------------------------------------------------------------------------

  const cellOf = (data, at) => {
    const cell = make("button", "cell v");
    cell.type = "button";
    Object.assign(cell.dataset, { row: data.rows[at], col: "estimate conf_low conf_high", at });
    const depth = data.depths[at];
    cell.style.setProperty("--depth", `${(52 * Math.abs(depth)).toFixed(1)}%`);
    cell.classList.add(data.references[at] ? "reference" : depth < 0 ? "inverse" : "positive");
    if (data.references[at]) {
      cell.append("reference");
      cell.dataset.shown = "reference";
    } else {
      const [estimate, ...rest] = data.shown[at].split(" (");
      cell.dataset.shown = data.shown[at];
      cell.append(make("b", "", estimate));
      if (rest.length) cell.append(make("span", "", rest.join(" (").replace(/\)$/, "")));
    }
    cell.setAttribute("aria-haspopup", "dialog");
    cell.tabIndex = -1;
    return cell;
  };

  const heat = (data, panel) => {
    const [columns, lines] = data.choices;
    const table = make("table", "heat", make("caption", "", data.panels[panel]));
    const head = make("tr", "", make("td", "corner"));
    const scope = (cell, kind) => { cell.scope = kind; return cell; };
    head.append(...columns.options.map((name) => scope(make("th", "", name), "col")));
    const body = make("tbody");
    // Upwards, as in the figure: the lowest line is the last one.
    [...lines.options.keys()].reverse().forEach((line) => {
      const row = make("tr", "", scope(make("th", "", lines.options[line]), "row"));
      columns.options.forEach((_, column) => {
        const at = data.rows.findIndex((_, one) =>
          data.panel[one] === panel && data.picks[0][one] === column && data.picks[1][one] === line);
        row.append(make("td", "", at < 0 ? "" : cellOf(data, at)));
      });
      body.append(row);
    });
    table.append(make("thead", "", head), body);
    const first = table.querySelector(".cell");
    if (first) first.tabIndex = 0;
    return table;
  };

  const gridKept = (data, state) => data.panels.map((name, panel) => {
    const judged = (at) => data.panel[at] === panel && !data.references[at];
    const mine = state.kept.filter((at) => judged(at) && data.estimate[at] !== null);
    const of = state.all.filter(judged).length;
    const isRatio = data.measure[panel] === "OR";
    if (!mine.length) return `${name}: none of ${of} groups is kept.`;
    const middle = median(mine.map((at) => data.estimate[at]));
    const what = isRatio ? "median odds ratio" : "median difference";
    return `${name}: ${mine.length} of ${of} groups, ${what} ` +
      `${isRatio ? ratio(middle) : difference(middle, mine.map((at) => data.shown[at]))}.`;
  }).join(" ");

  const grid = (key, data, box) => {
    const none = data.measure.every((one) => one === "OR") ? "1" :
      data.measure.includes("OR") ? "" : "0";
    const options = none ? [`holds ${none}`, `wholly below ${none}`, `wholly above ${none}`] :
      ["holds no association", "wholly below it", "wholly above it"];
    data.choices = [...data.choices, { label: "95% interval", options }];
    data.picks = [...data.picks, data.says];
    const kept = make("p", "kept");
    kept.setAttribute("role", "status");
    const readout = make("div", "readout");
    const state = filter(data, box, () => refresh());
    const panels = make("div", "panels", ...data.panels.map((_, panel) => heat(data, panel)));
    panels.style.setProperty("--across", Math.min(data.panels.length, 2));
    const [columns, lines] = data.choices;
    box.append(
      make("p", "axes", `Across: ${columns.label}. Upwards: ${lines.label}.`),
      panels,
      readout,
      make("div", "keeping", kept, state.reset),
      make("p", "explore-how", "Point at a group, or use the arrow keys within a grid; a click or Enter shows its row of the results. Clear an option to dim the groups that have it."),
      make("div", "choices", ...state.fieldsets),
    );
    const cells = [...panels.querySelectorAll(".cell")];

    const point = (cell) => {
      const at = Number(cell.dataset.at);
      const people = [["n", data.n[at]], ["events", data.events[at]]]
        .filter(([, number]) => number !== null)
        .map(([name, number]) => `${name} ${whole(number)}`).join(", ");
      readout.replaceChildren(
        make("p", "readout-place", `${data.panels[data.panel[at]]}; ${columns.label} ` +
          `${columns.options[data.picks[0][at]]}, ${lines.label} ${lines.options[data.picks[1][at]]}`),
        make("p", "readout-value", cell.dataset.shown),
        make("p", "", people),
      );
      for (const other of cells) other.classList.toggle("pointed", other === cell);
    };
    panels.addEventListener("pointerover", (event) => {
      const cell = event.target.closest(".cell");
      if (cell) point(cell);
    });
    panels.addEventListener("focusin", (event) => {
      const cell = event.target.closest(".cell");
      if (!cell) return;
      for (const other of cell.closest("table").querySelectorAll(".cell")) other.tabIndex = -1;
      cell.tabIndex = 0;
      point(cell);
    });
    panels.addEventListener("keydown", (event) => {
      const cell = event.target.closest(".cell");
      const moves = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
      const move = moves[event.key];
      if (!cell || !move) return;
      event.preventDefault();
      const rows = [...cell.closest("tbody").rows];
      const row = rows.indexOf(cell.closest("tr")) + move[0];
      const column = cell.parentElement.cellIndex + move[1];
      rows[row]?.cells[column]?.querySelector(".cell")?.focus();
    });
    const refresh = () => {
      kept.textContent = gridKept(data, state);
      state.reset.disabled = state.whole;
      for (const cell of cells) {
        cell.classList.toggle("dim", !state.keeps(Number(cell.dataset.at)));
      }
    };
    kept.textContent = gridKept(data, state);
    if (cells.length) point(cells.find((cell) => !cell.classList.contains("reference")) ?? cells[0]);
    for (const other of cells) other.classList.remove("pointed");
  };

  for (const [key, data] of Object.entries(page.data.explore)) {
    const figure = document.getElementById(`figure-${key}`);
    const box = make("div", `explore ${data.kind}`);
    box.id = `explore-${key}`;
    box.dataset.kind = data.kind;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", figure.querySelector("svg title").textContent);
    figure.prepend(box);
    figure.classList.add("explored");
    (data.kind === "curve" ? curve : grid)(key, data, box);
  }
})();
