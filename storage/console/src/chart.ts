import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Anomaly, BucketColumns, RawColumns, Series } from "./api";
import { el } from "./dom";
import { number, time } from "./format";

export interface Line { sensor: string; series: Series }
type Values = (number | null)[];

export const KINDS: Record<string, string> = {
  "spike": "--spike", "change-point": "--change", "stuck-at": "--stuck", "dropout": "--dropout", "noise-burst": "--noise", "trial": "--trial",
};

const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const lineColour = (index: number) => css(`--line${index % 5}`);
const alpha = (colour: string, share: number) => colour + Math.round(share * 255).toString(16).padStart(2, "0");

/** Puts an empty point into each gap, so that silence is not drawn as a straight line. */
export function withGaps(t: number[], columns: Values[], stepMs: number): [number[], Values[]] {
  const steps = t.slice(1).map((x, i) => x - (t[i] ?? x)).sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? 0;
  const limit = Math.max(usual * 4, stepMs * 1.5, 1);
  const times: number[] = [], out: Values[] = columns.map(() => []);
  t.forEach((x, i) => {
    const last = t[i - 1];
    if (last !== undefined && x - last > limit) {
      times.push(last + (x - last) / 2);
      out.forEach((column) => column.push(null));
    }
    times.push(x);
    out.forEach((column, c) => column.push(columns[c]?.[i] ?? null));
  });
  return [times, out];
}

/** The chart: min/max band and mean of a rollup, or line and dots of single readings; anomalies on top. */
export class Chart {
  private plot: uPlot | null = null;
  private lines: Line[] = [];
  private anomalies: Anomaly[] = [];
  private window: [number, number] = [0, 1];
  private shape = "";

  constructor(
    private readonly box: HTMLElement,
    private readonly tip: HTMLElement,
    private readonly zoomed: (from: number, to: number) => void,
    private readonly moved: (t: number | null, values: (number | null)[]) => void,
  ) {
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(box);
  }

  show(lines: Line[], anomalies: Anomaly[], window: [number, number]): void {
    this.lines = lines;
    this.anomalies = anomalies;
    this.window = window;
    const shape = lines.map((line) => `${line.sensor}:${line.series.raw}`).join() + document.documentElement.dataset["theme"];
    if (!this.plot || shape !== this.shape) {
      this.shape = shape;
      this.plot?.destroy();
      this.plot = new uPlot(this.options(), this.data(), this.box);
    } else {
      this.plot.setData(this.data(), false);
      this.plot.batch(() => this.rescale());
    }
  }

  /** Moves the window without new data, for a live chart between two answers. */
  follow(window: [number, number]): void {
    this.window = window;
    this.plot?.batch(() => this.rescale());
  }

  redraw(): void { this.shape = ""; if (this.lines.length) this.show(this.lines, this.anomalies, this.window); }

  clear(): void { this.plot?.destroy(); this.plot = null; this.lines = []; this.shape = ""; }

  points(): number { return Math.max(200, Math.min(2000, Math.round(this.box.clientWidth * 0.9))); }

  private size(): { width: number; height: number } {
    return { width: Math.max(200, this.box.clientWidth), height: Math.max(160, this.box.clientHeight) };
  }

  private rescale(): void {
    const plot = this.plot;
    if (!plot) return;
    plot.setScale("x", { min: this.window[0], max: this.window[1] });
  }

  private data(): uPlot.AlignedData {
    const tables = this.lines.map((line, i): uPlot.AlignedData => {
      const { series } = line;
      if (series.raw) {
        const columns = series.columns as RawColumns;
        const [t, [value]] = withGaps(columns.t, [columns.value], 0) as [number[], [Values]];
        return [t, value];
      }
      const columns = series.columns as BucketColumns;
      const wanted = i === 0 ? [columns.max, columns.min, columns.mean] : [columns.mean];
      // A bucket is drawn at its middle.
      const [t, values] = withGaps(columns.t.map((x) => x + series.stepMs / 2), wanted, series.stepMs);
      return [t, ...values];
    });
    return tables.length === 1 && tables[0] ? tables[0] : uPlot.join(tables, tables.map((table) => table.slice(1).map(() => 2)));
  }

