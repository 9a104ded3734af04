// Finds tags by name or id, and gives back the one that was chosen.
import { useState } from "preact/hooks";
import { say, texts } from "../i18n";
import { ropewayNamed, site } from "../site";
import type { Tag } from "../wire";

const MOST_FOUND = 12;

const named = (tag: Tag): string =>
  [say(ropewayNamed(tag.ropeway)?.name), say(tag.name) || tag.id].filter(Boolean).join(" · ");

function found(words: string, chosen: readonly string[]): Tag[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [];
  return (site.value?.tags ?? [])
    .filter((tag) => {
      const text = [tag.id, tag.name.zh, tag.name.en, named(tag)].join(" ").toLowerCase();
      return !chosen.includes(tag.id) && wanted.every((word) => text.includes(word));
    })
    .slice(0, MOST_FOUND);
}

export function TagPicker({ chosen, add }: { chosen: readonly string[]; add: (tag: string) => void }) {
  const [words, setWords] = useState("");
  const t = texts().trends;
  const matches = found(words, chosen);
  const take = (tag: Tag) => {
    setWords("");
    add(tag.id);
  };
  return (
    <form
      class="tag-picker"
      onSubmit={(event) => {
        event.preventDefault();
        if (matches[0]) take(matches[0]);
      }}
    >
      <label>
        <span class="muted">{t.add}</span>
        <input
          type="search"
          value={words}
          placeholder={t.search}
          data-testid="tag-search"
          onInput={(event) => setWords(event.currentTarget.value)}
        />
      </label>
      {matches.length > 0 ? (
        <ul class="panel">
          {matches.map((tag) => (
            <li key={tag.id}>
              <button type="button" class="quiet" data-testid={`pick-${tag.id}`} onClick={() => take(tag)}>
                {named(tag)} <span class="muted">{tag.unit}</span>
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </form>
  );
}
