import type { BucketColumns, Series } from "../api/types";
import { dayStart, offset, zone } from "../lib/zone";

const HOUR = 36e5, DAY = 864e5, POINTS_MAX = 20_000;

/**
 * The server's days begin at midnight UTC. Where the zone shown has its midnight elsewhere the days are made of hours here; zones that are
 * no whole hours away from UTC, and ranges with too many hours, keep the days of UTC.
 */
export async function byDays(answer: Series, [from, to]: [number, number], ask: (step: string) => Promise<Series>): Promise<Series> {
  const days = Math.max(1, Math.round(answer.stepMs / DAY));
  const isUtc = offset(from, zone.value) === 0 && offset(to, zone.value) === 0;
  const isWhole = offset(from, zone.value) % HOUR === 0;
  if (answer.stepMs === HOUR && (isUtc || !isWhole)) return ask("1d");
  if (answer.stepMs !== HOUR && (isUtc || !isWhole || (to - from) / HOUR > POINTS_MAX)) return answer;
  const hours = answer.stepMs === HOUR ? answer : await ask("1h");
  return hours.raw ? hours : { ...hours, stepMs: days * DAY, columns: merge(hours.columns as BucketColumns, days) };
}

function merge(hours: BucketColumns, days: number): BucketColumns {
  const out: BucketColumns = { t: [], min: [], max: [], mean: [], count: [] };
  let first = 0, next = -Infinity, sum = 0, weight = 0;
  hours.t.forEach((t, i) => {
    if (t >= next) {
      first = next === -Infinity || t >= dayStart(next, days) ? dayStart(t) : next;
      next = dayStart(first, days);
      sum = weight = 0;
      out.t.push(first); out.min.push(null); out.max.push(null); out.mean.push(null); out.count.push(0);
    }
    const at = out.t.length - 1, low = hours.min[i] ?? null, high = hours.max[i] ?? null, mean = hours.mean[i] ?? null, count = hours.count[i] ?? 0;
    out.count[at] = (out.count[at] ?? 0) + count;
    if (low !== null) out.min[at] = Math.min(out.min[at] ?? Infinity, low);
    if (high !== null) out.max[at] = Math.max(out.max[at] ?? -Infinity, high);
    if (mean !== null) { sum += mean * count; weight += count; out.mean[at] = weight ? sum / weight : null; }
  });
  return out;
}
