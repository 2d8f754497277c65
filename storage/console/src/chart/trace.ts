import uPlot from "uplot";
import type { BucketColumns, RawColumns, Series } from "../api/types";

export type Values = (number | null)[];

/** One line as it is drawn. */
export interface Trace {
  key: string; series: string; label: string; unit: string; axis: string; colour: number; dashed: boolean; raw: boolean; stepMs: number;
  t: number[]; mid: Values; low: Values | null; high: Values | null; quality: number[] | null; decimals: number | null;
}

/** What an answer holds, moved by `shift` so that a day before lies under the day shown. */
export function traceOf(answer: Series, shift: number): Pick<Trace, "raw" | "stepMs" | "t" | "mid" | "low" | "high" | "quality"> {
  const move = (t: number[], by: number) => by ? t.map((x) => x + by) : t;
  if (answer.raw) {
    const columns = answer.columns as RawColumns;
    return { raw: true, stepMs: answer.stepMs, t: move(columns.t, shift), mid: columns.value, low: null, high: null, quality: columns.quality };
  }
  const columns = answer.columns as BucketColumns;
  // A bucket is drawn at its middle.
  return { raw: false, stepMs: answer.stepMs, t: move(columns.t, shift + answer.stepMs / 2), mid: columns.mean, low: columns.min, high: columns.max, quality: null };
}

/** Longer than this without a value is a gap. */
export function gapOf(t: number[], stepMs: number): number {
  const steps = t.slice(1).map((x, i) => x - (t[i] ?? x)).sort((a, b) => a - b);
  return Math.max((steps[Math.floor(steps.length / 2)] ?? 0) * 4, stepMs * 1.5, 1);
}

/** Puts an empty point into each gap, so that silence is not drawn as a straight line. */
export function withGaps(t: number[], columns: Values[], stepMs: number): [number[], ...Values[]] {
  const limit = gapOf(t, stepMs);
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
  return [times, ...out];
}

const EXPAND = 2;

/** The table of all traces on one time axis, columns in their order: for buckets highest, lowest, mean, for single readings the value. */
export function tableOf(traces: Trace[]): uPlot.AlignedData {
  const tables = traces.map((trace): uPlot.AlignedData =>
    withGaps(trace.t, trace.low && trace.high ? [trace.high, trace.low, trace.mid] : [trace.mid], trace.raw ? 0 : trace.stepMs));
  return tables.length === 1 && tables[0] ? tables[0] : uPlot.join(tables, tables.map((table) => table.map(() => EXPAND)));
}

/** The value nearest to a time, if there is one near enough. */
export function nearest(trace: Trace, t: number, within: number): { t: number; value: number | null; low: number | null; high: number | null; quality: number } | null {
  let low = 0, high = trace.t.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((trace.t[middle] ?? 0) < t) low = middle + 1; else high = middle;
  }
  const before = trace.t[low - 1], after = trace.t[low];
  const at = before === undefined ? low : after === undefined || t - before < after - t ? low - 1 : low;
  const found = trace.t[at];
  if (found === undefined || Math.abs(found - t) > within) return null;
  return { t: found, value: trace.mid[at] ?? null, low: trace.low?.[at] ?? null, high: trace.high?.[at] ?? null, quality: trace.quality?.[at] ?? 0 };
}

/** Least, greatest and mean of what is drawn; the mean weighs a bucket by its readings. */
export function figures(answer: Series): { min: number; max: number; mean: number; count: number } | null {
  let min = Infinity, max = -Infinity, sum = 0, count = 0;
  const raw = answer.raw ? (answer.columns as RawColumns) : null, buckets = raw ? null : (answer.columns as BucketColumns);
  answer.columns.t.forEach((_, i) => {
    const value = raw ? raw.value[i] : buckets?.mean[i], n = raw ? 1 : buckets?.count[i] ?? 0;
    if (value === null || value === undefined) return;
    min = Math.min(min, (buckets ? buckets.min[i] : value) ?? value);
    max = Math.max(max, (buckets ? buckets.max[i] : value) ?? value);
    sum += value * n;
    count += n;
  });
  return count ? { min, max, mean: sum / count, count } : null;
}
