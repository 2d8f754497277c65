/** Shortest and longest pause before a stream that ended for good is opened again. */
const FIRST = 1_000, LONGEST = 30_000;

/**
 * An event stream that comes back. A browser reopens a stream that broke off, but gives up for good on an answer that is no stream: 503 while
 * the server is full or starts again, 502 of a proxy in front of it. Then this opens a new one, later each time, and a little at random so
 * that many pages do not come back at once. While the page is hidden the stream is closed: a browser has six connections to a server for all
 * of its pages, and a forgotten tab would keep two of them.
 */
export class LiveStream {
  private source: EventSource | null = null;
  private timer = 0;
  private pause = FIRST;
  private readonly seen = () => { if (document.hidden) this.end(); else if (!this.source) this.open(); };

  /** @param reopened Called when a stream is there again after a time without one: what happened meanwhile is not sent. */
  constructor(private readonly address: string, private readonly handlers: Record<string, (data: string) => void>, private readonly reopened: () => void = () => undefined) {
    document.addEventListener("visibilitychange", this.seen);
    if (!document.hidden) this.open();
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.seen);
    this.end();
  }

  private end(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private opened = 0;

  private open(): void {
    const source = new EventSource(this.address);
    this.source = source;
    source.addEventListener("open", () => { if (this.opened++ > 0) this.reopened(); });
    for (const [name, handle] of Object.entries(this.handlers)) {
      source.addEventListener(name, (event) => {
        this.pause = FIRST;
        handle((event as MessageEvent<string>).data);
      });
    }
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED || this.source !== source) return;
      source.close();
      this.timer = window.setTimeout(() => this.open(), this.pause * (0.75 + Math.random() / 2));
      this.pause = Math.min(LONGEST, this.pause * 2);
    });
  }
}
