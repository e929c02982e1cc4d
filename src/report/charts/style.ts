import type { ScoreRow } from "../../experiment/scoreboard.js";
import { isCeiling } from "../frame.js";

/** How the rows of one kind are drawn, the same in every chart. */
export interface KindStyle {
  readonly label: string;
  readonly fill: string;
  readonly edge: string;
  /** Diagonal lines over the fill, so that the kinds differ in grey as well. */
  readonly hatched: boolean;
  readonly point: "circle" | "triangle" | "rect" | "rectRot";
}

/**
 * Fills by kind, from the colours of Okabe and Ito (Color Universal Design, 2008), which stay apart for every common
 * form of colour blindness; shape and hatching repeat the distinction without colour.
 */
export const KIND_STYLES = {
  control: { label: "control", fill: "#cfcfcf", edge: "#7a7a7a", hatched: false, point: "rect" },
  classic: { label: "classic", fill: "#0072b2", edge: "#004f7c", hatched: false, point: "circle" },
  llm: { label: "language model", fill: "#e69f00", edge: "#8f6300", hatched: true, point: "triangle" },
  ceiling: {
    label: "ceiling (knows the truth)",
    fill: "#ffffff",
    edge: "#009e73",
    hatched: false,
    point: "rectRot",
  },
} as const satisfies Record<string, KindStyle>;

/** The style of a row: its kind's, but the oracle's own. */
export function styleOf(row: Pick<ScoreRow, "recommender" | "kind">): KindStyle {
  return isCeiling(row) ? KIND_STYLES.ceiling : KIND_STYLES[row.kind];
}

/** Ink on white, in the order of importance. */
export const INK = { text: "#1a1a1a", soft: "#4d4d4d", grid: "#e3e3e3", whisker: "#1a1a1a" } as const;

/** Sizes in CSS pixels (1/96 inch): 12 is 9 points on paper where a picture is printed at its own size. */
export const SIZES = { title: 16, subtitle: 12, label: 12.5, tick: 12, value: 11 } as const;

/** Width and height of a picture with points or lines, in the same pixels. */
export const FRAME = { width: 760, height: 520 } as const;
