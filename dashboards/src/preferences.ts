// What this browser remembers about the person at it: language, theme, post, sound.
import { effect, signal } from "@preact/signals";

export type Language = "zh" | "en";
export type Theme = "light" | "dark";

const KEY = "ropewatch.";

function remembered(key: string): string | null {
  try {
    return localStorage.getItem(KEY + key);
  } catch {
    return null; // storage may be forbidden; the page works without it
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(KEY + key, value);
  } catch {
    // nothing is lost but the convenience
  }
}

const prefersDark = (): boolean => matchMedia("(prefers-color-scheme: dark)").matches;

export const language = signal<Language>(remembered("lang") === "en" ? "en" : "zh");
export const theme = signal<Theme>(
  (remembered("theme") as Theme | null) ?? (prefersDark() ? "dark" : "light"),
);
export const role = signal<string>(remembered("role") ?? "");
export const muted = signal<boolean>(remembered("muted") === "yes");

export function setLanguage(next: Language): void {
  language.value = next;
  remember("lang", next);
}

export function setTheme(next: Theme): void {
  theme.value = next;
  remember("theme", next);
}

export function setRole(next: string): void {
  role.value = next;
  remember("role", next);
}

export function setMuted(next: boolean): void {
  muted.value = next;
  remember("muted", next ? "yes" : "no");
}

export function dressPage(): void {
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
    document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
  });
}
