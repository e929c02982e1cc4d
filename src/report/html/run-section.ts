import type { DataFrame } from "danfojs-node";
import type { SampleBook } from "../../experiment/samples.js";
import { scoreFrame } from "../frame.js";
import { fixed } from "../numbers.js";
import type { FinishedRun } from "../run.js";
import { scoreTable } from "../score-table.js";
import type { Cell, TableView } from "../view.js";
import { type RunData, runData } from "./data.js";
import { markup, type Markup } from "./markup.js";
import { runTitle, type Section } from "./page.js";
import { recipeOf } from "./reproduce.js";
import { sortableTable } from "./table.js";
import { trainingSection } from "./training.js";

const KINDS = { control: "controls", classic: "classic", llm: "language model", ceiling: "ceiling" } as const;

/** Everything that a page shows of one run. */
export async function runSection(run: FinishedRun, id: string, samples: SampleBook | null): Promise<Section> {
  const { scoreboard, name } = run;
  const data = runData(id, run, samples);
  const frame = await scoreFrame(scoreboard, run.cost);
  const title = runTitle(scoreboard);
  const body = markup`<p class="soft">
      Run <code>${name}</code>. ${scoreboard.rows.length} recommenders, ${scoreboard.columns.length} metrics.
    </p>
    ${kindTools(data)} ${scores(run, frame, data)} ${charts(data)} ${await trainingSection(run.dir)} ${significance(data)} ${sampleViewer(data, scoreboard.seeds)}
    ${recipe(run, id)}`;
  return { id, title, body, data };
}

function kindTools({ rows }: RunData): Markup {
  const present = (Object.keys(KINDS) as (keyof typeof KINDS)[]).filter((kind) =>
    rows.some((row) => row.kind === kind),
  );
  return markup`<fieldset class="tools">
    <legend>Shown in table, charts and samples</legend>
    ${present.map((kind) => markup`<label><input type="checkbox" name="kind" value="${kind}" checked /><span class="kind kind-${kind}">${KINDS[kind]}</span></label> `)}
  </fieldset>`;
}

function scores({ scoreboard, cost }: FinishedRun, frame: DataFrame, data: RunData): Markup {
  const spread = scoreboard.seeds.length > 1 ? "sd" : "ci95";
  const view = scoreTable(frame, scoreboard, { columns: "all", spread });
  // Notes on every metric would bury those that matter.
  const { notes } = scoreTable(frame, scoreboard, { columns: "main", spread });
  const metrics = scoreboard.columns;
  const columnOf = (at: number) => {
    const metric = at >= 2 && at - 2 < metrics.length ? metrics[at - 2] : undefined;
    const spent = at >= 2 + metrics.length;
    const first = at < 2 || spent || metric?.better === "lower" ? "ascending" : "descending";
    return { main: metric?.main ?? true, first } as const;
  };
  const table = sortableTable(view, {
    className: "scores",
    caption: `${view.title}. ${view.legend}`,
    columnOf,
    lines: data.rows.map(({ name, kind }) => ({ name, kind })),
  });
  const more = metrics.filter(({ main }) => !main).length;
  return markup`<h3>Scoreboard</h3>
    <div class="tools table-tools">
      <label><input type="checkbox" name="all" /> all metrics (${more} more)</label>
      <label>metrics with <input type="search" name="columns" size="12" placeholder="ndcg" /></label>
      <label>recommenders with <input type="search" name="rows" size="12" /></label>
    </div>
    ${table}
    <p class="soft">
      A heading sorts, best first. A click on a row or on a mark of a chart points the recommender out
      everywhere. ${Object.keys(cost).length === 0 ? "No costs are known." : null}
    </p>
    <ul class="notes">
      ${notes.map((note) => markup`<li>${note}</li>`)}
    </ul>`;
}

function options(names: readonly string[]): Markup[] {
  return names.map((name) => markup`<option>${name}</option>`);
}

/** A labelled list to choose from. */
function choice(label: string, name: string, entries: Markup | readonly Markup[]): Markup {
  return markup`<label
    >${label}
    <select name="${name}">
      ${entries}
    </select></label
  >`;
}

/** The main metrics first. */
function metricNames({ columns }: RunData): string[] {
  const names = (main: boolean) => columns.filter((column) => column.main === main).map(({ name }) => name);
  return [...names(true), ...names(false)];
}

function charts(data: RunData): Markup {
  const metrics = options(metricNames(data));
  const costs = [
    ["seconds", "seconds", true],
    ["calls", "calls of the language model", data.rows.some(({ cost }) => (cost?.llmCalls ?? 0) > 0)],
    ["tokens", "tokens", data.rows.some(({ cost }) => (cost?.promptTokens ?? 0) > 0)],
    ["usd", "US dollars", data.rows.some(({ cost }) => (cost?.usd ?? null) !== null)],
  ] as const;
  const known = costs.filter(([, , isKnown]) => isKnown);
  const curves =
    data.curves.length === 0
      ? null
      : figure(
          "curves",
          "Curves",
          choice(
            "curve",
            "curve",
            data.curves.map(({ title }, at) => markup`<option value="${at}">${title}</option>`),
          ),
          "A metric over the length of the list, the number of genres asked for, or the stages of a method.",
        );
  return markup`${figure(
    "bars",
    "Quality",
    choice("metric", "metric", metrics),
    "Whiskers are 95 % intervals over cases.",
  )}
  ${figure(
    "cost",
    "Cost against quality",
    markup`${choice("metric", "metric", metrics)}
      ${choice(
        "cost",
        "cost",
        known.map(([value, label]) => markup`<option value="${value}">${label}</option>`),
      )}`,
    "The dashed line is the Pareto front: recommenders that none at the same or a lower cost equals. Controls and the ceiling do not make it.",
  )}
  ${curves}`;
}

