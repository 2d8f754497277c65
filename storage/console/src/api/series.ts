import { ApiError, isAbort, question } from "./client";
import type { BucketColumns, ManySeries, RawColumns, Series } from "./types";

export interface Asked { series: string[]; from: number; to: number; step?: string; points?: number; zone?: string }

/** Many series in one answer, each as if it had been asked for alone; an error stands in the place of a series that has none. */
export async function seriesOf(asked: Asked, stop: AbortSignal): Promise<Map<string, Series | Error>> {
  try {
    return split(asked.series, await ask(asked, asked.series, stop));
  } catch (error) {
    // Not the question's fault: the server is away or full, and asking series by series would only add to it.
    if (isAbort(error) || stop.aborted || asked.series.length < 2 || !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status === 503) {
      if (isAbort(error)) throw error;
      return new Map(asked.series.map((series) => [series, error as Error]));
    }
  }
  // One that cannot be answered is not to hide its neighbours.
  const found = new Map<string, Series | Error>();
  for (const series of asked.series) {
    try {
      found.set(series, split([series], await ask(asked, [series], stop)).get(series)!);
    } catch (error) {
      if (isAbort(error)) throw error;
      found.set(series, error as Error);
    }
  }
  return found;
}

const ask = ({ from, to, step, points, zone }: Asked, series: string[], stop: AbortSignal): Promise<ManySeries> => question("query", {
  series: series.map(named), from: String(Math.floor(from)), to: String(Math.ceil(to)), ...(step ? { step } : { singleReadings: true, ...(points ? { points } : {}) }), ...(zone ? { tz: zone } : {}),
}, stop);

export const named = (series: string): { device: string; sensor: string } => ({ device: series.slice(0, series.indexOf("/")), sensor: series.slice(series.indexOf("/") + 1) });

/** Buckets of the common axis in which a series has nothing are left out of it. */
function split(names: string[], { meta, source, raw, stepMs, tz, completeFrom, from, to, t, series }: ManySeries): Map<string, Series> {
  return new Map(series.map((one, i) => [names[i]!, { meta, source, raw, stepMs, tz, completeFrom, from, to, columns: raw ? readings(one.columns) : buckets(t ?? [], one.columns) }]));
}

type Columns = ManySeries["series"][number]["columns"];

const readings = ({ t = [], value = [], quality = [] }: Columns): RawColumns => ({ t, value, quality });

function buckets(t: number[], { min = [], max = [], mean = [], count = [] }: Columns): BucketColumns {
  const filled = count.flatMap((n, i) => n > 0 ? [i] : []);
  const of = <T>(column: T[]): T[] => filled.length === t.length ? column : filled.map((i) => column[i]!);
  return { t: of(t), min: of(min), max: of(max), mean: of(mean), count: of(count) };
}
