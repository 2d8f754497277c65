import type uPlot from "uplot";
import { alpha, css } from "./colours";
import type { Mark } from "./marks";
import type { Picture } from "./picture";
import type { Trace } from "./trace";

/** Behind the lines: simulated history, the time an incident lasted, and limits. */
export function underlay(plot: uPlot, picture: Picture): void {
  within(plot, (ctx, ratio, box) => {
    for (const { from, to } of picture.simulated) hatched(ctx, ratio, box, plot.valToPos(from, "x", true), plot.valToPos(to, "x", true));
    for (const mark of picture.marks) {
      const [x, to] = ends(plot, picture, mark);
      if (to < box.left || x > box.left + box.width) continue;
      ctx.fillStyle = alpha(css(mark.colour), mark.kind === "alarm" ? 0.08 : 0.1);
      ctx.fillRect(x, box.top, Math.max(ratio, to - x), box.height);
    }
    for (const limit of picture.limits) {
      if (!plot.scales[limit.axis]) continue;
      const y = plot.valToPos(limit.value, limit.axis, true), colour = css(limit.colour);
      if (y < box.top || y > box.top + box.height) continue;
      ctx.strokeStyle = alpha(colour, 0.8);
      ctx.lineWidth = ratio;
      ctx.setLineDash([8 * ratio, 5 * ratio]);
      ctx.beginPath(); ctx.moveTo(box.left, y); ctx.lineTo(box.left + box.width, y); ctx.stroke();
      ctx.setLineDash([]);
      ctx.fillStyle = colour;
      ctx.font = `${10 * ratio}px system-ui, sans-serif`;
      ctx.textAlign = "left";
      ctx.textBaseline = "bottom";
      ctx.fillText(limit.label, box.left + 4 * ratio, y - 2 * ratio);
    }
  });
}

/** Before the lines: alarms as bars at the top, incidents as triangles, and points that are not good. */
export function overlay(plot: uPlot, picture: Picture): void {
  within(plot, (ctx, ratio, box) => {
    for (const mark of picture.marks) {
      const [x, to] = ends(plot, picture, mark), colour = css(mark.colour);
      if (to < box.left || x > box.left + box.width) continue;
      ctx.fillStyle = colour;
      if (mark.kind === "alarm") {
        ctx.fillRect(x, box.top - 5 * ratio, Math.max(3 * ratio, to - x), 5 * ratio);
        continue;
      }
      ctx.beginPath(); ctx.moveTo(x - 5 * ratio, box.top - 7 * ratio); ctx.lineTo(x + 5 * ratio, box.top - 7 * ratio); ctx.lineTo(x, box.top + ratio); ctx.fill();
      ctx.strokeStyle = alpha(colour, 0.5);
      ctx.lineWidth = ratio;
      ctx.setLineDash([3 * ratio, 3 * ratio]);
      ctx.beginPath(); ctx.moveTo(x, box.top); ctx.lineTo(x, box.top + box.height); ctx.stroke();
      ctx.setLineDash([]);
    }
    for (const trace of picture.traces) if (trace.quality && !picture.hidden.has(trace.key)) poor(plot, ctx, ratio, trace);
  }, 8);
}

const STRIPE = 9;

/** Slanting lines over a stretch of time, with what it is. */
function hatched(ctx: CanvasRenderingContext2D, ratio: number, box: uPlot.BBox, from: number, to: number): void {
  const left = Math.max(box.left, from), right = Math.min(box.left + box.width, to), bottom = box.top + box.height;
  if (right <= left) return;
  ctx.save();
  ctx.beginPath(); ctx.rect(left, box.top, right - left, box.height); ctx.clip();
  ctx.strokeStyle = alpha(css("--grey"), 0.22);
  ctx.lineWidth = ratio;
  ctx.beginPath();
  // Counted from the stretch's own beginning, so that the stripes move with it.
  const first = left - ((left - from) % (STRIPE * ratio));
  for (let x = first - box.height; x < right; x += STRIPE * ratio) { ctx.moveTo(x, bottom); ctx.lineTo(x + box.height, box.top); }
  ctx.stroke();
  ctx.fillStyle = css("--muted");
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "left"; ctx.textBaseline = "top";
  ctx.fillText("simulated history", left + 6 * ratio, box.top + 5 * ratio);
  ctx.restore();
}

const UNCERTAIN = 1;

/** A ring where a value is uncertain, a cross where it is bad. */
function poor(plot: uPlot, ctx: CanvasRenderingContext2D, ratio: number, trace: Trace): void {
  const size = 4 * ratio, colours = [css("--medium"), css("--critical")];
  ctx.lineWidth = 1.5 * ratio;
  trace.quality?.forEach((quality, i) => {
    const value = trace.mid[i], t = trace.t[i];
    if (quality === 0 || t === undefined) return;
    const x = plot.valToPos(t, "x", true), y = value === null || value === undefined ? plot.bbox.top + plot.bbox.height - size : plot.valToPos(value, trace.axis, true);
    ctx.strokeStyle = colours[quality === UNCERTAIN ? 0 : 1] ?? "";
    ctx.beginPath();
    if (quality === UNCERTAIN) ctx.arc(x, y, size, 0, 7);
    else { ctx.moveTo(x - size, y - size); ctx.lineTo(x + size, y + size); ctx.moveTo(x + size, y - size); ctx.lineTo(x - size, y + size); }
    ctx.stroke();
  });
}

function ends(plot: uPlot, picture: Picture, mark: Mark): [number, number] {
  return [plot.valToPos(mark.from, "x", true), plot.valToPos(mark.to ?? Math.max(mark.from, Math.min(Date.now(), picture.window[1])), "x", true)];
}

function within(plot: uPlot, draw: (ctx: CanvasRenderingContext2D, ratio: number, box: uPlot.BBox) => void, above = 0): void {
  const { ctx, bbox } = plot, ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top - above * ratio, bbox.width, bbox.height + above * ratio);
  ctx.clip();
  draw(ctx, ratio, bbox);
  ctx.restore();
}
