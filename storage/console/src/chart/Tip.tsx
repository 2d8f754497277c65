import type { ReadonlySignal } from "@preact/signals";
import { number } from "../lib/format";
import { time } from "../lib/zone";
import type { Mark } from "./marks";
import { nearest, type Trace } from "./trace";

interface Props { cursor: ReadonlySignal<{ t: number; left: number } | null>; traces: ReadonlySignal<Trace[]>; marks: Mark[] }

const WIDTH = 270, VALUES_MAX = 8, MARKS_MAX = 3;

/** How far from the cursor a value may lie to be told. */
export const reach = (trace: Trace, traces: Trace[]): number => {
  const [first = 0, last = 0] = [Math.min(...traces.map((one) => one.t[0] ?? Infinity)), Math.max(...traces.map((one) => one.t.at(-1) ?? -Infinity))];
  return Math.max(trace.stepMs, (last - first) / 40, 1000);
};

/** What is under the cursor: time, values, and what happened there. */
export function Tip({ cursor, traces, marks }: Props) {
  const at = cursor.value;
  if (!at || !traces.value.length) return null;
  const all = traces.value, isRaw = all.some((trace) => trace.raw);
  const near = Math.max(1, reach(all[0]!, all) / 3);
  const here = marks.filter((mark) => at.t >= mark.from - near && at.t <= (mark.to ?? mark.from) + near).slice(0, MARKS_MAX);
  return (
    <div class={`tip ${at.left > WIDTH + 40 ? "before" : "after"}`} style={{ left: `${at.left}px` }}>
      <b>{time(at.t, isRaw)}</b>
      <ul>
        {all.slice(0, VALUES_MAX).map((trace) => {
          const found = nearest(trace, at.t, reach(trace, all));
          return (
            <li key={trace.key}>
              <i style={{ background: `var(--line${trace.colour % 8})` }} class={trace.dashed ? "dashed" : ""} /><span>{trace.label}</span>
              <b>{found ? number(found.value, 6, trace.decimals) : "–"}{trace.unit && ` ${trace.unit}`}</b>
              {found && found.quality > 0 && <em class={found.quality === 1 ? "uncertain" : "bad"}>{found.quality === 1 ? "uncertain" : "bad"}</em>}
            </li>
          );
        })}
      </ul>
      {here.map((mark, i) => <p key={i} class="mark"><b style={{ color: `var(${mark.colour})` }}>{mark.title}</b> {mark.device}{mark.sensor ? ` ${mark.sensor}` : ""}: {mark.text}</p>)}
    </div>
  );
}
