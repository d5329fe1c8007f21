// Draws the stored charts of a tab from the cells it has, as plain vector pictures.

const SPACE = "http://www.w3.org/2000/svg";
const SIZE = { width: 360, height: 220, left: 44, right: 10, top: 34, bottom: 44 };
// Told apart by lightness as well as hue; every mark carries its figure in words too.
const COLOURS = ["#175c4c", "#d98e04", "#3b6fb6", "#8c2f39", "#6b8f71", "#5b4b8a", "#7a6a53"];

const draw = (name, attributes, text) => {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
};

const KINDS = { basicChart: basic, pieChart: pie, scorecardChart: scorecard };

// Returns a figure for each chart whose cells are on this tab.
export function charts(tab) {
  const found = [];
  for (const spec of tab.heading.charts) {
    const kind = Object.keys(KINDS).find((each) => spec[each]);
    const figure = kind && KINDS[kind](tab, spec[kind], spec.title ?? "");
    if (figure) found.push(figure);
  }
  return found;
}

// Reads a range of cells, in the order of the sheet.
function read(tab, data) {
  const cells = [];
  for (const each of data?.sourceRange?.sources ?? []) {
    if ((each.sheetId ?? 0) !== tab.heading.sheetId) return null;
    const bottom = Math.min(each.endRowIndex ?? tab.rowCount, tab.lastFilled() + 1);
    const right = each.endColumnIndex ?? tab.heading.columnCount;
    for (let row = each.startRowIndex ?? 0; row < bottom; row += 1) {
      for (let column = each.startColumnIndex ?? 0; column < right; column += 1) {
        cells.push(tab.cell(row, column));
      }
    }
  }
  return cells;
}

function series(tab, chart) {
  const domain = read(tab, chart.domains?.[0]?.domain);
  const listed = (chart.series ?? []).map((each) => read(tab, each.series));
  if (!domain || !listed.length || listed.some((each) => !each)) return null;
  const headers = chart.headerCount ?? (listed[0][0]?.value === undefined ? 1 : 0);
  return {
    labels: domain.slice(headers).map((each) => each.text),
    series: listed.map((cells) => ({
      name: headers ? cells[0]?.text ?? "" : "",
      values: cells.slice(headers).map((each) => each.value ?? 0),
      texts: cells.slice(headers).map((each) => each.text),
    })),
  };
}

function picture(title, words) {
  const svg = draw("svg", {
    viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
    role: "img",
    "aria-label": `${title}. ${words}`,
    class: "chart",
  });
  svg.append(draw("text", { x: 12, y: 20, class: "chart-title" }, title));
  return svg;
}

function inWords({ labels, series: all }) {
  return all
    .map(({ name, texts }) => {
      const figures = labels.map((label, at) => `${label}: ${texts[at] ?? ""}`).join(", ");
      return name ? `${name}: ${figures}` : figures;
    })
    .join(". ");
}

function basic(tab, chart, title) {
  const data = series(tab, chart);
  if (!data || !data.labels.length) return null;
  const svg = picture(title, inWords(data));
  const kinds = { LINE: lines, AREA: lines, SCATTER: lines, BAR: bars };
  (kinds[chart.chartType] ?? columns)(svg, data);
  legend(svg, data.series);
  return svg;
}

const plotWidth = SIZE.width - SIZE.left - SIZE.right;
const plotHeight = SIZE.height - SIZE.top - SIZE.bottom;

function scale(data) {
  const top = Math.max(0, ...data.series.flatMap((each) => each.values));
  const low = Math.min(0, ...data.series.flatMap((each) => each.values));
  const step = niceStep((top - low) / 4 || 1);
  return { low: Math.floor(low / step) * step, top: Math.ceil(top / step) * step || step, step };
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((each) => each * power >= rough);
}

function axes(svg, data, { low, top, step }) {
  const y = (value) => SIZE.top + plotHeight * (1 - (value - low) / (top - low));
  for (let value = low; value <= top + step / 1000; value += step) {
    svg.append(
      draw("line", {
        x1: SIZE.left, x2: SIZE.width - SIZE.right, y1: y(value), y2: y(value), class: "chart-line",
      }),
      draw("text", { x: SIZE.left - 6, y: y(value) + 4, class: "chart-scale" }, short(value)),
    );
  }
  const every = Math.ceil(data.labels.length / 8);
  const slot = plotWidth / data.labels.length;
  data.labels.forEach((label, at) => {
    if (at % every) return;
    const place = { x: SIZE.left + slot * (at + 0.5), y: SIZE.height - SIZE.bottom + 15 };
    svg.append(draw("text", { ...place, class: "chart-label" }, cut(label, slot * every)));
  });
  return y;
}

const short = (value) => Intl.NumberFormat("en", { notation: "compact" }).format(value);

function cut(text, width) {
  const room = Math.max(2, Math.floor(width / 6));
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}

function mark(shape, label, text) {
  shape.append(draw("title", {}, `${label}: ${text}`));
  return shape;
}

