import { useSignal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, send } from "../../api/client";
import type { Detectors as Answer, DetectorsInForce, Rule } from "../../api/types";
import { may } from "../../app/session";
import type { Mark } from "../../chart/marks";
import { sensorOf, span, type View } from "../../chart/view";

/** What watches the first series of the chart; others tried on its past stand over the chart, then they can be put in force. */
export function Detectors({ device, view, marks }: { device: string; view: View; marks: Signal<Mark[]> }) {
  const known = useSignal<Answer["known"]>([]), detector = useSignal(""), text = useSignal(""), said = useSignal(""), force = useSignal<DetectorsInForce | null>(null), open = useSignal(false);
  const series = view.series[0] ?? "", sensor = sensorOf(series);

  useEffect(() => { marks.value = []; force.value = null; }, [series]);
  useEffect(() => {
    if (!open.value || !series) return;
    get("devices/{device}/sensors/{sensor}/detectors", { device, sensor }).then((found) => { force.value = found; }, (error: Error) => { said.value = error.message; });
    if (known.peek().length) return;
    get("detectors").then((answer) => { known.value = answer.known; detector.value ||= answer.known[0]?.detector ?? ""; }, (error: Error) => { said.value = error.message; });
  }, [open.value, series]);

  const chosen = (): Rule["detectors"] => {
    const pairs = text.value.split(",").map((one) => one.trim()).filter(Boolean).map((one) => one.split("=", 2));
    return [pairs.length ? { detector: detector.value, ...Object.fromEntries(pairs.map(([name, value]) => [name?.trim(), value?.trim() ?? ""])) } : detector.value];
  };
  const say = async (busy: string, work: () => Promise<string>) => {
    said.value = busy;
    try { said.value = await work(); } catch (error) { said.value = (error as Error).message; }
  };
  const run = () => say("Running …", async () => {
    const [from, to] = span(view);
    const answer = await send("post", "devices/{device}/sensors/{sensor}/backtest", { device, sensor, from: Math.floor(from), to: Math.ceil(to), limit: 500 }, { rules: [{ detectors: chosen() }] });
    marks.value = answer.hits.map((hit): Mark => ({ kind: "trial", from: Date.parse(hit.time), to: Date.parse(hit.time), device, sensor, title: `${hit.kind} (tried)`, text: hit.text, colour: "--trial", value: hit.value ?? null }));
    return `Would have fired ${answer.count} times in this range, ${answer.readings} readings with the day before.`;
  });
  const apply = (to: string | undefined) => say("Applying …", async () => {
    const now = await get("detectors");
    const settings = now.settings as { rules?: Rule[] } & Record<string, unknown>;
    const others = (settings.rules ?? []).filter((rule) => rule.tag !== undefined || (rule.device ?? "*") !== (to ?? "*") || (rule.sensor ?? "*") !== sensor);
    const rule: Rule = { ...(to === undefined ? {} : { device: to }), sensor, detectors: chosen() };
    const { version } = await send("put", "detectors", { expected: now.version, source: "backtest", comment: `${sensor} of ${to ?? "all devices"}, tried in the console` }, { ...settings, rules: [rule, ...others] });
    return `Version ${version} is in force.`;
  });
  const hint = Object.entries(known.value.find((one) => one.detector === detector.value)?.parameters ?? {}).map(([name, value]) => `${name}=${value}`).join(", ");
  return (
    <details id="trial" onToggle={(event) => { open.value = event.currentTarget.open; if (!open.value) marks.value = []; }}>
      <summary>Detectors{series ? ` of ${sensor}` : ""}: in force, and others tried on this range</summary>
      <div class="bar">
        {force.value && <p id="in-force" class="muted">In force: {force.value.detectors.join(", ") || "none"}{force.value.outOfService ? " (out of service now)" : ""}</p>}
        <label><span class="sr">Detector</span><select id="trial-detector" value={detector.value} onChange={(event) => { detector.value = event.currentTarget.value; text.value = ""; }}>{known.value.map((one) => <option key={one.detector} value={one.detector}>{one.detector}</option>)}</select></label>
        <label><span class="sr">Parameters</span><input id="trial-parameters" autocomplete="off" spellcheck={false} placeholder={hint || "no parameters"} value={text.value} onInput={(event) => { text.value = event.currentTarget.value; }} /></label>
        {may("engineer") ? <>
          <button id="trial-run" title="What would they have raised in this range? Changes nothing." onClick={() => void run()}>Try</button>
          <button id="trial-apply" title="Puts them in force for this sensor of this device" onClick={() => void apply(device)}>Apply here</button>
          <button id="trial-apply-all" title="Puts them in force for this sensor of every device" onClick={() => void apply(undefined)}>Apply to all devices</button>
        </> : <span class="muted">Trying others needs the role engineer.</span>}
        <span id="trial-result" role="status">{said.value}</span>
      </div>
    </details>
  );
}
