import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { axisLabels } from "../lib/format";
import { alpha, COLOURS, css } from "./colours";
import { overlay, underlay } from "./overlay";
import type { Picture } from "./picture";
import { isTouch, touch } from "./touch";
import { tableOf } from "./trace";

export interface PlotEvents {
  /** A window was chosen: with the mouse, by touch. */
  window(from: number, to: number): void;
  /** The window moves while fingers are down. */
  moving(from: number, to: number): void;
  /** Back to where it was. */
  reset(): void;
  /** The cursor is at a time, or nowhere; left is in CSS pixels from the left edge of the box. */
  cursor(t: number | null, left: number): void;
}

const FONT = "11px system-ui, sans-serif";
const SMALL = 560;

/** The chart: for each trace min/max band and mean of a rollup, or line and dots of single readings; one axis a unit. */
export class Plot {
  private plot: uPlot | null = null;
  private picture: Picture | null = null;
  private shape = "";
  private readonly resized = new ResizeObserver(() => this.resize());

  constructor(private readonly box: HTMLElement, private readonly events: PlotEvents) {
    this.resized.observe(box);
    touch(box, () => this.plot?.over.getBoundingClientRect() ?? null, () => this.picture?.window ?? [0, 1], events);
  }

  show(picture: Picture): void {
    this.picture = picture;
    if (!picture.traces.length) { this.drop(); return; }
    const shape = picture.traces.map((trace) => `${trace.key} ${trace.raw} ${trace.axis} ${trace.colour} ${trace.t.length > this.points() / 2} ${picture.hidden.has(trace.key)}`).join()
      + picture.theme + picture.zone + (this.box.clientWidth < SMALL);
    if (!this.plot || shape !== this.shape) {
      this.shape = shape;
      this.plot?.destroy();
      this.plot = new uPlot(this.options(picture), tableOf(picture.traces), this.box);
      this.plot.over.setAttribute("aria-hidden", "true");
    } else {
      this.plot.setData(tableOf(picture.traces), false);
    }
    this.plot.batch(() => this.rescale());
    this.tell();
  }

  /** Moves the window without new data, for a live chart between two answers. */
  follow(window: [number, number]): void {
    if (!this.picture) return;
    this.picture = { ...this.picture, window };
    this.plot?.batch(() => this.rescale());
    this.tell();
  }

  /** Puts the cursor at a time; answers the time where there is a chart. */
  point(t: number): void {
    if (this.plot) this.plot.setCursor({ left: this.plot.valToPos(t, "x"), top: this.plot.over.clientHeight / 2 });
  }

  /** How many points the width can show. */
  points(): number { return Math.max(200, Math.min(2000, Math.round(this.box.clientWidth * 0.9))); }

  drop(): void { this.plot?.destroy(); this.plot = null; this.shape = ""; this.tell(); }

  close(): void { this.resized.disconnect(); this.drop(); }

  /** Where the drawing area lies in the box. */
  left(): number { return this.plot ? this.plot.over.getBoundingClientRect().left - this.box.getBoundingClientRect().left : 0; }

