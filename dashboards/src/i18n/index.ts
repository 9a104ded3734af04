// The texts of the screens in the language chosen.
import { language } from "../preferences";
import type { Both } from "../wire";
import { en } from "./en.ts";
import { type Texts, zh } from "./zh.ts";

const tables: Record<"zh" | "en", Texts> = { zh, en };

/** The text table of the language chosen; reading it subscribes to the choice. */
export const texts = (): Texts => tables[language.value];

/** A text that comes in both languages, in the one chosen. */
export const say = (both: Both | null | undefined): string => both?.[language.value] ?? "";
