import type { ReadonlySignal, Signal } from "@preact/signals";
import { deviceLink } from "../app/router";
import { now } from "../app/health";
import { age, number } from "../lib/format";
import { last, type Line } from "./Loader";
import { reach } from "./Tip";
import { figures, gapOf, nearest, type Trace } from "./trace";
import { deviceOf, sensorOf } from "./view";
import { Scroll } from "../ui/Scroll";

interface Props {
  lines: Line[]; traces: ReadonlySignal<Trace[]>; cursor: ReadonlySignal<{ t: number; left: number } | null>; hidden: Signal<ReadonlySet<string>>; remove?: (series: string) => void;
}

/** The lines by name, with the value at the cursor or the newest one, and figures of what is drawn. It is the chart's text. */
export function Legend({ lines, traces, cursor, hidden, remove }: Props) {
  if (!lines.length) return null;
  const at = cursor.value;
  const toggle = (key: string) => {
    const next = new Set(hidden.peek());
    if (!next.delete(key)) next.add(key);
    hidden.value = next;
  };
  return (
    <Scroll label="Lines of the chart" class="legend"><table id="legend">
      <thead><tr><th>Series</th><th class="num">{at ? "At cursor" : "Newest"}</th><th class="num wide">Least</th><th class="num wide">Mean</th><th class="num wide">Greatest</th><th class="num wide">Readings</th><th><span class="sr">Remove</span></th></tr></thead>
      <tbody>
        {lines.map((line) => {
          const trace = traces.value.find((one) => one.key === line.key), sums = line.answer ? figures(line.answer) : null, unit = line.info?.unit ?? "", decimals = line.info?.decimals;
          const found = at && trace ? nearest(trace, at.t, reach(trace, traces.value)) : null, newest = last(line);
          const value = at ? found?.value ?? null : newest?.value ?? null, quality = at ? found?.quality ?? 0 : newest?.quality ?? 0;
          return (
            <tr key={line.key} data-line={line.key} data-state={line.state}>
              <td>
                <button class="line" aria-pressed={!hidden.value.has(line.key)} title="Show or hide" onClick={() => toggle(line.key)}>
                  <i class={line.shift ? "dashed" : ""} style={{ "--mine": `var(--line${line.colour % 8})` }} /><span class="sr">Show </span>{line.info?.name || sensorOf(line.series)}
                </button>{" "}
                <a href={deviceLink(deviceOf(line.series))}>{deviceOf(line.series)}</a>
                {line.shift > 0 && <span class="muted"> {line.key.endsWith("7d") ? "a week before" : "a day before"}</span>}
                {line.state === "loading" && <span class="muted"> …</span>}
                {(line.state === "failed" || line.state === "missing") && <span class="error"> {line.problem}</span>}
                <Silence line={line} trace={trace} />
              </td>
              <td class="num"><b>{(value !== null && line.info?.states[String(value)]) || number(value, 6, decimals)}</b>{unit && <small> {unit}</small>}{quality > 0 && <em class={quality === 1 ? "uncertain" : "bad"}> {quality === 1 ? "uncertain" : "bad"}</em>}</td>
              <td class="num wide">{number(sums?.min, 5, decimals)}</td><td class="num wide">{number(sums?.mean, 5, decimals)}</td><td class="num wide">{number(sums?.max, 5, decimals)}</td>
              <td class="num wide">{sums ? sums.count.toLocaleString("en-US") : "–"}</td>
              <td>{remove && !line.shift && <button class="icon small" title="Remove" aria-label={`Remove ${line.series}`} onClick={() => remove(line.series)}>×</button>}</td>
            </tr>
          );
        })}
      </tbody>
    </table></Scroll>
  );
}

const SILENT_MS = 60_000;

/** That a series has stopped: its newest reading is older than its own rhythm explains. */
function Silence({ line, trace }: { line: Line; trace: Trace | undefined }) {
  const newest = last(line);
  if (line.shift || !newest || !trace) return null;
  const silent = now.value - newest.t;
  return silent > Math.max(SILENT_MS, gapOf(trace.t, trace.raw ? 0 : trace.stepMs)) && silent < 366 * 864e5 && line.answer && endsNow(line)
    ? <span class="silent" title="No reading since"> silent for {age(silent / 1000)}</span> : null;
}

const endsNow = (line: Line): boolean => Math.abs(Date.parse(line.answer?.meta.asOf ?? "") - line.until) < 5 * 60_000;
