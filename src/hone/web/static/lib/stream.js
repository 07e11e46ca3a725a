// @ts-check
// Live news from the server: one event stream per browser, shared by all tabs.
//
// The tab that holds a lock opens the stream and relays it; when it closes, the next one takes
// over. Without locks (a plain http address of the network) each tab has its own stream while it
// is shown, because a browser opens only six connections to one server.

const REFUSED_MS = 5000;
const CHANNEL = "hone-events";
const TYPES = ["reviews", "import", "job", "models", "resync"]; // "ready" needs no answer

/** @type {Array<{type: string, run: (news: any) => void}>} */
const listeners = [];
/** @type {EventSource|null} */
let source = null;
let isStarted = false;

/**
 * @param {string} type reviews, import, job, models or resync
 * @param {(news: any) => void} run
 * @returns {() => void} stops listening
 */
export function listenTo(type, run) {
  const listener = { type, run };
  listeners.push(listener);
  return () => listeners.splice(listeners.indexOf(listener), 1);
}

/** Starts listening; once per page. */
export function start() {
  if (isStarted || typeof EventSource !== "function") return;
  isStarted = true;
  if (navigator.locks && typeof BroadcastChannel === "function") shared();
  else alone();
}

function shared() {
  const relay = new BroadcastChannel(CHANNEL);
  relay.onmessage = (event) => tell(event.data);
  let isFirst = true;
  navigator.locks.request(CHANNEL, { ifAvailable: true }, async (lock) => {
    if (lock) await lead(relay);
    else isFirst = false;
  }).then(() => {
    if (isFirst) return;
    navigator.locks.request(CHANNEL, async () => {
      // Whatever was said between two leaders is unknown: everybody looks again.
      const news = { type: "resync", content: {} };
      tell(news);
      relay.postMessage(news);
      await lead(relay);
    });
  });
}

/** @param {BroadcastChannel} relay @returns {Promise<never>} the lock is held until the tab closes */
function lead(relay) {
  connect((news) => {
    tell(news);
    relay.postMessage(news);
  });
  return new Promise(() => {});
}

function alone() {
  const look = () => {
    if (document.visibilityState === "hidden") {
      source?.close();
      source = null;
    } else if (!source) {
      tell({ type: "resync", content: {} });
      connect(tell);
    }
  };
  document.addEventListener("visibilitychange", look);
  connect(tell);
}

/** @param {(news: {type: string, content: any}) => void} give */
function connect(give) {
  const opened = new EventSource("/api/events");
  source = opened;
  opened.addEventListener("error", () => {
    // The browser reconnects by itself, but not where the server refused: signed out, too many.
    if (opened.readyState !== EventSource.CLOSED || source !== opened) return;
    setTimeout(() => {
      if (source !== opened) return;
      connect(give);
      give({ type: "resync", content: {} });
    }, REFUSED_MS);
  });
  for (const type of TYPES) {
    source.addEventListener(type, (event) => {
      give({ type, content: JSON.parse(/** @type {MessageEvent} */ (event).data || "{}") });
    });
  }
}

/** @param {{type: string, content: any}} news */
function tell(news) {
  for (const listener of [...listeners]) {
    if (listener.type === news.type) listener.run(news.content);
  }
}
