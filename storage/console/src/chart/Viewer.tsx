import { effect, useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { printing } from "../app/print";
import { theme } from "../app/theme";
import { step } from "../lib/format";
import { offsetText, time, zone } from "../lib/zone";
import { Legend } from "./Legend";
import { limitsOf } from "./limits";
import { simulatedIn, type Simulated } from "./simulated";
import type { Line, Loader } from "./Loader";
import type { Mark } from "./marks";
import { Plot } from "./Plot";
import { Tip } from "./Tip";
import { traceOf, type Trace } from "./trace";
import { fixed, isLive, sensorOf, span, type View } from "./view";

export interface ViewerProps {
  loader: Loader;
  view: View;
  /** Shows another view; `replace` does not add to what Back goes through. */
  change: (view: View, replace?: boolean) => void;
  remove?: (series: string) => void;
  extra?: Mark[];
  /** The wheel alone zooms; else with Ctrl, so that the page scrolls. */
  wheel?: boolean;
  label: string;
}

/** Lines as traces; a line without an answer has none, so nothing is drawn that does not belong to it. */
export function tracesOf(lines: Line[]): Trace[] {
  return lines.filter((line) => line.answer && line.state !== "missing").map((line): Trace => {
    const unit = line.info?.unit ?? "", sensor = sensorOf(line.series);
    return {
      key: line.key, series: line.series, label: line.key, unit, axis: unit ? `in ${unit}` : sensor, colour: line.colour, dashed: line.shift > 0,
      decimals: line.info?.decimals ?? null, ...traceOf(line.answer!, line.shift),
    };
  });
}

/** A chart with its legend: zooms by mouse, wheel, touch and keys, follows time, says what is missing. */
export function Viewer({ loader, view, change, remove, extra, wheel, label }: ViewerProps) {
  const box = useRef<HTMLDivElement>(null), plot = useRef<Plot | null>(null);
  const cursor = useSignal<{ t: number; left: number } | null>(null), hidden = useSignal<ReadonlySet<string>>(new Set());
  const current = useRef(view), others = useRef(extra);
  current.current = view;
  others.current = extra;
  const latest = useRef(change);
  latest.current = change;
  const traces = useComputed(() => tracesOf(loader.lines.value));
  const shown = useSignal(view.series);
  shown.value = view.series;
  const simulated = useComputed(() => simulatedIn(shown.value, span(current.current)));
  const stretches = JSON.stringify(simulated.value);

  const key = useMemo(() => JSON.stringify(view), [view]);

  const draw = () => plot.current?.show({
    traces: traces.peek(), hidden: hidden.peek(), marks: [...loader.marks.peek(), ...(others.current ?? [])], limits: limitsOf(loader.lines.peek()), simulated: simulated.peek(),
    window: span(current.current), zone: zone.peek(), theme: theme.peek(),
  });

  useEffect(() => {
    let settle = 0;
    const move = (from: number, to: number) => latest.current(fixed(current.current, from, to));
    const made = new Plot(box.current!, {
      window: move,
      moving: (from, to) => made.follow([from, to]),
      reset: () => latest.current(live(current.current)),
      cursor: (t, left) => { cursor.value = t === null ? null : { t, left }; },
    });
    plot.current = made;
    const stop = effect(() => { void [traces.value, loader.marks.value, hidden.value, zone.value, theme.value]; draw(); });
    const timer = setInterval(() => {
      if (!isLive(current.current) || document.hidden) return;
      if (loader.takeDirty()) { loader.lines.value = [...loader.lines.peek()]; return; }
      const window = span(current.current);
      if (window[1] - window[0] <= 36e5) made.follow(window);
    }, 500);
    let wheeled: [number, number] | null = null;
    const turned = (event: WheelEvent) => {
      if ((!wheel && !event.ctrlKey) || !current.current.series.length) return;
      event.preventDefault();
      const [from, to] = wheeled ?? span(current.current), length = to - from, area = box.current!.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - area.left) / area.width));
      const factor = event.shiftKey ? 1 : event.deltaY > 0 ? 1.25 : 0.8, shift = event.shiftKey ? Math.sign(event.deltaY || event.deltaX) * length * 0.1 : 0;
      const next = Math.max(1000, length * factor), start = from + (length - next) * share + shift;
      wheeled = [start, start + next];
      made.follow(wheeled);
      clearTimeout(settle);
      settle = window.setTimeout(() => { if (wheeled) move(wheeled[0], wheeled[1]); wheeled = null; }, 180);
    };
    box.current!.addEventListener("wheel", turned, { passive: false });
    return () => { clearInterval(timer); clearTimeout(settle); stop(); made.close(); loader.close(); };
  }, []);

  useEffect(() => { loader.show(view, plot.current?.points() ?? 1000); draw(); }, [key, zone.value]);
  useEffect(draw, [extra, stretches]);

  const lines = loader.lines.value;
  return (
    <div class="viewer">
      <div class="chart" role="group" aria-label={`Chart of ${label}. Arrow keys move the cursor, with Shift the range, plus and minus zoom.`} tabIndex={0}
        onKeyDown={(event) => keyed(event, current.current, latest.current, plot.current, traces.peek(), cursor.peek()?.t ?? null)}
        onBlur={() => { cursor.value = null; }}>
        <div class="plot" ref={box} data-live={loader.live.value} />
        <Note lines={lines} view={view} />
        <Tip cursor={cursor} traces={traces} marks={[...loader.marks.value, ...(extra ?? [])]} />
      </div>
      <Foot lines={lines} view={view} dropped={loader.dropped.value} simulated={simulated.value} />
      <Legend lines={lines} traces={traces} cursor={cursor} hidden={hidden} {...(remove ? { remove } : {})} />
    </div>
  );
}

