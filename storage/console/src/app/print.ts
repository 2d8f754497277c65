import { signal } from "@preact/signals";
import { show, theme } from "./theme";

/** True while the page is being printed: what is "now" on a screen is a time on paper. */
export const printing = signal(false);

let before = theme.peek();

/** Paper is white: charts are drawn anew in the light colours while the page is printed. */
export function startPrint(): void {
  const change = (isPrint: boolean) => {
    if (isPrint === printing.peek()) return;
    if (isPrint) before = theme.peek();
    printing.value = isPrint;
    show(isPrint ? "light" : before);
  };
  addEventListener("beforeprint", () => change(true));
  addEventListener("afterprint", () => change(false));
  const media = matchMedia("print");
  media.addEventListener("change", () => change(media.matches));
}
