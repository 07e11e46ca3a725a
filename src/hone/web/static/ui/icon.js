// The icons: strokes on a grid of 24, in the colour of the text beside them.

import { html } from "../vendor/preact.js";

const PATHS = {
  accept: ["M5 12.5l4.5 4.5L19 7.5"],
  reject: ["M6 6l12 12", "M18 6L6 18"],
  edit: ["M4 20l1-4L16 5l3 3L8 19z", "M14 7l3 3"],
  previous: ["M19 12H5", "M11 6l-6 6 6 6"],
  next: ["M5 12h14", "M13 6l6 6-6 6"],
  skip: ["M5 6l7 6-7 6z", "M17 6v12"],
  flag: ["M6 21V4", "M6 5h11l-2.5 4L17 13H6"],
  unknown: ["M9 9a3 3 0 1 1 4.4 2.7c-1 .5-1.4 1.1-1.4 2.3", "M12 17.5v.1"],
  note: ["M5 5h14v10h-8l-4 4v-4H5z"],
  undo: ["M9 7L4.5 11.5 9 16", "M5 11.5h9a5 5 0 0 1 0 10h-3"],
  redo: ["M15 7l4.5 4.5L15 16", "M19 11.5h-9a5 5 0 0 0 0 10h3"],
  search: ["M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z", "M15.5 15.5L20 20"],
  filter: ["M4 6h16", "M7 12h10", "M10 18h4"],
  sun: ["M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z", "M12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4"],
  moon: ["M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z"],
  auto: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z", "M12 4v16", "M12 8h6M12 12h8M12 16h6"],
  help: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M9.7 9.5a2.4 2.4 0 1 1 3.5 2.1c-.8.4-1.2.9-1.2 1.9", "M12 16.7v.1"],
  home: ["M4 11l8-7 8 7", "M6 10v10h12V10"],
  review: ["M9 6h11M9 12h11M9 18h11", "M4 6l1 1 1.5-2M4 12l1 1 1.5-2M4 18l1 1 1.5-2"],
  evaluate: ["M4 20h16", "M7 16v-5M12 16V6M17 16v-8"],
  models: ["M12 3l8 4.5v9L12 21l-8-4.5v-9z", "M4 7.5l8 4.5 8-4.5M12 12v9"],
  train: ["M4 18l6-7 4 4 6-9", "M15 6h5v5"],
  jobs: ["M4 13h3l2.5-7 4 13 2.5-6H20"],
  import: ["M12 4v11", "M7 10.5l5 5 5-5", "M4 20h16"],
  download: ["M12 4v11", "M7 10.5l5 5 5-5", "M4 20h16"],
  upload: ["M12 16V5", "M7 9.5l5-5 5 5", "M4 20h16"],
  settings: ["M4 7h9M19 7h1M4 17h3M13 17h7", "M16 4.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z", "M10 14.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  add: ["M12 5v14M5 12h14"],
  remove: ["M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13"],
  copy: ["M9 9h11v11H9z", "M15 9V4H4v11h5"],
  panel: ["M4 5h16v14H4z", "M15 5v14"],
  list: ["M4 5h16v14H4z", "M9 5v14"],
  warning: ["M12 4l9 16H3z", "M12 10v4M12 17v.1"],
  offline: ["M3 3l18 18", "M5 12.5a10 10 0 0 1 4-2.4M19 12.5a10 10 0 0 0-5-2.8M8.5 16a5 5 0 0 1 7 0M12 19.5v.1"],
  clock: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M12 7v5l3.5 2"],
  more: ["M6 12v.1M12 12v.1M18 12v.1"],
};

/** @param {{name: keyof PATHS, size?: number}} props */
export function Icon({ name, size = 18 }) {
  return html`<svg
    class="icon" width=${size} height=${size} viewBox="0 0 24 24" fill="none" stroke="currentColor"
    stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"
  >
    ${(PATHS[name] ?? []).map((d) => html`<path d=${d} />`)}
  </svg>`;
}
