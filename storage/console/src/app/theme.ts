import { signal } from "@preact/signals";

export const theme = signal<"dark" | "light">(localStorage.getItem("theme") === "light" || (!localStorage.getItem("theme") && matchMedia("(prefers-color-scheme: light)").matches) ? "light" : "dark");

document.documentElement.dataset["theme"] = theme.value;

export function switchTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  document.documentElement.dataset["theme"] = theme.value;
  localStorage.setItem("theme", theme.value);
}