/** The same view following time again. */
export const live = (view: View): View => ({ ...view, range: isLive(view) ? view.range : "1h", from: 0, to: 0 });

export function pan(view: View, by: number, factor = 1): View {
  const [from, to] = span(view), length = to - from, grow = (length * (factor - 1)) / 2;
  return fixed(view, from + length * by - grow, to + length * by + grow);
}

function keyed(event: KeyboardEvent, view: View, change: (view: View) => void, plot: Plot | null, traces: Trace[], at: number | null): void {
  if (event.ctrlKey || event.metaKey || event.altKey || (event.key === "Escape" && document.fullscreenElement)) return;
  const way = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
  if (way && event.shiftKey) change(pan(view, way / 2));
  else if (way) {
    const t = traces[0]?.t ?? [], [from, to] = span(view);
    const inside = t.filter((x) => x >= from && x <= to);
    const next = at === null ? (way > 0 ? inside[0] : inside.at(-1)) : way > 0 ? inside.find((x) => x > at + 0.5) : inside.filter((x) => x < at - 0.5).at(-1);
    if (next !== undefined) plot?.point(next);
  } else if (event.key === "+" || event.key === "=") change(pan(view, 0, 0.5));
  else if (event.key === "-") change(pan(view, 0, 2));
  else if (event.key === "0" || event.key === "Escape") change(live(view));
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** What is to be said over the chart: that it loads, that it failed, that there is nothing. */
function Note({ lines, view }: { lines: Line[]; view: View }) {
  const failed = lines.filter((line) => line.state === "failed"), loading = lines.some((line) => line.state === "loading"), drawn = lines.some((line) => line.answer?.columns.t.length);
  if (!view.series.length) return <div class="note" role="status" />;
  if (failed.length) {
    return <div class={drawn ? "note corner error" : "note error"} role="status">{failed[0]?.problem} {drawn ? "What is drawn may be old. " : ""}Trying again …</div>;
  }
  if (lines.length && lines.every((line) => line.state === "missing")) return <div class="note" role="status">{lines.map((line) => line.problem).join(" ")}</div>;
  if (loading) return <div class={drawn ? "note corner busy" : "note busy"} role="status">{drawn ? "" : "Loading …"}</div>;
  return <div class="note" role="status">{drawn ? "" : "No readings in this range. Widen it, or press Live."}</div>;
}

function Foot({ lines, view, dropped, simulated }: { lines: Line[]; view: View; dropped: number; simulated: Simulated[] }) {
  const first = lines.find((line) => line.answer && line.shift === 0)?.answer, [from, to] = span(view);
  return (
    <div class="foot">
      {first && (
        <span class="badge" id="source" data-source={first.raw ? "raw" : first.source} title={first.completeFrom ? `Before ${time(Date.parse(first.completeFrom))} readings are past their retention` : ""}>
          {first.raw ? "raw readings" : `${first.source === "raw" ? "raw, " : `rollup ${first.source}, `}${step(first.stepMs)} buckets`}
        </span>
      )}
      {first?.meta.truncated && <span class="badge" data-state="amber">more than fits: zoom in</span>}
      <span id="window">{time(from)} – {isLive(view) && !printing.value ? "now" : time(to)} · {zone.value}{offsetText(to) !== zone.value && ` (${offsetText(to)})`}</span>
      {simulated.map((one) => <span key={one.from} class="badge simulated" title={`The simulator played these readings of ${one.devices.join(", ")} at its first start; no device measured them then.`}>simulated history until {time(one.to)}</span>)}
      {dropped > 0 && <span class="muted">{dropped} live values skipped</span>}
    </div>
  );
}
