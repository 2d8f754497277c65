import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { send, tagged, type Body } from "../../api/client";
import type { CatalogueDevice, CatalogueSensor } from "../../api/types";
import { EntryFields, fieldsOf } from "./EntryFields";

/** What people say of a device or a sensor. A field left empty falls back to what other sources say, which stands in it pale. */
export function EntryForm({ device, sensor, done }: { device: string; sensor?: string; done: () => void }) {
  const before = useSignal<{ body: CatalogueDevice | CatalogueSensor; tag: string } | null>(null), said = useSignal("");
  useEffect(() => {
    const stop = new AbortController();
    const asked = sensor === undefined ? tagged("catalogue/devices/{device}", { device }, stop.signal) : tagged("catalogue/devices/{device}/sensors/{sensor}", { device, sensor }, stop.signal);
    asked.then((found) => { before.value = found; }, (error: Error) => { if (!stop.signal.aborted) said.value = error.message; });
    return () => stop.abort();
  }, [device, sensor]);
  const submit = async (event: Event) => {
    event.preventDefault();
    const body = fieldsOf(event.currentTarget as HTMLFormElement, before.value?.body.edited ?? {}), match: Record<string, string> = before.value?.tag ? { "If-Match": before.value.tag } : {};
    said.value = "Saving …";
    try {
      if (sensor === undefined) await send("put", "catalogue/devices/{device}", { device }, body as Body<"put", "catalogue/devices/{device}">, match);
      else await send("put", "catalogue/devices/{device}/sensors/{sensor}", { device, sensor }, body as Body<"put", "catalogue/devices/{device}/sensors/{sensor}">, match);
      done();
    } catch (error) { said.value = (error as Error).message; }
  };
  const found = before.value?.body;
  if (!found) return <p class="muted">{said.value || "Loading …"}</p>;
  return (
    <form class="entry-form" onSubmit={(event) => void submit(event)}>
      <EntryFields of={sensor === undefined ? "device" : "sensor"} edited={found.edited ?? {}} others={found} />
      <button type="submit" class="primary">Save</button><span role="status" class="error">{said.value}</span>
    </form>
  );
}
