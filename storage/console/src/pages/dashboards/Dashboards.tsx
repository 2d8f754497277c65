import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, type Answer } from "../../api/client";
import { go, here } from "../../app/router";
import { useTitle } from "../../app/Shell";
import { Board } from "./Board";
import { pack, parse, unpack, type Dashboard } from "./model";

/** Dashboards that are provisioned as files, and those that are all in their address. */
export function Dashboards({ name }: { name: string }) {
  const packed = here.value.searchParams.get("d") ?? "";
  const list = useSignal<Answer<"get", "dashboards">["dashboards"] | null>(null), text = useSignal(""), problem = useSignal(""), editing = useSignal(false);
  useTitle("Dashboards");
  useEffect(() => {
    problem.value = "";
    if (packed) { try { text.value = unpack(packed); } catch { problem.value = "The link is damaged: what it carries is not a dashboard."; } return; }
    if (name) { text.value = ""; get("dashboards/{name}", { name }).then((found) => { text.value = JSON.stringify(found, null, 2); }, (error: Error) => { problem.value = error.message; }); return; }
    get("dashboards").then((found) => { list.value = found.dashboards; }, (error: Error) => { problem.value = error.message; });
  }, [name, packed]);

  let board: Dashboard | null = null, wrong = "";
  if (text.value && (name || packed)) { try { board = parse(text.value); } catch (error) { wrong = (error as Error).message; } }
  if (!name && !packed) {
    return (
      <section class="panel" aria-labelledby="title"><div class="bar"><h1 id="title">Dashboards</h1><button id="new-dashboard" onClick={() => go(`/dashboards?d=${pack(EXAMPLE)}`)}>New</button></div>
        {problem.value && <p class="empty error">{problem.value}</p>}
        <ul class="rows" id="dashboards">{(list.value ?? []).map((one) => <li key={one.name}><a href={`/dashboards/${encodeURIComponent(one.name)}`}>{one.title}</a></li>)}</ul>
        {list.value?.length === 0 && <p class="empty">There are none yet. Put JSON files into the folder "dashboards" of the data directory, or make one here and keep its address.</p>}
      </section>
    );
  }
  return (
    <div class="board-page">
      <div class="bar"><h1 id="title">{board?.title ?? "Dashboard"}</h1><a href="/dashboards">all</a>
        <button id="edit-dashboard" aria-pressed={editing.value} onClick={() => { editing.value = !editing.value; }}>JSON</button>
        <button title="Hides all but the panels; Escape of the browser's full screen brings it back" onClick={() => void document.documentElement.requestFullscreen()}>Full screen</button></div>
      {(problem.value || wrong) && <p class="empty error" role="alert">{problem.value || wrong}</p>}
      {editing.value && (
        <form class="panel" onSubmit={(event) => { event.preventDefault(); go(`/dashboards?d=${pack(String(new FormData(event.currentTarget).get("json")))}`); }}>
          <label><span class="sr">Dashboard as JSON</span><textarea name="json" id="json" spellcheck={false} rows={16} defaultValue={text.value} key={text.value} /></label>
          <div class="bar"><button type="submit" class="primary">Show</button><span class="muted">The address then carries the dashboard: send it, or put the text into a file.</span></div>
        </form>
      )}
      {board && <Board board={board} />}
    </div>
  );
}

const EXAMPLE = JSON.stringify({
  title: "New dashboard", range: "1h",
  panels: [
    { type: "pareto", title: "Alarms of the last day", x: 0, y: 0, w: 6, h: 4 },
    { type: "alarms", title: "Alarms now", x: 6, y: 0, w: 6, h: 4 },
  ],
}, null, 2);
