import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ChartConfiguration } from "chart.js";
import { drawChart, type Picture } from "./canvas.js";
import { titleOptions } from "./parts.js";
import { INK, SIZES } from "./style.js";

const FRAME = { width: 760, height: 420 };

/** Okabe and Ito's colours, a policy each. */
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"] as const;

/** What is drawn of a step of PPO. */
interface HealthStep {
  readonly step: number;
  readonly reward: number;
  readonly kl: number;
}

/** The health of one training by PPO, by the name of its stage folder. */
interface TrainedStage {
  readonly name: string;
  readonly steps: readonly HealthStep[];
}

/** Every `health.jsonl` beneath a run's `stages`, stage by stage. */
export async function readHealth(stages: string): Promise<TrainedStage[]> {
  const names = existsSync(stages) ? (await readdir(stages)).sort() : [];
  const found = await Promise.all(
    names.map(async (name): Promise<TrainedStage> => {
      const text = await readFile(join(stages, name, "health.jsonl"), "utf8").catch(() => "");
      const lines = text.split("\n").filter((line) => line !== "");
      return { name, steps: lines.map((line) => JSON.parse(line) as HealthStep) };
    }),
  );
  return found.filter(({ steps }) => steps.length > 0);
}

/**
 * Reward (solid, left scale) and KL to the untrained model (dashed, right scale) of every training by PPO, step by step.
 * @returns null where a run has trained none.
 */
export async function drawHealth(trained: readonly TrainedStage[]): Promise<Picture | null> {
  return trained.length === 0 ? null : drawChart(FRAME, () => configuration(trained));
}

function configuration(trained: readonly TrainedStage[]): ChartConfiguration<"line"> & ChartConfiguration {
  const lines = trained.flatMap(({ name, steps }, n) => {
    const borderColor = COLOURS[n % COLOURS.length];
    const line = { borderColor, backgroundColor: borderColor, borderWidth: 1.8, pointRadius: 0 };
    const points = (of: (step: HealthStep) => number) => steps.map((step) => ({ x: step.step, y: of(step) }));
    return [
      { ...line, label: name, data: points(({ reward }) => reward), yAxisID: "reward" },
      { ...line, label: `${name}: KL`, data: points(({ kl }) => kl), yAxisID: "kl", borderDash: [5, 4] },
    ];
  });
  const axis = (text: string, position: "left" | "right" | "bottom", grid: boolean) => ({
    type: "linear" as const,
    position,
    title: { display: true, text, color: INK.text, font: { size: SIZES.label } },
    grid: { color: INK.grid, drawTicks: false, drawOnChartArea: grid },
    border: { color: INK.soft },
    ticks: { color: INK.soft, padding: 6, maxTicksLimit: 8 },
  });
  return {
    type: "line",
    data: { datasets: lines },
    options: {
      font: { size: SIZES.tick },
      layout: { padding: { left: 8, right: 8, top: 4, bottom: 4 } },
      plugins: {
        legend: {
          position: "bottom",
          labels: { color: INK.soft, boxHeight: 1, filter: ({ text }) => !text.endsWith(": KL") },
        },
        title: titleOptions("Training by PPO", "title", FRAME.width),
        subtitle: titleOptions(
          "solid: mean reward of an answer; dashed: KL to the untrained model, right scale; one colour a stage",
          "subtitle",
          FRAME.width,
        ),
      },
      scales: {
        x: axis("step", "bottom", false),
        reward: axis("reward", "left", true),
        kl: axis("KL, nats an answer", "right", false),
      },
    },
  };
}
