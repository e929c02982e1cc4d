import type { ChartConfiguration } from "chart.js";
import type { HealthStep, TrainedPolicy } from "../policies.js";
import { drawChart, type Picture } from "./canvas.js";
import { titleOptions } from "./parts.js";
import { INK, SIZES } from "./style.js";

const WIDTH = 760;
/** Heights of a stage's two panels and of everything around them, in pixels. */
const PANELS = 250;
const MARGIN = 150;
/** A line of the legend. */
const LEGEND_LINE = 24;
const NAMES_A_LINE = 5;

/** Okabe and Ito's colours, a seed each; then the next dashes. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"] as const;
/** A fold each. */
const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 3], [9, 3, 2, 3]];

/**
 * Reward and KL to the untrained model of every policy that was trained by PPO, step by step: a pair of panels a stage, each with a scale of its
 * own; a colour a seed, a dash a fold.
 * @returns null where a run has trained none.
 */
export async function drawHealth(policies: readonly TrainedPolicy[]): Promise<Picture | null> {
  if (policies.length === 0) return null;
  const stages = new Set(policies.map(({ stage }) => stage)).size;
  const names = new Set(policies.map(({ name }) => name)).size;
  const height = stages * PANELS + MARGIN + LEGEND_LINE * Math.ceil(names / NAMES_A_LINE);
  return drawChart({ width: WIDTH, height }, () => configuration(policies));
}

/** How each name is drawn, the same in all panels. */
function looksOf(policies: readonly TrainedPolicy[]): Map<string, { colour: string; dash: number[] }> {
  const seeds = [...new Set(policies.map(({ seed }) => seed))];
  const looks = new Map<string, { colour: string; dash: number[] }>();
  const drawn = new Map<number | null, number>();
  for (const { name, seed, fold } of policies) {
    if (looks.has(name)) continue;
    const nth = fold === null ? (drawn.get(seed) ?? 0) : fold - 1;
    drawn.set(seed, nth + 1);
    const place = seeds.indexOf(seed);
    const dash = DASHES[(nth + Math.floor(place / COLOURS.length)) % DASHES.length];
    looks.set(name, { colour: COLOURS[place % COLOURS.length], dash: [...dash] });
  }
  return looks;
}

function configuration(policies: readonly TrainedPolicy[]): ChartConfiguration<"line"> & ChartConfiguration {
  const looks = looksOf(policies);
  const stages = [...new Set(policies.map(({ stage }) => stage))];
  const lines = policies.flatMap(({ stage, name, steps }) => {
    const { colour, dash } = looks.get(name) ?? { colour: INK.soft, dash: [] };
    const line = {
      ...{ label: name, borderColor: colour, backgroundColor: "transparent", borderDash: dash },
      ...{ borderWidth: 1.8, pointRadius: 0 },
    };
    const points = (of: (step: HealthStep) => number) => steps.map((step) => ({ x: step.step, y: of(step) }));
    return [
      { ...line, data: points(({ reward }) => reward), yAxisID: `reward: ${stage}` },
      { ...line, data: points(({ kl }) => kl), yAxisID: `KL: ${stage}` },
    ];
  });
  // Chart.js stacks axes from the bottom.
  const panels = stages
    .toReversed()
    .flatMap((stage, at) => [
      ...(at === 0 ? [] : [[`gap: ${stage}`, gap(1.5)] as const]),
      [`KL: ${stage}`, axis("KL, nats", 4, true)] as const,
      [`gap within: ${stage}`, gap(0.7)] as const,
      [`reward: ${stage}`, axis(`${stage}: reward`, 6, false)] as const,
    ]);
  const firstOf = (name: string | undefined) => lines.findIndex(({ label }) => label === name);
  return {
    type: "line",
    data: { datasets: lines },
    options: {
      font: { size: SIZES.tick },
      layout: { padding: { left: 8, right: 16, top: 4, bottom: 4 } },
      plugins: {
        legend: {
          position: "bottom",
          labels: {
            // A box without height is a line, with its dash.
            ...{ color: INK.text, boxWidth: 34, boxHeight: 0 },
            filter: ({ text, datasetIndex }) => firstOf(text) === datasetIndex,
          },
        },
        title: titleOptions("Training by PPO", "title", WIDTH),
        subtitle: titleOptions(
          "by stage: mean reward of an answer, and KL to the untrained model; a colour a seed, a dash a fold",
          "subtitle",
          WIDTH,
        ),
      },
      scales: {
        x: {
          ...{ type: "linear", position: "bottom" },
          title: { display: true, text: "step", color: INK.text, font: { size: SIZES.label } },
          grid: { display: false },
          border: { color: INK.soft },
          ticks: { color: INK.soft, padding: 6, maxTicksLimit: 12 },
        },
        ...Object.fromEntries<object>(panels),
      },
    },
  };
}

function axis(text: string, stackWeight: number, beginAtZero: boolean) {
  return {
    ...{ type: "linear" as const, position: "left" as const, stack: "panels", stackWeight, beginAtZero },
    title: { display: true, text, color: INK.text, font: { size: SIZES.label } },
    grid: { color: INK.grid, drawTicks: false },
    border: { color: INK.soft },
    ticks: { color: INK.soft, padding: 6, maxTicksLimit: 6 },
  };
}

/** An empty axis between two panels. */
function gap(stackWeight: number) {
  return {
    ...{ type: "linear" as const, position: "left" as const, stack: "panels", stackWeight },
    grid: { display: false },
    border: { display: false },
    ticks: { display: false },
  };
}