  private options(): uPlot.Options {
    const text = css("--muted"), grid = { stroke: css("--grid"), width: 1 };
    const series: uPlot.Series[] = [{}];
    const bands: uPlot.Band[] = [];
    // The window shown is ours alone: never the first and last reading, which may lie well inside it.
    const scales: uPlot.Scales = { x: { time: true, range: () => [this.window[0], this.window[1]] } };
    this.lines.forEach((line, i) => {
      const colour = lineColour(i), scale = i === 0 ? "y" : `y${i}`;
      scales[scale] = { range: (_, low, high) => padded(low, high) };
      const main: uPlot.Series = { scale, stroke: colour, width: i === 0 ? 1.6 : 1.3 };
      if (line.series.raw) {
        const count = line.series.columns.t.length;
        main.points = { show: i === 0 && count < this.points(), size: 4, fill: colour, stroke: colour };
      } else {
        main.points = { show: false };
        if (i === 0) {
          const edge = { scale, stroke: alpha(colour, 0.3), width: 0.6, points: { show: false } };
          series.push({ ...edge }, { ...edge });
          bands.push({ series: [1, 2], fill: alpha(colour, 0.17) });
        }
      }
      series.push(main);
    });
    return {
      ...this.size(),
      ms: 1,
      padding: [12, 16, 0, 4],
      legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 }, focus: { prox: 24 } },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      scales,
      series,
      bands,
      axes: [
        { stroke: text, grid, ticks: grid, font: "11px system-ui", space: 90, values: AXIS_TIMES },
        { stroke: text, grid, ticks: grid, font: "11px system-ui", size: 58, values: (_, ticks) => ticks.map((v) => number(v, 6)) },
      ],
      hooks: {
        setSelect: [(plot) => this.selected(plot)],
        setCursor: [(plot) => this.hovered(plot)],
        draw: [(plot) => this.drawAnomalies(plot)],
      },
    };
  }

  private selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 6) return;
    const from = plot.posToVal(left, "x"), to = plot.posToVal(left + width, "x");
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.zoomed(from, to);
  }

  private hovered(plot: uPlot): void {
    const { idx, left } = plot.cursor;
    if (idx === null || idx === undefined || left === undefined || left < 0) {
      this.moved(null, []);
      this.tip.hidden = true;
      return;
    }
    const values: Values = [];
    let at = 1;
    this.lines.forEach((line, i) => {
      const skip = !line.series.raw && i === 0 ? 2 : 0;
      values.push((plot.data[at + skip]?.[idx] as number | null | undefined) ?? null);
      at += skip + 1;
    });
    this.moved(plot.data[0][idx] ?? null, values);
    this.pointAt(plot, left);
  }

  private pointAt(plot: uPlot, left: number): void {
    const near = this.anomalies
      .map((anomaly) => ({ anomaly, x: plot.valToPos(Date.parse(anomaly.time), "x") }))
      .filter(({ x }) => Math.abs(x - left) < 7)
      .sort((a, b) => Math.abs(a.x - left) - Math.abs(b.x - left))[0];
    this.tip.hidden = !near;
    if (!near) return;
    const { anomaly, x } = near;
    this.tip.replaceChildren(
      el("b", { class: `kind ${anomaly.kind}` }, anomaly.kind), ` ${number(anomaly.value, 6)}`,
      el("div", {}, time(Date.parse(anomaly.time), true)), el("div", { class: "why" }, anomaly.reason), el("div", { class: "muted" }, anomaly.detector));
    const box = plot.over.getBoundingClientRect(), outer = this.box.getBoundingClientRect();
    const place = box.left - outer.left + x;
    this.tip.style.left = `${Math.min(place + 10, outer.width - 270)}px`;
    this.tip.style.top = `${box.top - outer.top + 8}px`;
  }

  private drawAnomalies(plot: uPlot): void {
    const { ctx } = plot, ratio = devicePixelRatio, top = plot.bbox.top, bottom = top + plot.bbox.height;
    ctx.save();
    ctx.beginPath();
    ctx.rect(plot.bbox.left, top - 8 * ratio, plot.bbox.width, plot.bbox.height + 8 * ratio);
    ctx.clip();
    for (const anomaly of this.anomalies) {
      const x = plot.valToPos(Date.parse(anomaly.time), "x", true);
      if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width) continue;
      const colour = css(KINDS[anomaly.kind] ?? "--spike");
      ctx.strokeStyle = alpha(colour, 0.35);
      ctx.lineWidth = ratio;
      ctx.setLineDash([3 * ratio, 3 * ratio]);
      ctx.beginPath(); ctx.moveTo(x, top); ctx.lineTo(x, bottom); ctx.stroke();
      ctx.setLineDash([]);
      ctx.fillStyle = colour;
      ctx.beginPath(); ctx.moveTo(x - 5 * ratio, top - 7 * ratio); ctx.lineTo(x + 5 * ratio, top - 7 * ratio); ctx.lineTo(x, top + 1 * ratio); ctx.fill();
      if (anomaly.value !== null) {
        const y = plot.valToPos(anomaly.value, "y", true);
        if (y >= top && y <= bottom) {
          ctx.lineWidth = 1.6 * ratio;
          ctx.strokeStyle = colour;
          ctx.beginPath(); ctx.arc(x, y, 4.5 * ratio, 0, 7); ctx.stroke();
        }
      }
    }
    ctx.restore();
  }
}

const AXIS_TIMES: uPlot.Axis.Values = [
  [864e5 * 28, "{MMM} {YYYY}", null, null, null, null, null, null, 1],
  [864e5, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [36e5, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
  [6e4, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
  [1000, "{HH}:{mm}:{ss}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
  [1, ".{fff}", "\n{HH}:{mm}:{ss}", null, null, null, "\n{HH}:{mm}:{ss}", null, 1],
];

function padded(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const spread = high - low || Math.abs(high) * 0.1 || 1;
  return [low - spread * 0.08, high + spread * 0.08];
}
