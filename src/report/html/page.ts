import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../core/files.js";
import { taskTitle } from "../view.js";
import { embeddedJson, markup, Markup } from "./markup.js";
import type { RunData } from "./data.js";

/** A run's section of a page. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Markup;
  /** What the script needs; null for a section that is only read. */
  readonly data: RunData | null;
}

/**
 * A whole page in one file: styles, script and data are inside, and its content security policy forbids every request. Equal
 * sections give equal bytes.
 */
export async function page(title: string, sections: readonly Section[]): Promise<string> {
  const [style, script] = await Promise.all(
    ["report.css", "report.js"].map((name) =>
      readFile(join(packageRoot(), "assets", "report", name), "utf8"),
    ),
  );
  const policy = `default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src ${source(style)}; script-src ${source(script)}`;
  const data = sections.flatMap((section) => (section.data === null ? [] : [section.data]));
  const contents = sections.map(({ id, title: name }) => markup`<li><a href="#${id}">${name}</a></li>`);
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        <style>${new Markup(style)}</style>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the results</a>
        <header>
          <h1>${title}</h1>
          <p class="soft">
            Made by llmrec report. Everything is in this file; it asks for nothing from the network.
          </p>
          ${
            sections.length < 2
              ? null
              : markup`<nav aria-label="Sections">
                  <ul>
                    ${contents}
                  </ul>
                </nav>`
          }
          <noscript
            ><p>
              Without JavaScript there are no charts, sorting and samples; the tables hold every figure.
            </p></noscript
          >
        </header>
        <main id="main">
          ${sections.map(
            ({ id, title: name, body }) =>
              markup`<section id="${id}" aria-labelledby="${id}-title">
                <h2 id="${id}-title">${name}</h2>
                ${body}
              </section> `,
          )}
        </main>
        <div id="announcer" class="soft" role="status" aria-live="polite"></div>
        <script type="application/json" id="report-data">
          ${new Markup(embeddedJson(data))}
        </script>
        <script>${new Markup(script)}</script>
      </body>
    </html>
`.text;
}

/** The title of a run's section: "Cold start on world". */
export function runTitle({ task, dataset }: { task: string; dataset: string }): string {
  return `${taskTitle(task)} on ${dataset}`;
}

function source(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