function figure(name: string, title: string, tools: Markup, caption: string): Markup {
  return markup`<h3>${title}</h3>
    <figure class="${name}">
      <div class="tools">${tools}</div>
      <div class="drawing"></div>
      <div class="readout" role="status" aria-live="polite"></div>
      <figcaption>${caption} Tab to the chart, then arrow keys; Enter points a recommender out.</figcaption>
    </figure>`;
}

function significance(data: RunData): Markup | null {
  const { comparisons } = data;
  if (comparisons.length === 0) return null;
  const metrics = options([...new Set(comparisons.map(({ metric }) => metric))]);
  const text = (words: string): Cell => ({ text: words });
  const number = (value: number | null, decimals: number): Cell => ({
    text: fixed(value ?? NaN, decimals),
    value: value ?? NaN,
  });
  const heads = [
    ["recommender", "left"],
    ["than", "left"],
    ["metric", "left"],
    ["verdict", "left"],
    ["difference", "right"],
    ["from", "right"],
    ["to", "right"],
    ["effect size", "right"],
    ["p", "right"],
    ["corrected p", "right"],
    ["pairs", "right"],
    ["detectable", "right"],
  ] as const;
  const view: TableView = {
    title: "Significance",
    label: "significance",
    keys: 1,
    columns: heads.map(([title, align]) => ({ name: title, group: "", title, align })),
    sections: [
      comparisons.map((one) => [
        text(one.recommender),
        text(one.to),
        text(one.metric),
        text(one.verdict ?? "not shown"),
        number(one.difference, 4),
        number(one.ci95?.[0] ?? null, 4),
        number(one.ci95?.[1] ?? null, 4),
        number(one.effectSize, 3),
        number(one.p[one.test], 4),
        number(one.adjusted, 4),
        number(one.n, 0),
        number(one.detectable, 4),
      ]),
    ],
    legend: "",
    notes: [],
  };
  const table = sortableTable(view, {
    className: "tests",
    caption: "Comparisons that were declared before the run; corrected p by Holm over all of them",
    columnOf: () => ({ main: true, first: "ascending" }),
  });
  return markup`${figure(
    "forest",
    "Significance",
    choice("metric", "metric", metrics),
    "Differences with 95 % intervals; bold: significant after Holm's correction over all comparisons.",
  )}
  ${table}`;
}

function sampleViewer({ samples, rows, columns }: RunData, seeds: readonly number[]): Markup | null {
  if (samples === null || samples.cases.length === 0) return null;
  const settings = new Set(
    samples.cases.flatMap(({ answers }) => Object.values(answers).flatMap(({ lists }) => Object.keys(lists))),
  );
  const measured = new Set(
    samples.cases.flatMap(({ answers }) =>
      Object.values(answers).flatMap(({ values }) => Object.keys(values)),
    ),
  );
  const metrics = columns.filter(({ name, better }) => better !== null && measured.has(name));
  const names = [markup`<option value="">anyone</option>`, ...options(rows.map(({ name }) => name))];
  return markup`<h3>Samples</h3>
    ${seeds.length < 2 ? null : markup`<p class="soft">Answers and explanations are those of seed ${seeds[0]}.</p>`}
    <div class="samples">
      <div class="tools">
        <button type="button" class="previous">Previous</button
        ><button type="button" class="next">Next</button>
        <span class="count" role="status" aria-live="polite"></span>
        ${choice("setting", "setting", settings.size === 0 ? markup`<option value="">all</option>` : options([...settings]))}
        <label>with the words <input type="search" name="words" size="12" /></label>
        ${choice("where", "winner", names)}
        ${choice("beats", "loser", names)}
        ${choice("in", "metric", options(metrics.map(({ name }) => name)))}
      </div>
      <div class="case"></div>
    </div>`;
}

function recipe(run: FinishedRun, id: string): Markup {
  const { command, fromFile, config, expectations } = recipeOf(run);
  const block = (name: string, text: string) =>
    markup`<pre id="${id}-${name}" tabindex="0">${text}</pre>
      <button type="button" class="copy" data-from="${id}-${name}">Copy</button>`;
  return markup`<h3>How to reproduce</h3>
    <p>The command as it was typed; a finished run of the same configuration is not run again.</p>
    ${block("command", command)}
    <p>Or with every setting in a file <code>experiment.yaml</code>:</p>
    ${block("config", config)} ${block("file-command", fromFile)}
    <p>Then these must be equal, and with them the scoreboard, figure by figure:</p>
    <dl>
      ${expectations.map(
        ({ what, value }) =>
          markup`<dt>${what}</dt>
            <dd><code>${value}</code></dd>`,
      )}
    </dl>
    <details>
      <summary>Manifest</summary>
      ${block("manifest", JSON.stringify(run.manifest, null, 2))}
    </details>`;
}
