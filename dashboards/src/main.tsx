// Starts the screens: read the plant, open the live feed, draw.
import { effect } from "@preact/signals";
import { render } from "preact";
import { api } from "./api";
import { App } from "./app";
import { say } from "./i18n";
import { offerTime, watchFeed } from "./live/feed";
import { mindAlarms } from "./live/horn";
import { startLive, stopLive } from "./live/socket";
import { dressPage } from "./preferences";
import { inside, watchSession } from "./session";
import { site } from "./site";
import "./styles/tokens.css";
import "./styles/quality.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/overview.css";
import "./styles/pages.css";
import "./styles/people.css";
import "./styles/phone.css";

const RETRY_MS = 1500;

async function readSite(): Promise<void> {
  try {
    const known = await api.site();
    site.value = known;
    offerTime(known.now_ms);
  } catch {
    // The feed's own words tell the person; the site is asked for again.
    if (inside.peek()) setTimeout(() => void readSite(), RETRY_MS);
  }
}

dressPage();
watchFeed();
mindAlarms();
effect(() => {
  if (site.value) document.title = say(site.value.name);
});
watchSession();
effect(() => {
  if (inside.value) {
    void readSite();
    startLive();
  } else {
    stopLive();
  }
});
const root = document.getElementById("app");
if (root) render(<App />, root);
