// The frame around every page, and which page stands in it.
import type { ComponentType } from "preact";
import { texts } from "./i18n";
import { AlarmBanner } from "./panels/AlarmBanner";
import { AlarmStop } from "./panels/AlarmStop";
import { Announcer } from "./panels/Announcer";
import { FeedStop } from "./panels/FeedStop";
import { Header } from "./panels/Header";
import { Navigation } from "./panels/Navigation";
import { Notice } from "./panels/Notice";
import { UnansweredChip } from "./panels/UnansweredChip";
import { UntoldChip } from "./panels/UntoldChip";
import { Account } from "./pages/Account";
import { AlarmHistory } from "./pages/AlarmHistory";
import { AlarmQuality } from "./pages/AlarmQuality";
import { Alarms } from "./pages/Alarms";
import { ConsultationPage } from "./pages/Consultation";
import { Consultations } from "./pages/Consultations";
import { HealthPage } from "./pages/Health";
import { Notices } from "./pages/Notices";
import { JournalPage } from "./pages/Journal";
import { Door } from "./pages/LogIn";
import { Overview } from "./pages/Overview";
import { PeoplePage } from "./pages/People";
import { RopePage } from "./pages/Rope";
import { RopewayPage } from "./pages/Ropeway";
import { RuleSetPage } from "./pages/RuleSet";
import { Rules } from "./pages/Rules";
import { Ropes } from "./pages/Ropes";
import { Tasks } from "./pages/Tasks";
import { TrendsPage } from "./pages/Trends";
import { route } from "./router";
import { inside, who } from "./session";
import { site } from "./site";

type Page = ComponentType<{ id: string }>;

const LISTS: Record<string, Page> = {
  overview: Overview,
  alarms: Alarms,
  consultations: Consultations,
  ropes: Ropes,
  trends: TrendsPage,
  tasks: Tasks,
  health: HealthPage,
  "alarm-history": AlarmHistory,
  "alarm-quality": AlarmQuality,
  notices: Notices,
  rules: Rules,
  account: Account,
  people: PeoplePage,
  journal: JournalPage,
};
const ONES: Record<string, Page> = {
  ropeway: RopewayPage,
  consultations: ConsultationPage,
  ropes: RopePage,
  trends: TrendsPage,
  rules: RuleSetPage,
};
/** What the page root is called for one thing of a list. */
const ONE_OF: Record<string, string> = { consultations: "consultation", ropes: "rope", rules: "rule-set" };

/** Pages that show the most pressing alarm by themselves, and at full height. */
const OWN_BANNER = new Set(["overview", "ropeway", "alarms"]);

function Unknown() {
  return <p class="panel empty">{texts().pageUnknown}</p>;
}

export function App() {
  if (who.value === null) return <p class="panel empty">{texts().feed.loading}</p>;
  return inside.value ? <Pages /> : <Door />;
}

function Pages() {
  const { page, id } = route.value;
  const Shown = (id ? ONES[page] : LISTS[page]) ?? Unknown;
  return (
    <>
      <FeedStop />
      <AlarmStop />
      <Header>
        <Navigation />
        <UntoldChip />
        <UnansweredChip />
      </Header>
      {OWN_BANNER.has(page) ? null : (
        <div class="banner-slim">
          <AlarmBanner />
        </div>
      )}
      <main data-page={id ? (ONE_OF[page] ?? page) : page} key={`${page}/${id}`}>
        {site.value ? <Shown id={id} /> : <p class="panel empty">{texts().feed.loading}</p>}
      </main>
      <Announcer />
      <Notice />
    </>
  );
}
