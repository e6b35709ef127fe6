// Icons as paths in a box of 16, stroked in the colour of their text. Circles and boxes are written as paths too.

const CIRCLE = 'M2.5 8a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0';
const PAPER = 'M7 5.5h5A1.5 1.5 0 0 1 13.5 7v5a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 12V7A1.5 1.5 0 0 1 7 5.5z';

const DOWN = 'M8 2.5v8M4.5 7 8 10.5 11.5 7M3 13.5h10';
const LINES = 'M3 4h10M3 8h10M3 12h10';

/** @satisfies {Record<string, string[]>} */
export const PATHS = {
  down: ['m4 6 4 4 4-4'],
  left: ['m10 4-4 4 4 4'],
  right: ['m6 4 4 4-4 4'],
  share: ['M2.25 8a1.75 1.75 0 1 0 3.5 0a1.75 1.75 0 1 0-3.5 0M10.25 3.75a1.75 1.75 0 1 0 3.5 0a1.75 1.75 0 1 0-3.5 0M10.25 12.25a1.75 1.75 0 1 0 3.5 0a1.75 1.75 0 1 0-3.5 0', 'm5.6 7.2 4.8-2.6M5.6 8.8l4.8 2.6'],
  who: ['M5.5 5.5a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0', 'M3 13.5c.6-2.7 2.5-4 5-4s4.4 1.3 5 4'],
  keys: ['M3 4h10A1.5 1.5 0 0 1 14.5 5.5v5A1.5 1.5 0 0 1 13 12H3a1.5 1.5 0 0 1-1.5-1.5v-5A1.5 1.5 0 0 1 3 4z', 'M4 6.5h.1M6.7 6.5h.1M9.3 6.5h.1M12 6.5h.1M5 9.5h6'],
  theme: ['M5.25 8a2.75 2.75 0 1 0 5.5 0a2.75 2.75 0 1 0-5.5 0', 'M8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1'],
  dark: ['M13.2 9.8A5.6 5.6 0 0 1 6.2 2.8a5.6 5.6 0 1 0 7 7z'],
  system: [CIRCLE, 'M8 2.5v11M8 5h2.5M8 8h5M8 11h2.5'],
  messages: ['M3 3h10a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H8l-3 2.5V11H3a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1z'],
  more: ['M3 8h.8M7.6 8h.8M12.2 8h.8'],
  check: ['m3 8.5 3.5 3.5L13 4.5'],
  stream: ['M3 4h10M3 8h10M3 12h5'],
  copy: [PAPER, 'M3 10.5V4A1.5 1.5 0 0 1 4.5 2.5H10.5'],
  plus: ['M8 3v10M3 8h10'],
  send: ['M8 10.5v-8M5 5.5l3-3 3 3M2.5 10.5v3h11v-3'],
  pause: ['M5.5 3.5v9M10.5 3.5v9'],
  play: ['M5 3.5v9l7-4.5z'],
  close: ['m4 4 8 8M12 4l-8 8'],
  receiving: [DOWN],
  download: [DOWN],
  end: [DOWN],
  waiting: [CIRCLE, 'M8 5v3l2 1.5'],
  wrong: [CIRCLE, 'M8 5v3.5M8 10.8v.2'],
  cancelled: [CIRCLE, 'm4.2 11.8 7.6-7.6'],
  interrupted: ['M2 8h3.5M10.5 8H14M7 5l2 6'],
  warn: ['M8 2.5 14 13H2zM8 6.5v3M8 11.3v.2'],
  again: ['M13 8a5 5 0 1 1-1.5-3.5M13 2.5V5h-2.5'],
  remove: ['M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.5 8.5h6l.5-8.5M7 7v3.5M9 7v3.5'],
  search: ['M3 7a4 4 0 1 0 8 0a4 4 0 1 0-8 0', 'm10 10 3.5 3.5'],
  columns: ['M3 3h10v10H3zM6.3 3v10M9.7 3v10'],
  filter: ['M2.5 4h11M4.5 8h7M6.5 12h3'],
  compact: ['M3 3.5h10M3 6.5h10M3 9.5h10M3 12.5h10'],
  regular: [LINES],
  menu: [LINES],
  roomy: ['M3 5h10M3 11h10'],
};
