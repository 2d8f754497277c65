import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { isAbort } from "../../api/client";
import { SERIES_MAX } from "../../chart/view";
import { search, type Answer, type Found } from "./search";

const WAIT_MS = 150;

/** Finds series and adds them. Enter takes the one marked, or the first that is found, also when it is pressed before the answer is there. */
export function Picker({ chosen, add }: { chosen: string[]; add: (series: string) => void }) {
  const text = useSignal(""), answer = useSignal<Answer | null>(null), at = useSignal(0), open = useSignal(false), problem = useSignal(""), wanted = useSignal(false);
  const input = useRef<HTMLInputElement>(null), box = useRef<HTMLDivElement>(null), taker = useRef(take);
  taker.current = take;

  useEffect(() => {
    const words = text.value.trim();
    if (!open.value) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      search(words, stop.signal).then((found) => {
        answer.value = found;
        at.value = 0;
        problem.value = "";
        if (wanted.value) { wanted.value = false; if (found.found[0]) taker.current(found.found[0]); }
      }, (error: unknown) => { if (!isAbort(error)) { problem.value = (error as Error).message; wanted.value = false; } });
    }, WAIT_MS);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [text.value, open.value]);

  useEffect(() => {
    const away = (event: Event) => { if (!box.current?.contains(event.target as Node)) open.value = false; };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, []);

  function take(found: Found) {
    add(found.series);
    text.value = "";
    answer.value = null;
    open.value = false;
    input.current?.focus();
  }

  const list = answer.value?.found ?? [];
  const keys = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") { open.value = true; at.value = Math.min(list.length - 1, at.value + 1); }
    else if (event.key === "ArrowUp") at.value = Math.max(0, at.value - 1);
    else if (event.key === "Escape") { open.value = false; input.current?.blur(); }
    else if (event.key === "Enter") { const found = list[at.value]; if (found) take(found); else wanted.value = true; }
    else return;
    event.preventDefault();
  };
  if (chosen.length >= SERIES_MAX) return <span class="muted">{SERIES_MAX} series, the most there can be: remove one to add another.</span>;
  return (
    <div class="picker" ref={box}>
      <label><span class="sr">Add a series</span>
        <input id="add" ref={input} type="search" role="combobox" list={undefined} aria-expanded={open.value && list.length > 0} aria-controls="found" aria-activedescendant={open.value && list.length ? `found-${at.value}` : undefined} aria-autocomplete="list"
          placeholder="Add a series: device sensor … ( / )" autocomplete="off" spellcheck={false} value={text.value}
          onFocus={() => { open.value = true; }} onInput={(event) => { text.value = event.currentTarget.value; answer.value = null; open.value = true; }} onKeyDown={keys} />
      </label>
      {open.value && (
        <div class="pop">
          {problem.value && <p class="error" role="alert">{problem.value}</p>}
          <ul id="found" role="listbox" aria-label="Series found">
            {list.map((found, i) => (
              <li key={found.series} id={`found-${i}`} role="option" aria-selected={i === at.value} data-series={found.series} class={chosen.includes(found.series) ? "taken" : ""}
                onPointerDown={(event) => { event.preventDefault(); take(found); }}>
                <b>{found.name || found.sensor}</b> <span>{found.device}</span>
              </li>
            ))}
          </ul>
          {answer.value && !list.length && <p class="muted">Nothing has that in its name. Write a part of a device's name and a part of a sensor's: press-07 temp</p>}
          {answer.value?.more && <p class="muted">There are more: write more of the name.</p>}
          {!answer.value && !problem.value && <p class="muted">Searching …</p>}
        </div>
      )}
    </div>
  );
}
