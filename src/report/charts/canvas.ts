import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { SKRSContext2D } from "@napi-rs/canvas";
import type { ChartConfiguration } from "chart.js";
import { type EmbeddedFont, SvgTextLayer } from "./svg-text.js";

/** A picture of the same chart in both forms. */
export interface Picture {
  readonly png: Buffer;
  readonly svg: string;
}

export interface Frame {
  /** In CSS pixels; the PNG has {@link PNG_SCALE} times as many. */
  readonly width: number;
  readonly height: number;
}

/** Pixels of the PNG per CSS pixel: about 190 a printed inch. */
export const PNG_SCALE = 2;

/** Weights of the one typeface that charts use; it comes with the program, since a machine may have no fonts at all. */
const FONT_FILES = [400, 600].map((weight) => ({
  weight,
  file: `@fontsource/source-sans-3/files/source-sans-3-latin-${weight}-normal.woff2`,
}));

/** The name under which the typeface is drawn: none that a system font could have, so that pictures are equal anywhere. */
const DRAWN_FAMILY = "llmrec-chart";
/** The name in SVG files: the typeface, embedded, and what stands in for it where a viewer ignores embedded fonts. */
const SVG_FAMILY = "'Source Sans 3', 'Helvetica Neue', Arial, sans-serif";

/**
 * Draws a chart as PNG and SVG through chartjs-node-canvas. Equal configurations give equal bytes.
 * @param configure - makes a fresh configuration for each form, since Chart.js writes into what it is given.
 */
export async function drawChart(frame: Frame, configure: () => ChartConfiguration): Promise<Picture> {
  const fonts = await loadFonts();
  const canvas = await import("@napi-rs/canvas");
  const { ChartJSNodeCanvas } = await import("chartjs-node-canvas");

  /** chartjs-node-canvas asks its canvas for bytes in node-canvas' way; the canvas that draws is ours. */
  class Drawing extends ChartJSNodeCanvas {
    constructor(create: (width: number, height: number) => unknown) {
      super({ ...frame, chartCallback: setDefaults });
      Object.assign(this, { _createCanvas: create });
    }
  }

  const scaled = (scale: number): ChartConfiguration => {
    const configuration = configure();
    return { ...configuration, options: { ...configuration.options, devicePixelRatio: scale } };
  };
  const png = new Drawing((width, height) => {
    const surface = canvas.createCanvas(width, height);
    return Object.assign(surface, { toBuffer: () => surface.encodeSync("png") });
  }).renderToBufferSync(scaled(PNG_SCALE), "image/png");
  const svg = new Drawing((width, height) => {
    const surface = canvas.createCanvas(width, height, canvas.SvgExportFlag.RelativePathEncoding);
    const layer = new SvgTextLayer(surface.getContext("2d"), SVG_FAMILY);
    return Object.assign(surface, { toBuffer: () => Buffer.from(layer.finish(surface.getContent(), fonts)) });
  }).renderToBufferSync(scaled(1), "image/svg+xml");
  return { png, svg: svg.toString("utf8") };
}

/** Chart.js draws on white, in our typeface, without moving. */
function setDefaults(chart: typeof import("chart.js").Chart): void {
  chart.defaults.font.family = DRAWN_FAMILY;
  chart.register({
    id: "whitePaper",
    beforeDraw: ({ ctx, width, height }) => {
      const context = ctx as unknown as SKRSContext2D;
      context.save();
      context.fillStyle = "#ffffff";
      context.fillRect(0, 0, width, height);
      context.restore();
    },
  });
}

let loaded: Promise<EmbeddedFont[]> | undefined;

function loadFonts(): Promise<EmbeddedFont[]> {
  loaded ??= (async () => {
    const { GlobalFonts } = await import("@napi-rs/canvas");
    const { resolve } = createRequire(import.meta.url);
    return Promise.all(
      FONT_FILES.map(async ({ weight, file }) => {
        const bytes = await readFile(resolve(file));
        if (GlobalFonts.register(bytes, DRAWN_FAMILY) === null) throw new Error(`unreadable font: ${file}`);
        return { weight, base64: bytes.toString("base64") };
      }),
    );
  })();
  return loaded;
}
