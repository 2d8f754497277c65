import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, get, send } from "../../api/client";
import type { Command } from "../../api/types";
import { actor, may } from "../../app/session";
import { timeOf } from "../../lib/zone";
import { Scroll } from "../../ui/Scroll";

const EVERY_MS = 5_000;

/** Commands of the last hour with their answers, and a new one. */
export function Commands({ device }: { device: string }) {
  const commands = useSignal<Command[]>([]), problem = useSignal(""), said = useSignal(""), off = useSignal("");
  const load = async () => {
    try { commands.value = (await get("devices/{device}/commands", { device, limit: 50 })).commands; problem.value = ""; off.value = ""; }
    catch (error) { if (error instanceof ApiError && error.status === 503) off.value = error.message; else problem.value = (error as Error).message; }
  };
  useEffect(() => {
    void load();
    const timer = setInterval(() => { if (!document.hidden) void load(); }, EVERY_MS);
    return () => clearInterval(timer);
  }, [device]);
  const submit = async (event: Event) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement), text = String(data.get("payload")).trim();
    let payload: unknown;
    try { payload = text ? JSON.parse(text) : undefined; } catch { said.value = "The payload is not JSON: {\"seconds\": 5}"; return; }
    said.value = "Sending …";
    try {
      const answer = await send("post", "devices/{device}/commands", { device, wait: "5s" }, { name: String(data.get("name")), ...(payload === undefined ? {} : { payload }), by: actor() });
      said.value = answer.status === "answered" ? `Answered: ${JSON.stringify(answer.answer)}` : `The command is ${answer.status}.`;
    } catch (error) { said.value = (error as Error).message; }
    void load();
  };
  return (
    <section class="panel" aria-labelledby="commands-title">
      <div class="bar"><h2 id="commands-title">Commands</h2>
        {off.value ? <span class="muted">{off.value}</span> : may("operator") ? (
          <form class="actions" onSubmit={(event) => void submit(event)}>
            <label><span class="sr">Name</span><input name="name" required placeholder="set-interval" pattern="[A-Za-z0-9._:\-]+" /></label>
            <label><span class="sr">Payload, JSON</span><input name="payload" placeholder='{"seconds": 5}' spellcheck={false} /></label>
            <button type="submit">Send</button><span role="status" class="muted">{said.value}</span>
          </form>
        ) : <span class="muted">Sending one needs the role operator.</span>}
      </div>
      {problem.value && <p class="empty error">{problem.value}</p>}
      <Scroll label="Commands sent" short><table id="commands">
        <thead><tr><th>Issued</th><th>Command</th><th>Payload</th><th>State</th><th>Answer</th><th>By</th></tr></thead>
        <tbody>{commands.value.map((one) => <tr key={one.id}><td>{timeOf(one.issued)}</td><td>{one.name}</td><td class="what">{one.payload === null ? "" : JSON.stringify(one.payload)}</td><td>{one.status}</td><td class="what">{one.answer === undefined ? "" : JSON.stringify(one.answer)}</td><td>{one.by ?? ""}</td></tr>)}
          {!commands.value.length && <tr><td colSpan={6} class="empty">None in the last hour.</td></tr>}</tbody>
      </table></Scroll>
    </section>
  );
}
