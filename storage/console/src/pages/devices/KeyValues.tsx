import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { exploreLink } from "../../app/router";
import { number } from "../../lib/format";
import { Spark } from "../../ui/Spark";
import { valuesOf, type Value } from "./values";

const SETTLE_MS = 120;

/** Values with a small line each; asked for once the row has stayed in sight. */
export function KeyValues({ device }: { device: string }) {
  const values = useSignal<Value[]>([]);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => valuesOf(device, stop.signal, (found) => { values.value = found; }), SETTLE_MS);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [device]);
  return <>{values.value.map((one) => (
    <a key={one.sensor} class="value" href={exploreLink([`${device}/${one.sensor}`], { range: "1h" })} title={one.sensor}><Spark values={one.spark} /><b>{number(one.value, 4, one.decimals)}</b><small> {one.unit || one.name}</small></a>
  ))}</>;
}
