// Hone in the browser: signs in, follows the address, shows one screen at a time.

import { html, render, signal, useEffect } from "./vendor/preact.js";
import { listen } from "./lib/keys.js";
import { FIRST, follow, route } from "./lib/route.js";
import { begin, isSignedIn, session } from "./lib/session.js";
import { texts } from "./texts.js";
import { Failure, Waiting } from "./ui/show.js";
import { SCREENS, Shell } from "./ui/shell.js";
import { SignIn } from "./screens/signin.js";

/** Screens are loaded when they are first visited. */
const LOADERS = {
  home: () => import("./screens/home.js"),
  review: () => import("./screens/review.js"),
  train: () => import("./screens/train.js"),
  evaluate: () => import("./screens/evaluate.js"),
  models: () => import("./screens/models.js"),
  jobs: () => import("./screens/jobs.js"),
  import: () => import("./screens/import.js"),
  settings: () => import("./screens/settings.js"),
};
const loaded = signal(/** @type {Record<string, any>} */ ({}));
const failure = signal(/** @type {any} */ (null));

async function bring(name) {
  try {
    const screen = await LOADERS[name]();
    loaded.value = { ...loaded.value, [name]: screen };
  } catch (error) {
    console.error(error);
    failure.value = { message: texts.errors.screen, hint: texts.errors.screenHint };
  }
}

function App() {
  if (failure.value) {
    return html`<main class="page"><${Failure} error=${failure.value} onRetry=${() => location.reload()} /></main>`;
  }
  if (!session.value) return html`<main class="page"><${Waiting} /></main>`;
  if (!isSignedIn.value) return html`<${SignIn} />`;
  return html`<${Shell}><${Screen} /><//>`;
}

function Screen() {
  const name = SCREENS.includes(route.value.name) ? route.value.name : FIRST;
  const screen = loaded.value[name];
  useEffect(() => {
    document.title = texts.documentTitle(texts.screens[name], session.value.workspace?.name);
    if (!loaded.value[name]) bring(name);
  }, [name]);
  return screen ? html`<${screen.default} key=${name} />` : html`<${Coming} title=${texts.screens[name]} />`;
}

/** The place of a screen whose code is on its way: its heading stands already. @param {{title: string}} props */
const Coming = ({ title }) => html`<div class="page">
  <header class="page-head"><h1>${title}</h1></header>
  <${Waiting} lines=${6} />
</div>`;

async function start() {
  listen();
  follow();
  render(html`<${App} />`, document.getElementById("app"));
  try {
    await begin();
  } catch (error) {
    failure.value = error;
  }
}

start();
