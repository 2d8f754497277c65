import { get } from "../../api/client";
import { seriesOf } from "../../api/series";
import type { BucketColumns, RawColumns } from "../../api/types";

export interface Value { sensor: string; name: string; value: number | null; unit: string; decimals: number | null; spark: (number | null)[] }

const KEPT_MS = 30_000, KEPT_MAX = 400, AT_ONCE = 3, SENSORS = 2;
const kept = new Map<string, { at: number; values: Value[] }>();
const waiting: { device: string; stop: AbortSignal; done: (values: Value[]) => void }[] = [];
let running = 0;

/** The first sensors of a device with their last hour. A few requests at a time; what has scrolled out of sight is not asked for any more. */
export function valuesOf(device: string, stop: AbortSignal, done: (values: Value[]) => void): void {
  const before = kept.get(device);
  if (before) done(before.values);
  if (before && Date.now() - before.at < KEPT_MS) return;
  waiting.push({ device, stop, done });
  next();
}

function next(): void {
  while (running < AT_ONCE) {
    const job = waiting.shift();
    if (!job) return;
    if (job.stop.aborted) continue;
    running++;
    void load(job.device, job.stop).then((values) => {
      if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value ?? "");
      kept.set(job.device, { at: Date.now(), values });
      if (!job.stop.aborted) job.done(values);
    }).catch(() => undefined).finally(() => { running--; next(); });
  }
}

async function load(device: string, stop: AbortSignal): Promise<Value[]> {
  const { latest } = await get("latest", { device, limit: SENSORS }, stop);
  if (!latest.length) return [];
  const found = await seriesOf({ series: latest.map((row) => `${device}/${row.sensor}`), from: Date.now() - 36e5, to: Date.now(), points: 48 }, stop);
  return latest.map((row) => {
    const series = found.get(`${device}/${row.sensor}`);
    const spark = !series || series instanceof Error ? [] : series.raw ? (series.columns as RawColumns).value : (series.columns as BucketColumns).mean;
    return { sensor: row.sensor, name: row.displayName || row.sensor, value: row.value, unit: row.unit ?? "", decimals: row.decimals, spark };
  });
}
