import type { SKRSContext2D } from "@napi-rs/canvas";
import { INK } from "./style.js";

/** A weight of the typeface as an SVG needs it. */
export interface EmbeddedFont {
  readonly weight: number;
  readonly base64: string;
}

const ANCHORS: Readonly<Record<string, string>> = {
  center: "middle",
  right: "end",
  end: "end",
  left: "start",
  start: "start",
};

/**
 * Keeps the text of an SVG drawing as text. The SVG canvas writes every letter with a place of its own, and no weight:
 * unreadable to a search, and wrong in any other font. So `fillText` is taken over here: each label becomes one
 * `<text>` element with its anchor, weight and turn, and all of them stand above the shapes.
 */
export class SvgTextLayer {
  readonly #elements: string[] = [];

  constructor(
    context: SKRSContext2D,
    readonly family: string,
  ) {
    const add = (text: string, x: number, y: number): void => {
      if (text.trim() !== "") this.#elements.push(elementOf(context, text, x, y));
    };
    Object.assign(context, { fillText: add, strokeText: () => undefined });
  }

  /** The whole file: the shapes, then the labels, with the typeface inside. */
  finish(shapes: Buffer, fonts: readonly EmbeddedFont[]): string {
    const faces = fonts.map(
      ({ weight, base64 }) =>
        `@font-face{font-family:'Source Sans 3';font-weight:${weight};src:url(data:font/woff2;base64,${base64}) format('woff2')}`,
    );
    const style = `<style>${faces.join("")}</style>`;
    const labels = `<g font-family="${this.family}">\n${this.#elements.join("\n")}\n</g>`;
    return renumbered(shapes.toString("utf8"))
      .replace(/(<svg\b[^>]*>)/, `$1\n${style}`)
      .replace(/<\/svg>\s*$/, `${labels}\n</svg>\n`);
  }
}

/** The canvas numbers its clips through the life of the process; here they count from 1, so that equal charts are equal. */
function renumbered(svg: string): string {
  const numbers = new Map<string, string>();
  return svg.replaceAll(/(id="|url\(#)(cl_[0-9a-f]+)/g, (_all, before: string, id: string) => {
    if (!numbers.has(id)) numbers.set(id, `clip${numbers.size + 1}`);
    return before + (numbers.get(id) ?? id);
  });
}

function elementOf(context: SKRSContext2D, text: string, x: number, y: number): string {
  const { a, b, c, d, e, f } = context.getTransform();
  const weight = /\b(600|700|bold)\b/.test(context.font) ? ' font-weight="600"' : "";
  const size = Number(/([\d.]+)px/.exec(context.font)?.[1] ?? 12);
  const turned = b !== 0 || c !== 0;
  const place = turned
    ? `transform="matrix(${[a, b, c, d, e, f].map(short).join(" ")})" x="${short(x)}" y="${short(y + rise(context))}"`
    : `x="${short(a * x + e)}" y="${short(d * y + f + rise(context))}"`;
  const anchor = ANCHORS[context.textAlign] ?? "start";
  // Where the typeface is not shown, the stand-in is drawn to the same length.
  const length = `textLength="${short(context.measureText(text).width)}" lengthAdjust="spacingAndGlyphs"`;
  return `<text ${place} font-size="${short(size)}"${weight} ${length} text-anchor="${anchor}" fill="${typeof context.fillStyle === "string" ? context.fillStyle : INK.text}">${escaped(text)}</text>`;
}

/** From the line that `textBaseline` names down to the letters' own baseline: how far a letter that stands on it reaches. */
function rise(context: SKRSContext2D): number {
  return context.measureText("H").actualBoundingBoxDescent;
}

function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
