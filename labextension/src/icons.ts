/** The extension's own pictures, drawn for both themes: `jp-icon3` takes the theme's colour. */
import { LabIcon } from '@jupyterlab/ui-components';

const solid = (paths: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <g class="jp-icon3" fill="#616161">${paths}</g></svg>`;

/* Filled shapes only: JupyterLab's style sets `fill` on jp-icon3, so outlines are shapes too. */
const WINDOW =
  'M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-5v-2h5V9H4v9h5v2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z';

export const dialupIcon = new LabIcon({
  name: 'dialup:panel',
  svgstr: solid(`<path d="${WINDOW}"/><path d="M12 11l4.2 4.4-1.4 1.4-1.8-1.9V22h-2v-7.1l-1.8 1.9-1.4-1.4z"/>`)
});

export const previewIcon = new LabIcon({
  name: 'dialup:preview',
  svgstr: solid(
    '<path d="M12 5c5 0 8.6 3.6 10 7-1.400 3.400-5 7-10 7S3.400 15.400 2 12c1.400-3.400 5-7 10-7zm0 2c-3.600 0-6.400 2.400-7.800 5 1.400 2.600 4.200 5 7.800 5s6.400-2.400 7.800-5c-1.400-2.600-4.200-5-7.800-5z"/><circle cx="12" cy="12" r="3"/>'
  )
});

export const fullIcon = new LabIcon({
  name: 'dialup:full-width',
  svgstr: solid('<path d="M3 4h18a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-7v2h3v2H7v-2h3v-2H3a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zm1 2v9h16V6z"/>')
});

export const tabletIcon = new LabIcon({
  name: 'dialup:tablet-width',
  svgstr: solid('<path d="M6 2h12a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2zm0 3v12h12V5zm5 13.500v1.500h2v-1.500z"/>')
});

export const phoneIcon = new LabIcon({
  name: 'dialup:phone-width',
  svgstr: solid('<path d="M8 2h8a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2zm0 3v12h8V5zm3 13.500v1.500h2v-1.500z"/>')
});

export const stopIcon = new LabIcon({
  name: 'dialup:stop',
  svgstr: solid('<path d="M6 6h12v12H6z"/>')
});

export const openIcon = new LabIcon({
  name: 'dialup:open-in-tab',
  svgstr: solid('<path d="M14 3h7v7h-2V6.400l-8.800 8.800-1.400-1.400L17.600 5H14zM5 5h5v2H5v12h12v-5h2v5a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z"/>')
});

export const chartIcon = new LabIcon({
  name: 'dialup:dashboard',
  svgstr: solid('<path d="M4 12h4v8H4zm6-8h4v16h-4zm6 5h4v11h-4z"/>')
});