  private resize(): void {
    if (this.plot) this.plot.setSize(this.size());
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(200, this.box.clientWidth), height: Math.max(120, this.box.clientHeight) };
  }

  private rescale(): void {
    const window = this.picture?.window;
    if (this.plot && window) this.plot.setScale("x", { min: window[0], max: window[1] });
  }

  /** What is drawn, readable by programs: a canvas says nothing. */
  private tell(): void {
    const { box, picture } = this, data = box.dataset;
    data["traces"] = picture && this.plot ? picture.traces.map((trace) => trace.key).join(" ") : "";
    data["points"] = String(this.plot ? picture?.traces.reduce((sum, trace) => sum + trace.t.length, 0) ?? 0 : 0);
    data["window"] = picture ? picture.window.map(Math.round).join() : "";
    data["marks"] = String(picture?.marks.length ?? 0);
    data["simulated"] = picture?.simulated.map((one) => `${one.from}-${one.to}`).join(" ") ?? "";
    data["limits"] = String(picture?.limits.length ?? 0);
    data["poor"] = String(picture?.traces.reduce((sum, trace) => sum + (trace.quality?.filter((quality) => quality !== 0).length ?? 0), 0) ?? 0);
    data["axes"] = picture ? [...new Set(picture.traces.map((trace) => trace.axis))].join(" ") : "";
  }

  private options(picture: Picture): uPlot.Options {
    const text = css("--muted"), grid = { stroke: css("--grid"), width: 1 }, isSmall = this.box.clientWidth < SMALL;
    const series: uPlot.Series[] = [{}], bands: uPlot.Band[] = [];
    // The window shown is ours alone: never the first and last reading, which may lie well inside it.
    const scales: uPlot.Scales = { x: { time: true, range: () => this.picture?.window ?? [0, 1] } };
    const axes: uPlot.Axis[] = [{ stroke: text, grid, ticks: grid, font: FONT, space: 90, values: AXIS_TIMES }];
    for (const trace of picture.traces) {
      const colour = css(`--line${trace.colour % COLOURS}`), scale = trace.axis, show = !picture.hidden.has(trace.key);
      if (!scales[scale]) {
        const at = axes.length - 1;
        scales[scale] = { range: (_, low, high) => padded(low, high) };
        axes.push({
          scale, side: at % 2 ? 1 : 3, show: at < (isSmall ? 2 : 4), stroke: text, grid: at ? { show: false } : grid, ticks: grid, font: FONT, labelFont: FONT,
          ...(trace.unit ? { label: trace.unit, labelSize: 16 } : {}), size: (_, values) => 14 + 6.4 * Math.max(4, ...(values ?? []).map((v) => v.length)),
          values: (plot, ticks) => {
            const labels = axisLabels(ticks);
            if (at === 0) plot.root.parentElement?.setAttribute("data-ticks", JSON.stringify(labels));
            return labels;
          },
        });
      }
      if (trace.low) {
        const edge: uPlot.Series = { scale, show, stroke: alpha(colour, trace.dashed ? 0.15 : 0.3), width: 0.6, points: { show: false } };
        bands.push({ series: [series.length, series.length + 1], fill: alpha(colour, trace.dashed ? 0.07 : 0.16) });
        series.push({ ...edge }, { ...edge });
      }
      const dots = trace.raw && !trace.dashed && trace.t.length <= this.points() / 2;
      series.push({ scale, show, stroke: alpha(colour, trace.dashed ? 0.7 : 1), width: trace.dashed ? 1.2 : 1.6, ...(trace.dashed ? { dash: [6, 4] } : {}), points: { show: dots, size: 4, fill: colour, stroke: colour } });
    }
    return {
      ...this.size(), ms: 1, padding: [14, isSmall ? 6 : 14, 0, 4], legend: { show: false }, series, bands, scales, axes,
      tzDate: (t) => uPlot.tzDate(new Date(t), picture.zone === "UTC" ? "Etc/UTC" : picture.zone),
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 }, bind: { dblclick: () => () => { this.events.reset(); return null; } } },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      hooks: {
        setSelect: [(plot) => this.selected(plot)],
        setCursor: [(plot) => this.hovered(plot)],
        drawClear: [(plot) => { if (this.picture) underlay(plot, this.picture); }],
        draw: [(plot) => { if (this.picture) overlay(plot, this.picture); }],
      },
    };
  }

  private selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 6 || isTouch()) return;
    const from = plot.posToVal(left, "x"), to = plot.posToVal(left + width, "x");
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.events.window(from, to);
  }

  private hovered(plot: uPlot): void {
    const { left } = plot.cursor;
    if (left === undefined || left < 0) this.events.cursor(null, 0);
    else this.events.cursor(plot.posToVal(left, "x"), left + this.left());
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
