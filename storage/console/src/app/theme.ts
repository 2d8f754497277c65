import { signal } from "@preact/signals";

export const theme = signal<"dark" | "light">(localStorage.getItem("theme") === "light" || (!localStorage.getItem("theme") && matchMedia("(prefers-color-scheme: light)").matches) ? "light" : "dark");

document.documentElement.dataset["theme"] = theme.value;

/** Shows the page in a theme. The page's colours come first: charts are drawn anew with them as soon as the signal changes. */
export function show(name: "dark" | "light"): void {
  document.documentElement.dataset["theme"] = name;
  theme.value = name;
}

export function switchTheme(): void {
  show(theme.value === "dark" ? "light" : "dark");
  localStorage.setItem("theme", theme.value);
}
