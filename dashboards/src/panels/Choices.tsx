// Day or night, Chinese or English: a matter of this browser alone.
import { texts } from "../i18n";
import { language, setLanguage, setTheme, theme } from "../preferences";

export function Choices() {
  const t = texts().header;
  return (
    <>
      <button
        type="button"
        class="quiet"
        title={t.themeTitle}
        data-testid="theme"
        onClick={() => setTheme(theme.value === "dark" ? "light" : "dark")}
      >
        {t.theme[theme.value]}
      </button>
      <button
        type="button"
        class="quiet"
        lang={language.value === "zh" ? "en" : "zh-CN"}
        data-testid="lang"
        onClick={() => setLanguage(language.value === "zh" ? "en" : "zh")}
      >
        {t.language}
      </button>
    </>
  );
}
