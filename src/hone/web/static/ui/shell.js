// What surrounds every screen: navigation, save state, theme, help.

import { effect, html, signal, useEffect } from "../vendor/preact.js";
import { remembered } from "../lib/choices.js";
import { useKeys } from "../lib/keys.js";
import { failure, isBlocked, parked, queued, retryNow } from "../lib/outbox.js";
import { goBackTo, linkTo, route } from "../lib/route.js";
import { isReadOnly, session } from "../lib/session.js";
import { texts } from "../texts.js";
import { Button } from "./button.js";
import { Question } from "./dialog.js";
import { Help, isHelpOpen } from "./help.js";
import { Icon } from "./icon.js";
import { isOutboxOpen, OutboxDialog } from "./parked.js";
import { LiveRegion, Toasts } from "./toast.js";

export const SCREENS = ["home", "review", "train", "evaluate", "models", "jobs", "import", "settings"];
const SLOW_MS = 200;
export const theme = remembered("theme", "auto");
const THEMES = { auto: "auto", light: "sun", dark: "moon" };

/** @param {string} name */
export function setTheme(name) {
  theme.set(name);
  document.documentElement.dataset.chosenTheme = name;
  document.dispatchEvent(new Event("hone:theme"));
}

/** @param {{children?: any}} props */
export function Shell({ children }) {
  useKeys({ help: { run: () => (isHelpOpen.value = !isHelpOpen.value), label: texts.help.title } });
  return html`
    <a class="skip-link" href="#main" onClick=${skip}>${texts.skip}</a>
    <header class="topbar">
      <a class="brand" href=${linkTo("home")} aria-label=${texts.brand}><${Mark} /><span>Hone</span></a>
      <nav class="nav" aria-label=${texts.navigation}>
        ${SCREENS.map(
          (name) => html`<a key=${name} href=${linkTo(name)} onClick=${comeBack(name)} aria-current=${route.value.name === name ? "page" : undefined}>
            <${Icon} name=${name} /><span>${texts.screens[name]}</span>
          </a>`,
        )}
      </nav>
      <span class="workspace" title=${session.value.workspace?.path}>${session.value.workspace?.name}</span>
      ${isReadOnly.value && html`<span class="pill" title=${texts.readOnlyHint}>${texts.readOnly}</span>`}
      <${SaveState} />
      <${ThemeSwitch} />
      <${Button} action="help" icon="help" isQuiet isIconOnly label=${texts.help.title} onClick=${() => (isHelpOpen.value = true)} />
    </header>
    <main id="main" tabindex="-1">${children}</main>
    <${LiveRegion} /><${Toasts} /><${Help} /><${OutboxDialog} /><${Question} />
  `;
}

/** The mark: a blade on a stone. */
export const Mark = () => html`<svg class="brand-mark" width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">
  <rect x="1" y="1" width="22" height="22" rx="6" fill="currentColor" />
  <path d="M7 6v12M17 6v12M7 12h10" stroke="var(--on-accent)" stroke-width="2.5" stroke-linecap="round" fill="none" />
</svg>`;

/** The navigation leads to where one was, unless a new tab is wanted. @param {string} name */
const comeBack = (name) => (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  goBackTo(name);
};

function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

const isSlow = signal(false);
let slowTimer = 0;
effect(() => {
  // What is acknowledged within a blink needs no word about it.
  const isWaiting = queued.value.length > 0;
  clearTimeout(slowTimer);
  if (isWaiting) slowTimer = setTimeout(() => (isSlow.value = queued.value.length > 0), SLOW_MS);
  else isSlow.value = false;
});

/** Where our decisions are: saved, on their way, kept here, or refused. */
export function saveState() {
  const kept = queued.value.length;
  const refused = parked.value.length;
  if (isBlocked.value) return { tone: "bad", icon: "warning", text: texts.save.blocked };
  if (failure.value && kept) {
    const isReached = failure.value.status > 0;
    const text = isReached ? texts.save.trouble(kept) : texts.save.offline(kept);
    return { tone: "warn", icon: isReached ? "warning" : "offline", text };
  }
  if (refused) return { tone: "bad", icon: "warning", text: texts.save.refused(refused) };
  if (isSlow.value && kept) return { tone: "muted", icon: "clock", text: texts.save.saving };
  return { tone: "ok", icon: "accept", text: texts.save.saved };
}

function SaveState() {
  const { tone, icon, text } = saveState();
  useEffect(() => {
    const warn = (event) => queued.value.length && isBlocked.value && event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, []);
  const act = () => {
    retryNow();
    isOutboxOpen.value = true;
  };
  return html`<div class="save-state tone-${tone}">
    <span role="status"><${Icon} name=${icon} size=${16} /><span class="save-text">${text}</span></span>
    ${(tone === "bad" || tone === "warn") && html`<${Button} isQuiet onClick=${act}>${texts.save.look}<//>`}
  </div>`;
}

function ThemeSwitch() {
  const names = Object.keys(THEMES);
  const next = names[(names.indexOf(theme.value) + 1) % names.length];
  return html`<${Button}
    icon=${THEMES[theme.value] ?? "auto"} isQuiet isIconOnly label=${texts.theme.switchTo(theme.value, next)}
    onClick=${() => setTheme(next)}
  />`;
}