function columns(svg, data) {
  const y = axes(svg, data, scale(data));
  const slot = plotWidth / data.labels.length;
  const width = (slot * 0.7) / data.series.length;
  data.series.forEach(({ values, texts }, nth) => {
    data.labels.forEach((label, at) => {
      const value = values[at] ?? 0;
      const x = SIZE.left + slot * (at + 0.15) + width * nth;
      const [from, to] = [Math.min(y(value), y(0)), Math.max(y(value), y(0))];
      const box = { x, y: from, width: Math.max(1, width - 1), height: to - from };
      svg.append(mark(draw("rect", { ...box, fill: colour(nth) }), label, texts[at]));
      if (data.labels.length * data.series.length <= 12) {
        const place = { x: x + width / 2, y: from - 4, class: "chart-figure" };
        svg.append(draw("text", place, texts[at] ?? ""));
      }
    });
  });
}

function lines(svg, data) {
  const y = axes(svg, data, scale(data));
  const slot = plotWidth / data.labels.length;
  data.series.forEach(({ values, texts }, nth) => {
    const points = values.map((value, at) => [SIZE.left + slot * (at + 0.5), y(value)]);
    const path = points.map((each) => each.join(",")).join(" ");
    const dash = ["", "6 3", "2 3", "8 3 2 3"][nth % 4];
    svg.append(
      draw("polyline", {
        points: path,
        fill: "none",
        stroke: colour(nth),
        "stroke-width": 2,
        "stroke-dasharray": dash,
      }),
    );
    points.forEach(([x, top], at) => {
      const dot = draw("circle", { cx: x, cy: top, r: 3, fill: colour(nth) });
      svg.append(mark(dot, data.labels[at], texts[at]));
    });
  });
}

function bars(svg, data) {
  const { low, top } = scale(data);
  const left = 110;
  const room = SIZE.width - left - 50;
  const x = (value) => left + (room * (value - low)) / (top - low);
  const slot = (SIZE.height - SIZE.top - 24) / data.labels.length;
  const height = (slot * 0.7) / data.series.length;
  data.labels.forEach((label, at) => {
    const middle = SIZE.top + slot * (at + 0.5) + 4;
    svg.append(draw("text", { x: left - 6, y: middle, class: "chart-scale" }, cut(label, 98)));
    data.series.forEach(({ values, texts }, nth) => {
      const value = values[at] ?? 0;
      const y = SIZE.top + slot * (at + 0.15) + height * nth;
      const box = { x: Math.min(x(0), x(value)), y, width: Math.abs(x(value) - x(0)), height };
      svg.append(mark(draw("rect", { ...box, fill: colour(nth) }), label, texts[at]));
      const place = { x: Math.max(x(0), x(value)) + 4, y: y + height / 2 + 4, class: "chart-end" };
      svg.append(draw("text", place, texts[at] ?? ""));
    });
  });
}

function legend(svg, all) {
  if (all.length < 2) return;
  all.forEach(({ name }, nth) => {
    const x = SIZE.left + (plotWidth / all.length) * nth;
    svg.append(
      draw("rect", { x, y: SIZE.height - 16, width: 10, height: 10, fill: colour(nth) }),
      draw("text", { x: x + 14, y: SIZE.height - 7, class: "chart-end" }, name),
    );
  });
}

const colour = (nth) => COLOURS[nth % COLOURS.length];

function pie(tab, chart, title) {
  const labels = read(tab, chart.domain);
  const cells = read(tab, chart.series);
  if (!labels || !cells) return null;
  const skip = cells[0]?.value === undefined ? 1 : 0;
  const slices = cells.slice(skip).map((cell, at) => ({
    label: labels[at + skip]?.text ?? "",
    value: Math.max(0, cell.value ?? 0),
    text: cell.text,
  }));
  const total = slices.reduce((sum, each) => sum + each.value, 0);
  if (!total) return null;
  const svg = picture(title, slices.map((each) => `${each.label}: ${each.text}`).join(", "));
  const [x, y, radius] = [110, 126, 80];
  let turned = 0;
  slices.forEach(({ label, value, text }, nth) => {
    const share = value / total;
    svg.append(mark(slice(x, y, radius, turned, share, colour(nth)), label, text));
    turned += share;
    if (nth > 8) return;
    const top = SIZE.top + 12 + nth * 19;
    svg.append(
      draw("rect", { x: 212, y: top, width: 10, height: 10, fill: colour(nth) }),
      draw("text", { x: 228, y: top + 9, class: "chart-end" }, cut(`${label}: ${text}`, 130)),
    );
  });
  return svg;
}

function slice(x, y, radius, start, share, fill) {
  if (share > 0.9999) return draw("circle", { cx: x, cy: y, r: radius, fill });
  const at = (part) => {
    const angle = 2 * Math.PI * part - Math.PI / 2;
    return `${x + radius * Math.cos(angle)} ${y + radius * Math.sin(angle)}`;
  };
  const large = share > 0.5 ? 1 : 0;
  const path = `M${x} ${y} L${at(start)} A${radius} ${radius} 0 ${large} 1 ${at(start + share)} Z`;
  return draw("path", { d: path, fill, stroke: "#fff" });
}

function scorecard(tab, chart, title) {
  const cell = read(tab, chart.keyValueData)?.[0];
  if (!cell) return null;
  const svg = picture(title, cell.text);
  svg.append(draw("text", { x: SIZE.width / 2, y: 130, class: "chart-score" }, cell.text));
  return svg;
}
