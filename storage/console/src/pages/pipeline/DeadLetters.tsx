import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect } from "preact/hooks";
import { get, send, type Answer, type Body } from "../../api/client";
import type { DeadLetter } from "../../api/types";
import { may } from "../../app/session";
import { timeOf } from "../../lib/zone";
import { Scroll } from "../../ui/Scroll";

const EVERY_MS = 30_000, SHOWN = 100;

/** What was refused: why, with its bytes; mended and sent through the bridge again. */
export function DeadLetters() {
  const answer = useSignal<Answer<"get", "dead-letters"> | null>(null), problem = useSignal(""), cause = useSignal(""), open = useSignal<DeadLetter | null>(null), said = useSignal("");
  const load = () => get("dead-letters", { ...(cause.peek() ? { cause: cause.peek() } : {}), limit: SHOWN }).then((found) => { answer.value = found; problem.value = ""; }, (error: Error) => { problem.value = error.message; });
  useEffect(() => {
    void load();
    const timer = setInterval(() => { if (!document.hidden) void load(); }, EVERY_MS);
    return () => clearInterval(timer);
  }, [cause.value]);
  const show = async (id: string) => {
    said.value = "";
    if (open.value?.id === id) { open.value = null; return; }
    try { open.value = await get("dead-letters/{id}", { id }); } catch (error) { problem.value = (error as Error).message; }
  };
  const replay = async (letter: DeadLetter, body: Body<"post", "dead-letters/{id}/replay">) => {
    said.value = "Sending …";
    try {
      const { outcome, detail } = await send("post", "dead-letters/{id}/replay", { id: letter.id }, body);
      said.value = `${outcome}${detail ? `: ${detail}` : ""}`;
      void load();
    } catch (error) { said.value = (error as Error).message; }
  };
  const causes = [...new Set((answer.value?.letters ?? []).map((letter) => letter.cause))].sort();
  return (
    <section class="panel wide-panel" aria-labelledby="letters-title">
      <div class="bar"><h2 id="letters-title">Dead letters {answer.value && <span class="muted">{answer.value.open} open</span>}</h2>
        <label><span class="sr">Cause</span><select id="cause" value={cause.value} onChange={(event) => { cause.value = event.currentTarget.value; }}><option value="">every cause</option>{[...new Set([...causes, cause.value])].filter(Boolean).map((name) => <option key={name}>{name}</option>)}</select></label></div>
      {problem.value && <p class="empty">{problem.value}</p>}
      {answer.value?.letters.length === 0 && <p class="empty">Nothing was refused.</p>}
      {(answer.value?.letters.length ?? 0) > 0 && (
        <Scroll label="List of dead letters" short><table id="letters">
          <thead><tr><th>Refused</th><th>Cause</th><th>Source</th><th>Why</th><th>State</th><th><span class="sr">Show</span></th></tr></thead>
          <tbody>{[...(answer.value?.letters ?? [])].reverse().map((letter) => (
            <Fragment key={letter.id}>
              <tr data-letter={letter.id}><td>{timeOf(letter.refused)}</td><td>{letter.cause}<small> {letter.stage}</small></td><td class="what">{letter.source}</td><td class="what">{letter.detail}</td><td>{letter.resolution ?? "open"}</td><td><button aria-expanded={open.value?.id === letter.id} onClick={() => void show(letter.id)}>Show</button></td></tr>
              {open.value?.id === letter.id && (
                <tr><td colSpan={6} class="what"><pre>{open.value.text}</pre>
                  {may("engineer") ? (
                    <form class="actions" onSubmit={(event) => { event.preventDefault(); const text = String(new FormData(event.currentTarget).get("payload")); void replay(letter, text === decode(open.value?.payload) ? {} : { payload: encode(text) }); }}>
                      <label class="grow"><span class="sr">Payload</span><textarea name="payload" rows={4} defaultValue={decode(open.value.payload)} spellcheck={false} disabled={!isText(open.value.payload)} /></label>
                      <button type="submit" class="primary">Send again</button><button type="button" onClick={() => void replay(letter, { dryRun: true })}>Would it pass?</button><button type="button" onClick={() => void replay(letter, { fix: true })}>Repair and send</button>
                      <span role="status" class="muted">{said.value}</span>
                    </form>
                  ) : <span class="muted">Sending it again needs the role engineer.</span>}
                </td></tr>
              )}
            </Fragment>
          ))}</tbody></table></Scroll>
      )}
    </section>
  );
}

const bytes = (payload: string | null | undefined): Uint8Array => Uint8Array.from(atob(payload ?? ""), (c) => c.charCodeAt(0));
const decode = (payload: string | null | undefined): string => new TextDecoder().decode(bytes(payload));
const encode = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** Bytes that are no text cannot be edited as such: they would come back as others. */
function isText(payload: string | null | undefined): boolean {
  try { new TextDecoder("utf-8", { fatal: true }).decode(bytes(payload)); return !/[\u0000-\u0008]/.test(decode(payload)); } catch { return false; }
}
