import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { ApiError, get } from "../../api/client";
import { pathOf } from "../../api/places";
import type { Device, Latest } from "../../api/types";
import { now } from "../../app/health";
import { exploreLink, here, set } from "../../app/router";
import { useTitle } from "../../app/Shell";
import { Loader } from "../../chart/Loader";
import type { Mark } from "../../chart/marks";
import { Viewer } from "../../chart/Viewer";
import { parameters, read, type View } from "../../chart/view";
import { age, secondsSince } from "../../lib/format";
import { timeOf } from "../../lib/zone";
import { Ranges } from "../explore/Ranges";
import { Commands } from "./Commands";
import { Detectors } from "./Detectors";
import { Entry } from "./Entry";
import { Happened } from "./Happened";
import { Quality } from "./Quality";
import { Values } from "./Values";

const EVERY_MS = 5_000;

/** Everything of one machine. */
export function DevicePage({ device }: { device: string }) {
  useTitle(device);
  const about = useSignal<Device | null>(null), latest = useSignal<Latest[] | null>(null), problem = useSignal(""), missing = useSignal(false);
  const trial = useSignal<Mark[]>([]), reload = useSignal(0);
  const query = here.value.search;
  const loader = useMemo(() => new Loader(), []);

  useEffect(() => {
    let timer = 0;
    const stop = new AbortController();
    const load = async () => {
      if (!document.hidden || latest.peek() === null) {
        try {
          const [one, values] = await Promise.all([get("devices/{device}", { device }, stop.signal), get("latest", { device, limit: 1000 }, stop.signal)]);
          about.value = one;
          latest.value = values.latest;
          problem.value = "";
          missing.value = false;
        } catch (error) {
          if (stop.signal.aborted) return;
          missing.value = error instanceof ApiError && (error.status === 404 || error.status === 400);
          problem.value = (error as Error).message;
        }
      }
      timer = window.setTimeout(() => void load(), EVERY_MS);
    };
    void load();
    return () => { stop.abort(); clearTimeout(timer); };
  }, [device, reload.value]);

  const first = latest.value?.[0]?.sensor;
  const view = useMemo((): View => {
    const asked = read(new URLSearchParams(query)), own = asked.series.filter((series) => series.startsWith(`${device}/`));
    return { ...asked, series: own.length ? own : first ? [`${device}/${first}`] : [] };
  }, [query, device, first]);
  const change = (next: View, replace = false) => set({ ...parameters(next), s: next.series }, replace);
  const toggle = (series: string) => change({ ...view, series: view.series.includes(series) ? view.series.filter((one) => one !== series) : [...view.series, series] });

  if (missing.value) {
    return <section class="panel center"><h1>There is no device {device}</h1><p>{problem.value} The link may be old, or the device has never sent. <a href="/devices">All devices</a></p></section>;
  }
  const seconds = secondsSince(about.value?.lastSeen, now.value);
  return (
    <div class="device">
      <section class="panel head" aria-labelledby="title">
        <div class="bar">
          <h1 id="title">{about.value?.displayName || device}</h1>
          {about.value?.displayName && <span class="muted">{device}</span>}
          {about.value && <span class="badge" id="device-seen" data-state={seconds === null ? "grey" : seconds < 60 ? "green" : seconds < 600 ? "amber" : "red"} title={timeOf(about.value.lastSeen)}>{seconds === null ? "no reading up to now" : `last reading ${age(seconds)} ago`}</span>}
          {about.value?.clockAhead && <span class="badge" data-state="amber" title={`A reading says ${timeOf(about.value.aheadTime)}`}>clock ahead</span>}
          <span class="muted">{about.value ? [about.value.type, pathOf(about.value).join(" › "), `${about.value.sensors} sensors`, `${about.value.readings.toLocaleString("en-US")} readings`].filter(Boolean).join(" · ") : ""}</span>
          {view.series.length > 0 && <a class="button" href={exploreLink(view.series, Object.fromEntries(Object.entries(parameters(view)).filter(([, value]) => value)))}>Open in Explore</a>}
        </div>
        {problem.value && <p class="empty error" role="status">{problem.value} {about.value ? "What is shown may be old. " : ""}Trying again …</p>}
      </section>
      <section class="panel" aria-labelledby="values-title"><div class="bar"><h2 id="values-title">Values</h2></div><Values device={device} latest={latest.value} chosen={view.series} toggle={toggle} /></section>
      <section class="panel" aria-labelledby="chart-title">
        <div class="bar"><h2 id="chart-title">Chart</h2><Ranges view={view} change={change} /></div>
        <Viewer loader={loader} view={view} change={change} extra={trial.value} remove={toggle} label={device} />
        <Detectors device={device} view={view} marks={trial} />
      </section>
      <Happened device={device} view={view} />
      <Quality device={device} view={view} />
      <Commands device={device} />
      <Entry device={device} changed={() => { reload.value++; }} />
    </div>
  );
}
